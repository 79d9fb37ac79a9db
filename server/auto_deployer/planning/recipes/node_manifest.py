"""`package.json`, read as data: what it declares, with wrong types ignored and broken JSON refused."""

from __future__ import annotations

import json
import posixpath
import re
from typing import Any

from pydantic import Field

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.ports import RepoTree
from ...model.reasons import Kind

FILE_NAME = "package.json"


class Manifest(Model):
    """What one `package.json` says."""

    folder: str = ""
    """Its folder, relative to the repository's root."""
    name: str = ""
    scripts: dict[str, str] = Field(default_factory=dict)
    main: str = ""
    dependencies: dict[str, str] = Field(default_factory=dict)
    """Everything that will be installed: name to range, of all kinds but peers."""
    engines: dict[str, str] = Field(default_factory=dict)
    package_manager: str = ""
    homepage: str = ""
    is_published: bool = False
    """Says what a package registry should get (`files`, `exports`, `module`, `types`), as libraries do."""
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
        dependencies={name: range_ for kind in kinds for name, range_ in _texts(content, kind).items()},
        engines=_texts(content, "engines"),
        package_manager=_text(content, "packageManager"),
        homepage=_text(content, "homepage"),
        is_published=any(key in content for key in ("files", "exports", "module", "types", "typings")),
        workspaces=tuple(glob for glob in workspaces if isinstance(glob, str)) if isinstance(workspaces, list) else (),
    )


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
    return RefusedError(
        f"{path} cannot be read: {why}.",
        kind=Kind.MANIFEST_UNREADABLE,
        suggestions=(f"Correct {path} (`node -p \"require('./{path}')\"` shows the same error), commit it and deploy again.",),
    )
