from __future__ import annotations

from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.drivers.verify_app import VerifyAppDriver
from auto_deployer.model.plan import HttpCheck, ProcessCheck
from auto_deployer.model.reasons import Kind
from tests.apps_keeper.harness import Place, fetch, run_step

FIRST, SECOND = "20260101-000001-aaaa", "20260101-000002-aaaa"
SERVE = "from server import *\nserve()\n"
NEVER = (ProcessCheck(), HttpCheck(body_contains="never there"))


async def test_checks_that_pass_leave_the_app_alone(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    started = await place.deploy(StartAppDriver(), FIRST)
    verified = await place.deploy(
        VerifyAppDriver(), FIRST, app=started.app, checks=(ProcessCheck(), HttpCheck(body_contains=FIRST))
    )
    assert verified.failed is None
    assert verified.commands == []
    assert verified.app == started.app


async def test_on_a_first_deploy_the_app_is_stopped(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    started = await place.deploy(StartAppDriver(), FIRST)
    verified = await place.deploy(VerifyAppDriver(), FIRST, app=started.app, checks=NEVER)
    assert verified.failed is not None
    assert verified.failed.kind == Kind.HEALTH_CHECK_FAILED
    for part in ("never there", "status 200", "listening"):
        assert part in verified.failed.message
    assert not place.processes(FIRST)
    assert not (place.deploy_dir / "current").exists()
    assert place.record().releases == ()


async def test_the_previous_release_comes_back(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST)
    second = await place.deploy(StartAppDriver(), SECOND)
    verified = await place.deploy(VerifyAppDriver(), SECOND, app=second.app, checks=NEVER)
    assert verified.failed is not None
    assert f"{FIRST} serves again" in verified.failed.message
    assert first.app is not None
    assert fetch(first.app.url) == FIRST
    assert not place.processes(SECOND)
    assert (place.deploy_dir / "current").resolve().name == FIRST
    assert [entry.id for entry in place.record().releases] == [FIRST]


async def test_another_try_is_not_satisfied_by_the_release_that_came_back(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    await place.deploy(StartAppDriver(), FIRST)
    second = await place.deploy(StartAppDriver(), SECOND)
    await place.deploy(VerifyAppDriver(), SECOND, app=second.app, checks=NEVER)
    again = await place.deploy(VerifyAppDriver(), SECOND, app=second.app, checks=(HttpCheck(),))
    assert again.failed is not None
    assert again.failed.kind == Kind.APP_NOT_RUNNING


async def test_stopped_it_rolls_back_too(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST)
    second = await place.deploy(StartAppDriver(), SECOND)
    ctx = place.context(SECOND, place.spec(), app=second.app)
    ctx.stop.set()
    run = await run_step(VerifyAppDriver(), ctx)
    assert run.failed is not None
    assert run.failed.kind == Kind.CANCELLED_BY_USER
    assert not place.processes(SECOND)
    assert first.app is not None
    assert len(place.processes(FIRST)) == 1
