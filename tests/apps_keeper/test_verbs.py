from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry
from auto_deployer.apps.claim import DeployDirLock
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model.errors import AppError, InvalidStateError, NotFoundError, TargetLockedError, UsageError
from auto_deployer.model.reasons import Kind
from auto_deployer.model.requests import AppLogParams, AppParams, RollbackParams
from tests.apps_keeper.harness import Place, eventually, fetch

FIRST, SECOND, THIRD = (f"20260101-00000{number}-aaaa" for number in range(1, 4))
SERVE = "from server import *\nserve()\n"
SHOP = AppParams(name="shop")


@pytest.fixture
def registry(tmp_path: Path) -> AppRegistry:
    return AppRegistry(tmp_path / "registry")


@pytest.fixture
def keeper(place: Place, registry: AppRegistry) -> AppKeeper:
    return AppKeeper(place.session, registry)


async def deploy(place: Place, *releases: str, main: str = SERVE) -> str:
    """Bring up releases one after the other; the URL of the app."""
    url = ""
    for release in releases:
        place.release(release, main=main)
        run = await place.deploy(StartAppDriver(), release)
        assert run.app is not None, run.failed
        url = run.app.url
    return url


async def test_a_running_app_is_listed(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, FIRST, SECOND)
    (app,) = (await keeper.list_apps()).apps
    assert (app.name, app.status, app.url, app.release) == ("shop", "running", url, SECOND)
    assert app.releases == (SECOND, FIRST)
    assert app.pid == place.processes(SECOND)[0].pid
    assert (app.exit_code, app.last_lines) == (None, ())
    assert app.repo == "https://example.org/me/shop"
    assert app.since is not None


async def test_a_crashed_app_is_listed_with_exit_code_and_last_lines(place: Place, keeper: AppKeeper) -> None:
    dying = """
from server import *
class Dying(Handler):
    def do_POST(self):
        print("out of luck", flush=True)
        os._exit(5)
serve(handler=Dying)
"""
    url = await deploy(place, FIRST, main=dying)
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1].strip("/")))) as client:
        client.sendall(b"POST / HTTP/1.0\r\n\r\n")
        client.recv(1)
    eventually(place.run_file(FIRST, "exit").exists)
    (app,) = (await keeper.list_apps()).apps
    assert (app.status, app.exit_code, app.url, app.pid) == ("crashed", 5, None, None)
    assert app.last_lines[-1] == "out of luck"
    assert app.releases == (FIRST,)
    started = await keeper.start(SHOP)
    assert started.status == "running"
    assert fetch(url) == FIRST


async def test_stop_start_restart_keep_the_port(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, FIRST)
    stopped = await keeper.stop(SHOP)
    assert (stopped.status, stopped.url, place.processes(FIRST)) == ("stopped", None, [])
    assert (await keeper.stop(SHOP)).status == "stopped"
    started = await keeper.start(SHOP)
    assert (started.status, started.url) == ("running", url)
    assert (await keeper.start(SHOP)).pid == started.pid
    restarted = await keeper.restart(AppParams(deploy_dir=str(place.deploy_dir)))
    assert restarted.url == url
    assert restarted.pid != started.pid
    assert fetch(url) == FIRST


async def test_starting_on_a_port_that_is_taken_names_its_owner(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, FIRST)
    await keeper.stop(SHOP)
    with socket.create_server(("127.0.0.1", int(url.rsplit(":", 1)[1].strip("/")))), pytest.raises(AppError) as raised:
        await keeper.start(SHOP)
    assert raised.value.kind == Kind.PORT_IN_USE
    assert f"process {os.getpid()} (" in raised.value.message


async def test_a_start_that_fails_leaves_nothing_running(place: Place, keeper: AppKeeper) -> None:
    await deploy(place, FIRST)
    await keeper.stop(SHOP)
    (place.deploy_dir / "releases" / FIRST / "main.py").write_text("print('broken now'); raise SystemExit(4)")
    with pytest.raises(AppError, match="broken now") as raised:
        await keeper.start(SHOP)
    assert raised.value.kind == Kind.PROCESS_EXITED_NO_PORT
    assert not place.processes(FIRST)


async def test_rollback_to_the_release_before_and_to_a_named_one(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, FIRST, SECOND, THIRD)
    back = await keeper.rollback(RollbackParams(name="shop"))
    assert (back.release, back.url, fetch(url)) == (SECOND, url, SECOND)
    assert (place.deploy_dir / "current").resolve().name == SECOND
    again = await keeper.rollback(RollbackParams(name="shop", release=THIRD))
    assert (again.release, fetch(url)) == (THIRD, THIRD)
    assert again.releases == (THIRD, SECOND, FIRST)
    assert not place.processes(SECOND)


