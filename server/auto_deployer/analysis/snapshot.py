"""The snapshot of a deployment: one commit of the source, brought into a bare repository of ours."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..model.errors import RepositoryError, UsageError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .completion import Completion, Extras
from .git import Git, GitFailedError
from .git_errors import explain
from .logins import Logins, with_logins
from .remotes import Remote, RemoteRef
from .source import Source
from .unpacked import refuse_too_large
from .work_folder import WorkFolder, find_work_folder
from .working_tree import commit_working_tree, count_uncommitted, too_large

SnapshotKind = Literal["commit", "working_tree"]


@dataclass(frozen=True)
class Limits:
    """How much one snapshot may take."""

    timeout_s: float = 300.0
    """For everything with one login, in seconds; while a person is asked no time counts."""
    max_bytes: int = 1_073_741_824
    """Most that the repository of ours may grow by, and that the files of the commit may come to unpacked."""


DEFAULT_LIMITS, NO_EXTRAS, NO_LOGINS = Limits(), Extras(), Logins()


@dataclass(frozen=True)
class Snapshot:
    """One commit, complete with its files (not its history), in `git_dir`."""

    git_dir: Path
    commit: str
    """Full object id; kept by the ref `refs/snapshots/<commit>`."""
    ref: str = ""
    """Branch, tag or commit as asked for or found; "" for a detached HEAD."""
    subdir: str = ""
    """The folder to deploy, POSIX, below the repository's root; not yet known to exist."""
    kind: SnapshotKind = "commit"
    uncommitted: int = 0
    """Changed or untracked files that are left out."""
    notes: tuple[str, ...] = ()


async def take_snapshot(
    source: Source,
    *,
    into: Path,
    ref: str | None = None,
    subdir: str | None = None,
    dirty: bool = False,
    extras: Extras = NO_EXTRAS,
    logins: Logins = NO_LOGINS,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[str], None] | None = None,
) -> Snapshot:
    """Bring one commit of `source` into the bare repository `into`, which is made, or used again with what it has.

    Args:
        into: The git directory itself; nobody else may work in it meanwhile.
        ref: Branch, tag, or full or short commit; default HEAD.
        subdir: The folder to deploy; for a local folder below that folder.
        dirty: Take the working tree of a local folder rather than its HEAD.
        extras: What the commit only points to and is to be brought in as well.
        logins: Who logs in to an https server that asks for it.
        limits: Of time and size.
        on_progress: Called with git's progress lines.

    Raises:
        UsageError: `dirty` for a remote repository, or together with `ref`.
        RepositoryError: `repository_not_found`, `git_ref_not_found`, `subdir_not_found`, `empty_repository`,
            `repository_timeout`, `repository_too_large`.
        ConnectionFailedError, AuthenticationFailedError: the server cannot be reached, or wants a login.
    """
    below = _clean_subdir(subdir)
    if dirty and (source.folder is None or ref):
        why = "a remote repository has none" if source.folder is None else "it has no ref"
        raise UsageError(f"The working tree (dirty) can be deployed for a local folder only, without ref: {why}")
    work = _Work(into, extras, limits, on_progress)
    return await with_logins(source, lambda tried: work.take(tried, ref, below, dirty=dirty), logins)


