"""Small pieces of text that all views share: cleaned strings, times, state icons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..deploy_log.text import clean as clean_output

_C1 = re.compile("[\x80-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters that some terminals obey, and those that change the direction of writing."""


COMMAND_WIDTH = 100
"""Columns of a command in a view."""


def clean(text: str) -> str:
    """Text that cannot steer the terminal: what repositories and commands say is data."""
    return _C1.sub("", clean_output(text.encode("utf-8", "replace")))


def one_line(text: str, width: int | None = None) -> str:
    """Cleaned text on one line, cut to `width` characters with "..."."""
    line = " ".join(clean(text).split())
    return line if width is None or len(line) <= width else line[: max(0, width - 3)] + "..."


def command_line(command: str, reasoning: str = "", *, width: int = COMMAND_WIDTH) -> str:
    """A command on one line. Of a long one the beginning and what it is for; the log has all of it (here-documents are pages)."""
    whole = one_line(command)
    if len(whole) <= width and "\n" not in command.strip():
        return f"$ {whole}"
    if not reasoning:
        return f"$ {one_line(command, width)}"
    return f"$ {one_line(command, width // 2)}  # {one_line(reasoning)}"


def last_lines(text: str, count: int) -> list[str]:
    """The last lines that are not blank, cleaned."""
    lines = [line.rstrip() for line in clean(text).splitlines() if line.strip()]
    return lines[max(0, len(lines) - count) :]


def duration(seconds: float) -> str:
    """A time span for people: "0.3 s", "12 s", "3 min 05 s"."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def seconds_between(start: str, end: str | datetime) -> float | None:
    """Seconds from one ISO time with offset to another; None where one is missing or is none."""
    try:
        begun = datetime.fromisoformat(start)
        ended = datetime.fromisoformat(end) if isinstance(end, str) else end
        return (ended - begun).total_seconds()
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True)
class Symbols:
    """Icons that the output's encoding can show. A word always stands beside the icon."""

    state: Mapping[str, str]
    bullet: str

    def icon(self, status: str) -> str:
        """The icon of a step's or a deployment's status."""
        return self.state.get(status, self.state["pending"])


_UNICODE = Symbols(
    {"success": "✓", "failed": "✗", "running": "●", "pending": "○", "skipped": "↷", "blocked": "⊘", "cancelled": "■",
     "aborted": "■", "interrupted": "■"},
    "•",
)  # fmt: skip
_ASCII = Symbols(
    {"success": "+", "failed": "x", "running": ">", "pending": ".", "skipped": "~", "blocked": "!", "cancelled": "#",
     "aborted": "#", "interrupted": "#"},
    "*",
)  # fmt: skip

STYLE = {
    "success": "green", "failed": "bold red", "running": "cyan", "pending": "dim", "skipped": "yellow", "blocked": "yellow",
    "cancelled": "magenta", "aborted": "magenta", "interrupted": "magenta", "crashed": "bold red", "stopped": "dim",
}  # fmt: skip
"""Rich style of each status."""


def symbols_for(encoding: str | None) -> Symbols:
    """Unicode icons where `encoding` has all of them, else ASCII ones."""
    try:
        "".join((*_UNICODE.state.values(), _UNICODE.bullet)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _UNICODE
