from __future__ import annotations

import errno
import getpass
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auto_deployer.apps import AppRegistry, DeployDirClaim
from auto_deployer.apps.claim import DeployDirLock
from auto_deployer.apps.layout import LOCK_NAME, RECORD_NAME
from auto_deployer.apps.registry import read_record
from auto_deployer.model.errors import TargetLockedError, UsageError
from auto_deployer.model.ports import DeployPaths
from auto_deployer.model.reasons import Kind
from tests.apps_keeper.harness import eventually

REPO = "https://example.org/me/shop.git"


@pytest.fixture
def registry(tmp_path: Path) -> AppRegistry:
    return AppRegistry(tmp_path / "registry", tmp_path / "deployments")


@pytest.fixture
def deploy_dir(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "shop"


def claim(deploy_dir: Path, registry: AppRegistry, repo: str = REPO, subdir: str = "") -> DeployDirClaim:
    return DeployDirClaim(DeployPaths(str(deploy_dir), "r1"), repo=repo, subdir=subdir, deployment_id="d-1", registry=registry)


def test_what_it_made_and_nobody_used_is_gone_again(deploy_dir: Path, registry: AppRegistry) -> None:
    with claim(deploy_dir, registry):
        assert read_record(deploy_dir) is not None
        assert registry.deploy_dirs() == (deploy_dir,)
    assert not deploy_dir.exists()
    assert registry.deploy_dirs() == ()


def test_a_directory_that_was_there_stays(deploy_dir: Path, registry: AppRegistry) -> None:
    deploy_dir.mkdir(parents=True)
    with claim(deploy_dir, registry):
        pass
    assert list(deploy_dir.iterdir()) == []


def test_a_used_directory_keeps_its_owner_record_and_is_known(deploy_dir: Path, registry: AppRegistry) -> None:
    with claim(deploy_dir, registry, subdir="web"):
        (deploy_dir / "repo").mkdir()
    record = read_record(deploy_dir)
    assert record is not None
    assert (record.app, record.repo, record.subdir) == ("shop", REPO, "web")
    assert sorted(path.name for path in deploy_dir.iterdir()) == [RECORD_NAME, "repo"]
    assert registry.deploy_dirs() == (deploy_dir,)


def test_a_foreign_directory_is_refused_and_left_alone(deploy_dir: Path, registry: AppRegistry) -> None:
    deploy_dir.mkdir(parents=True)
    (deploy_dir / "thesis.tex").write_text("years of work")
    with pytest.raises(TargetLockedError, match=r"thesis\.tex") as raised:
        claim(deploy_dir, registry).acquire()
    assert raised.value.kind == Kind.DEPLOY_DIR_NOT_OURS
    assert [path.name for path in deploy_dir.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("record", ["", "{", '{"app": 1}', "[]", '"text"'])
def test_a_record_that_is_none_of_ours_does_not_count(deploy_dir: Path, registry: AppRegistry, record: str) -> None:
    deploy_dir.mkdir(parents=True)
    (deploy_dir / RECORD_NAME).write_text(record)
    with pytest.raises(TargetLockedError):
        claim(deploy_dir, registry).acquire()


@pytest.mark.parametrize(("repo", "subdir"), [("https://example.org/you/shop.git", ""), (REPO, "api"), ("/srv/shop", "")])
def test_another_apps_directory_is_refused_with_its_owner(deploy_dir: Path, registry: AppRegistry, repo: str, subdir: str) -> None:
    with claim(deploy_dir, registry):
        (deploy_dir / "repo").mkdir()
    with pytest.raises(TargetLockedError) as raised:
        claim(deploy_dir, registry, repo=repo, subdir=subdir).acquire()
    assert raised.value.kind == Kind.DEPLOY_DIR_NOT_OURS
    assert REPO in raised.value.message
    assert "shop" in raised.value.message


@pytest.mark.parametrize(
    "repo",
    ["https://example.org/me/shop", "https://EXAMPLE.org/me/shop/", "git@example.org:me/shop.git", "ssh://git@example.org/me/shop"],
)
def test_other_spellings_of_the_same_repository_are_the_same_app(deploy_dir: Path, registry: AppRegistry, repo: str) -> None:
    with claim(deploy_dir, registry):
        (deploy_dir / "repo").mkdir()
    with claim(deploy_dir, registry, repo=repo):
        pass
    record = read_record(deploy_dir)
    assert record is not None
    assert record.repo == REPO


def test_a_second_one_is_told_who_works_there(deploy_dir: Path, registry: AppRegistry) -> None:
    with claim(deploy_dir, registry):
        with pytest.raises(TargetLockedError) as raised:
            claim(deploy_dir, registry).acquire()
        assert raised.value.kind == Kind.TARGET_LOCKED
        assert f"process {os.getpid()} " in raised.value.message
        assert "d-1" in raised.value.message
        assert deploy_dir.exists()
    with claim(deploy_dir, registry):
        pass


def test_children_do_not_hold_the_lock(deploy_dir: Path, registry: AppRegistry) -> None:
    deploy_dir.mkdir(parents=True)
    with DeployDirLock(deploy_dir, "d-1"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], close_fds=False)
    try:
        with DeployDirLock(deploy_dir, "d-2"):
            pass
    finally:
        child.kill()
        child.wait()


HOLDER = """
import sys, time
from pathlib import Path
from auto_deployer.apps.claim import DeployDirLock
with DeployDirLock(Path(sys.argv[1]), "d-killed"):
    Path(sys.argv[1], "held").touch()
    time.sleep(300)
"""


def test_a_killed_holder_leaves_no_lock(deploy_dir: Path) -> None:
    deploy_dir.mkdir(parents=True)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(deploy_dir)])
    eventually((deploy_dir / "held").exists)
    with pytest.raises(TargetLockedError, match="d-killed"):
        DeployDirLock(deploy_dir, "d-2").acquire()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (deploy_dir / LOCK_NAME).exists()
    with DeployDirLock(deploy_dir, "d-2"):
        pass


