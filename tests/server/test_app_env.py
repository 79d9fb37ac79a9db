"""`deploy/env` and `deploy/setEnv` over the real server and a really deployed app: names travel, values never do."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runner.conftest import git_repo
from tests.server.raw_client import RawClient

VALUE = "v-not-to-be-seen-7"
CLI = [sys.executable, "-m", "auto_deployer"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    git_repo(tmp_path / "site", {"index.html": "<h1>hello</h1>\n", ".env.example": "TITLE=Shop\n"})
    yield tmp_path
    subprocess.run([*CLI, "remove", "--yes", "--deploy-dir", str(tmp_path / "app")], capture_output=True, check=False)


def server(place: Path) -> RawClient:
    return RawClient(argv=[*CLI, "server", "--log-dir", str(place / "agent_logs")])


def test_names_and_changes_of_a_deployed_app(place: Path) -> None:
    with server(place) as client:
        client.initialize({"protocolVersion": 1}, place / "site")
        params = {"repo": str(place / "site"), "deploymentId": "d1", "deployDir": str(place / "app"), "env": {"API_KEY": VALUE}}
        client.result("deploy/start", params)
        assert client.notification("deploy/finished", deploymentId="d1")["outcome"] == "success"
        app = {"deployDir": str(place / "app")}
        now = client.result("deploy/env", app)
        assert now["variables"] == [{"name": "API_KEY", "secret": True, "value": "***"}]
        assert [variable["name"] for variable in now["wanted"]] == ["TITLE"]
        changed = client.result("deploy/setEnv", {**app, "set": {"MODE": VALUE}, "unset": ["API_KEY", "NO_SUCH"]})
        assert changed["restartNeeded"] is True
        assert [variable["name"] for variable in changed["variables"]] == ["MODE"]
        assert client.result("workspace/executeCommand", {"command": "autoDeployer.server.env"})["name"] == "app"
        refused = client.request("deploy/setEnv", {**app, "set": {"MY-VAR": VALUE}})
        assert refused["error"]["code"] == -32602
        client.finish()
    assert VALUE not in json.dumps(client.received)
    assert VALUE not in json.dumps(refused)
    file = place / "app/shared/.env"
    assert file.read_text() == f"MODE={VALUE}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_changes_need_a_trusted_workspace_and_names_do_not(raw: RawClient, tmp_path: Path) -> None:
    raw.initialize({"protocolVersion": 1}, tmp_path, initializationOptions={"trusted": False})
    assert raw.result("deploy/env", {"name": "shop"})["variables"] == []
    assert raw.request("deploy/setEnv", {"name": "shop", "set": {"A": "1"}})["error"]["code"] == 1003
