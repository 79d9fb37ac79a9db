"""Suggestions in the words of the wire, for clients that show lines of a log and know none of our data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model.suggestions import Suggestion


def in_wire_words(suggestion: Suggestion) -> str:
    """The suggestion with the param that a client sends: `Say how to start it: overrides.start "npm start"`."""
    if suggestion.option is None:
        return suggestion.plain
    given = f" {json.dumps(suggestion.value, ensure_ascii=False)}" if suggestion.value else ""
    return f"{suggestion.words}: {suggestion.option}{given}"
