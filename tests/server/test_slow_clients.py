"""Clients that stop reading: output is dropped, events wait, deployments go on (giving up is in test_transport.py)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psutil
from tests.server.raw_client import WAIT_S, RawClient

STREAM = {"output": "stream"}


def test_a_reading_client_gets_all_output_and_the_server_does_not_grow(raw: RawClient, tmp_path: Path):
    raw.initialize(STREAM, tmp_path)
    before = psutil.Process(raw.process.pid).memory_info().rss
    raw.start("flood:60")
    raw.notification("deploy/finished")
    chunks = [message["params"] for message in raw.received if message.get("method") == "deploy/commandOutput"]
    offsets = [chunk["offset"] for chunk in chunks if len(chunk["text"]) > 1000]
    assert offsets == sorted(offsets)
    assert len(offsets) > 100  # a reader that is slower than the output misses some, never the order
    assert psutil.Process(raw.process.pid).memory_info().rss - before < 40 << 20


def test_output_a_client_does_not_read_is_dropped_and_events_are_not(tmp_path: Path):
    with RawClient(reading=False) as raw:
        _initialize_and_start(raw, tmp_path, "flood:64")
        _wait_for_memory_to_settle(raw)
        raw.start_reading()
        raw.notification("deploy/finished")
        sizes = sum(len(message["params"]["text"]) for message in raw.received if message.get("method") == "deploy/commandOutput")
        assert 0 < sizes < 8 << 20
        assert [message["params"]["seq"] for message in raw.events("d1")] == list(range(1, 17))
        assert raw.finish() == 0


def test_the_deployment_of_a_client_that_never_reads_goes_on_to_its_end(tmp_path: Path):
    with RawClient(reading=False) as raw:
        _initialize_and_start(raw, tmp_path, "large:4096:30")  # 120 MiB of events
        _wait_for_memory_to_settle(raw)
        assert psutil.Process(raw.process.pid).memory_info().rss < 500 << 20
        raw.stdin.close()
        assert raw.process.wait(WAIT_S) == 1
        log = json.loads((tmp_path / "agent_logs" / "deploy_d1.json").read_text())
        assert log["status"] == "success"
        assert len(log["notes"]) == 30


def test_a_client_that_does_not_read_does_not_hold_the_end(tmp_path: Path):
    with RawClient(reading=False) as raw:
        _initialize_and_start(raw, tmp_path, "flood:4")
        _wait_for_memory_to_settle(raw)
        raw.notify("exit")
        assert raw.process.wait(WAIT_S) == 1


def _initialize_and_start(raw: RawClient, folder: Path, repo: str) -> None:
    capabilities = {"experimental": {"autoDeployer": STREAM}}
    params = {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities}
    raw.send({"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": params})
    raw.send({"jsonrpc": "2.0", "id": "s", "method": "deploy/start", "params": {"deploymentId": "d1", "repo": repo}})


def _wait_for_memory_to_settle(raw: RawClient) -> None:
    """Until the server has nothing left to do: its processor time stands still."""
    process = psutil.Process(raw.process.pid)
    last, still = -1.0, 0
    for _ in range(200):
        used = sum(process.cpu_times()[:2])
        still = still + 1 if used == last and used > 0.2 else 0
        if still == 8:
            return
        last = used
        time.sleep(0.1)
    raise AssertionError("the server does not come to rest")
