"""Fetching over ssh and https from real servers on loopback, and the ways in which that fails."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from auto_deployer.analysis import parse_source
from auto_deployer.analysis.git import GitFailedError, GitResult, batch_mode_ssh
from auto_deployer.analysis.git_errors import explain
from auto_deployer.model.errors import AuthenticationFailedError, AutoDeployerError, ConnectionFailedError, RepositoryError
from auto_deployer.model.reasons import Kind
from tests.suggestions import suggested

from .conftest import RepoFactory, Take, show
from .servers import PASSWORD, USER, HttpsGitServer, SshGitServer, new_ssh_key


async def test_ssh_clone(new_repo: RepoFactory, take: Take, ssh_server: SshGitServer):
    repo = new_repo(files={"app.py": "one"})
    first = repo.git("rev-parse", "HEAD")
    repo.commit({"app.py": "two"})
    url = ssh_server.url(repo.path)
    newest = await take(url)
    assert (show(newest, "app.py"), newest.ref, newest.kind, newest.uncommitted) == ("two", "main", "commit", 0)
    assert show(await take(url, ref=first), "app.py") == "one"
    assert show(await take(url, ref=first[:10]), "app.py") == "one"


async def test_ssh_without_an_accepted_key(
    new_repo: RepoFactory, take: Take, ssh_server: SshGitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    new_ssh_key(tmp_path / "stranger")
    monkeypatch.setenv("GIT_SSH_COMMAND", ssh_server.command_with_key(tmp_path / "stranger"))
    with pytest.raises(AuthenticationFailedError) as failed:
        await take(ssh_server.url(new_repo(files={"app.py": "one"}).path))
    assert "ssh-add" in suggested(failed.value)[0]


async def test_ssh_host_with_an_unknown_key_is_not_accepted(new_repo: RepoFactory, take: Take, ssh_server: SshGitServer):
    ssh_server.known_hosts.write_text("")
    with pytest.raises(ConnectionFailedError, match="host key") as refused:
        await take(ssh_server.url(new_repo(files={"app.py": "one"}).path))
    assert ssh_server.known_hosts.read_text() == ""
    assert f"ED25519 {ssh_server.fingerprint}" in refused.value.message
    assert f"ssh-keyscan -p {ssh_server.port} 127.0.0.1 >> {ssh_server.known_hosts}" in suggested(refused.value)[-1]


async def test_the_command_of_the_error_accepts_the_host_key(new_repo: RepoFactory, take: Take, ssh_server: SshGitServer):
    ssh_server.known_hosts.write_text("")
    url = ssh_server.url(new_repo(files={"app.py": "one"}).path)
    with pytest.raises(ConnectionFailedError) as refused:
        await take(url)
    subprocess.run(["sh", "-c", suggested(refused.value)[-1].partition(": ")[2]], check=True, capture_output=True)
    assert show(await take(url), "app.py") == "one"


async def test_ssh_host_whose_key_has_changed(new_repo: RepoFactory, take: Take, ssh_server: SshGitServer, tmp_path: Path):
    new_ssh_key(tmp_path / "other")
    ssh_server.known_hosts.write_text(f"[127.0.0.1]:{ssh_server.port} {(tmp_path / 'other.pub').read_text()}")
    with pytest.raises(ConnectionFailedError, match="has changed") as refused:
        await take(ssh_server.url(new_repo(files={"app.py": "one"}).path))
    assert ssh_server.fingerprint in refused.value.message
    assert f"ssh-keygen -R '[127.0.0.1]:{ssh_server.port}'" in suggested(refused.value)[-1]


async def test_the_key_of_the_users_ssh_agent_is_used(
    new_repo: RepoFactory, take: Take, ssh_server: SshGitServer, ssh_agent: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F /dev/null -oUserKnownHostsFile={ssh_server.known_hosts}")
    url = ssh_server.url(new_repo(files={"app.py": "one"}).path)
    with pytest.raises(AuthenticationFailedError):
        await take(url)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(ssh_agent))
    ssh_server.add_key_to_agent()
    assert show(await take(url), "app.py") == "one"


async def test_ssh_repository_that_is_not_there(take: Take, ssh_server: SshGitServer):
    with pytest.raises(RepositoryError) as refused:
        await take(ssh_server.url(Path("/nonexistent/shop.git")))
    assert refused.value.kind is Kind.REPOSITORY_NOT_FOUND


async def test_https_clone(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    repo = new_repo(files={"app.py": "one"})
    old = repo.git("rev-parse", "HEAD")
    repo.git("tag", "v1")
    repo.commit({"app.py": "two"})
    https_server.publish(repo.path, "shop.git")
    url = f"https://{https_server.host}/shop.git"
    assert show(await take(url), "app.py") == "two"
    assert show(await take(url, ref="v1"), "app.py") == "one"
    assert show(await take(url, ref=old[:7]), "app.py") == "one"
    with pytest.raises(RepositoryError) as refused:
        await take(url, ref="v2")
    assert refused.value.kind is Kind.GIT_REF_NOT_FOUND


async def test_https_repository_that_is_not_there(take: Take, https_server: HttpsGitServer):
    with pytest.raises(RepositoryError) as refused:
        await take(f"https://{https_server.host}/nothing.git")
    assert refused.value.kind is Kind.REPOSITORY_NOT_FOUND


async def test_credentials_in_the_url_reach_the_server_and_no_file_and_no_argument_list(
    new_repo: RepoFactory, take: Take, https_server: HttpsGitServer
):
    https_server.publish(new_repo(files={"app.py": "one"}).path, "private/shop.git")
    snapshot = await take(f"https://{USER}:{PASSWORD}@{https_server.host}/private/shop.git")
    assert show(snapshot, "app.py") == "one"
    assert any(https_server.host in text for text in https_server.arguments)
    assert not [text for text in https_server.arguments if PASSWORD in text]
    for path in snapshot.git_dir.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()


@pytest.mark.parametrize("userinfo", ["", "dev:wrong-password@", "unknown-token-value@"])
async def test_a_login_that_is_missing_or_wrong_fails_without_asking(
    new_repo: RepoFactory, take: Take, https_server: HttpsGitServer, userinfo: str
):
    https_server.publish(new_repo(files={"app.py": "one"}).path, "private/shop.git")
    with pytest.raises(AuthenticationFailedError) as failed:
        await take(f"https://{userinfo}{https_server.host}/private/shop.git")
    assert "wrong-password" not in failed.value.message
    assert suggested(failed.value)


async def test_the_users_own_credential_helper_is_asked(
    new_repo: RepoFactory, take: Take, https_server: HttpsGitServer, own_home: Path
):
    https_server.publish(new_repo(files={"app.py": "one"}).path, "private/shop.git")
    with (own_home / ".gitconfig").open("a") as config:
        config.write("[credential]\n\thelper = store\n")
    (own_home / ".git-credentials").write_text(f"https://{USER}:{PASSWORD}@{https_server.host}\n")
    for userinfo in ("", f"{USER}@"):
        snapshot = await take(f"https://{userinfo}{https_server.host}/private/shop.git")
        assert show(snapshot, "app.py") == "one"


async def test_a_certificate_that_is_not_trusted(take: Take, https_server: HttpsGitServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GIT_SSL_CAINFO")
    with pytest.raises(ConnectionFailedError, match="certificate"):
        await take(f"https://{https_server.host}/shop.git")


async def test_a_port_where_nobody_listens(take: Take, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:  # bound but not listening
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFailedError):
            await take(f"https://127.0.0.1:{unused.getsockname()[1]}/owner/shop")
        with pytest.raises(ConnectionFailedError):
            await take(f"ssh://git@127.0.0.1:{unused.getsockname()[1]}/owner/shop")


def _stubborn_ssh(folder: Path) -> tuple[str, Path]:
    """An ssh that never answers, ignores TERM, and has a child that does so too."""
    pids = folder / "pids"
    script = folder / "ssh.sh"
    script.write_text(f"trap '' TERM\n(trap '' TERM; echo $BASHPID >> {pids}; exec sleep 600.417) &\necho $$ >> {pids}\nwait\n")
    return f"bash {script}", pids


def _alive(pids: Path) -> list[int]:
    """Those of the noted processes that live; their command lines tell them from others that were given a freed number."""
    alive: list[int] = []
    for pid in (int(line) for line in pids.read_text().split()):
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            words = process.cmdline()
            ours = words == ["sleep", "600.417"] or str(pids.with_name("ssh.sh")) in words
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(pid)
    return alive


def _wait_until(condition: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


async def test_the_time_out_ends_git_and_all_its_children(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    command, pids = _stubborn_ssh(tmp_path)
    monkeypatch.setenv("GIT_SSH_COMMAND", command)
    with pytest.raises(RepositoryError) as refused:
        await take("ssh://git@host.invalid/owner/shop", timeout_s=2.0)
    assert refused.value.kind is Kind.REPOSITORY_TIMEOUT
    assert len(pids.read_text().split()) == 2
    _wait_until(lambda: not _alive(pids))


async def test_a_cancelled_snapshot_leaves_nothing_running(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    command, pids = _stubborn_ssh(tmp_path)
    monkeypatch.setenv("GIT_SSH_COMMAND", command)
    task = asyncio.ensure_future(take("ssh://git@host.invalid/owner/shop"))
    deadline = time.monotonic() + 20
    while not (pids.exists() and len(pids.read_text().split()) == 2):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    _wait_until(lambda: not _alive(pids))


async def test_git_that_is_not_installed(take: Take, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AutoDeployerError) as refused:
        await take("https://host.invalid/owner/shop")
    assert refused.value.kind is Kind.MISSING_TOOL


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        ("fatal: couldn't find remote ref refs/heads/x", Kind.GIT_REF_NOT_FOUND),
        ("fatal: remote error: upload-pack: not our ref abc", Kind.GIT_REF_NOT_FOUND),
        ("fatal: could not read Username for 'https://host': terminal prompts disabled", Kind.AUTHENTICATION_FAILED),
        ("fatal: Authentication failed for 'https://host/x'", Kind.AUTHENTICATION_FAILED),
        ("git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.", Kind.AUTHENTICATION_FAILED),
        ("fatal: unable to access 'x': The requested URL returned error: 403", Kind.AUTHENTICATION_FAILED),
        ("remote: Repository not found.\nfatal: repository 'https://host/x/' not found", Kind.REPOSITORY_NOT_FOUND),
        ("fatal: '/x' does not appear to be a git repository", Kind.REPOSITORY_NOT_FOUND),
        ("fatal: unable to access 'x': Could not resolve host: host", Kind.CONNECTION_FAILED),
        (
            "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.",
            Kind.CONNECTION_FAILED,
        ),
        ("fatal: the remote end hung up unexpectedly\nfatal: early EOF", Kind.CONNECTION_FAILED),
        ("fatal: unable to access 'x': The requested URL returned error: 503", Kind.CONNECTION_FAILED),
        ("", Kind.CONNECTION_FAILED),
    ],
)
def test_what_git_says_has_a_kind(stderr: str, kind: Kind):
    error = explain(GitFailedError(GitResult(128, b"", stderr)), parse_source("https://host/owner/shop"))
    assert error.kind is kind


def test_what_git_says_is_quoted_without_the_password():
    source = parse_source("https://dev:s3cret@host/owner/shop")
    error = explain(GitFailedError(GitResult(128, b"", "fatal: bad https://dev:s3cret@host/owner/shop")), source)
    assert "s3cret" not in error.message
    assert "***" in error.message


@pytest.mark.parametrize(
    ("command", "batch"),
    [
        ("ssh", "ssh -oBatchMode=yes -oConnectTimeout=20"),
        ("/usr/bin/ssh -i key", "/usr/bin/ssh -i key -oBatchMode=yes -oConnectTimeout=20"),
        ("plink -batch", "plink -batch"),
        ("'unbalanced", "'unbalanced"),
    ],
)
def test_only_openssh_gets_its_options(command: str, batch: str):
    assert batch_mode_ssh(command) == batch
