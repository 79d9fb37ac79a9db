"""Whatever a client sends: every request with an id is answered, and the server goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.server.raw_client import RawClient, frame

BAD_PARAMS: list[tuple[str, Any]] = [
    ("deploy/start", None),
    ("deploy/start", []),
    ("deploy/start", [1]),
    ("deploy/start", "text"),
    ("deploy/start", 5),
    ("deploy/start", {}),
    ("deploy/start", {"deploymentId": "d1"}),
    ("deploy/start", {"deploymentId": "d1", "repo": ""}),
    ("deploy/start", {"deploymentId": "d1", "repo": 5}),
    ("deploy/start", {"deploymentId": "d1", "repo": "a\u0000b"}),
    ("deploy/start", {"deploymentId": "d1", "repo": "x" * 5000}),
    ("deploy/start", {"deploymentId": "../d1", "repo": "ok"}),
    ("deploy/start", {"deploymentId": "-d1", "repo": "ok"}),
    ("deploy/start", {"deploymentId": "d" * 65, "repo": "ok"}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "port": "8000"}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "port": 70_000}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "port": 80.5}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "dirty": "yes"}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "planner": "magic"}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "approval": "sometimes"}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "env": {"MY-VAR": "x"}}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "env": {"A": 1}}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "env": ["A=1"]}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "overrides": {"start": 5}}),
    ("deploy/start", {"deploymentId": "d1", "repo": "ok", "overrides": "npm start"}),
    ("deploy/list", {"limit": 0}),
    ("deploy/list", {"limit": True}),
    ("deploy/get", {"deploymentId": None}),
    ("deploy/subscribe", {"deploymentId": "d1", "afterSeq": -1}),
    ("deploy/output", {"deploymentId": "d1", "commandId": "1-1", "limit": 10**9}),
    ("deploy/skipStep", {"deploymentId": "d1", "stepId": "2"}),
    ("deploy/answer", {"deploymentId": "d1", "questionId": ["q"]}),
    ("deploy/retry", {"deploymentId": "d1"}),
    ("deploy/appLog", {"name": "shop", "offset": -1}),
    ("workspace/executeCommand", None),
    ("workspace/executeCommand", {"command": ["x"]}),
    ("workspace/executeCommand", {"arguments": 5, "command": "autoDeployer.server.list"}),
]


def test_bad_params_are_told_field_by_field(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    for method, params in BAD_PARAMS:
        error = raw.error(method, params)
        assert (error["code"], error["data"]["kind"]) == (-32602, "invalid_request"), (method, params, error)
    assert "port: " in raw.error("deploy/start", {"deploymentId": "d1", "repo": "ok", "port": "x"})["message"]
    assert raw.result("deploy/list") == {"deployments": []}


def test_wrong_values_are_not_repeated(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    error = raw.error("deploy/start", {"deploymentId": "d1", "repo": "ok", "env": {"TOKEN": ["hunter2"]}})
    assert "hunter2" not in json.dumps(error)


def test_requests_without_params_and_with_unknown_fields_work(raw: RawClient, tmp_path: Path):
    raw.initialize({"unknown": 1}, tmp_path, unknown={"MY-VAR": 1})
    assert raw.result("deploy/list") == {"deployments": []}
    raw.result("deploy/start", {"deploymentId": "d1", "repo": "ok", "env": {"MY_VAR": "x"}, "some-thing": {"a-b": 1}})
    assert raw.notification("deploy/finished")["outcome"] == "success"


def test_messages_that_are_no_requests(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    cases: list[tuple[bytes, Any, int]] = [
        (b"{", None, -32700),
        (b"", None, -32700),
        (b"\xff\xfe", None, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"deploy/list"', None, -32700),
        (b"[" * 5000, None, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"deploy/list","params":{"limit":NaN}}', None, -32700),
        (b"[]", None, -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"deploy/list"}]', None, -32600),
        (b"5", None, -32600),
        (b"null", None, -32600),
        (b"{}", None, -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"deploy/list"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"deploy/list"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"deploy/list"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"deploy/list"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":8}', None, -32600),
        (b'{"jsonrpc":"2.0","id":"unasked","result":1}', None, -32600),
        (b'{"jsonrpc":"1.0","id":3,"method":"deploy/list"}', 3, -32600),
        (b'{"id":4,"method":"deploy/list"}', 4, -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":7}', 5, -32600),
        (b'{"jsonrpc":"2.0","id":6,"method":"deploy/unknown"}', 6, -32601),
        (b'{"jsonrpc":"2.0","id":"x","method":"textDocument/hover","params":7}', "x", -32602),
        (b'{"jsonrpc":"2.0","id":7,"method":"textDocument/hover","params":{}}', 7, -32601),
    ]
    for body, msg_id, code in cases:
        raw.send(body)
        answer = raw.receive(lambda message: "error" in message)
        assert (answer["id"], answer["error"]["code"]) == (msg_id, code), body[:80]
        assert answer["error"]["data"]["kind"] == "invalid_request"
    assert raw.result("deploy/list") == {"deployments": []}


def test_broken_frames_are_told_and_skipped(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"Content-Length: x\r\n\r\n", b"Content-Length: 99999999999\r\n\r\n{}\r\n"):
        raw.send_bytes(data)
        assert raw.result("deploy/list") == {"deployments": []}
        assert raw.receive(lambda message: "error" in message)["error"]["code"] == -32700


def test_notifications_with_garbage_are_dropped(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    for method, params in (
        ("$/cancelRequest", None), ("$/cancelRequest", {"id": {}}), ("$/cancelRequest", {"id": "none"}), ("deploy/start", {}),
        ("deploy/start", {"deploymentId": "d1", "repo": "ok"}),
        ("textDocument/didOpen", {"textDocument": 5}), ("textDocument/didChange", None), ("initialized", 5), ("shutdown", None),
        ("window/workDoneProgress/cancel", {"token": "auto-deployer/none"}), ("window/workDoneProgress/cancel", {"token": 5}),
        ("unknown/thing", [1]), ("$/setTrace", {"value": "loud"}), ("", None),
    ):  # fmt: skip
        raw.notify(method, params)
    assert raw.result("deploy/list") == {"deployments": []}
    assert not [message for message in raw.received if "error" in message]


def test_an_id_in_use_is_refused(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    request = {"jsonrpc": "2.0", "id": 5, "method": "deploy/analyze", "params": {"repo": "forever"}}
    raw.send(request)
    raw.send(request)
    assert raw.receive(lambda message: message.get("id") == 5)["error"]["code"] == -32600
    raw.notify("$/cancelRequest", {"id": 5})
    assert raw.receive(lambda message: message.get("id") == 5)["error"]["code"] == -32800


def test_a_flood_is_answered_completely(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.start("slow")
    methods = ("deploy/list", "deploy/unknown", "deploy/get")
    flood = b"".join(frame({"jsonrpc": "2.0", "id": number, "method": methods[number % 3]}) for number in range(5000))
    raw.send_bytes(flood)
    answered: set[int] = set()
    while len(answered) < 5000:
        answered.add(raw.receive(lambda message: isinstance(message.get("id"), int))["id"])
    assert raw.result("deploy/list")["deployments"][0]["status"] == "running"


def test_large_frames_pass_both_ways(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.start("large:1024:3", env={"BIG": "y" * (1 << 20)})
    for _ in range(3):
        assert len(raw.notification("deploy/note")["message"].encode()) == 1 << 20
    assert raw.notification("deploy/finished")["outcome"] == "success"
