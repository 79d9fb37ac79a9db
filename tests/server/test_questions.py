"""Questions to a client that knows `deploy/ask`: the first answer wins, a question never stays open for nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.server.raw_client import RawClient

ALL_KINDS = {"interaction": ["choice", "confirm", "text", "secret"]}


def asked(raw: RawClient) -> dict[str, Any]:
    return raw.receive(lambda message: message.get("method") == "deploy/ask")


def test_each_kind_is_asked_and_answered(raw: RawClient, tmp_path: Path):
    raw.initialize(ALL_KINDS, tmp_path)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("choice", {"optionId": "again"}, "again"),
        ("confirm", {"optionId": "yes"}, "yes"),
        ("text", {"text": "hello"}, "hello"),
        ("secret", {"text": "hunter2"}, "***"),
    ]
    for kind, reply, response in cases:
        raw.start(f"ask:{kind}", kind)
        question = asked(raw)
        assert question["params"]["deploymentId"] == kind
        assert question["params"]["kind"] == kind
        raw.send({"jsonrpc": "2.0", "id": question["id"], "result": reply})
        assert raw.notification("deploy/questionResolved")["response"] == response
        assert raw.notification("deploy/finished")["outcome"] == "success"


def test_an_answer_by_request_withdraws_the_question(raw: RawClient, tmp_path: Path):
    raw.initialize(ALL_KINDS, tmp_path)
    raw.start("ask:choice")
    question = asked(raw)
    answer = {"deploymentId": "d1", "questionId": "q1", "optionId": "again"}
    assert raw.result("deploy/answer", answer) is None
    assert raw.notification("$/cancelRequest")["id"] == question["id"]
    assert raw.error("deploy/answer", answer)["code"] == 1007
    raw.send({"jsonrpc": "2.0", "id": question["id"], "result": {"optionId": "stop"}})  # too late: ignored
    assert raw.result("deploy/get", {"deploymentId": "d1"})["log"]["steps"][1]["user_interactions"][0]["response"] == "again"


def test_the_end_of_the_deployment_withdraws_the_question(raw: RawClient, tmp_path: Path):
    raw.initialize(ALL_KINDS, tmp_path)
    raw.start("ask:text")
    question = asked(raw)
    raw.result("deploy/cancel", {"deploymentId": "d1"})
    assert raw.notification("$/cancelRequest")["id"] == question["id"]
    assert raw.notification("deploy/finished")["outcome"] == "cancelled"


def test_an_unusable_answer_counts_as_cancelled(raw: RawClient, tmp_path: Path):
    raw.initialize(ALL_KINDS, tmp_path)
    replies: list[dict[str, Any]] = [
        {"result": None}, {"result": [1]}, {"result": {"optionId": 5}}, {"error": {"code": -32800, "message": ""}}, {"error": "?"},
    ]  # fmt: skip
    for number, reply in enumerate(replies):
        raw.start("ask:choice", f"d{number}")
        raw.send({"jsonrpc": "2.0", "id": asked(raw)["id"], **reply})
        assert raw.notification("deploy/questionResolved")["response"] == "cancelled"


def test_a_kind_that_is_not_declared_falls_back(raw: RawClient, tmp_path: Path):
    raw.initialize({"interaction": ["text"]}, tmp_path)
    raw.start("ask:choice")
    raw.receive(lambda message: message.get("method") == "window/showMessageRequest")


def test_a_replayed_question_that_was_answered_is_not_asked_again(raw: RawClient, tmp_path: Path):
    raw.initialize(ALL_KINDS, tmp_path)
    raw.start("ask:choice")
    raw.send({"jsonrpc": "2.0", "id": asked(raw)["id"], "result": {"optionId": "again"}})
    raw.notification("deploy/finished")
    raw.received.clear()
    raw.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": 0})
    raw.notification("deploy/finished")
    raw.result("deploy/list")
    assert not [message for message in raw.received if message.get("method") in ("deploy/ask", "$/cancelRequest")]
