"""Order, replay and filters of the notifications."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.server.conftest import DeployClient
from tests.server.raw_client import RawClient

from auto_deployer.model import fold
from auto_deployer.model.events import from_object


async def test_seq_counts_from_one_without_gaps_in_send_order(client: DeployClient):
    await asyncio.gather(
        *(client.deploy("deploy/start", {"deploymentId": f"d{number}", "repo": "many:100"}) for number in range(3))
    )
    for number in range(3):
        await client.finished(f"d{number}")
        seqs = client.seqs(f"d{number}")
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) > 200


def test_the_response_to_start_comes_before_its_first_event(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.start("ok")
    assert raw.events("d1") == []
    raw.notification("deploy/finished")
    assert [message["params"]["seq"] for message in raw.events("d1")] == list(range(1, 17))


def test_subscribe_answers_then_replays_then_goes_on_live(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.start("slow")
    raw.notification("deploy/stepStarted", stepId=2)
    raw.received.clear()
    assert raw.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": 3}) == {"lastSeq": 8, "resync": False, "log": None}
    assert raw.events("d1") == []
    raw.result("deploy/cancel", {"deploymentId": "d1"})
    raw.notification("deploy/finished")
    seqs = [message["params"]["seq"] for message in raw.events("d1")]
    assert seqs == list(range(4, seqs[-1] + 1))  # each once: the second subscription replaced the first


def test_a_client_can_rebuild_the_log_from_the_notifications(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.start("ok")
    raw.notification("deploy/finished")
    log = fold.fold(from_object(message) for message in raw.events("d1"))
    assert log.model_dump(mode="json") == raw.result("deploy/get", {"deploymentId": "d1"})["log"]


def test_live_output_is_opt_in(raw: RawClient, tmp_path: Path):
    raw.initialize({"output": "stream"}, tmp_path)
    raw.start("ok")
    raw.notification("deploy/finished")
    chunks = [message["params"] for message in raw.received if message.get("method") == "deploy/commandOutput"]
    assert chunks[0] == {"deploymentId": "d1", "commandId": "1-1", "stream": "stdout", "offset": 0, "text": "done\n"}


def test_events_only_narrows(raw: RawClient, tmp_path: Path):
    raw.initialize({"events": ["deploy/finished", "deploy/commandOutput"]}, tmp_path)
    raw.start("ok")
    raw.notification("deploy/finished")
    assert {message["method"] for message in raw.received if "method" in message} == {"deploy/finished"}


def test_deployments_of_nobody_are_not_sent(raw: RawClient, tmp_path: Path):
    """A connection gets the events of deployments that it started or subscribed to: a failed start is neither."""
    raw.initialize({}, tmp_path)
    assert raw.error("deploy/start", {"deploymentId": "d1", "repo": "locked"})["code"] == 1008
    assert raw.error("deploy/subscribe", {"deploymentId": "d2"})["code"] == 1002
    raw.start("ok", "d3")
    raw.notification("deploy/finished", deploymentId="d3")
    assert raw.events("d1") == raw.events("d2") == []
