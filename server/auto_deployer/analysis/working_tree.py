"""The state of a local work tree as a commit of ours, and how far it is from HEAD.

Every git command here has our git directory and the folder as its work tree: filters, hooks and monitors of the folder's own
configuration never run, and nothing is written into the folder.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..model.errors import RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .git import Git, GitFailedError
from .indexes import commit_index, set_entries, work_index
from .work_folder import WorkFolder

_LEFT_OUT = ("agent_logs", ".env")
"""Untracked files and folders of these names are never deployed: our own logs, and secrets of the developer's machine."""
_NOT_SOURCE = (
    "node_modules", "bower_components", ".venv", "venv", "__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".next", ".nuxt", ".svelte-kit", ".parcel-cache", ".gradle", ".hg", ".svn", ".DS_Store",
)  # fmt: skip
"""What installs and builds leave behind: left out where no .gitignore says so."""
_COUNT_TIMEOUT_S = 20.0
_EXCLUDE_FILE_CAP = 1_048_576


@dataclass
class _Listing:
    """What goes into the commit."""

    files: set[bytes] = field(default_factory=set[bytes])
    """Taken from the file system."""
    entries: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    """Path to `mode oid`, taken as they are: submodules, and files that a sparse checkout leaves out."""


async def count_uncommitted(git: Git, folder: WorkFolder, head: str) -> int | None:
    """Changed and untracked files that a deploy of `head`, the folder's HEAD, leaves out; None when it takes too long to tell."""
    status = ("status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-renames")
    # a copy of the folder's own index knows which files are unchanged without reading them
    with work_index(git, copy_of=folder.git_dir) as env:
        env["GIT_WORK_TREE"] = str(folder.root)
        try:
            async with asyncio.timeout(_COUNT_TIMEOUT_S):
                _copy_exclude_file(git, folder)
                await git.local("update-ref", "--no-deref", "HEAD", head)
                result = await git.local(*await _exclude_options(git), *status, env=env)
        except (TimeoutError, GitFailedError):
            return None
    rows = [row for row in result.stdout.split(b"\0") if row]
    return sum(1 for row in rows if not (row.startswith(b"??") and _is_left_out(row[3:])))


async def commit_working_tree(
    git: Git, folder: WorkFolder, *, max_bytes: int, guard: Callable[[], None]
) -> tuple[str, tuple[str, ...]]:
    """A commit of the tracked files as they are now plus the untracked ones that are not ignored; and notes.

    Tracked files are taken even when ignored, or called `.env`. Needs HEAD's objects here when there is a HEAD.

    Raises:
        RepositoryError: `repository_too_large`, `empty_repository`, or the folder cannot be read.
    """
    try:
        with work_index(git) as env:
            env["GIT_WORK_TREE"] = str(folder.root)
            _copy_exclude_file(git, folder)
            listing = await _tracked(git, folder)
            nested = await _add_untracked(git, env, listing, guard)
            unreadable = await asyncio.to_thread(_keep_readable, folder.root, listing, max_bytes)
            if not listing.files and not listing.entries:
                raise RepositoryError(
                    f"{folder.root} holds no files to deploy", kind=Kind.EMPTY_REPOSITORY,
                    suggestions=(suggest("Check the path, and whether .gitignore leaves everything out."),),
                )  # fmt: skip
            commit = await _commit(git, env, listing, guard)
    except GitFailedError as error:
        raise RepositoryError(f"git cannot read the folder {folder.root}: {error.result.stderr.strip()[-300:]}") from None
    left_out = (("Nested repositories are left out", nested), ("Files that cannot be read are left out", unreadable))
    return commit, tuple(note for text, paths in left_out for note in _note(text, paths))


async def _tracked(git: Git, folder: WorkFolder) -> _Listing:
    """The paths of the folder's own index, read from a copy of it."""
    listing = _Listing()
    if folder.git_dir is None:
        return listing
    with work_index(git, copy_of=folder.git_dir) as env:
        result = await git.local("ls-files", "--stage", "-t", "-z", env=env)
    for line in result.stdout.split(b"\0"):
        if not line:
            continue
        meta, path = line.split(b"\t", 1)
        tag, mode, object_id, _stage = meta.split(b" ")
        if tag == b"S" or mode == b"160000":
            listing.entries[path] = mode + b" " + object_id
        else:
            listing.files.add(path)
    return listing


