"""An app's environment after its deploy: names shown, values changed in the private file, a running app told to restart."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry
from auto_deployer.apps.claim import DeployDirLock
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model.errors import NotFoundError, TargetLockedError, UsageError
from auto_deployer.model.requests import AppParams, SetEnvParams
from tests.apps_keeper.harness import Place, fetch

FIRST = "20260101-000001-aaaa"
SHOP = AppParams(name="shop")
SERVE = """
from server import *
class Telling(Handler):
    def answer(self):
        return os.environ.get("GREETING", "nothing")
serve(handler=Telling)
"""


@pytest.fixture
def keeper(place: Place, tmp_path: Path) -> AppKeeper:
    return AppKeeper(place.session, AppRegistry(tmp_path / "registry"))


def changes(unset: tuple[str, ...] = (), **values: str) -> SetEnvParams:
    return SetEnvParams(name="shop", set=values, unset=unset)


async def deploy(place: Place) -> str:
    place.release(FIRST, main=SERVE)
    (place.deploy_dir / "releases" / FIRST / ".env.example").write_text("GREETING=hello\nPORT=1\nTITLE=Shop\n")
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.app is not None, run.failed
    return run.app.url


async def test_a_change_counts_after_a_restart(place: Place, keeper: AppKeeper) -> None:
    url = await deploy(place)
    assert [variable.name for variable in (await keeper.env(SHOP)).wanted] == ["GREETING", "TITLE"]
    now = await keeper.set_env(changes(GREETING="good day", API_KEY="k-1234567"))
    assert now.restart_needed
    assert [(variable.name, variable.secret, variable.value) for variable in now.variables] == [
        ("GREETING", False, "***"), ("API_KEY", True, "***"),
    ]  # fmt: skip
    assert [variable.name for variable in now.wanted] == ["TITLE"]
    assert fetch(url) == "nothing"
    await keeper.restart(SHOP)
    assert fetch(url) == "good day"
    assert not (await keeper.set_env(changes(GREETING="good day"))).restart_needed
    await keeper.stop(SHOP)
    assert not (await keeper.set_env(changes(GREETING="again"))).restart_needed


async def test_the_file_stays_private_and_keeps_its_other_lines(place: Place, keeper: AppKeeper) -> None:
    await deploy(place)
    file = place.deploy_dir / "shared/.env"
    file.parent.mkdir(exist_ok=True)
    file.write_text("# mine\nA=1\nB=2\n")
    file.chmod(0o600)
    lines = 'two\nlines with "quotes" and $HOME `x` \\'
    await keeper.set_env(changes(("A", "NOT_THERE"), B="3", C=lines))
    assert await keeper.env_values(SHOP) == {"B": "3", "C": lines}
    assert file.read_text().startswith("# mine\nB=3\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir() if ".env" in path.name] == [".env"]


async def test_what_cannot_be_changed(place: Place, keeper: AppKeeper) -> None:
    await deploy(place)
    with pytest.raises(UsageError, match="PORT"):
        await keeper.set_env(changes(PORT="1"))
    with DeployDirLock(place.deploy_dir, "deploy"), pytest.raises(TargetLockedError):
        await keeper.set_env(changes(A="1"))
    with pytest.raises(NotFoundError):
        await keeper.env(AppParams(name="nothing"))
