"""Finding and fetching one commit of another repository into ours, with as little history as the server allows."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ..model.errors import AutoDeployerError, RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .git import Git, GitFailedError, batch_mode_ssh
from .git_errors import explain, is_host_key_fault
from .host_keys import explain_host_key
from .source import Source

_OBJECT_ID = re.compile(r"^[0-9a-f]{7,64}$", re.IGNORECASE)
_FULL_ID_LENGTHS = (40, 64)
_UNSAFE_REF = re.compile(r"^[-+/]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|[/.]$|\.lock$")
"""The rules of git-check-ref-format, and nothing that could be an option or a refspec."""
_FETCH_OPTIONS = ("--progress", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance")
_ALL_HISTORY = "--depth=2147483647"
_CREDENTIAL_HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$AD_GIT_USERNAME" "$AD_GIT_PASSWORD"; }; f'


@dataclass(frozen=True)
class RemoteRef:
    """A ref that the other repository has."""

    fetch: str
    """What to ask the server for: a full ref name, "HEAD", or an object id."""
    label: str
    """Branch, tag or commit for people; "" for a detached HEAD."""
    note: str = ""


class Remote:
    """The repository a source names, seen from ours."""

    def __init__(self, git: Git, source: Source, *, guard: Callable[[], None], on_progress: Callable[[str], None] | None) -> None:
        self._git = git
        self._source = source
        self._guard = guard
        self._on_progress = on_progress
        self._env: dict[str, str] | None = None

    async def find(self, wanted: str | None) -> RemoteRef | None:
        """The ref to fetch; None when the repository has no commit at all.

        Raises:
            RepositoryError: `git_ref_not_found`, with close names.
            ConnectionFailedError, AuthenticationFailedError: as git says.
        """
        if wanted is None or wanted == "HEAD":
            return await self._default()
        if _UNSAFE_REF.search(wanted):
            raise _no_such_ref(self._source, wanted, "this is no valid name of a branch, tag or commit")
        names = [wanted] if wanted.startswith("refs/") else [f"refs/heads/{wanted}", f"refs/tags/{wanted}"]
        found, _ = await self._list(*names)
        for name in names:
            if name in found:
                return RemoteRef(fetch=name, label=wanted)
        if _OBJECT_ID.match(wanted):
            return RemoteRef(fetch=wanted.lower(), label=wanted)
        raise await self._unknown(wanted)

    async def fetch(self, ref: RemoteRef) -> str:
        """Bring the ref's commit here and return its full id.

        Raises:
            RepositoryError: `git_ref_not_found` when it is not there, or is no commit.
            ConnectionFailedError, AuthenticationFailedError: as git says.
        """
        if not _OBJECT_ID.match(ref.fetch):
            await self._fetch("--depth=1", ref.fetch)
            return await self._commit_of("FETCH_HEAD", ref)
        if len(ref.fetch) in _FULL_ID_LENGTHS:
            try:
                await self._run("fetch", *_FETCH_OPTIONS, "--depth=1", "--", self._source.fetch_url, ref.fetch)
                return await self._commit_of(ref.fetch, ref)
            except GitFailedError:
                pass  # not every server hands out commits that no ref names
        await self._fetch(_ALL_HISTORY, "+refs/heads/*:refs/remotes/source/*", "+refs/tags/*:refs/remotes/source-tags/*")
        return await self._commit_of(ref.fetch, ref)

    async def _default(self) -> RemoteRef | None:
        found, branch = await self._list("HEAD")
        if "HEAD" in found:
            return RemoteRef(fetch="HEAD", label=branch)
        heads = sorted((await self._list("refs/heads/*"))[0])
        if not heads:
            return None
        names = [name.removeprefix("refs/heads/") for name in heads]
        if len(names) == 1:
            return RemoteRef(fetch=heads[0], label=names[0], note=f"HEAD names a branch without commits; {names[0]} is taken")
        raise RepositoryError(
            f"{self._source.display} has no default branch: its HEAD names a branch without commits",
            kind=Kind.GIT_REF_NOT_FOUND,
            suggestions=tuple(suggest("Deploy one of its branches", "ref", name) for name in names[:10]),
        )  # fmt: skip

    async def _unknown(self, wanted: str) -> RepositoryError:
        found, _ = await self._list("refs/heads/*", "refs/tags/*")
        # sorted: branches come before tags
        names = [re.sub(r"^refs/(heads|tags)/", "", name) for name in sorted(found) if not name.endswith("^{}")]
        return _no_such_ref(self._source, wanted, "no branch or tag has this name", names)

    async def _list(self, *patterns: str) -> tuple[set[str], str]:
        """The names of the matching refs, and the branch that HEAD names."""
        try:
            result = await self._run("ls-remote", "--symref", "--", self._source.fetch_url, *patterns)
        except GitFailedError as error:
            raise await self._explained(error) from None
        rows = [line.split("\t", 1) for line in result.splitlines() if "\t" in line]
        branch = next((left[5:] for left, name in rows if left.startswith("ref: ") and name == "HEAD"), "")
        return {name for left, name in rows if not left.startswith("ref: ")}, branch.removeprefix("refs/heads/")

    async def _fetch(self, depth: str, *refspecs: str) -> None:
        try:
            await self._run("fetch", *_FETCH_OPTIONS, depth, "--", self._source.fetch_url, *refspecs)
        except GitFailedError as error:
            raise await self._explained(error) from None

    async def _explained(self, error: GitFailedError) -> AutoDeployerError:
        if self._source.protocol == "ssh" and is_host_key_fault(error):
            command = (await self._transport())["GIT_SSH_COMMAND"]
            return await explain_host_key(self._source, error.result.stderr, command)
        return explain(error, self._source)

    async def _commit_of(self, name: str, ref: RemoteRef) -> str:
        result = await self._git.local("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", check=False)
        if result.exit_code != 0:
            raise _no_such_ref(self._source, ref.label or name, "it is not there, not unique, or no commit")
        return result.text

    async def fetch_lfs(self, commit: str) -> None:
        """Bring the Git LFS objects that the files of a commit point to into `lfs/objects` of our repository.

        Raises:
            GitFailedError: git lfs says why not.
        """
        url = f"file://{quote(self._source.fetch_url)}" if self._source.folder is not None else self._source.fetch_url
        await self._run("-c", f"remote.source.url={url}", "lfs", "fetch", "source", commit)

    async def _run(self, *args: str) -> str:
        if self._source.folder is not None:
            result = await self._git.local(*args, guard=self._guard, on_stderr=self._on_progress)
            return result.text
        env = await self._transport()
        return (await self._git.remote(*args, env=env, guard=self._guard, on_stderr=self._on_progress)).text

    async def _transport(self) -> dict[str, str]:
        if self._env is None:
            self._env = {**await _ssh_env(self._git), **_protocol_env(self._source)}
        return self._env


async def _ssh_env(git: Git) -> Mapping[str, str]:
    """An ssh that asks nothing: the user's own command (environment before configuration, as git has it) in batch mode."""
    command = os.environ.get("GIT_SSH_COMMAND")
    if not command and (program := os.environ.get("GIT_SSH")):
        command = shlex.quote(program)
    if not command:
        command = (await git.remote("config", "--default", "ssh", "--get", "core.sshCommand", env={})).text
    return {"GIT_SSH_COMMAND": batch_mode_ssh(command)}


