"""Text of others (files of the repository, output of commands) as it may stand in a prompt: between delimiters, as data.

Instructions hidden from people are the usual way to reach a model through a repository, so what people do not see goes first:
terminal escapes, invisible and direction-changing characters, HTML comments. A delimiter inside the text is defused last, when
nothing can be put together any more by removing something between its halves.
"""

from __future__ import annotations

import re

from .prompting import CHARACTERS_PER_TOKEN

TAG = "untrusted"
"""Name of the delimiters: `<untrusted source="README.md">` … `</untrusted>`."""
_LABEL_LENGTH = 200
_COMMENT_PASSES = 3
"""Removing a comment may put another one together; what is left after so many passes is defused instead."""
_HEAD_SHARE = 0.5

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters; tab and line feed stay
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, direction
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # blanks that are no spaces, variation selectors
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tag characters: ASCII that nobody sees
    "\ue000-\uf8ff\U000f0000-\U0010ffff]"  # private use
)
_DELIMITER = re.compile(rf"[<＜﹤‹〈⟨《«]+(\s*[/／]?\s*{TAG})", re.IGNORECASE)


def untrusted(label: str, text: str, *, max_tokens: int) -> str:
    """`text` as data between delimiters that name its source; longer text keeps head and tail, with the count of what is left out.

    Args:
        label: Where it comes from, such as a file's path or "stdout"; it may be of others too.
        text: Any text.
        max_tokens: Limit for the text, delimiters not counted.
    """
    name = " ".join(visible(label).replace('"', "'").split())[:_LABEL_LENGTH]
    return f'<{TAG} source="{name}">\n{shortened(visible(text).strip(), max_tokens)}\n</{TAG}>'


def visible(text: str) -> str:
    """The text as people see it: no escapes, no invisible characters, no HTML comments, and no delimiter of ours."""
    seen = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    seen = _INVISIBLE.sub("", seen)
    for _ in range(_COMMENT_PASSES):
        if "<!--" not in seen:
            break
        seen = _without_comments(seen)
    return _DELIMITER.sub(r"‹\1", seen.replace("<!--", "‹!--"))


def shortened(text: str, max_tokens: int) -> str:
    """The text, or its head and tail around a line that says how much is left out, in at most `max_tokens` (by estimate)."""
    limit = int(max_tokens * CHARACTERS_PER_TOKEN)
    if len(text) <= limit:
        return text
    kept = max(0, limit - len(_gap(len(text))))
    head = int(kept * _HEAD_SHARE)
    tail = kept - head
    return text[:head] + _gap(len(text) - kept) + text[len(text) - tail :]


def _gap(count: int) -> str:
    return f"\n[… {count} characters left out …]\n"


def _without_comments(text: str) -> str:
    """Without `<!-- … -->`; one that is never closed ends, as no page shows it, with its paragraph."""
    kept: list[str] = []
    start = 0
    while (opened := text.find("<!--", start)) >= 0:
        kept.append(text[start:opened])
        closed = text.find("-->", opened + 4)
        if closed < 0:
            paragraph = text.find("\n\n", opened)
            return "".join([*kept, text[paragraph:] if paragraph >= 0 else ""])
        start = closed + 3
    return "".join([*kept, text[start:]])
