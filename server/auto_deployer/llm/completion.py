"""The body of an answer, as JSON or as server-sent events, read into the few facts that matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model.errors import ModelError
from .faults import InvalidReply, ParameterRefused, Place, filtered, http_fault, web_page


@dataclass
class Completion:
    """One reply of the model, with what it cost where the server says so."""

    text: str = ""
    finish_reason: str | None = None
    refusal: str = ""
    called_a_tool: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    """As some gateways tell it."""


def read_completion(place: Place, body: str, content_type: str) -> Completion:
    """The completion in a successful HTTP answer.

    Raises:
        InvalidReply: it is incomplete or no completion.
        ModelError: it is a web page, or an error that came as a success.
    """
    if "html" in content_type or body.lstrip()[:1] == "<":
        raise web_page(place)
    # asked for or not: some gateways always stream
    answers = list(_events(body)) if "event-stream" in content_type else [_json(body)]
    completion = Completion()
    for answer in answers:
        if error := answer.get("error"):
            raise _error_in_success(place, error)
        _take(completion, answer)
    return completion


def require_complete(place: Place, completion: Completion) -> str:
    """Its text, when the model ended it by itself.

    Raises:
        InvalidReply: it was cut, or is no text.
        ModelError: a content filter stopped it.
    """
    if completion.finish_reason == "content_filter":
        raise filtered(place)
    said = completion.text
    if completion.finish_reason == "length":
        raise InvalidReply("it was cut off at the length limit; make it shorter", said=said)
    if completion.refusal:
        raise InvalidReply(f"it is a refusal ({place.quote(completion.refusal)})", said=said or completion.refusal)
    if completion.called_a_tool and not said.strip():
        raise InvalidReply("it calls a tool, and there is none; reply in the message itself", said=said)
    if completion.finish_reason is None:
        raise InvalidReply("the reply ended without a sign that it is complete")
    if completion.finish_reason != "stop":
        raise InvalidReply(f'it ended with finish_reason "{completion.finish_reason[:40]}" rather than "stop"', said=said)
    return said


def _events(body: str) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data != "[DONE]":
            yield _json(data)


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidReply("the server's answer is no JSON") from None
    if not isinstance(value, dict):
        raise InvalidReply("the server's answer is no JSON object")
    return value


def _take(completion: Completion, answer: dict[str, Any]) -> None:
    """Add one answer, or one piece of a streamed one. Nothing in it is trusted to have its type."""
    choice = _first(answer.get("choices"))
    message = choice.get("message") or choice.get("delta")
    if isinstance(message, dict):
        completion.text += _text(message.get("content"))
        completion.refusal += _text(message.get("refusal"))
        completion.called_a_tool |= bool(message.get("tool_calls") or message.get("function_call"))
    if isinstance(reason := choice.get("finish_reason"), str):
        completion.finish_reason = reason
    if isinstance(usage := answer.get("usage"), dict):
        completion.prompt_tokens = _count(usage.get("prompt_tokens"))
        completion.completion_tokens = _count(usage.get("completion_tokens"))
        cost = usage.get("cost")
        completion.cost_usd = float(cost) if isinstance(cost, int | float) and cost >= 0 else None


def _first(choices: Any) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _text(content: Any) -> str:
    """Text, or the texts of a list of parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _error_in_success(place: Place, error: Any) -> ModelError | InvalidReply | ParameterRefused:
    """Some gateways send 200 with an error body: told like an HTTP error by its code; without one it may pass."""
    fields: dict[str, Any] = error if isinstance(error, dict) else {"message": error}
    message, code = str(fields.get("message", "")), fields.get("code")
    if isinstance(code, int) and 400 <= code < 500 and code not in (408, 409, 429):
        return http_fault(place, code, message)
    return InvalidReply(f"the server sent an error instead of a reply: {place.quote(message)}")
