from __future__ import annotations

import subprocess

import pytest
from pytest_httpserver import HTTPServer

from auto_deployer.apps.checks import run_check
from auto_deployer.model.log import AppInfo
from auto_deployer.model.plan import Check, CommandCheck, FileCheck, HttpCheck, PortCheck, ProcessCheck
from tests.apps_keeper.harness import PYTHON, Place, eventually


def app_at(port: int, pid: int = 1) -> AppInfo:
    return AppInfo(url=f"http://127.0.0.1:{port}/", port=port, pid=pid)


async def test_files_and_folders(place: Place) -> None:
    folder = place.deploy_dir / "it's here"
    folder.mkdir()
    empty = await run_check(FileCheck(path=str(folder)), place.session, None)
    (folder / "a").write_text("")
    full = await run_check(FileCheck(path=str(folder)), place.session, None)
    file = await run_check(FileCheck(path=str(folder / "a")), place.session, None)
    missing = await run_check(FileCheck(path=str(folder / "b")), place.session, None)
    assert [empty.passed, full.passed, file.passed, missing.passed] == [False, True, True, False]
    assert missing.detail == "is not there"
    assert empty.detail.startswith("is empty")
    assert full.at


async def test_commands(place: Place) -> None:
    good = await run_check(CommandCheck(command="test -d .", cwd=str(place.deploy_dir)), place.session, None)
    other = await run_check(CommandCheck(command="exit 3", exit_code=3), place.session, None)
    bad = await run_check(CommandCheck(command="echo broken >&2; false"), place.session, None)
    nowhere = await run_check(CommandCheck(command="true", cwd="/nowhere"), place.session, None)
    assert [good.passed, other.passed, bad.passed, nowhere.passed] == [True, True, False, False]
    assert bad.detail == "exit code 1: broken"


@pytest.mark.parametrize("check", [PortCheck(), ProcessCheck(), HttpCheck()])
async def test_without_an_app_its_checks_fail(place: Place, check: Check) -> None:
    assert not (await run_check(check, place.session, None)).passed


async def test_port_and_http(place: Place, httpserver: HTTPServer, free_port: int) -> None:
    httpserver.expect_request("/").respond_with_data("hello", status=404)
    up, down = app_at(httpserver.port), app_at(free_port)
    assert (await run_check(PortCheck(), place.session, up)).passed
    assert not (await run_check(PortCheck(), place.session, down)).passed
    assert (await run_check(HttpCheck(body_contains="hello"), place.session, up)).passed
    static = await run_check(HttpCheck(expect="static"), place.session, up)
    assert not static.passed
    assert "status 404" in static.detail
    assert "hello" in static.detail
    assert not (await run_check(HttpCheck(), place.session, down)).passed


async def test_processes_dead_and_alive(place: Place) -> None:
    child = subprocess.Popen([PYTHON, "-c", "import time; time.sleep(300)"])
    try:
        assert (await run_check(ProcessCheck(), place.session, app_at(1, child.pid))).passed
        child.kill()
        stat = f"/proc/{child.pid}/stat"
        eventually(lambda: _state(stat) == "Z")
        zombie = await run_check(ProcessCheck(), place.session, app_at(1, child.pid))
        assert (zombie.passed, zombie.detail) == (False, "dead (a zombie)")
    finally:
        child.kill()
        child.wait()
    gone = await run_check(ProcessCheck(), place.session, app_at(1, child.pid))
    assert (gone.passed, gone.detail) == (False, "gone")


def _state(path: str) -> str:
    with open(path) as file:
        return file.read().rsplit(") ", 1)[1][0]
