"""Settings and keys of an editor, over a real server process: what it takes, what it tells, what it keeps to itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.llm.scripted_server import ScriptedServer, hang, reply, status
from tests.server.raw_client import FAKE_SERVER, RawClient

KEY = "sk-live-5Jd83kfLq0"
Connect = Callable[..., RawClient]


@pytest.fixture(autouse=True)
def nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("AUTO_DEPLOYER_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture
def complaints(tmp_path: Path) -> Path:
    """Where the server's standard error goes."""
    return tmp_path / "stderr.txt"


@pytest.fixture
def server(complaints: Path, tmp_path: Path) -> Iterator[Connect]:
    """Starts and initialises a server that logs all it can; keywords are initializationOptions."""
    connections: list[RawClient] = []

    def connect(**options: Any) -> RawClient:
        script = f'exec "{sys.executable}" "{FAKE_SERVER}" --log-level DEBUG 2>"{complaints}"'
        connections.append(client := RawClient(argv=["sh", "-c", script]))
        client.initialize({}, tmp_path, initializationOptions=options)
        return client

    yield connect
    for client in connections:
        client.__exit__()


def llm(endpoint: str, **more: Any) -> dict[str, Any]:
    return {"llm": {"provider": "custom", "model": "scripted-1", "endpoint": endpoint, **more}}


def ready() -> Any:
    return reply({"ready": True})


def bearer(scripted: ScriptedServer) -> list[str]:
    return [request.headers["authorization"] for request in scripted.requests]


def test_the_model_that_is_set_is_called_with_the_key_that_was_handed_over(server: Connect):
    with ScriptedServer([ready()]) as scripted:
        client = server(settings=llm(scripted.base_url))
        assert client.result("deploy/setSecret", {"name": "custom", "value": KEY}) is None
        told = client.result("deploy/testModel")
    assert (told["ok"], told["model"], told["replyFormat"]) == (True, "scripted-1", "json_schema")
    assert told["latencyMs"] >= 0
    assert "scripted-1" in told["message"]
    assert bearer(scripted) == [f"Bearer {KEY}"]


def test_a_key_can_be_replaced_and_forgotten(server: Connect):
    with ScriptedServer([ready(), ready(), ready()]) as scripted:
        client = server(settings=llm(scripted.base_url))
        for name, value in (("llm", "first-key"), ("custom", "second-key"), ("custom", "")):
            client.result("deploy/setSecret", {"name": name, "value": value})
            assert client.result("deploy/testModel")["ok"]
    assert bearer(scripted) == ["Bearer first-key", "Bearer second-key", "Bearer first-key"]


def test_a_model_can_be_tried_before_it_is_set(server: Connect):
    with ScriptedServer([ready()]) as scripted:
        client = server(settings=llm("http://127.0.0.1:1/v1"))
        trial = {"provider": "custom", "model": "another", "endpoint": scripted.base_url}
        assert client.result("deploy/testModel", trial)["ok"]
    assert scripted.requests[0].body["model"] == "another"


def test_a_key_is_not_sent_to_the_endpoint_that_is_set_for_another_provider(server: Connect):
    with ScriptedServer([]) as scripted:
        client = server(settings=llm(scripted.base_url))
        client.result("deploy/setSecret", {"name": "openai", "value": KEY})
        told = client.result("deploy/testModel", {"provider": "openai"})  # has no model: nothing is called
    assert not told["ok"]
    assert scripted.requests == []


def test_a_call_that_fails_is_told_as_a_result(server: Connect):
    with ScriptedServer([status(401, message="wrong key")]) as scripted:
        told = server(settings=llm(scripted.base_url)).result("deploy/testModel")
    assert not told["ok"]
    assert told["kind"] == "authentication_failed"
    assert told["suggestions"]
    assert told["replyFormat"] is None


def test_without_a_model_the_test_tells_what_to_set(server: Connect):
    told = server().result("deploy/testModel")
    assert (told["ok"], told["kind"]) == (False, "settings_invalid")
    assert "llm.provider" in told["message"]


def test_a_test_can_be_called_off(server: Connect):
    with ScriptedServer([hang()]) as scripted:
        client = server(settings=llm(scripted.base_url))
        client.send({"jsonrpc": "2.0", "id": "try", "method": "deploy/testModel", "params": {}})
        while not scripted.requests:
            client.result("deploy/list")
        client.notify("$/cancelRequest", {"id": "try"})
        assert client.receive(lambda message: message.get("id") == "try")["error"]["code"] == -32800


