"""Real git repositories in tmp_path, and real servers for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.analysis import Extras, Limits, Logins, Snapshot, SnapshotTree, parse_source, take_snapshot

from .servers import SshGitServer, https_server

__all__ = ["https_server"]


class Repo:
    """A work tree with git in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *args: str, stdin: bytes = b"") -> str:
        done = subprocess.run(["git", "-C", str(self.path), *args], check=True, capture_output=True, input=stdin)
        return done.stdout.decode().strip()

    def write(self, files: dict[str, str | bytes]) -> Repo:
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "a commit") -> str:
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


RepoFactory = Callable[..., Repo]
Take = Callable[..., Awaitable[Snapshot]]
TreeOf = Callable[..., Awaitable[SnapshotTree]]


def git_in(snapshot: Snapshot, *args: str) -> str:
    """What git says in the snapshot's repository."""
    command = ["git", f"--git-dir={snapshot.git_dir}", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def show(snapshot: Snapshot, path: str) -> str:
    """A file of a snapshot, read by git itself."""
    return git_in(snapshot, "show", f"{snapshot.commit}:{path}")


def paths_in(snapshot: Snapshot) -> list[str]:
    """All paths of a snapshot, links and submodules too."""
    return git_in(snapshot, "ls-tree", "-r", "--name-only", snapshot.commit).splitlines()


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the developer's own git configuration, nor of the machine's, plays a part."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "SSH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")  # git-lfs, where it is installed, puts its filters there
    (home / ".gitconfig").write_text(
        '[user]\n\tname = Dev\n\temail = dev@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n'
    )
    return home


@pytest.fixture
def new_repo(tmp_path: Path) -> RepoFactory:
    def make(name: str = "shop", files: dict[str, str | bytes] | None = None) -> Repo:
        path = tmp_path / name
        path.mkdir(parents=True)
        repo = Repo(path)
        repo.git("init", "-q")
        if files is not None:
            repo.commit(files)
        return repo

    return make


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """`take(repo, ...)`: the snapshot of what a user names, into a fresh folder (or `into`)."""
    count = 0

    async def run(repo: str | Path, **options: Any) -> Snapshot:
        nonlocal count
        count += 1
        options.setdefault("into", tmp_path / f"snapshot{count}.git")
        options.setdefault("extras", Extras(options.pop("submodules", False), options.pop("lfs", False)))
        options.setdefault("logins", Logins(options.pop("login", None), options.pop("ask", None)))
        limits = {name: options.pop(name) for name in ("timeout_s", "max_bytes") if name in options}
        options.setdefault("limits", Limits(**limits))
        return await take_snapshot(parse_source(str(repo)), **options)

    return run


@pytest.fixture
def tree_of(take: Take) -> Iterator[TreeOf]:
    """`tree_of(repo, ...)`: the tree of its snapshot, closed at the end."""
    opened: list[SnapshotTree] = []

    async def run(repo: str | Path, **options: Any) -> SnapshotTree:
        snapshot = await take(repo, **options)
        opened.append(await SnapshotTree.load(snapshot.git_dir, snapshot.commit, snapshot.subdir))
        return opened[-1]

    yield run
    for tree in opened:
        tree.close()


@pytest.fixture
def ssh_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshGitServer]:
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if sshd is None or shutil.which("ssh-keygen") is None:
        pytest.skip("sshd (package openssh-server) is not installed")
    with SshGitServer(Path(sshd), tmp_path) as server:
        monkeypatch.setenv("GIT_SSH_COMMAND", server.ssh_command)
        yield server


@pytest.fixture
def ssh_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of an agent without keys; not in the environment yet."""
    socket = tmp_path_factory.mktemp("agent") / "socket"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not socket.exists():
            assert time.monotonic() < deadline, "ssh-agent does not listen"
            time.sleep(0.02)
        yield socket
    finally:
        agent.terminate()
        agent.wait()