@dataclass(frozen=True)
class _Work:
    """One snapshot being taken, with one login after another."""

    into: Path
    extras: Extras
    limits: Limits
    on_progress: Callable[[str], None] | None

    async def take(self, source: Source, ref: str | None, below: str, *, dirty: bool) -> Snapshot:
        """The snapshot, or our error for what git said."""
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                return await self._take(source, ref, below, dirty=dirty)
        except TimeoutError:
            raise RepositoryError(
                f"Fetching {source.display} took longer than {self.limits.timeout_s:g} s and was stopped",
                kind=Kind.REPOSITORY_TIMEOUT,
                suggestions=(
                    suggest("Check the connection and try again."),
                    suggest("Or allow more seconds: the setting budget.fetch_timeout."),
                ),
            ) from None
        except GitFailedError as error:
            raise explain(error, source) from None
        except OSError as error:
            raise RepositoryError(f"The snapshot of {source.display} cannot be made in {self.into}: {error}") from None

    async def _take(self, source: Source, ref: str | None, below: str, *, dirty: bool) -> Snapshot:
        git = await Git.init(self.into)
        guard = _size_guard(self.into, source.display, self.limits.max_bytes)

        def remote_of(named: Source) -> Remote:
            return Remote(git, named, guard=guard, on_progress=self.on_progress)

        if source.folder is None:
            taken = await _from_remote(git, source, remote_of(source), ref, below)
        else:
            taken = await _Folder(git, source, guard, self.on_progress, self.limits.max_bytes).take(ref, below, dirty=dirty)
        await refuse_too_large(git, taken.commit, source.display, self.limits.max_bytes)
        completion = Completion(git, remote_of, self.extras, self.limits.max_bytes)
        commit = await completion.complete(taken.commit, source)
        if commit != taken.commit:
            await refuse_too_large(git, commit, source.display, self.limits.max_bytes)
            note = f"Commit {taken.commit[:10]} is deployed as {commit[:10]}"
            taken = replace(taken, commit=commit, notes=(*taken.notes, *completion.notes, note))
        await _finish(git, source, taken)
        return taken


async def _from_remote(git: Git, source: Source, remote: Remote, ref: str | None, below: str) -> Snapshot:
    found = await remote.find(ref)
    if found is None:
        raise _empty(source, "has no commits")
    return _snapshot(git, found, await remote.fetch(found), below)


@dataclass(frozen=True)
class _Folder:
    """The ways to take a local folder."""

    git: Git
    source: Source
    guard: Callable[[], None]
    on_progress: Callable[[str], None] | None
    max_bytes: int

    async def take(self, ref: str | None, below: str, *, dirty: bool) -> Snapshot:
        assert self.source.folder is not None
        folder = find_work_folder(self.source.folder)
        if folder.git_dir is None:
            return await self._working_tree(folder, ref, below, note="The folder is no git repository")
        remote = Remote(self.git, self._fetched_from(folder), guard=self.guard, on_progress=self.on_progress)
        try:
            found = await remote.find(ref)
            commit = await remote.fetch(found) if found else ""
        except RepositoryError as error:
            if not dirty or error.kind is not Kind.GIT_REF_NOT_FOUND:
                raise
            found, commit = None, ""  # a working tree can be had although HEAD names no branch
        return await self._of_repository(folder, ref, below, found, commit, dirty=dirty)

    async def _of_repository(
        self, folder: WorkFolder, ref: str | None, below: str, found: RemoteRef | None, commit: str, *, dirty: bool
    ) -> Snapshot:
        if folder.bare:
            if dirty:
                raise UsageError(f"{folder.root} is a bare repository: it has no working tree to deploy")
            if found is None:
                raise _empty(self.source, "has no commits")
            return _snapshot(self.git, found, commit, below)
        if found is not None and folder.subdir and not await self._is_tracked(commit, folder.subdir):
            return await self._working_tree(
                folder.alone(), ref, below, note=f"No file below {folder.subdir} is committed"
            )  # fmt: skip
        if dirty or found is None:
            why = None if found else "The repository has no commits"
            return await self._working_tree(folder, ref, below, note=why, branch=found.label if found else "")
        return await self._committed(folder, ref, below, found, commit)

    async def _committed(self, folder: WorkFolder, ref: str | None, below: str, found: RemoteRef, commit: str) -> Snapshot:
        notes = (f"The folder is the sub-folder {folder.subdir} of the repository {folder.root}",) if folder.subdir else ()
        uncommitted = await count_uncommitted(self.git, folder, commit) if ref is None else 0
        if uncommitted is None:
            notes += ("How many uncommitted files are left out could not be told in time",)
        elif uncommitted:
            notes += (f"{uncommitted} uncommitted file(s) are left out; deploy the working tree (dirty) to have them",)
        return _snapshot(self.git, found, commit, _join(folder.subdir, below), notes=notes, uncommitted=uncommitted or 0)

    async def _working_tree(
        self, folder: WorkFolder, ref: str | None, below: str, *, note: str | None, branch: str = ""
    ) -> Snapshot:  # fmt: skip
        if ref:
            raise RepositoryError(
                f"{self.source.display} has no ref {ref!r}: {note}", kind=Kind.GIT_REF_NOT_FOUND,
                suggestions=(suggest("Leave the ref out."),),
            )  # fmt: skip
        commit, notes = await commit_working_tree(self.git, folder, max_bytes=self.max_bytes, guard=self.guard)
        if note is not None:
            notes = (f"{note}: its working tree is deployed", *notes)
        return Snapshot(self.git.git_dir, commit, branch, _join(folder.subdir, below), "working_tree", notes=notes)

    async def _is_tracked(self, commit: str, subdir: str) -> bool:
        return bool((await self.git.local("ls-tree", "-z", commit, "--", subdir)).stdout)

    def _fetched_from(self, folder: WorkFolder) -> Source:
        """The source with the top of the work tree (or the linked worktree) as what git fetches from."""
        return replace(self.source, fetch_url=str(folder.root))