def test_a_file_in_the_way_is_a_clear_error(deploy_dir: Path, registry: AppRegistry) -> None:
    deploy_dir.parent.mkdir(parents=True)
    deploy_dir.write_text("a file")
    with pytest.raises(UsageError, match="cannot be used"):
        claim(deploy_dir, registry).acquire()


def test_releasing_twice_does_nothing(deploy_dir: Path, registry: AppRegistry) -> None:
    held = claim(deploy_dir, registry)
    held.acquire()
    held.release()
    held.release()
    assert not deploy_dir.exists()


def test_the_registry_drops_what_is_gone_and_finds_the_default_place(tmp_path: Path, registry: AppRegistry) -> None:
    for folder in (tmp_path / "a" / "one", tmp_path / "deployments" / "two"):
        with claim(folder, registry):
            (folder / "repo").mkdir()
    (tmp_path / "deployments" / "foreign").mkdir()
    registry.forget(tmp_path / "deployments" / "two")
    assert registry.deploy_dirs() == (tmp_path / "a" / "one", tmp_path / "deployments" / "two")
    (tmp_path / "a" / "one" / RECORD_NAME).unlink()
    assert registry.deploy_dirs() == (tmp_path / "deployments" / "two",)
    assert list((tmp_path / "registry").iterdir()) == []


@pytest.mark.parametrize("failing", ["ftruncate", "write"])
def test_a_lock_that_cannot_be_written_down_is_given_back(deploy_dir: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    deploy_dir.mkdir(parents=True)
    lock = DeployDirLock(deploy_dir, "d-1")
    with monkeypatch.context() as full:
        full.setattr(os, failing, disk_is_full)
        with pytest.raises(OSError, match="No space left"):
            lock.acquire()
    assert list(deploy_dir.iterdir()) == []
    with DeployDirLock(deploy_dir, "d-2"):
        pass


def test_a_lock_file_that_cannot_be_deleted_is_let_go_all_the_same(deploy_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    deploy_dir.mkdir(parents=True)
    lock = DeployDirLock(deploy_dir, "d-1")
    lock.acquire()
    with monkeypatch.context() as broken:
        broken.setattr(os, "unlink", read_only)
        with pytest.raises(OSError, match="Read-only"):
            lock.release()
    with DeployDirLock(deploy_dir, "d-2"):
        pass


def test_a_holder_without_a_name_is_told_by_its_number(deploy_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    deploy_dir.mkdir(parents=True)
    monkeypatch.setattr(getpass, "getuser", nameless)
    with DeployDirLock(deploy_dir, "d-1"), pytest.raises(TargetLockedError, match=f"of {os.getuid()} on "):
        DeployDirLock(deploy_dir, "d-2").acquire()


def test_a_full_disk_is_a_clear_error_and_leaves_no_claim(
    deploy_dir: Path, registry: AppRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "write", disk_is_full)
        with pytest.raises(UsageError, match="No space left"):
            claim(deploy_dir, registry).acquire()
    assert not deploy_dir.exists()
    with claim(deploy_dir, registry):
        pass


def disk_is_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
