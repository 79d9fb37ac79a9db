"""What endpoints do wrong, each over a real socket: the call ends, with a reason and what to do, or recovers."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from auto_deployer.llm import client, endpoint
from auto_deployer.model.errors import ModelError
from auto_deployer.model.reasons import Kind
from tests.llm.conftest import GOOD, Act, Connect, Connected
from tests.llm.fixtures import Scripted
from tests.llm.scripted_server import completion, drop, error_with_200, hang, html, reply, sse, status, truncate
from tests.suggestions import suggested

ACT = Act(action="execute", command="make")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE_S", 0.001)


async def _fails(connected: Connected, kind: Kind, *words: str) -> ModelError:
    with pytest.raises(ModelError) as failed:
        await connected.ask()
    error = failed.value
    assert error.kind is kind
    for word in words:
        assert word in f"{error.message} {suggested(error)}"
    assert suggested(error)
    assert len(error.message) < 800
    return error


@pytest.mark.parametrize(
    "first",
    [status(429), status(429, times=2), status(500, times=2), status(503), status(408), drop(), drop(times=2)],
    ids=["429", "429 twice", "500 twice", "503", "408", "drop", "drop twice"],
)
async def test_what_passes_is_tried_again_within_the_same_call(scripted: Scripted, connected: Connect, first):
    model = connected(scripted(first, reply(GOOD)))
    assert await model.ask() == ACT
    assert model.errors == [""]


async def test_a_retry_after_is_waited_for(scripted: Scripted, connected: Connect):
    model = connected(scripted(status(429, retry_after=1), reply(GOOD)))
    assert await model.ask() == ACT
    assert model.calls[0].latency_ms >= 1000


TOOL_CALL = {"tool_calls": [{"function": {"arguments": '{"command": "rm -r'}}]}
LOST = {"finish_reason": None, "done": False}

FAILURES = {
    "429 for ten minutes": (status(429, retry_after=600), Kind.MODEL_UNAVAILABLE, ["asks to wait 600 s"]),
    "429 for ever": (status(429, times=3), Kind.MODEL_UNAVAILABLE, ["limits how often", "scripted failure"]),
    "429 no quota": (status(429, code="insufficient_quota", times=3), Kind.MODEL_UNAVAILABLE, ["no quota left", "Top up"]),
    "500 for ever": (status(500, times=3), Kind.MODEL_UNAVAILABLE, ["several tries", "HTTP 500", "llm.model"]),
    "drop for ever": (drop(times=3), Kind.MODEL_UNAVAILABLE, ["could not be reached", "llm.endpoint"]),
    "401": (status(401), Kind.AUTHENTICATION_FAILED, ["refused the key", "auto-deployer auth set custom"]),
    "403": (status(403), Kind.AUTHENTICATION_FAILED, ["refused the key", "scripted-1"]),
    "402": (status(402), Kind.MODEL_UNAVAILABLE, ["paid", "Top up"]),
    "404 model": (status(404), Kind.MODEL_UNAVAILABLE, ['no model "scripted-1"', "Check llm.model"]),
    "redirect": (
        status(301, headers={"location": "https://elsewhere.invalid/"}),
        Kind.MODEL_UNAVAILABLE,
        ["has moved", "llm.endpoint"],
    ),
    "400": (status(400, message="model overloaded with nonsense"), Kind.MODEL_UNAVAILABLE, ["did not accept", "nonsense"]),
    "400 too long": (
        status(400, message="The schema and messages exceed the maximum context length"),
        Kind.MODEL_UNAVAILABLE,
        ["maximum context", "Set llm.context_window"],
    ),
    "413": (status(413), Kind.MODEL_UNAVAILABLE, ["size"]),
    "200 with a web page": (html(), Kind.MODEL_UNAVAILABLE, ["web page", "llm.endpoint"]),
    "200 with an auth error": (error_with_200("bad key", code=401), Kind.AUTHENTICATION_FAILED, ["bad key", "auth set"]),
    "200 with an error, always": (error_with_200("upstream is down", times=4), Kind.MODEL_UNAVAILABLE, ["upstream is down"]),
    "empty choices": (completion({"choices": []}, times=4), Kind.MODEL_UNAVAILABLE, ["without a sign that it is complete"]),
    "no completion at all": (completion({"choices": "none", "usage": 7}, times=4), Kind.MODEL_UNAVAILABLE, ["4 requests"]),
    "blank": (reply("", times=4), Kind.MODEL_REPLY_INVALID, ["it is empty"]),
    "null": (reply(None, times=4), Kind.MODEL_REPLY_INVALID, ["it is empty"]),
    "truncated": (truncate(GOOD, keep=20, times=4), Kind.MODEL_REPLY_INVALID, ["cut off at the length limit"]),
    "truncated, but called complete": (
        truncate(GOOD, keep=20, finish_reason="stop", times=4),
        Kind.MODEL_REPLY_INVALID,
        ["broken or incomplete"],
    ),
    "complete, but called truncated": (reply(GOOD, finish_reason="length", times=4), Kind.MODEL_REPLY_INVALID, ["cut off"]),
    "no finish_reason": (reply(GOOD, finish_reason=None, times=4), Kind.MODEL_UNAVAILABLE, ["without a sign"]),
    "content filter": (reply("", finish_reason="content_filter"), Kind.MODEL_REPLY_INVALID, ["content filter", "another model"]),
    "refusal": (reply(None, message={"refusal": "I cannot help."}, times=4), Kind.MODEL_REPLY_INVALID, ["I cannot help."]),
    "wrong action": (reply({"action": "dance"}, times=4), Kind.MODEL_REPLY_INVALID, ["'execute' or 'done'"]),
    "array (D16)": (reply([GOOD], times=4), Kind.MODEL_REPLY_INVALID, ["JSON array"]),
    "huge command": (reply({**GOOD, "command": "x" * 100_000}, times=4), Kind.MODEL_REPLY_INVALID, ["2000 characters"]),
    "tool-call garbage": (
        reply(
            None, finish_reason="tool_calls", message={"tool_calls": [{"function": {"arguments": '{"command": "rm -r'}}]}, times=4
        ),
        Kind.MODEL_REPLY_INVALID,
        ["calls a tool"],
    ),
    "10 MB": (reply("x" * 10_000_000), Kind.MODEL_REPLY_INVALID, ["4,000,000 bytes"]),
    "10 MB of error": (status(400, message="x" * 10_000_000), Kind.MODEL_UNAVAILABLE, ["did not accept"]),
    "stream lost": (
        sse(['{"action": "execute", ', '"command"'], **LOST, times=4),
        Kind.MODEL_UNAVAILABLE,
        [],
    ),
    "stream lost after what looks complete": (
        sse([json.dumps(GOOD)], **LOST, times=4),
        Kind.MODEL_UNAVAILABLE,
        ["without a sign"],
    ),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_a_call_that_fails_says_why_and_what_to_do(scripted: Scripted, connected: Connect, name: str):
    responder, kind, words = FAILURES[name]
    model = connected(scripted(responder))
    await _fails(model, kind, *words)
    assert model.calls
    assert all(model.errors), "a failed call is in the log with its reason"


BAD_FIRST = {
    "fence and think (D16)": None,
    "blank": reply(""),
    "truncated": truncate(GOOD, keep=30),
    "prose": reply("I would run make."),
    "refusal": reply(None, message={"refusal": "no"}),
    "wrong action three times": reply({"action": "dance"}, times=3),
    "200 with an error": error_with_200("upstream is down", code=502),
    "empty choices": completion({"choices": []}),
    "array (D16)": reply([GOOD]),
    "stream lost": sse(['{"action"'], **LOST),
    "body cut": reply(GOOD, how="cut"),
}


@pytest.mark.parametrize("name", BAD_FIRST)
async def test_a_reply_that_is_no_good_is_asked_for_again(scripted: Scripted, connected: Connect, name: str):
    first = BAD_FIRST[name]
    model = connected(scripted(*([first] if first else []), reply(f"<think>Hm.</think>```json\n{json.dumps(GOOD)}\n```")))
    assert await model.ask() == ACT
    assert model.errors[-1] == ""


async def test_d16_the_model_is_told_what_was_wrong_and_nothing_said_before_is_changed(scripted: Scripted, connected: Connect):
    server = scripted(reply({"action": "dance"}), reply("Sorry!"), reply(GOOD))
    assert await connected(server).ask() == ACT
    first, second, third = (request.body["messages"] for request in server.requests)
    assert second[: len(first)] == first
    assert third[: len(second)] == second
    assert [message["role"] for message in third[len(first) :]] == ["assistant", "user"] * 2
    assert "dance" in second[-2]["content"]
    assert "'execute' or 'done'" in second[-1]["content"]
    assert "no JSON object" in third[-1]["content"]


async def test_streams_nobody_asked_for_are_understood(scripted: Scripted, connected: Connect):
    pieces = ['{"action": "exec', 'ute", "command": "make"}']
    model = connected(scripted(sse(pieces, usage=(7, 5)), sse(pieces, done=False)))
    assert [await model.ask(), await model.ask()] == [ACT, ACT], "with and without [DONE]"
    assert (model.calls[0].prompt_tokens, model.calls[0].completion_tokens) == (7, 5)


@pytest.mark.parametrize(
    "responder",
    [hang(), sse(["x"] * 40, how="drip", pause_s=0.2), reply(GOOD, how="drip", pause_s=0.2)],
    ids=["hang", "sse", "body"],
)
async def test_the_deadline_ends_hangs_and_streams_that_trickle(scripted: Scripted, connected: Connect, responder):
    model = connected(scripted(responder), timeout_s=0.8)
    await _fails(model, Kind.MODEL_UNAVAILABLE, "within 0.8 s", "llm.timeout_s")
    assert model.errors == ["no complete reply in time"]
    assert model.calls[0].prompt_tokens > 0, "the server may have read it"


async def test_a_body_that_never_ends_is_read_up_to_the_cap(scripted: Scripted, connected: Connect, monkeypatch):
    monkeypatch.setattr(endpoint, "MAX_REPLY_BYTES", 50_000)
    model = connected(scripted(sse(["x" * 1000] * 1000)))
    await _fails(model, Kind.MODEL_REPLY_INVALID, "50,000 bytes")


async def test_cancelling_ends_a_call_at_once_and_it_is_recorded(scripted: Scripted, connected: Connect):
    server = scripted(hang())
    model = connected(server)
    asking = asyncio.create_task(model.ask())
    async with asyncio.timeout(10):
        while not server.requests:  # noqa: ASYNC110 (the server's thread has no event for us)
            await asyncio.sleep(0.01)
    asking.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert model.errors == ["cancelled"]


async def test_nobody_listens(connected: Connect):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        model = connected(url, provider="ollama")
        await _fails(model, Kind.MODEL_UNAVAILABLE, url, "could not be reached", "Start Ollama")
    assert (model.calls[0].prompt_tokens, model.calls[0].completion_tokens) == (0, 0)


async def test_a_key_that_is_wanted_but_not_set_is_named_so(scripted: Scripted, connected: Connect):
    await _fails(connected(scripted(status(401)), key=None), Kind.AUTHENTICATION_FAILED, "none is set", "AUTO_DEPLOYER_LLM_API_KEY")


async def test_bytes_that_are_no_text_do_not_stop_a_prompt(scripted: Scripted, connected: Connect):
    from auto_deployer.model.ports import ChatMessage

    server = scripted(reply(GOOD))
    text = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert await connected(server).model.ask([ChatMessage("user", text)], Act, purpose="step") == ACT
    assert server.requests[0].texts[-1] == "caf?"
