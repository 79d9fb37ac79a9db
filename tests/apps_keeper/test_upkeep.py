"""An app that has proven itself is kept up: started again when it crashes, its log kept small, brought back after a reboot."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry
from auto_deployer.apps.usage import Usage, parse_usage
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.drivers.verify_app import VerifyAppDriver
from auto_deployer.model.plan import HttpCheck, UpkeepSpec
from auto_deployer.model.requests import AppParams, AppState, RollbackParams
from tests.apps_keeper.harness import Place, eventually, fetch
from tests.apps_keeper.test_recovery import answers

FIRST, SECOND = (f"20260101-00000{number}-aaaa" for number in range(1, 3))
SHOP = AppParams(name="shop")
AT_ONCE = UpkeepSpec(restart_delay_s=0, quick_crashes=4)
CRASHING = """
from server import *
from pathlib import Path
if Path("broken").exists():
    print("broken", flush=True)
    os._exit(9)
class Crashing(Handler):
    def do_GET(self):
        if self.path == "/crash":
            print("crashing", flush=True)
            os._exit(7)
        super().do_GET()
serve(handler=Crashing)
"""
CHATTY = """
from server import *
class Chatty(Handler):
    def answer(self):
        for number in range(int(self.path.strip("/") or 0)):
            print(f"line {number:06d} " + "x" * 80, flush=True)
        return "said"
