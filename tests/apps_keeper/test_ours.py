"""Deploy directories of other users, or that others may write, and the folders that nobody else may enter."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry, DeployDirClaim
from auto_deployer.apps.claim import DeployDirLock
from auto_deployer.apps.keeper import keeper_path
from auto_deployer.apps.recovery import end_unfinished
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import NotFoundError, TargetLockedError
from auto_deployer.model.facts import HostFacts, RepoFacts, SourceFacts
from auto_deployer.model.plan import Overrides
from auto_deployer.model.ports import DeployPaths, PlanInput
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.checkout import checkout_commands
from tests.apps_keeper.harness import Place, fetch
from tests.apps_keeper.test_recovery import FIRST, SECOND, cut_off_without_an_app, first_is_live

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows keeps others out in its own ways")
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files to another user")
STRANGER = 54_321
REPO = "https://example.org/me/shop"

VERBS: dict[str, Callable[[AppKeeper, str], Awaitable[object]]] = {
    "start": lambda keeper, path: keeper.start(rq.AppParams(deploy_dir=path)),
    "stop": lambda keeper, path: keeper.stop(rq.AppParams(deploy_dir=path)),
    "restart": lambda keeper, path: keeper.restart(rq.AppParams(deploy_dir=path)),
    "rollback": lambda keeper, path: keeper.rollback(rq.RollbackParams(deploy_dir=path)),
    "log": lambda keeper, path: keeper.log(rq.AppLogParams(deploy_dir=path)),
    "env": lambda keeper, path: keeper.env(rq.AppParams(deploy_dir=path)),
    "env values": lambda keeper, path: keeper.env_values(rq.AppParams(deploy_dir=path)),
    "env set": lambda keeper, path: keeper.set_env(rq.SetEnvParams(deploy_dir=path, set={"A": "1"})),
    "remove": lambda keeper, path: keeper.remove(rq.AppParams(deploy_dir=path)),
}


def keeper_of(place: Place) -> AppKeeper:
    return AppKeeper(place.session, AppRegistry())


def claim(place: Place) -> DeployDirClaim:
    return DeployDirClaim(DeployPaths(str(place.deploy_dir), SECOND), repo=REPO)


async def refused(place: Place) -> list[TargetLockedError]:
    """What a deploy and each verb say."""
    told: list[TargetLockedError] = []
    with pytest.raises(TargetLockedError) as caught:
        claim(place).acquire()
    told.append(caught.value)
    for verb in VERBS.values():
        with pytest.raises(TargetLockedError) as caught:
            await verb(keeper_of(place), str(place.deploy_dir))
        told.append(caught.value)
    return told


@as_root
@pytest.mark.parametrize("part", ["", ".auto-deployer.json", "run", f"run/{FIRST}", "releases"])
async def test_what_belongs_to_another_user_is_refused_by_deploys_and_verbs(place: Place, part: str) -> None:
    url = await first_is_live(place)
    os.chown(place.deploy_dir / part, STRANGER, STRANGER)
    for error in await refused(place):
        assert error.kind == Kind.DEPLOY_DIR_NOT_OURS
        assert f"{place.deploy_dir / part} belongs to user number {STRANGER}" in error.message
        assert error.suggestions
    assert fetch(url) == FIRST, "and nothing was done"


@as_root
async def test_apps_of_another_user_are_not_listed_nor_found_by_name(place: Place) -> None:
    await first_is_live(place)
    assert [app.name for app in (await keeper_of(place).list_apps()).apps] == ["shop"]
    os.chown(place.deploy_dir, STRANGER, STRANGER)
    assert (await keeper_of(place).list_apps()).apps == ()
    with pytest.raises(NotFoundError):
        await keeper_of(place).stop(rq.AppParams(name="shop"))


@as_root
async def test_the_keeper_of_another_user_is_not_run_at_a_deploy(place: Place) -> None:
    (place.deploy_dir / "run").mkdir()
    script = Path(keeper_path(str(place.deploy_dir)))
    script.write_text("touch ran\n")
    (place.deploy_dir / ".auto-deployer.json").write_text(f'{{"app": "shop", "repo": "{REPO}"}}')
    os.chown(place.deploy_dir, STRANGER, STRANGER)
    with pytest.raises(TargetLockedError) as caught:
        claim(place).acquire()
    assert caught.value.kind == Kind.DEPLOY_DIR_NOT_OURS
    assert script.exists()


async def test_a_directory_that_others_may_write_says_how_to_close_it(place: Place) -> None:
    await first_is_live(place)
    place.deploy_dir.chmod(0o777)
    for verb in VERBS.values():
        with pytest.raises(TargetLockedError) as caught:
            await verb(keeper_of(place), str(place.deploy_dir))
        assert caught.value.kind == Kind.DEPLOY_DIR_NOT_OURS
        assert caught.value.suggestions[0].command == f"chmod -R go-w {place.deploy_dir}"
    assert [app.name for app in (await keeper_of(place).list_apps()).apps] == ["shop"], "to look at it harms nobody"
    place.deploy_dir.chmod(0o755)
    await keeper_of(place).stop(rq.AppParams(name="shop"))


async def test_the_next_deploy_closes_what_an_earlier_one_left_open(place: Place) -> None:
    await first_is_live(place)
    (place.deploy_dir / "repo").mkdir()
    (place.deploy_dir / "shared").mkdir(exist_ok=True)
    for folder in ("", "releases", "repo", "run", "shared"):
        (place.deploy_dir / folder).chmod(0o775)
    release = (place.deploy_dir / "releases" / FIRST).stat().st_mode
    with claim(place):
        modes = {name: (place.deploy_dir / name).stat().st_mode & 0o777 for name in ("releases", "repo", "run", "shared")}
    assert modes == dict.fromkeys(("releases", "repo", "run", "shared"), 0o700)
    assert place.deploy_dir.stat().st_mode & 0o777 == 0o755
    assert (place.deploy_dir / "releases" / FIRST).stat().st_mode == release, "what a container mounts stays as it is"


async def test_a_first_deploy_makes_folders_that_nobody_else_may_enter(place: Place) -> None:
    source = SourceFacts(repo=REPO, commit="0" * 40)
    given = PlanInput(
        repo=RepoFacts(name="shop", source=source), host=HostFacts(), overrides=Overrides(), app_name="shop", snapshot="/nowhere",
        paths=DeployPaths(str(place.deploy_dir), FIRST),
    )  # fmt: skip
    for command in checkout_commands(given)[:2]:
        code, output = await place.run(command)
        assert code == 0, output
    for name in ("releases", "repo", "run", "shared"):
        assert (place.deploy_dir / name).stat().st_mode & 0o777 == 0o700
    release = (place.deploy_dir / "releases" / FIRST).stat().st_mode & 0o777
    umask = os.umask(0o022)
    os.umask(umask)
    assert release == 0o777 & ~umask, "what a container mounts is open as ever"


async def test_a_directory_that_no_deploy_made_is_refused_as_it_is(place: Place) -> None:
    (place.deploy_dir / "mine.txt").write_text("x")
    place.deploy_dir.chmod(0o777)
    with pytest.raises(TargetLockedError, match="was not made by a deploy"):
        claim(place).acquire()
    assert place.deploy_dir.stat().st_mode & 0o777 == 0o777


async def test_recovery_leaves_a_directory_alone_that_was_never_claimed(place: Place) -> None:
    await cut_off_without_an_app(place)
    nobody = AppRegistry(place.deploy_dir.parent.parent / "registry", place.deploy_dir.parent)
    assert place.deploy_dir in nobody.deploy_dirs(), "it lies where apps lie, with a record"
    assert await end_unfinished(place.session, place.deploy_dir, SECOND, nobody) == ""
    assert not place.processes(FIRST)


@pytest.mark.parametrize("part", ["", "..", "run", f"run/{FIRST}"])
async def test_recovery_leaves_a_directory_alone_that_others_may_change(place: Place, part: str) -> None:
    await cut_off_without_an_app(place)
    opened = place.deploy_dir / part
    opened.chmod(0o777)
    assert await end_unfinished(place.session, place.deploy_dir, SECOND) == ""
    assert not place.processes(FIRST)
    opened.chmod(0o700)
    assert "was started again" in await end_unfinished(place.session, place.deploy_dir, SECOND)


@pytest.mark.parametrize("as_link", [False, True])
def test_whoever_locks_the_directory_finds_no_foreign_script_under_our_keepers_name(place: Place, as_link: bool) -> None:
    script = Path(keeper_path(str(place.deploy_dir)))
    script.parent.mkdir()
    older = script.with_name("keeper-00000000.sh")
    older.write_text("# of an older version: an app may run from it\n")
    if as_link:
        script.symlink_to(older)
    else:
        script.write_text("touch ran\n")
    with DeployDirLock(place.deploy_dir, "d-1"):
        assert not script.is_symlink()
        assert not script.exists()
        assert older.exists()


async def test_our_own_keeper_stays(place: Place) -> None:
    place.release(FIRST, main="from server import *\nserve()\n")
    assert (await place.deploy(StartAppDriver(), FIRST)).failed is None
    before = Path(keeper_path(str(place.deploy_dir))).stat()
    with DeployDirLock(place.deploy_dir, "d-1"):
        assert Path(keeper_path(str(place.deploy_dir))).stat().st_ino == before.st_ino
