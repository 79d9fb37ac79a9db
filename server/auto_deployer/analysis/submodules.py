"""Submodules: where the one at a path comes from, judged as strictly as what a user names."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ..model.errors import RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .git import Git
from .source import Source, parse_source
from .work_folder import find_work_folder

_GITLINK = b"160000"
_KEY = re.compile(r"submodule\.(?P<name>.*)\.(?P<field>path|url)", re.DOTALL)
_HOST_PART = re.compile(r"^(?:[a-z]+://[^/]*|[^/:]+@[^/:]+:)")


@dataclass(frozen=True)
class Submodule:
    """A submodule of one commit."""

    path: str
    commit: str
    name: str = ""
    url: str = ""
    """As .gitmodules has it; "" when it names none."""


async def submodules_of(git: Git, commit: str) -> tuple[Submodule, ...]:
    """The submodules that a commit records, by path."""
    listing = await git.local("ls-tree", "-r", "-z", "--full-tree", commit)
    rows = (row.split(b"\t", 1) for row in listing.stdout.split(b"\0") if row.startswith(_GITLINK))
    links = {path.decode("utf-8", "surrogateescape"): meta.split()[2].decode() for meta, path in rows}
    known = await _read_gitmodules(git, commit) if links else {}
    return tuple(Submodule(path, links[path], *known.get(path, ("", ""))) for path in sorted(links))


async def _read_gitmodules(git: Git, commit: str) -> dict[str, tuple[str, str]]:
    """Path to name and URL, from the .gitmodules of the commit; a file that git cannot read names nothing."""
    listing = await git.local("config", "--no-includes", "--blob", f"{commit}:.gitmodules", "--list", "-z", check=False)
    fields: dict[str, dict[str, str]] = {}
    for entry in listing.stdout.decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = entry.partition("\n")
        if found := _KEY.fullmatch(key):
            fields.setdefault(found["name"], {})[found["field"]] = value
    return {
        posixpath.normpath(given["path"]): (name, given.get("url", "")) for name, given in fields.items() if given.get("path")
    }  # fmt: skip


async def source_of(git: Git, submodule: Submodule, parent: Source) -> Source:
    """Where to fetch a submodule from: the copy inside a local folder's own repository, else its address.

    Raises:
        RepositoryError: `invalid_repository_url`: an address that is not accepted; local paths are for local repositories only.
    """
    if (own := _own_copy(submodule, parent)) is not None:
        return own
    try:
        address = resolve_url(await _base_of(git, parent), submodule.url)
        found = parse_source(address)
    except RepositoryError as error:
        raise RepositoryError(
            f"The submodule {submodule.path} cannot be fetched: {error.message}", kind=error.kind, suggestions=error.suggestions
        ) from None
    if found.protocol == "file" and parent.protocol != "file":
        raise RepositoryError(
            f"The submodule {submodule.path} of {parent.display} names a folder of this machine ({submodule.url}); "
            "only a local repository may do that",
            kind=Kind.INVALID_REPOSITORY_URL, suggestions=(suggest("Give it an https or ssh address in .gitmodules."),),
        )  # fmt: skip
    return found


def resolve_url(parent: str, url: str) -> str:
    """The address of a submodule; a relative one starts from its parent's, as in git.

    Raises:
        RepositoryError: `invalid_repository_url`: it leads above the host, or there is none.
    """
    if not url:
        raise RepositoryError("no address stands in .gitmodules", kind=Kind.INVALID_REPOSITORY_URL)
    if not url.startswith(("./", "../")):
        return url
    found = _HOST_PART.match(parent)
    host = found[0] if found else ""
    segments = [part for part in parent[len(host) :].strip("/").split("/") if part]
    for step in url.split("/"):
        if step == ".." and not segments:
            raise RepositoryError(f"the address {url} leads above {host or '/'}", kind=Kind.INVALID_REPOSITORY_URL)
        if step == "..":
            segments.pop()
        elif step not in ("", "."):
            segments.append(step)
    return host + ("" if host.endswith(":") else "/") + "/".join(segments)


def _own_copy(submodule: Submodule, parent: Source) -> Source | None:
    """The submodule's repository below the `.git` of a local folder, where a clone with submodules keeps it."""
    if parent.folder is None or not submodule.name:
        return None
    common = find_work_folder(parent.folder).common_dir
    if common is None:
        return None
    modules = (common / "modules").resolve()
    copy = (modules / submodule.name).resolve()
    if copy == modules or not copy.is_relative_to(modules) or not (copy / "HEAD").is_file():
        return None
    return replace(parent, display=f"{parent.display} ({submodule.path})", fetch_url=str(copy), folder=copy)


async def _base_of(git: Git, parent: Source) -> str:
    """What relative addresses start from: the repository's own address, for a local folder that of its origin."""
    if parent.folder is None:
        return parent.fetch_url
    folder = find_work_folder(parent.folder)
    if folder.common_dir is None:
        return str(parent.folder)
    origin = await git.local(
        "config", "--no-includes", "--file", str(folder.common_dir / "config"), "--get", "remote.origin.url", check=False
    )  # fmt: skip
    return origin.text or str(Path(folder.root))
