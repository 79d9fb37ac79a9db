"""Verbs on a disk that takes nothing any more: a small file system of its own, filled to the last byte."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry
from auto_deployer.apps.claim import DeployDirLock
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import AppError, TargetLockedError
from tests.apps_keeper.harness import PYTHON, SERVER, Place, eventually, fetch
from tests.apps_keeper.test_recovery import FIRST, SECOND, answers

QUIET = "from server import *\nserve()\n"
SILENT_SERVER = SERVER.replace('print("listening", flush=True)', "pass")
"""An app that needs space itself to run is another matter."""


@pytest.fixture
def disk(place: Place, tmp_path: Path) -> Iterator[Place]:
    """A deploy directory on a file system of 2 MiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=300,mode=700", "tmpfs", str(place.deploy_dir)], capture_output=True,
        check=False,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    place.end_everything()
    subprocess.run(["umount", "--lazy", str(place.deploy_dir)], check=True)


async def deployed(disk: Place, *releases: str) -> str:
    url = ""
    for release in releases:
        disk.release(release, main=QUIET, server=SILENT_SERVER)
        run = await disk.deploy(StartAppDriver(), release, disk.spec(f"exec {PYTHON} -B main.py"))
        assert run.app is not None, run.failed
        url = run.app.url
    return url


def fill(disk: Place, *, names: bool) -> None:
    """To the last byte; with `names` also to the last name."""
    with contextlib.suppress(OSError), (disk.deploy_dir / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    if names:
        with contextlib.suppress(OSError):
            for number in range(1000):
                (disk.deploy_dir / f"fill{number}").touch()
    with pytest.raises(OSError, match="No space left"):
        (disk.deploy_dir / "more").write_text("x")


def verbs(disk: Place) -> AppKeeper:
    return AppKeeper(disk.session, AppRegistry())


def params(disk: Place) -> rq.AppParams:
    return rq.AppParams(deploy_dir=str(disk.deploy_dir))


@pytest.mark.parametrize("names", [False, True])
async def test_an_app_is_stopped_and_stays_so(disk: Place, names: bool) -> None:
    url = await deployed(disk, FIRST)
    fill(disk, names=names)
    state = await verbs(disk).stop(params(disk))
    assert state.status == "stopped"
    assert not answers(url, FIRST)
    assert not disk.processes(FIRST)
    eventually(lambda: not disk.keepers(FIRST))
    assert (await verbs(disk).resume()).apps == (), "nobody brings it back"


async def test_an_app_is_stopped_where_an_older_version_left_its_keeper(disk: Place) -> None:
    """The script of this version is not there, and does not fit."""
    url = await deployed(disk, FIRST)
    for script in (disk.deploy_dir / "run").glob("keeper-*.sh"):
        script.rename(script.with_name("keeper-00000000.sh"))
    fill(disk, names=True)
    await verbs(disk).stop(params(disk))
    assert not answers(url, FIRST)
    assert not disk.processes(FIRST)


async def test_an_app_is_started_again(disk: Place) -> None:
    url = await deployed(disk, FIRST)
    fill(disk, names=False)
    state = await verbs(disk).restart(params(disk))
    assert state.status == "running"
    assert fetch(url) == FIRST
    await verbs(disk).stop(params(disk))
    await verbs(disk).start(params(disk))
    assert fetch(url) == FIRST


async def test_what_cannot_be_done_leaves_the_app_as_it_is(disk: Place) -> None:
    url = await deployed(disk, FIRST, SECOND)
    fill(disk, names=False)
    with contextlib.suppress(AppError):
        await verbs(disk).rollback(rq.RollbackParams(deploy_dir=str(disk.deploy_dir)))
    live = (await disk.state()).current
    assert live is not None
    eventually(lambda: answers(url, live))
    with pytest.raises(AppError):
        await verbs(disk).set_env(rq.SetEnvParams(deploy_dir=str(disk.deploy_dir), set={"LONG": "x" * 8000}))
    assert fetch(url) == live


def test_a_verb_that_can_note_nothing_keeps_others_out_all_the_same(disk: Place) -> None:
    fill(disk, names=True)
    with DeployDirLock(disk.deploy_dir, "stop", note_needed=False):
        with pytest.raises(TargetLockedError, match="another process"):
            DeployDirLock(disk.deploy_dir, "start", note_needed=False).acquire()
        with pytest.raises(OSError, match="No space left"):
            DeployDirLock(disk.deploy_dir, "d-1").acquire()
    assert not (disk.deploy_dir / ".auto-deployer.lock").exists()
    with DeployDirLock(disk.deploy_dir, "stop", note_needed=False):
        assert os.path.isdir(disk.deploy_dir)