def test_the_test_needs_no_trust(server: Connect):
    with ScriptedServer([ready()]) as scripted:
        assert server(settings=llm(scripted.base_url), trusted=False).result("deploy/testModel")["ok"]


@pytest.mark.parametrize("section", ["autoDeployer", "settings"])
def test_a_change_of_configuration_replaces_the_settings(server: Connect, section: str):
    with ScriptedServer([ready()]) as scripted:
        client = server(settings=llm("http://127.0.0.1:1/v1"))
        client.notify("workspace/didChangeConfiguration", {"settings": {section: llm(scripted.base_url, model="changed")}})
        assert client.result("deploy/testModel")["model"] == "changed"


def test_what_is_not_ours_in_a_configuration_changes_nothing(server: Connect):
    with ScriptedServer([ready()]) as scripted:
        client = server(settings=llm(scripted.base_url))
        for settings in (None, [], {"rust-analyzer": {"check": 1}}, {"autoDeployer": None}, {"autoDeployer": "x"}):
            client.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert client.result("deploy/testModel")["ok"]


def test_a_wrong_setting_is_shown_when_it_is_made_and_put_right_later(server: Connect):
    client = server(settings={"llm": {"modle": "m"}})
    shown = client.notification("window/showMessage")
    assert "did you mean llm.model?" in shown["message"]
    assert client.result("deploy/testModel")["kind"] == "settings_invalid"
    client.notify("workspace/didChangeConfiguration", {"settings": {"autoDeployer": {"budget": {"maxTokens": 0}}}})
    assert "budget.max_tokens" in client.notification("window/showMessage")["message"]
    with ScriptedServer([ready()]) as scripted:
        client.notify("workspace/didChangeConfiguration", {"settings": {"autoDeployer": llm(scripted.base_url)}})
        assert client.result("deploy/testModel")["ok"]


def test_settings_reach_the_planner_and_wrong_ones_stop_a_deployment(tmp_path: Path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>hello</h1>")
    with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server"]) as client:
        client.initialize({}, tmp_path, initializationOptions={"settings": {"planner": "llm"}})
        params = {"repo": str(site), "dirty": True}
        assert client.error("deploy/plan", params)["data"]["kind"] == "planner_unavailable"
        client.notify("workspace/didChangeConfiguration", {"settings": {"autoDeployer": {"planner": "recipe"}}})
        assert client.result("deploy/plan", params)["plan"]["steps"]
        client.notify("workspace/didChangeConfiguration", {"settings": {"autoDeployer": {"planer": "recipe"}}})
        error = client.error("deploy/start", {**params, "deploymentId": "d1"})
        assert (error["code"], error["data"]["kind"]) == (-32602, "settings_invalid")
        assert not list(tmp_path.glob("agent_logs/*.json"))
        client.finish()


def test_settings_of_a_wrong_type_are_refused_at_once(raw: RawClient):
    error = raw.error("initialize", {"processId": None, "capabilities": {}, "initializationOptions": {"settings": [1]}})
    assert error["code"] == -32602
    assert "initializationOptions.settings" in error["message"]


@pytest.mark.parametrize(
    "params", [{"name": "opnai", "value": KEY}, {"name": "openai"}, {"name": 5, "value": KEY}, {"name": "openai", "value": [KEY]}]
)
def test_a_secret_that_cannot_be_taken_is_not_repeated(server: Connect, params: dict[str, Any]):
    error = server().error("deploy/setSecret", params)
    assert error["code"] == -32602
    assert KEY not in str(error)


def test_no_key_is_ever_told(server: Connect, complaints: Path):
    with ScriptedServer([status(401, message=f"invalid key {KEY}"), ready()]) as scripted:
        client = server(settings=llm(scripted.base_url))
        client.result("deploy/setSecret", {"name": "custom", "value": KEY})
        client.result("deploy/testModel")
        client.result("deploy/testModel")
        argv = Path(f"/proc/{client.process.pid}/cmdline").read_text()
        environment = Path(f"/proc/{client.process.pid}/environ").read_text()
        client.finish()
    assert bearer(scripted) == [f"Bearer {KEY}"] * 2
    places = {"messages": str(client.received), "standard error": complaints.read_text(), "argv": argv, "environment": environment}
    assert [place for place, text in places.items() if KEY in text] == []
