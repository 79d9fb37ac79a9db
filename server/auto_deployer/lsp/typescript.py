"""JSON Schema as TypeScript, for the types that people read in protocol.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def declaration(name: str, schema: dict[str, Any], *, notes: bool = False) -> str:
    """One `interface` (or `type`) for a definition, with limits and defaults as `notes` where a sender needs them."""
    comment = _comment(schema.get("description", ""))
    if "properties" not in schema:
        return f"{comment}type {name} = {expression(schema)}\n"
    required = set(schema.get("required", ()))
    fields = "".join(
        f"  {field}{'' if field in required else '?'}: {expression(part)}{_note(part, limits=notes)}\n"
        for field, part in schema["properties"].items()
    )
    return f"{comment}interface {name} {{\n{fields}}}\n"


def expression(schema: dict[str, Any]) -> str:
    """The type of a schema, in one line."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(expression(part) for part in schema[key]))
    return _of_type(schema)


def _of_type(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "array":
        items = expression(schema.get("items", {}))
        return f"({items})[]" if "|" in items else f"{items}[]"
    if kind == "object":
        if "properties" in schema:
            return "{}"
        values = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
        return f"Record<string, {expression(values) if isinstance(values, dict) else 'unknown'}>"
    return _PRIMITIVES.get(str(kind), "unknown")


def used_by(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """Names of the definitions a schema refers to, directly or through others, in order of first use."""
    seen: list[str] = []
    waiting = [schema]
    while waiting:
        for name in re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(waiting.pop(0))):
            if name not in seen:
                seen.append(name)
                waiting.append(definitions[name])
    return iter(seen)


def _comment(description: str) -> str:
    first = description.partition("\n\n")[0].replace("\n", " ").strip()
    return f"/** {first} */\n" if first else ""


def _note(schema: dict[str, Any], *, limits: bool) -> str:
    """What a type cannot say."""
    facts: list[str] = []
    if limits:
        facts += [f"{word} {schema[key]}" for key, word in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
        if schema.get("default") is not None and not isinstance(schema["default"], dict):
            facts.append(f"default {json.dumps(schema['default'])}")
    if "description" in schema:
        facts.append(schema["description"])
    return f"  // {'; '.join(facts)}" if facts else ""
