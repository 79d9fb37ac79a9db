"""Release changes that are cut off right before one of their commands, as a crash does it, and what brings the app back."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry
from auto_deployer.apps.claim import DeployDirLock
from auto_deployer.apps.keeper import start_command, stop_command
from auto_deployer.apps.recovery import end_unfinished, take_back
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.drivers.verify_app import VerifyAppDriver
from auto_deployer.model.plan import HttpCheck
from auto_deployer.model.ports import Driver, StepContext
from auto_deployer.model.requests import AppParams
from tests.apps_keeper.harness import Place, eventually, fetch, run_step

FIRST, SECOND, THIRD = (f"20260101-00000{number}-aaaa" for number in range(1, 4))
SERVE = "from server import *\nserve()\n"
CRASHING = "import sys\nsys.exit(3)\n"
SLOW_TO_STOP = """
from server import *
import signal, threading, time
def leave(*_):
    def later():
        time.sleep(60)
        os._exit(0)
    threading.Thread(target=later).start()
signal.signal(signal.SIGTERM, leave)
serve()
"""


class CutOffError(Exception):
    """The deployment's process is gone."""


async def cut_off(driver: Driver, ctx: StepContext, before: str) -> None:
    """Run a step until the command that holds this text is next."""

    def look(command: str) -> None:
        if before in command:
            raise CutOffError

    with pytest.raises(CutOffError):
        await run_step(driver, ctx, before=look)


async def first_is_live(place: Place, main: str = SERVE) -> str:
    """The URL of a first, live release; a second one is there to be started."""
    place.release(FIRST, main=main)
    place.release(SECOND, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST)
    assert first.app is not None, first.failed
    return first.app.url


async def cut_off_without_an_app(place: Place) -> str:
    """The second release's change is cut off once the first one was stopped for it. Returns the app's URL."""
    url = await first_is_live(place)
    port = url.rstrip("/").rpartition(":")[2]
    await cut_off(StartAppDriver(), place.context(SECOND, place.spec()), f" start {SECOND} {port} ")
    assert not place.processes(FIRST)
    assert not place.processes(SECOND)
    return url


async def test_the_live_release_runs_again_when_its_successor_never_started(place: Place) -> None:
    url = await cut_off_without_an_app(place)
    told = await end_unfinished(place.session, place.deploy_dir, SECOND)
    assert f"{FIRST} had been stopped for release {SECOND}; it was started again" in told
    eventually(lambda: answers(url, FIRST))
    assert not (await place.state()).run(FIRST).stop_requested
    assert await end_unfinished(place.session, place.deploy_dir, SECOND) == "", "nothing is left to do"


async def test_its_successor_is_ended_first_where_that_has_the_port(place: Place) -> None:
    url = await first_is_live(place)
    await cut_off(StartAppDriver(), place.context(SECOND, place.spec()), "ln -sfn")
    assert fetch(url) == SECOND
    told = await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0)
    assert "was never live; it was ended" in told
    assert "was started again" in told
    eventually(lambda: answers(url, FIRST))
    assert not place.processes(SECOND)


async def test_a_stop_that_was_cut_short_after_term_is_brought_to_its_end(place: Place) -> None:
    url = await first_is_live(place, SLOW_TO_STOP)
    (old,) = place.processes(FIRST)
    stopping = stop_command(str(place.deploy_dir), FIRST, grace_s=60, stopped_for=SECOND)
    command = subprocess.Popen(["bash", "-c", f"exec {stopping.command}"])
    eventually(lambda: old.num_threads() > 1)  # it got TERM
    command.kill()
    command.wait()
    assert "was started again" in await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0)
    eventually(lambda: answers(url, FIRST))
    assert not old.is_running()


async def test_an_app_that_its_user_stopped_stays_stopped(place: Place) -> None:
    await first_is_live(place)
    await place.run_keeper_stop(FIRST)
    assert await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0) == ""
    assert not place.processes(FIRST)


async def test_an_app_that_its_user_stops_after_the_cut_stays_stopped(place: Place, tmp_path: Path) -> None:
    await cut_off_without_an_app(place)
    verbs = AppKeeper(place.session, AppRegistry(tmp_path / "registry", tmp_path / "deployments"))
    await verbs.stop(AppParams(deploy_dir=str(place.deploy_dir)))
    assert await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0) == ""
    assert not place.processes(FIRST)


