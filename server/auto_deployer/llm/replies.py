"""From what a model said to a validated object, and what is said back when it is none.

A reply that is not complete is never mended: a cut command would become a different one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from ..model.ports import Reply
from .faults import InvalidReply

_END_OF_THOUGHTS = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_THOUGHTS = re.compile(r"\s*<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_OBJECT = re.compile(r'\{\s*"')
"""A brace with anything but a name behind it is prose."""
_EMPTY_OBJECT = re.compile(r"\{\s*\}")
_DECODER = json.JSONDecoder()
_ERRORS_TOLD = 8
_ERROR_LENGTH = 200


def parse_reply(text: str, reply: type[Reply]) -> Reply:
    """The first complete JSON object in the text, validated.

    Raises:
        InvalidReply: there is none, or it does not fit.
    """
    found = _first_object(text)
    try:
        return reply.model_validate_json(found)
    except ValidationError as error:
        raise InvalidReply(_in_words(error), said=text) from None


def _first_object(text: str) -> str:
    """The text of the first complete object, without thoughts, fence and prose around it."""
    bare = _without_thoughts(text)
    found = _OBJECT.search(bare) or _EMPTY_OBJECT.search(bare)
    if found is None:
        raise InvalidReply("there is no JSON object in it" if bare.strip() else "it is empty", said=text)
    start = found.start()
    # an object inside a list is one of several: which one is meant is not ours to guess
    if bare.lstrip()[:1] == "[" or bare[max(0, start - 100) : start].rstrip()[-1:] == "[":
        raise InvalidReply("it is a JSON array; one JSON object is wanted", said=text)
    return bare[start : _end(bare, start, text)]


def _end(bare: str, start: int, text: str) -> int:
    try:
        return _DECODER.raw_decode(bare, start)[1]
    except json.JSONDecodeError as error:
        raise InvalidReply(f"its JSON is broken or incomplete: {error.msg} (character {error.pos - start})", said=text) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of levels
        raise InvalidReply("its JSON is beyond all bounds", said=text) from None


def _without_thoughts(text: str) -> str:
    """Without what a reasoning model thought aloud before it replied; tags in the reply itself are text."""
    if text.lstrip().startswith(("{", "[", "```")):
        return text
    # some chat templates leave the opening tag out
    if end := _END_OF_THOUGHTS.search(text):
        return text[end.end() :]
    if _THOUGHTS.match(text):
        raise InvalidReply("it holds thoughts only", said=text)
    return text


def _in_words(error: ValidationError) -> str:
    """Which fields do not fit and why. Values are not repeated, and names are cut: both are the model's and may be long."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    told = [f"{'.'.join(map(str, fault['loc'])) or 'the object'}: {fault['msg']}" for fault in faults[:_ERRORS_TOLD]]
    lines = [line[:_ERROR_LENGTH] for line in told]
    more = len(faults) - len(lines)
    return "; ".join([*lines, f"and {more} more"] if more > 0 else lines)


def form_instruction(reply: type[BaseModel]) -> str:
    """What every prompt says of the reply's form, whatever the endpoint enforces."""
    schema = reply.model_json_schema()
    examples: list[Any] = schema.get("examples", [])
    shown = "".join(f"\nFor example: {json.dumps(example, ensure_ascii=False)}" for example in examples[:1])
    return (
        "Reply with exactly one JSON object and nothing else: no prose, no code fence, no list. "
        f"It must be valid for this JSON schema:\n{json.dumps(schema, ensure_ascii=False)}{shown}"
    )


def complaint_message(fault: InvalidReply) -> str:
    """What the model is told of a reply that was not accepted."""
    return (
        f"Your reply was not accepted: {fault.complaint}. Reply again, with one complete JSON object that is valid for the schema."
    )
