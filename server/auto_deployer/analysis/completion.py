"""What a commit only points to, brought in: its submodules' files and its Git LFS content, as one commit of ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..model.errors import AuthenticationFailedError, AutoDeployerError, RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .git import Git
from .indexes import commit_index, set_entries, work_index
from .lfs import with_lfs_content
from .logins import GitLogin, host_of, logged_in
from .remotes import Remote, RemoteRef
from .source import Source
from .submodules import Submodule, source_of, submodules_of

MAX_SUBMODULES = 100
MAX_DEPTH = 8
"""Submodules of submodules; two repositories can name each other."""


@dataclass(frozen=True)
class Extras:
    """What a commit only points to and is brought in when the user says so."""

    submodules: bool = False
    lfs: bool = False


@dataclass
class Completion:
    """Fetches into one repository of ours what a commit points to."""

    git: Git
    remote_of: Callable[[Source], Remote]
    extras: Extras
    max_bytes: int
    fetched: list[str] = field(default_factory=list[str])
    """Paths of the submodules that were brought in."""
    lfs_files: int = 0

    async def complete(self, commit: str, source: Source, *, prefix: str = "", depth: int = 0) -> str:
        """The commit itself, or one with what it points to in place.

        Args:
            source: Where the commit comes from.
            prefix: Its path below the repository that is deployed, for messages; with a "/" at its end.

        Raises:
            AutoDeployerError: something cannot be fetched; the message names it.
        """
        if self.extras.lfs:
            commit, count = await with_lfs_content(self.git, commit, source, self.remote_of(source), self.max_bytes)
            self.lfs_files += count
        return await self._with_submodules(commit, source, prefix, depth) if self.extras.submodules else commit

    @property
    def notes(self) -> tuple[str, ...]:
        """What was brought in, in words."""
        shown = ", ".join(self.fetched[:5]) + (f" and {len(self.fetched) - 5} more" if len(self.fetched) > 5 else "")
        notes = (f"With its submodules: {shown}" if self.fetched else "",)
        return tuple(filter(None, (*notes, f"With the content of {self.lfs_files} Git LFS file(s)" if self.lfs_files else "")))

    async def _with_submodules(self, commit: str, source: Source, prefix: str, depth: int) -> str:
        found = await submodules_of(self.git, commit)
        if not found:
            return commit
        if depth >= MAX_DEPTH or len(self.fetched) + len(found) > MAX_SUBMODULES:
            raise RepositoryError(
                f"{source.display} has more than {MAX_SUBMODULES} submodules, or they are nested deeper than {MAX_DEPTH}",
                kind=Kind.REPOSITORY_TOO_LARGE, suggestions=(suggest("Deploy without them."),),
            )  # fmt: skip
        commits = [await self._fetch(submodule, source, prefix, depth) for submodule in found]
        with work_index(self.git) as env:
            await self.git.local("read-tree", commit, env=env)
            for submodule, inner in zip(found, commits, strict=True):
                listing = await self.git.local("ls-tree", "-r", "-z", "--full-tree", inner)
                await set_entries(self.git, env, _moved(listing.stdout, os.fsencode(submodule.path)))
            return await commit_index(self.git, env, f"{commit} with its submodules")

    async def _fetch(self, submodule: Submodule, parent: Source, prefix: str, depth: int) -> str:
        path = prefix + submodule.path
        source = await source_of(self.git, submodule, parent)
        if parent.credentials and source.protocol == "https" and host_of(source) == host_of(parent):
            source = source if source.credentials else logged_in(source, GitLogin(parent.credentials[1], parent.credentials[0]))
        try:
            commit = await self.remote_of(source).fetch(RemoteRef(fetch=submodule.commit, label=submodule.commit))
        except AutoDeployerError as error:
            raise _named(error, path, same_host=source.protocol == "https" and host_of(source) == host_of(parent)) from None
        self.fetched.append(path)
        return await self.complete(commit, source, prefix=f"{path}/", depth=depth + 1)


def _moved(listing: bytes, path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Index entries that put a listed tree below a path, after the removal of what is at the path."""
    yield b"0 " + b"0" * 40, path
    for row in listing.split(b"\0"):
        if row:
            meta, inner = row.split(b"\t", 1)
            mode, _kind, object_id = meta.split(b" ")
            yield mode + b" " + object_id, path + b"/" + inner


def _named(error: AutoDeployerError, path: str, *, same_host: bool) -> AutoDeployerError:
    """The same error, saying which submodule it is about.

    A login that is missing on another host is not one that a person can be asked for: the question is about the repository's host.
    """
    elsewhere = isinstance(error, AuthenticationFailedError) and not same_host
    message = f"The submodule {path} cannot be fetched: {error.message}"
    suggestions = (*error.suggestions, suggest("Or deploy without its submodules."))
    return (RepositoryError if elsewhere else type(error))(message, kind=error.kind, suggestions=suggestions)