async def test_a_release_that_went_live_is_left_alone(place: Place) -> None:
    url = await first_is_live(place)
    second = await place.deploy(StartAppDriver(), SECOND)
    assert second.failed is None
    assert await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0) == ""
    assert fetch(url) == SECOND


async def test_with_another_keeper_script_in_the_directory(place: Place) -> None:
    """As after an update: the script that made the change has another name."""
    url = await cut_off_without_an_app(place)
    for script in (place.deploy_dir / "run").glob("keeper-*.sh"):
        script.rename(script.with_name("keeper-00000000.sh"))
    assert "was started again" in await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0)
    eventually(lambda: answers(url, FIRST))


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(lambda _: "printf '%s\\n' '{\"app\"", id="the owner record"),
        pytest.param(lambda _: f" stop {SECOND} ", id="stopping the failed one"),
        pytest.param(lambda url: f" start {FIRST} {url.rstrip('/').rpartition(':')[2]} ", id="starting the previous one"),
    ],
)
async def test_going_back_after_verify_failed_is_completed(place: Place, before: Callable[[str], str]) -> None:
    url = await first_is_live(place)
    second = await place.deploy(StartAppDriver(), SECOND)
    never = (HttpCheck(body_contains="never there"),)
    await cut_off(VerifyAppDriver(), place.context(SECOND, place.spec(), checks=never, app=second.app), before(url))
    await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0)
    eventually(lambda: answers(url, FIRST))
    assert not place.processes(SECOND)


async def test_a_newer_deployment_that_fails_brings_it_back_too(place: Place) -> None:
    """The directory was locked by that one when the interrupted one was swept."""
    url = await cut_off_without_an_app(place)
    with DeployDirLock(place.deploy_dir, "d-3"):
        assert await end_unfinished(place.session, place.deploy_dir, SECOND) == ""
        place.release(THIRD, main=CRASHING)
        third = await place.deploy(StartAppDriver(), THIRD)
    assert third.failed is not None
    assert f"{FIRST} serves again" in third.failed.message
    assert fetch(url) == FIRST


async def test_on_a_full_disk_nothing_is_stopped_that_could_not_be_started_again(place: Place) -> None:
    """A note that cannot be written stands for the full disk."""
    url = await first_is_live(place)
    place.run_file(FIRST, "stopping.new").mkdir()
    code, output = await place.run(stop_command(str(place.deploy_dir), FIRST, stopped_for=SECOND))
    assert code != 0
    assert "left as it is" in output
    assert fetch(url) == FIRST


async def test_the_note_is_kept_while_nothing_runs_and_gone_once_it_does(place: Place) -> None:
    await cut_off_without_an_app(place)
    assert (await place.state()).run(FIRST).stopped_for == SECOND
    releases = place.deploy_dir / "releases"
    (releases / FIRST).rename(releases / "away")
    port = (await place.state()).start_port(FIRST)
    assert port is not None
    start = start_command(str(place.deploy_dir), FIRST, port, "127.0.0.1")
    assert (await place.run(start))[0] != 0
    assert (await place.state()).run(FIRST).stopped_for == SECOND
    (releases / "away").rename(releases / FIRST)
    assert (await place.run(start))[0] == 0
    assert (await place.state()).run(FIRST).stopped_for == ""


DEPLOYING = """
import asyncio, sys
from pathlib import Path
from tests.apps_keeper.harness import Place, run_step
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.sessions.local import LocalSession
deploy_dir, release, port = sys.argv[1:]
def look(command):
    if f" start {release} {port} " in command:
        print("cut here", flush=True)
        sys.stdin.read()
async def main():
    place = Place(LocalSession(), Path(deploy_dir))
    await run_step(StartAppDriver(), place.context(release, place.spec()), before=look)
asyncio.run(main())
"""


async def test_a_process_that_is_killed_between_the_two_releases(place: Place) -> None:
    url = await first_is_live(place)
    port = url.rstrip("/").rpartition(":")[2]
    deploying = subprocess.Popen(
        [sys.executable, "-c", DEPLOYING, str(place.deploy_dir), SECOND, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert deploying.stdout is not None
    assert deploying.stdout.readline() == b"cut here\n"
    deploying.send_signal(signal.SIGKILL)
    deploying.communicate()
    assert not answers(url, FIRST)
    await end_unfinished(place.session, place.deploy_dir, SECOND)
    eventually(lambda: answers(url, FIRST))


def answers(url: str, body: str) -> bool:
    try:
        return fetch(url) == body
    except OSError:
        return False