def _protocol_env(source: Source) -> dict[str, str]:
    """Only the source's own protocol; credentials by helper, so that they stand in no argument list and in no file."""
    env = {"GIT_ALLOW_PROTOCOL": source.protocol}
    if source.credentials is None:
        return env
    host = "/".join(source.fetch_url.split("/", 3)[:3])
    username, password = source.credentials
    # a user name alone goes with the password of the user's own helpers first; a password given here replaces them
    before = (f"credential.{host}.helper", "") if password else (f"credential.{host}.username", username)
    settings = [before, (f"credential.{host}.helper", _CREDENTIAL_HELPER)]
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    for number, (key, value) in enumerate(settings, start=first):
        env[f"GIT_CONFIG_KEY_{number}"], env[f"GIT_CONFIG_VALUE_{number}"] = key, value
    env["GIT_CONFIG_COUNT"] = str(first + len(settings))
    env["AD_GIT_USERNAME"], env["AD_GIT_PASSWORD"] = username, password
    return env


def _no_such_ref(source: Source, wanted: str, why: str, names: list[str] | None = None) -> RepositoryError:
    close = difflib.get_close_matches(wanted, names or [], n=5, cutoff=0.5) or (names or [])[:10]
    return RepositoryError(
        f"{source.display} has no ref {wanted!r}: {why}",
        kind=Kind.GIT_REF_NOT_FOUND, suggestions=tuple(suggest("Deploy one that it has", "ref", name) for name in close),
    )  # fmt: skip