serve(handler=Chatty)
"""


@pytest.fixture
def keeper(place: Place, tmp_path: Path) -> AppKeeper:
    return AppKeeper(place.session, AppRegistry(tmp_path / "registry"))


async def deploy(place: Place, release: str = FIRST, main: str = CRASHING, upkeep: UpkeepSpec = AT_ONCE) -> str:
    place.release(release, main=main)
    run = await place.deploy(StartAppDriver(), release, place.spec(upkeep=upkeep))
    assert run.app is not None, run.failed
    return run.app.url


def crash(url: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - however the connection ends
        fetch(f"{url}crash")


def text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def listed(keeper: AppKeeper) -> AppState:
    (app,) = (await keeper.list_apps()).apps
    return app


async def test_an_app_that_crashes_on_a_request_comes_back(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place)
    (before,) = place.processes(FIRST)
    for count in (1, 2):
        crash(url)
        eventually(lambda: answers(url, FIRST))
        app = await listed(keeper)
        assert (app.status, app.restarts, app.last_exit_code, app.exit_code) == ("running", count, 7, None)
        assert app.url == url
    assert app.pid != before.pid
    (now,) = place.processes(FIRST)
    assert os.getsid(now.pid) == now.pid
    assert text(place.run_file(FIRST, "app.log")).count("crashing") == 2, "one log over restarts"


async def test_killed_by_the_system_it_comes_back_too(place: Place) -> None:
    url = await deploy(place)
    (process,) = place.processes(FIRST)
    os.killpg(process.pid, signal.SIGKILL)
    eventually(lambda: process.pid not in [each.pid for each in place.processes(FIRST)] and answers(url, FIRST))


async def test_it_is_given_up_after_so_many_quick_crashes_and_is_crashed_then(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place)
    (place.deploy_dir / "releases" / FIRST / "broken").touch()
    crash(url)
    eventually(place.run_file(FIRST, "gave_up").exists)
    eventually(lambda: not place.keepers(FIRST))
    app = await listed(keeper)
    assert (app.status, app.restarts, app.exit_code, app.gave_up) == ("crashed", 3, 9, True)
    assert app.last_lines[-1] == "broken"
    (place.deploy_dir / "releases" / FIRST / "broken").unlink()
    started = await keeper.start(SHOP)
    assert (started.status, started.restarts, started.gave_up) == ("running", 0, False)


async def test_it_waits_longer_each_time_and_tells_that_it_crashed(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, upkeep=UpkeepSpec(restart_delay_s=1, restart_delay_max_s=600, quick_crashes=20))
    (place.deploy_dir / "releases" / FIRST / "broken").touch()
    crash(url)
    eventually(lambda: text(place.run_file(FIRST, "restarts")) == "2\n", seconds=40)  # the third waits for 4 s
    eventually(place.run_file(FIRST, "exit").exists)
    app = await listed(keeper)
    assert (app.status, app.exit_code, app.gave_up) == ("crashed", 9, False)
    assert place.keepers(FIRST)


async def _stop(keeper: AppKeeper) -> AppState:
    return await keeper.stop(SHOP)


async def _start(keeper: AppKeeper) -> AppState:
    return await keeper.start(SHOP)


@pytest.mark.parametrize(("verb", "status"), [(_stop, "stopped"), (_start, "running")])
async def test_a_verb_while_it_waits_ends_the_waiting(
    place: Place, keeper: AppKeeper, verb: Callable[[AppKeeper], Awaitable[AppState]], status: str
) -> None:
    url = await deploy(place, upkeep=UpkeepSpec(restart_delay_s=600, restart_delay_max_s=600))
    crash(url)
    eventually(place.run_file(FIRST, "exit").exists)
    waiting = {process.pid for process in place.keepers(FIRST)}
    assert waiting
    assert (await verb(keeper)).status == status
    eventually(lambda: not waiting & {process.pid for process in place.keepers(FIRST)})
    assert len(place.processes(FIRST)) == (status == "running")


async def test_a_crashed_release_does_not_come_back_beside_its_successor(place: Place) -> None:
    url = await deploy(place, upkeep=UpkeepSpec(restart_delay_s=600, restart_delay_max_s=600))
    crash(url)
    eventually(place.run_file(FIRST, "exit").exists)
    assert await deploy(place, SECOND) == url
    eventually(lambda: not place.keepers(FIRST))
    assert fetch(url) == SECOND


async def test_a_start_that_does_not_prove_itself_is_not_repeated(place: Place) -> None:
    place.release(FIRST, main="raise SystemExit(3)\n")
    run = await place.deploy(StartAppDriver(), FIRST, place.spec(upkeep=AT_ONCE))
    assert run.failed is not None
    eventually(lambda: not place.keepers(FIRST))
    assert not place.run_file(FIRST, "restarts").exists()


async def test_stopped_and_rolled_back_apps_stay_down(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place)
    await deploy(place, SECOND)
    await keeper.rollback(RollbackParams(name="shop"))
    assert fetch(url) == FIRST
    eventually(lambda: not place.keepers(SECOND))
    crash(url)
    eventually(lambda: answers(url, FIRST))
    assert (await keeper.stop(SHOP)).status == "stopped"
    eventually(lambda: not place.keepers(FIRST))
    assert not place.processes(FIRST)


async def test_the_previous_release_is_kept_up_after_verify_failed(place: Place) -> None:
    url = await deploy(place)
    place.release(SECOND, main=CRASHING)
    second = await place.deploy(StartAppDriver(), SECOND, place.spec(upkeep=AT_ONCE))
    never = (HttpCheck(body_contains="never there"),)
    failed = await place.deploy(VerifyAppDriver(), SECOND, place.spec(upkeep=AT_ONCE), checks=never, app=second.app)
    assert failed.failed is not None
    crash(url)
    eventually(lambda: answers(url, FIRST))
    assert (await place.state()).run(FIRST).restarts == 1


async def test_term_to_the_keeper_means_that_the_system_goes_down(place: Place) -> None:
    url = await deploy(place)
    (process,) = place.processes(FIRST)
    os.kill(process.ppid(), signal.SIGTERM)
    assert fetch(url) == FIRST
    process.terminate()
    eventually(lambda: not place.keepers(FIRST))
    assert not place.processes(FIRST)


async def test_the_log_of_a_chatty_app_is_rotated_while_it_runs(place: Place) -> None:
    url = await deploy(place, main=CHATTY, upkeep=UpkeepSpec(log_max_bytes=20_000, log_kept=2))
    log, older, oldest = (place.run_file(FIRST, name) for name in ("app.log", "app.log.1", "app.log.2"))
    for count in (300, 301, 302):
        fetch(f"{url}{count}")
        eventually(lambda: text(older).endswith(f"line {count - 1:06d} " + "x" * 80 + "\n") and log.stat().st_size == 0)  # noqa: B023
    assert text(oldest).count("line") == 301
    assert not place.run_file(FIRST, "app.log.3").exists()
    assert older.stat().st_mode & 0o777 == 0o600
    fetch(f"{url}1")
    assert text(log).startswith("line 000000"), "it begins anew, without a hole"


async def test_memory_and_cpu_are_listed(place: Place, keeper: AppKeeper) -> None:
    await deploy(place)
    app = await listed(keeper)
    assert app.memory_bytes is not None
    assert app.memory_bytes > 1_000_000
    assert app.cpu_percent is not None
    await keeper.stop(SHOP)
    stopped = await listed(keeper)
    assert (stopped.memory_bytes, stopped.cpu_percent) == (None, None)


def test_usage_is_summed_and_unknown_where_ps_does_not_tell() -> None:
    assert parse_usage(" 1024  0.5\n   10 12.0\n") == Usage(1034 * 1024, 12.5)
    assert parse_usage("") == parse_usage("ps: unrecognized option\n") == Usage()


async def test_after_a_reboot_it_is_brought_back_and_kept_up(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place)
    place.kill(FIRST)
    eventually(lambda: not place.processes(FIRST))
    (app,) = (await keeper.resume()).apps
    assert (app.status, app.url, app.problem) == ("running", url, None)
    assert (await keeper.resume()).apps == (), "nothing is left to do"
    crash(url)
    eventually(lambda: answers(url, FIRST))


async def test_what_was_stopped_stays_stopped_over_a_reboot(place: Place, keeper: AppKeeper) -> None:
    await deploy(place)
    await keeper.stop(SHOP)
    assert (await keeper.resume()).apps == ()
    assert not place.processes(FIRST)


async def test_what_does_not_serve_after_a_reboot_is_told_and_tried_again(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place, upkeep=UpkeepSpec(restart_delay_s=1, restart_delay_max_s=1, quick_crashes=1000))
    broken = place.deploy_dir / "releases" / FIRST / "broken"
    broken.touch()
    place.kill(FIRST)
    eventually(lambda: not place.processes(FIRST))
    (app,) = (await keeper.resume()).apps
    assert app.problem is not None
    assert "exit code 9" in app.problem
    broken.unlink()
    eventually(lambda: answers(url, FIRST))
