"""`package.json`, read as data: what it declares, with wrong types ignored and broken JSON refused."""

from __future__ import annotations

import json
import posixpath
import re
from shlex import quote
from typing import Any

from pydantic import Field

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.ports import RepoTree
from ...model.reasons import Kind
from ...model.suggestions import suggest

FILE_NAME = "package.json"
_PUBLISHED = ("files", "exports", "module", "types", "typings")
"""Fields that say what a package registry should get."""


class Manifest(Model):
    """What one `package.json` says."""

    folder: str = ""
    """Its folder, relative to the repository's root."""
    name: str = ""
    scripts: dict[str, str] = Field(default_factory=dict)
    main: str = ""
    source: str = ""
    """What Parcel builds."""
    dependencies: dict[str, str] = Field(default_factory=dict)
    """Everything that will be installed: name to range, of all kinds but peers."""
    development: tuple[str, ...] = ()
    """Those of them that are only there for development."""
    engines: dict[str, str] = Field(default_factory=dict)
    package_manager: str = ""
    homepage: str = ""
    is_published: bool = False
    """Says what a package registry should get, as libraries do."""
    workspaces: tuple[str, ...] = ()

    def depends_on(self, *names: str) -> bool:
        return any(name in self.dependencies for name in names)

    def path(self, relative: str) -> str:
        """A path written in this manifest as a path from the repository's root ("../x" when it leaves it)."""
        return _normal(posixpath.join(self.folder, relative.lstrip("/")))


def read_manifest(root: RepoTree, folder: str) -> Manifest:
    """The manifest of a folder, which must have one.

    Raises:
        RefusedError: `manifest_unreadable`, with line and column where its JSON breaks.
    """
    path = posixpath.join(folder, FILE_NAME)
    text = root.read(path)
    if text is None:
        raise _unreadable(path, f"it has {root.size(path):,} bytes, which is over the limit, or is a link")
    try:
        content = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise _unreadable(path, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _unreadable(path, "it is nested too deeply") from error
    if not isinstance(content, dict):
        raise _unreadable(path, "it holds no JSON object")
    return _manifest(folder, content)


def nearest_folder(root: RepoTree, folder: str) -> str | None:
    """The folder at or above `folder` that has a manifest."""
    while not root.is_file(posixpath.join(folder, FILE_NAME)):
        if not folder:
            return None
        folder = posixpath.dirname(folder)
    return folder


def workspace_folder(root: RepoTree, manifest: Manifest) -> str:
    """Where to install: the folder of the workspace this manifest is a member of, else its own."""
    folder = manifest.folder
    while folder:
        folder = posixpath.dirname(folder)
        globs = _members(root, folder)
        below = posixpath.relpath(manifest.folder, folder or ".")
        excluded = any(_matches(below, glob.removeprefix("!")) for glob in globs if glob.startswith("!"))
        if not excluded and any(_matches(below, glob) for glob in globs):
            return folder
    return manifest.folder


def is_workspace(root: RepoTree, manifest: Manifest) -> bool:
    """Whether a manifest is the root of others: it lists them, or a file beside it says so."""
    return bool(manifest.workspaces) or any(root.is_file(manifest.path(name)) for name in ("pnpm-workspace.yaml", "nx.json"))


def _matches(path: str, glob: str) -> bool:
    """Whether a workspace's glob names a folder: `*` stays within one name, `**` does not."""
    parts = re.split(r"(\*\*/?|\*)", _normal(glob))
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), path) is not None


def _members(root: RepoTree, folder: str) -> tuple[str, ...]:
    """The globs of a workspace's members; none where there is no workspace."""
    listed = root.read(posixpath.join(folder, "pnpm-workspace.yaml"))
    if listed is not None:
        lines = (line.strip() for line in listed.splitlines())
        return tuple(line.lstrip("- ").strip("'\"") for line in lines if line.startswith("- "))
    if not root.is_file(posixpath.join(folder, FILE_NAME)):
        return ()
    try:
        return read_manifest(root, folder).workspaces
    except RefusedError:
        return ()


def _manifest(folder: str, content: dict[str, Any]) -> Manifest:
    workspaces: Any = content.get("workspaces")
    if isinstance(workspaces, dict):
        workspaces = workspaces.get("packages")
    kinds = ("optionalDependencies", "devDependencies", "dependencies")
    return Manifest(
        folder=folder,
        name=_text(content, "name"),
        scripts=_texts(content, "scripts"),
        main=_text(content, "main"),
        source=_text(content, "source"),
        dependencies={name: range_ for kind in kinds for name, range_ in _texts(content, kind).items()},
        development=tuple(name for name in _texts(content, "devDependencies") if name not in _texts(content, "dependencies")),
        engines=_texts(content, "engines"),
        package_manager=_text(content, "packageManager"),
        homepage=_text(content, "homepage"),
        is_published=any(key in content and not _names_source(content[key]) for key in _PUBLISHED),
        workspaces=tuple(glob for glob in workspaces if isinstance(glob, str)) if isinstance(workspaces, list) else (),
    )


def _names_source(value: object) -> bool:
    """Whether a field names a TypeScript file that nobody could require: Bun's new projects have `"module": "index.ts"`."""
    return isinstance(value, str) and re.search(r"(?<!\.d)\.[cm]?tsx?$", value) is not None


def _text(content: dict[str, Any], key: str) -> str:
    value = content.get(key)
    return value.strip() if isinstance(value, str) else ""


def _texts(content: dict[str, Any], key: str) -> dict[str, str]:
    value = content.get(key)
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}


def _normal(path: str) -> str:
    normal = posixpath.normpath(path)
    return "" if normal == "." else normal


def _unreadable(path: str, why: str) -> RefusedError:
    shows = quote(f"require({json.dumps(f'./{path}')})")
    return RefusedError(
        f"{path} cannot be read: {why}.",
        kind=Kind.MANIFEST_UNREADABLE,
        suggestions=(
            suggest(f"Correct {path}, commit it and deploy again; this shows the same error", command=f"node -p {shows}"),
        ),
    )