async def _add_untracked(git: Git, env: dict[str, str], listing: _Listing, guard: Callable[[], None]) -> list[bytes]:
    """Add what is neither tracked nor ignored; nested repositories are returned instead."""
    entries = ((meta, path) for path, meta in listing.entries.items())
    await set_entries(git, env, entries)  # so that submodules are known and not taken for nested repositories
    skip = [f"--exclude={name}" for name in (*_NOT_SOURCE, *_LEFT_OUT)]
    result = await git.local(
        *await _exclude_options(git), "ls-files", "--others", "--exclude-standard", "-z", *skip, env=env, guard=guard
    )  # fmt: skip
    paths = [path for path in result.stdout.split(b"\0") if path and path not in listing.entries]
    listing.files.update(path for path in paths if not path.endswith(b"/"))
    return [path for path in paths if path.endswith(b"/")]


async def _commit(git: Git, env: dict[str, str], listing: _Listing, guard: Callable[[], None]) -> str:
    paths = b"".join(path + b"\0" for path in sorted(listing.files))
    await git.local("update-index", "--add", "--remove", "-z", "--stdin", env=env, stdin=paths, guard=guard)
    # a sparse checkout's entries point at objects of HEAD, submodules' at none
    return await commit_index(git, env, "Working tree")


def _keep_readable(root: Path, listing: _Listing, max_bytes: int) -> list[bytes]:
    """Drop what is gone, is reached through a link, or is no file; returns what cannot be read.

    Raises:
        RepositoryError: `repository_too_large`.
    """
    top = root.resolve()
    real_folders: dict[Path, bool] = {}
    unreadable: list[bytes] = []
    total = 0
    for path in sorted(listing.files):
        file = top / os.fsdecode(path)
        if file.parent not in real_folders:
            real_folders[file.parent] = file.parent.resolve() == file.parent
        found = _lstat(file) if real_folders[file.parent] else None
        if found is None or not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
            listing.files.discard(path)
        elif stat.S_ISREG(found.st_mode) and not os.access(file, os.R_OK):
            listing.files.discard(path)
            unreadable.append(path)
        else:
            total += found.st_size
        if total > max_bytes:
            raise too_large(str(root), max_bytes, total)
    return unreadable


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def too_large(what: str, max_bytes: int, seen: int) -> RepositoryError:
    """The refusal of a repository above the size cap; `seen` is what it had come to, in bytes, when it was stopped."""
    return RepositoryError(
        f"{what} is larger than {_mebibytes(max_bytes)}: it was stopped at {_mebibytes(seen)}", kind=Kind.REPOSITORY_TOO_LARGE,
        suggestions=(
            suggest("Leave data and build results out of the repository (.gitignore)."),
            suggest("Or raise the limit: the setting budget.max_repository_mb."),
        ),
    )  # fmt: skip


def _mebibytes(size: int) -> str:
    return f"{size / 1_048_576:,.1f}".removesuffix(".0") + " MiB"


async def _exclude_options(git: Git) -> tuple[str, ...]:
    """The user's own global ignore file, where it is configured rather than in its default place."""
    found = await git.remote("config", "--default", "", "--type=path", "--get", "core.excludesFile", env={})
    return ("-c", f"core.excludesFile={found.text}") if found.text else ()


def _copy_exclude_file(git: Git, folder: WorkFolder) -> None:
    """The folder's `.git/info/exclude` is honoured by having it in our git directory."""
    ours = git.git_dir / "info" / "exclude"
    theirs = folder.common_dir / "info" / "exclude" if folder.common_dir else None
    if theirs is not None and theirs.is_file() and theirs.stat().st_size <= _EXCLUDE_FILE_CAP:
        shutil.copyfile(theirs, ours)
    else:
        ours.unlink(missing_ok=True)


def _is_left_out(path: bytes) -> bool:
    parts = path.decode("utf-8", "replace").split("/")
    return any(part in _LEFT_OUT or part in _NOT_SOURCE for part in parts)


def _note(text: str, paths: Iterable[bytes]) -> tuple[str, ...]:
    names = [path.decode("utf-8", "replace") for path in paths]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (f"{text}: {', '.join(names[:5])}{more}",) if names else ()