async def _finish(git: Git, source: Source, taken: Snapshot) -> None:
    """Keep the commit by a ref of its own, and refuse one without files."""
    if not (await git.local("ls-tree", taken.commit)).stdout:
        raise _empty(source, "has no files in this commit")
    await git.local("update-ref", f"refs/snapshots/{taken.commit}", taken.commit)


def _snapshot(
    git: Git, found: RemoteRef, commit: str, subdir: str, *, notes: tuple[str, ...] = (), uncommitted: int = 0
) -> Snapshot:  # fmt: skip
    notes = (found.note, *notes) if found.note else notes
    return Snapshot(git.git_dir, commit, found.label, subdir, uncommitted=uncommitted, notes=notes)


def _clean_subdir(subdir: str | None) -> str:
    """`subdir` without needless slashes and dots.

    Raises:
        RepositoryError: `subdir_not_found`: it leads out of the repository, or can be no path in one.
    """
    text = (subdir or "").strip(" ")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or ".." in parts or "\\" in text or re.search(r"[\x00-\x1f\x7f]", text):
        raise RepositoryError(
            f"The sub-folder {text!r} is no path below the repository's root", kind=Kind.SUBDIR_NOT_FOUND,
            suggestions=(suggest("Give it relative to the root, with forward slashes and without .."),),
        )  # fmt: skip
    return "/".join(parts)


def _join(first: str, second: str) -> str:
    return "/".join(part for part in (first, second) if part)


def _size_guard(git_dir: Path, what: str, max_bytes: int) -> Callable[[], None]:
    """Raises once the repository has grown by more than `max_bytes`."""
    before = _packed_size(git_dir)

    def check() -> None:
        if (size := _packed_size(git_dir) - before) > max_bytes:
            raise too_large(what, max_bytes, size)

    return check


def _packed_size(git_dir: Path) -> int:
    """Bytes in packs, half-received ones too: all that a fetch writes (`fetch.unpackLimit` is 1)."""
    total = 0
    with suppress(FileNotFoundError), os.scandir(git_dir / "objects" / "pack") as found:
        for entry in found:
            with suppress(FileNotFoundError):  # git renames its temporary files
                total += entry.stat(follow_symlinks=False).st_size
    return total


def _empty(source: Source, what: str) -> RepositoryError:
    return RepositoryError(
        f"{source.display} {what}: there is nothing to deploy", kind=Kind.EMPTY_REPOSITORY,
        suggestions=(suggest("Commit your files first, or give another ref."),),
    )  # fmt: skip
