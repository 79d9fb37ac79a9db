"""Manifests and settings in JSON, read leniently: another recipe, or the tool itself, says what is wrong with them."""

from __future__ import annotations

import json
from typing import Any


def json_object(text: str | None) -> dict[str, Any]:
    """The object that a text holds; an empty one for no text, for broken JSON and for any other value."""
    try:
        return as_object(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}


def as_object(value: object) -> dict[str, Any]:
    """The value, where it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}
