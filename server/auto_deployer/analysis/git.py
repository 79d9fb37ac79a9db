"""Running git: in our own bare repository, without prompts, hooks and left-over processes."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..model.errors import RefusedError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from ..sessions.environment import git_environment
from ..sessions.process import end_group, kill_group

_POLL_S = 0.2

_QUIET = {
    "LC_ALL": "C",  # messages are parsed
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",  # a program that answers nothing: takes the place of core.askPass and SSH_ASKPASS
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # Of one piece of memory: git itself makes no differences of larger files, so what needs more was made to fill ours.
    "GIT_ALLOC_LIMIT": "512m",
}

# Packs of ours are read once: the search for deltas among large files took minutes and gigabytes of memory for 900 MiB.
_COPY_AS_IT_IS = """\
[core]
\tbigFileThreshold = 1m
[pack]
\twindow = 0
\tcompression = 1
"""
_CONFIG = f"""\
{_COPY_AS_IT_IS}\
[core]
\trepositoryformatversion = 0
\tbare = true
\tfilemode = true
\thooksPath = /dev/null
\tfsmonitor = false
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[submodule]
\trecurse = false
[fetch]
\trecurseSubmodules = false
\tunpackLimit = 1
"""
_LOCAL_CONFIG = "local.gitconfig"
_LEFTOVERS = ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/pack/*.lock")


@dataclass(frozen=True)
class GitResult:
    """How a git command ended."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Standard output as text, without the line break at its end."""
        return self.stdout.decode("utf-8", "replace").strip()


class GitFailedError(Exception):
    """A git command exited with an error; callers turn it into one of our kinds."""

    def __init__(self, result: GitResult) -> None:
        super().__init__(result.stderr)
        self.result = result


class Git:
    """Git commands on one bare repository of ours."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir

    @classmethod
    async def init(cls, git_dir: Path) -> Git:
        """The repository at `git_dir`, made or made ready again: no hooks, no templates, our own configuration."""
        _make_ready(git_dir)
        git = cls(git_dir)
        await git.local("init", "--quiet", "--bare", "--template=")
        (git_dir / "config").write_text(_CONFIG)
        return git

    async def local(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        check: bool = True,
        on_stdout: Callable[[bytes], None] | None = None,
        on_stderr: Callable[[str], None] | None = None,
        guard: Callable[[], None] | None = None,
    ) -> GitResult:
        """Run git where no network and nothing of the user's configuration is needed."""
        base = {name: value for name, value in git_environment().items() if not name.startswith("GIT_")}
        config = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(self.git_dir / _LOCAL_CONFIG), "GIT_ALLOW_PROTOCOL": "file"}
        full = {**base, **_QUIET, **config, "GIT_DIR": str(self.git_dir), **(env or {})}
        return await run_git(args, env=full, stdin=stdin, check=check, on_stdout=on_stdout, on_stderr=on_stderr, guard=guard)

    async def remote(
        self,
        *args: str,
        env: Mapping[str, str],
        on_stderr: Callable[[str], None] | None = None,
        guard: Callable[[], None] | None = None,
    ) -> GitResult:
        """Run git with the user's configuration, credential helpers and ssh agent. `env` names the transport."""
        full = {**git_environment(), **_QUIET, "GIT_DIR": str(self.git_dir), **env}
        return await run_git(args, env=full, on_stderr=on_stderr, guard=guard)


async def run_git(
    args: tuple[str, ...],
    *,
    env: Mapping[str, str],
    stdin: bytes | None = None,
    on_stdout: Callable[[bytes], None] | None = None,
    on_stderr: Callable[[str], None] | None = None,
    guard: Callable[[], None] | None = None,
    check: bool = True,
) -> GitResult:
    """Run git in a session of its own; when this is cancelled or `guard` raises, its whole process group is ended.

    Args:
        on_stdout: Called with the output piece by piece, of which nothing is kept then; what it raises ends git and goes on.
        on_stderr: Called with each line of stderr (progress lines too).
        guard: Called a few times a second while git runs; what it raises ends git and goes on.

    Raises:
        GitFailedError: it exited with an error and `check` is set.
        RefusedError: `missing_tool`: there is no git.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *args, env=dict(env), cwd="/", start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except FileNotFoundError:
        raise RefusedError(
            "git is not installed, or not on PATH", kind=Kind.MISSING_TOOL, suggestions=(suggest("Install git."),)
        ) from None  # fmt: skip
    work = asyncio.ensure_future(_communicate(process, stdin, on_stdout, on_stderr))
    try:
        while not (await asyncio.wait({work}, timeout=_POLL_S))[0]:
            if guard is not None:
                guard()
        stdout, stderr = work.result()
        result = GitResult(await process.wait(), stdout, stderr)
    finally:
        if not work.done() or process.returncode is None:
            try:
                await end_group(process.pid)  # a fetch has children: ssh, git-remote-https, index-pack
            finally:
                kill_group(process.pid)
                work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await process.wait()
    if guard is not None:
        guard()
    if check and result.exit_code != 0:
        raise GitFailedError(result)
    return result


async def _communicate(
    process: asyncio.subprocess.Process, stdin: bytes | None, on_stdout: Callable[[bytes], None] | None,
    on_stderr: Callable[[str], None] | None,
) -> tuple[bytes, str]:  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    _, stdout, stderr = await asyncio.gather(
        _feed(process, stdin), _read(process.stdout, on_stdout), _read_lines(process.stderr, on_stderr)
    )  # fmt: skip
    return stdout, stderr


async def _read(stream: asyncio.StreamReader, on_chunk: Callable[[bytes], None] | None) -> bytes:
    if on_chunk is None:
        return await stream.read()
    while chunk := await stream.read(65_536):
        on_chunk(chunk)
    return b""


async def _feed(process: asyncio.subprocess.Process, stdin: bytes | None) -> None:
    if stdin is None or process.stdin is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()


async def _read_lines(stream: asyncio.StreamReader, on_line: Callable[[str], None] | None) -> str:
    """Everything but the progress; progress lines end with a carriage return alone (those of ssh have one before the line feed)."""
    kept: list[str] = []
    pending = ""
    while chunk := await stream.read(65_536):
        *lines, pending = re.split(r"(?<=\n)|(?<=\r)(?=[^\n])", pending + chunk.decode("utf-8", "replace"))
        for line in lines:
            if not line.endswith("\r"):
                kept.append(line)
            if on_line is not None and line.strip():
                on_line(line.strip())
    return "".join([*kept[-200:], pending])


def _make_ready(git_dir: Path) -> None:
    (git_dir / "info").mkdir(parents=True, exist_ok=True, mode=0o700)
    for pattern in _LEFTOVERS:  # of a git that was killed; nobody else works here
        for path in git_dir.glob(pattern):
            path.unlink(missing_ok=True)
    # outranks .gitattributes: no filter (LFS or another) runs
    (git_dir / "info" / "attributes").write_text("* -filter\n")
    # upload-pack is made for serving folders of other owners; the ownership check would only refuse mounted folders
    (git_dir / _LOCAL_CONFIG).write_text(f"[safe]\n\tdirectory = *\n{_COPY_AS_IT_IS}")


def batch_mode_ssh(command: str) -> str:
    """An ssh command that asks nothing. Commands of other clients (plink, …) are left alone."""
    try:
        program = shlex.split(command)[0]
    except (ValueError, IndexError):  # the shell will tell what is wrong with it
        return command
    if Path(program).name in ("ssh", "ssh.exe"):
        return f"{command} -oBatchMode=yes -oConnectTimeout=20"
    return command
