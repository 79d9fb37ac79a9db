"""How to ask an endpoint for the form of a reply: a ladder, and the rung on which each endpoint and model stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from .faults import ParameterRefused
from .presets import LADDER, ReplyFormat


@dataclass
class Manners:
    """What one model at one endpoint takes."""

    format: ReplyFormat
    temperature: bool = True

    def give_up(self, refused: ParameterRefused, sent: ReplyFormat) -> None:
        """Do without what was refused; `sent` is the format it was refused with, as another call may have learnt it meanwhile.

        Raises:
            ModelError: there is nothing to do without, so the refusal means something else.
        """
        if refused.parameter == "temperature" and self.temperature:
            self.temperature = False
        elif refused.parameter == "response_format" and sent != LADDER[-1]:
            self.format = LADDER[max(LADDER.index(self.format), LADDER.index(sent) + 1)]
        else:
            raise refused.error from None


_known: dict[tuple[str, str], Manners] = {}


def manners_of(base_url: str, model: str, first: ReplyFormat) -> Manners:
    """Learnt once and remembered for the life of the process."""
    return _known.setdefault((base_url, model), Manners(first))


def response_format(kind: ReplyFormat, reply: type[BaseModel]) -> dict[str, Any]:
    """The request's parameters for a rung; none for plain text."""
    if kind == "json_schema":
        named = {"name": reply.__name__.strip("_")[:64], "strict": True, "schema": strict_schema(reply)}
        return {"response_format": {"type": kind, "json_schema": named}}
    return {"response_format": {"type": kind}} if kind == "json_object" else {}


@cache
def strict_schema(reply: type[BaseModel]) -> dict[str, Any]:
    """The schema in the subset that strict mode takes: every property required, nothing else allowed, `anyOf` for unions."""
    from openai import pydantic_function_tool

    schema: Any = pydantic_function_tool(reply)["function"].get("parameters", {})
    return _closed(schema)


def _closed(node: Any) -> Any:
    """What the SDK's own conversion leaves out: tagged unions, and defaults (a strict reply gives every value)."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {("anyOf" if key == "oneOf" else key): _closed(value) for key, value in node.items() if key not in _NOT_STRICT}
    if "properties" in node:  # names of properties are no keywords
        closed["properties"] = {name: _closed(value) for name, value in node["properties"].items()}
    if node.get("type") == "object":
        closed.update(additionalProperties=False, required=list(node.get("properties", {})))
    return closed


_NOT_STRICT = frozenset({"discriminator", "default", "examples", "properties"})
