"""The same protocol over the real runner: a small site is deployed, followed, interrupted and read by another server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from tests.runner.hosts import hosts_below, kill_all_below, wait_until_gone
from tests.server.raw_client import WAIT_S, RawClient

from auto_deployer.model import fold
from auto_deployer.model.events import from_object

pytestmark = pytest.mark.deploy

SLOW = {"build": "echo building; exec sleep 300"}
ATTACHED = {"attached": True}
ENDS = ("shutdown", "SIGTERM", "end of input")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A git repository with one page; the user's folders are inside the test's."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "home").mkdir()
    (folder / "index.html").write_text("<h1>Hello from the site</h1>\n", encoding="utf-8")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "A page"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    yield folder
    with server() as client:
        client.initialize({}, folder)
        for app in client.result("deploy/apps")["apps"]:
            client.request("deploy/stopApp", {"name": app["name"]})
    kill_all_below(tmp_path)


def server() -> RawClient:
    return RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--stdio"])


def log_at(uri: str) -> dict[str, Any]:
    return json.loads(Path(url2pathname(urlparse(uri).path)).read_text(encoding="utf-8"))


def wait_for_command(client: RawClient, text: str) -> dict[str, Any]:
    def runs(message: dict[str, Any]) -> bool:
        return message.get("method") == "deploy/commandStarted" and text in message["params"]["command"]["command"]

    return client.receive(runs)["params"]


def end(client: RawClient, way: str) -> None:
    if way == "shutdown":
        assert client.finish() == 0
    elif way == "end of input":
        client.stdin.close()
    else:
        client.process.send_signal(getattr(signal, way))
    assert client.process.wait(WAIT_S) in (0, 1, -signal.SIGKILL)


def until(flag: Path) -> dict[str, str]:
    """A build that waits for a file."""
    return {"build": f"echo building; while ! test -e {flag}; do sleep 0.05; done"}


def seqs_of(client: RawClient) -> list[int]:
    return [message["params"]["seq"] for message in client.events("d1")]


def test_a_site_is_deployed_and_the_log_is_ahead_of_every_notification(site: Path):
    with server() as client:
        client.initialize({"output": "stream"}, site)
        uri = client.start(str(site))["logUri"]
        while True:
            params = client.receive(lambda message: "seq" in message.get("params", {}))["params"]
            assert log_at(uri)["seq"] >= params["seq"]
            if "outcome" in params:
                break
        assert params["outcome"] == "success"
        with urllib.request.urlopen(params["app"]["url"], timeout=WAIT_S) as answer:
            assert b"Hello from the site" in answer.read()
        events = client.events("d1")
        assert [message["params"]["seq"] for message in events] == list(range(1, len(events) + 1))
        assert fold.fold(map(from_object, events)).model_dump(mode="json") == log_at(uri)
        assert client.result("deploy/get", {"deploymentId": "d1"}) == {"log": log_at(uri), "lastSeq": len(events)}
        assert client.finish() == 0
    with server() as later:
        later.initialize({}, site)
        assert later.result("deploy/list")["deployments"][0]["deploymentId"] == "d1"
        assert later.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": 0})["lastSeq"] == len(events)
        later.notification("deploy/finished")
        assert later.events("d1") == events
        assert later.start("anything at all")["logUri"] == uri  # the id is known from the log folder


def test_cancel_ends_the_running_command(site: Path):
    with server() as client:
        client.initialize({}, site)
        client.start(str(site), overrides=SLOW)
        started = wait_for_command(client, "sleep 300")
        client.result("deploy/cancel", {"deploymentId": "d1"})
        executed = client.notification("deploy/commandExecuted", commandId=started["commandId"])
        assert executed["command"]["stopped"]
        assert client.notification("deploy/finished")["outcome"] == "cancelled"
        assert not _group_lives(started["command"]["pgid"])


@pytest.mark.parametrize("way", ENDS)
def test_every_end_of_the_server_interrupts_an_attached_deployment_cleanly(site: Path, way: str):
    with server() as client:
        client.initialize({}, site, initializationOptions=ATTACHED)
        uri = client.start(str(site), overrides=SLOW)["logUri"]
        started = wait_for_command(client, "sleep 300")
        end(client, way)
        log = log_at(uri)
        assert (log["status"], log["reason"]["kind"]) == ("interrupted", "server_shutdown")
        assert log["steps"][-1]["status"] == "interrupted"
        assert not _group_lives(started["command"]["pgid"])


def test_after_a_kill_the_next_server_tells_and_continues(site: Path):
    with server() as client:
        client.initialize({}, site, initializationOptions=ATTACHED)
        uri = client.start(str(site), overrides=SLOW)["logUri"]
        started = wait_for_command(client, "sleep 300")
        client.process.kill()
        client.process.wait(WAIT_S)
    with server() as later:
        later.initialize({}, site)
        assert later.result("deploy/list")["deployments"][0]["status"] == "interrupted"
        assert log_at(uri)["reason"]["kind"] == "process_died"
        _wait_for_group_to_end(started["command"]["pgid"])
        later.result("deploy/retry", {"deploymentId": "d1", "newDeploymentId": "d2"})
        reused = later.notification("deploy/stepFinished", stepId=1)["step"]
        assert reused["reused"]
        wait_for_command(later, "sleep 300")
        later.result("deploy/cancel", {"deploymentId": "d2"})
        later.notification("deploy/finished", deploymentId="d2")


@pytest.mark.parametrize("way", [*ENDS, "SIGKILL"])
def test_a_deployment_outlives_every_end_of_the_server_and_the_next_one_goes_on_where_the_last_was(
    site: Path, tmp_path: Path, way: str
):
    flag = tmp_path / "flag"
    with server() as client:
        client.initialize({}, site)
        uri = client.start(str(site), overrides=until(flag))["logUri"]
        wait_for_command(client, "building")
        end(client, way)
        seen = seqs_of(client)
    assert log_at(uri)["status"] == "running"
    with server() as later:
        later.initialize({}, site)
        assert [row["status"] for row in later.result("deploy/list")["deployments"]] == ["running"]
        later.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": seen[-1]})
        flag.touch()
        finished = later.notification("deploy/finished")
        assert finished["outcome"] == "success"
        assert [*seen, *seqs_of(later)] == list(range(1, finished["seq"] + 1))
        assert log_at(uri)["seq"] == finished["seq"]
    wait_until_gone(hosts_below(tmp_path))


def test_two_servers_at_once_see_the_same_and_either_cancels(site: Path, tmp_path: Path):
    with server() as client, server() as other:
        client.initialize({}, site)
        client.start(str(site), overrides=SLOW)
        started = wait_for_command(client, "sleep 300")
        other.initialize({}, site)
        other.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": 0})
        wait_for_command(other, "sleep 300")
        other.result("deploy/cancel", {"deploymentId": "d1"})
        for one in (client, other):
            assert one.notification("deploy/finished")["outcome"] == "cancelled"
        assert client.events("d1") == other.events("d1")
        assert seqs_of(client) == list(range(1, len(seqs_of(client)) + 1))
        assert not _group_lives(started["command"]["pgid"])


def test_a_question_outlives_the_window_and_is_answered_in_the_next(site: Path):
    with server() as client:
        client.initialize({"interaction": ["confirm"]}, site)
        client.start(str(site), approval="plan")
        client.receive(lambda message: message.get("method") == "deploy/ask")
        end(client, "shutdown")
    with server() as later:
        later.initialize({"interaction": ["confirm"]}, site)
        later.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": 0})
        asked = later.receive(lambda message: message.get("method") == "deploy/ask")
        later.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"optionId": "yes"}})
        assert later.notification("deploy/finished")["outcome"] == "success"
        later.error("deploy/answer", {"deploymentId": "d1", "questionId": "plan", "optionId": "yes"})


def test_a_killed_host_is_told_to_who_follows_and_can_be_continued(site: Path, tmp_path: Path):
    flag = tmp_path / "flag"
    with server() as client:
        client.initialize({}, site)
        uri = client.start(str(site), overrides=until(flag))["logUri"]
        started = wait_for_command(client, "building")
        hosts_below(tmp_path)[0].kill()
        finished = client.notification("deploy/finished")
        assert (finished["outcome"], finished["reason"]["kind"]) == ("interrupted", "process_died")
        assert seqs_of(client) == list(range(1, finished["seq"] + 1))
        assert log_at(uri)["status"] == "interrupted"
        _wait_for_group_to_end(started["command"]["pgid"])
        flag.touch()
        client.result("deploy/retry", {"deploymentId": "d1", "newDeploymentId": "d2"})
        assert client.notification("deploy/finished", deploymentId="d2")["outcome"] == "success"


def test_a_failing_step_is_asked_about_and_can_be_tried_again(site: Path, tmp_path: Path):
    flag = tmp_path / "fixed"
    with server() as client:
        client.initialize({"interaction": ["choice"]}, site)
        client.start(str(site), overrides={"build": f"test -e {flag}"})
        asked = client.receive(lambda message: message.get("method") == "deploy/ask")
        assert "retry" in [option["id"] for option in asked["params"]["options"]]
        flag.touch()
        client.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"optionId": "retry"}})
        assert client.notification("deploy/finished")["outcome"] == "success"
        attempts = [message["params"]["attempt"] for message in client.events("d1") if message["method"] == "deploy/stepStarted"]
        assert 2 in attempts


def test_a_refusal_has_a_log_and_installs_nothing(site: Path, tmp_path: Path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("nothing to run\n", encoding="utf-8")
    with server() as client:
        client.initialize({}, site)
        assert client.error("deploy/plan", {"repo": str(empty)})["code"] == 1004
        uri = client.start(str(empty))["logUri"]
        finished = client.notification("deploy/finished")
        assert finished["outcome"] == "failed"
        assert finished["reason"]["suggestions"]
        assert log_at(uri)["reason"]["kind"] == finished["reason"]["kind"]
        assert not (tmp_path / "home" / "deployments" / "empty" / "releases").exists()


def test_an_unwritable_log_folder_is_told_at_once(site: Path):
    with server() as client:
        client.initialize({}, site, initializationOptions={"logDir": "index.html/logs"})
        error = client.error("deploy/start", {"deploymentId": "d1", "repo": str(site)})
        assert (error["code"], error["data"]["kind"]) == (-32603, "log_unwritable")


def _group_lives(pgid: int) -> bool:
    try:
        os.killpg(pgid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for_group_to_end(pgid: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while _group_lives(pgid):
        assert time.monotonic() < deadline, f"process group {pgid} is still there"
        time.sleep(0.05)