async def test_a_rollback_that_fails_leaves_everything_as_it_was(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, FIRST, SECOND)
    (place.deploy_dir / "releases" / FIRST / "main.py").write_text("print('rotten'); raise SystemExit(4)")
    record = place.record()
    with pytest.raises(AppError, match="rotten"):
        await keeper.rollback(RollbackParams(name="shop"))
    assert fetch(url) == SECOND
    assert place.record() == record
    assert (place.deploy_dir / "current").resolve().name == SECOND


async def test_rollback_without_a_place_to_go(place: Place, keeper: AppKeeper) -> None:
    await deploy(place, FIRST)
    with pytest.raises(NotFoundError, match=FIRST):
        await keeper.rollback(RollbackParams(name="shop"))
    with pytest.raises(NotFoundError, match="nosuch"):
        await keeper.rollback(RollbackParams(name="shop", release="nosuch"))
    with pytest.raises(InvalidStateError):
        await keeper.rollback(RollbackParams(name="shop", release=FIRST))


async def test_verbs_wait_for_nobody_while_a_deployment_works_there(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, FIRST)
    with DeployDirLock(place.deploy_dir, "deployment-7"):
        for verb in (keeper.start, keeper.stop, keeper.restart, keeper.remove):
            with pytest.raises(TargetLockedError, match="deployment-7"):
                await verb(SHOP)
        with pytest.raises(TargetLockedError, match="deployment-7"):
            await keeper.rollback(RollbackParams(name="shop"))
        assert (await keeper.list_apps()).apps[0].status == "running"
    assert fetch(url) == FIRST


async def test_the_log_is_read_in_parts_of_bytes(place: Place, keeper: AppKeeper) -> None:
    await deploy(place, FIRST, main="print('grün ' * 3)\n" + SERVE)
    whole = await keeper.log(AppLogParams(name="shop"))
    assert whole.text == "grün grün grün \nlistening\n"
    assert (whole.offset, whole.next_offset, whole.size) == (0, len(whole.text.encode()), len(whole.text.encode()))
    text, offset = "", 0
    for _ in range(100):  # three bytes cut "ü" in two
        part = await keeper.log(AppLogParams(name="shop", offset=offset, limit=3))
        text, offset = text + part.text, part.next_offset
        if offset >= part.size:
            break
    assert text == whole.text
    last = await keeper.log(AppLogParams(name="shop", limit=10))
    assert last.text == "listening\n"
    anew = await keeper.log(AppLogParams(name="shop", offset=10_000))
    assert anew.text == whole.text


async def test_remove_stops_and_deletes_and_follows_no_link(place: Place, keeper: AppKeeper, tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.mkdir()
    (outside / "file").write_text("kept")
    await deploy(place, FIRST)
    (place.deploy_dir / "releases" / FIRST / "link").symlink_to(outside)
    removed = await keeper.remove(SHOP)
    assert (removed.name, removed.status) == ("shop", "stopped")
    assert not place.deploy_dir.exists()
    assert not place.processes(FIRST)
    assert (outside / "file").read_text() == "kept"
    assert (await keeper.list_apps()).apps == ()


async def test_remove_refuses_a_link_and_a_directory_that_is_not_ours(place: Place, keeper: AppKeeper, tmp_path: Path) -> None:
    await deploy(place, FIRST)
    link = tmp_path / "link"
    link.symlink_to(place.deploy_dir)
    with pytest.raises(AppError, match="is a link"):
        await keeper.remove(AppParams(deploy_dir=str(link)))
    assert len(place.processes(FIRST)) == 1
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").touch()
    with pytest.raises(NotFoundError):
        await keeper.remove(AppParams(deploy_dir=str(foreign)))
    assert (foreign / "file").exists()


async def test_an_unknown_app_tells_which_are_known(place: Place, keeper: AppKeeper) -> None:
    await deploy(place, FIRST)
    with pytest.raises(NotFoundError, match="shop"):
        await keeper.stop(AppParams(name="nosuch"))


async def test_no_app_is_named(keeper: AppKeeper) -> None:
    with pytest.raises(UsageError, match="Name one app"):
        await keeper.stop(AppParams())


async def test_two_apps_of_one_name_have_to_be_told_apart(
    place: Place, keeper: AppKeeper, registry: AppRegistry, tmp_path: Path
) -> None:
    await deploy(place, FIRST)
    other = tmp_path / "other" / "shop"
    other.mkdir(parents=True)
    (other / ".auto-deployer.json").write_text(place.record().model_dump_json())
    registry.remember(other)
    with pytest.raises(NotFoundError, match="2 apps") as raised:
        await keeper.stop(SHOP)
    assert str(other) in raised.value.message


async def test_a_cancelled_start_is_taken_back(place: Place, keeper: AppKeeper) -> None:
    await deploy(place, FIRST)
    await keeper.stop(SHOP)
    (place.deploy_dir / "releases" / FIRST / "main.py").write_text("import time; time.sleep(300)")
    starting = asyncio.ensure_future(keeper.start(SHOP))
    await asyncio.to_thread(eventually, lambda: place.processes(FIRST))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not place.processes(FIRST)
