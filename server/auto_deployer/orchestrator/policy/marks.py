"""Control characters that stand in words for what is not literal text. The source itself never brings them: see `clean`."""

from __future__ import annotations

import re

UNKNOWN = "\x01"
"""Text that only the shell will know, in one word."""
LOOSE = "\x02"
"""The same, unquoted: it may become several words, or none."""
STRANGE = "\x03"
"""A control, invisible or blank-like character of the source, which people and shells read differently."""
GLOB = "\x04"
"""Before a `*`, `?` or `[` that the shell matches against files."""

_STRANGE_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\x80-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff\udc80-\udcff]"
)


def clean(command: str) -> str:
    """The command with strange characters marked."""
    return _STRANGE_CHARACTERS.sub(STRANGE, command)


def is_computed(word: str) -> bool:
    """Whether a part of the word is not known before it runs."""
    return UNKNOWN in word or LOOSE in word


def readable(word: str) -> str:
    """The word as people may read it."""
    return word.replace(UNKNOWN, "…").replace(LOOSE, "…").replace(STRANGE, "\N{REPLACEMENT CHARACTER}").replace(GLOB, "")
