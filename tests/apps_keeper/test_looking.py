"""Apps are looked at side by side, and not all at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from auto_deployer.apps import AppRegistry, verbs
from auto_deployer.apps.verbs import AppKeeper
from auto_deployer.model.requests import AppState
from auto_deployer.sessions.here import local_session


async def test_looks_run_side_by_side_up_to_a_bound_and_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, most = 0, 0
    full = asyncio.Event()

    async def look(_: AppKeeper, deploy_dir: str) -> AppState:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        if looking == verbs.LOOKS_AT_ONCE:
            full.set()
        await asyncio.wait_for(full.wait(), 10)  # one after the other, this never comes
        await asyncio.sleep(0)
        looking -= 1
        return AppState(name=Path(deploy_dir).name, deploy_dir=deploy_dir, repo="r", status="stopped")

    class Registry(AppRegistry):
        def deploy_dirs(self) -> tuple[Path, ...]:
            return tuple(tmp_path / f"app{number:02}" for number in range(3 * verbs.LOOKS_AT_ONCE))

    monkeypatch.setattr(AppKeeper, "_look", look)
    apps = (await AppKeeper(local_session(), Registry(tmp_path, tmp_path)).list_apps()).apps
    assert most == verbs.LOOKS_AT_ONCE
    assert [app.name for app in apps] == [f"app{number:02}" for number in range(3 * verbs.LOOKS_AT_ONCE)]
