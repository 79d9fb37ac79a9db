"""What the model is told of a command that ran: how it ended, and the beginning and end of what it printed, as data."""

from __future__ import annotations

from ..llm.prompting import render
from ..llm.untrusted import untrusted, visible
from ..model.log import CommandRecord
from .loops import error_line, purpose_of

_FAILED_TOKENS = 700
_LOOK_TOKENS = 850
"""Tokens of a stream that the model asked to see: nearly all that a record keeps of it."""
_DONE_TOKENS = 200
"""Of a command that did what it should, the end is enough."""
_SHORTEST_OVERLAP = 20
_LINE_CHARACTERS = 200


def command_observation(record: CommandRecord) -> str:
    """How the command ended and what it printed."""
    return render(
        "step_command", exit_code=str(record.exit_code), seconds=f"{record.duration_ms / 1000:.1f}", how=_how(record),
        output=_output(record),
    )  # fmt: skip


def command_line(record: CommandRecord) -> str:
    """The command and its end in one line; of a failure with its error."""
    ended = "ok" if record.success else f"exit code {record.exit_code}{_how(record)}"
    error = "" if record.success else error_line(_all_output(record))
    return in_one_line(f"`{in_one_line(record.command)}`: {ended}{f': {visible(error)}' if error else ''}", 2 * _LINE_CHARACTERS)


def in_one_line(text: str, characters: int = _LINE_CHARACTERS) -> str:
    """The text's words on one line, cut where it is long."""
    line = " ".join(visible(text).split())
    return line if len(line) <= characters else f"{line[: characters - 1]}…"


def _how(record: CommandRecord) -> str:
    if record.waiting_for_input:
        return f" It waited for input at {record.waiting_for_input!r} and was ended: there is no terminal."
    if record.timed_out == "idle":
        return " It printed nothing for too long and was ended."
    if record.timed_out == "total":
        return " It took too long and was ended."
    return f" It left processes running: {', '.join(record.left_running)}." if record.left_running else ""


def _output(record: CommandRecord) -> str:
    tokens = _FAILED_TOKENS if not record.success else _LOOK_TOKENS if purpose_of(record.command) == "look" else _DONE_TOKENS
    streams = (
        ("stdout", record.stdout, record.stdout_tail, record.stdout_bytes),
        ("stderr", record.stderr, record.stderr_tail, record.stderr_bytes),
    )
    shown = [untrusted(name, _joined(head, tail, size), max_tokens=tokens) for name, head, tail, size in streams if head or tail]
    return "\n".join(shown) or "It printed nothing."


def _joined(head: str, tail: str, size: int) -> str:
    """Head and tail of a stream as one text; where they overlap nothing is shown twice."""
    if not tail:
        return head
    for length in range(min(len(head), len(tail)), _SHORTEST_OVERLAP, -1):
        if head.endswith(tail[:length]):
            return head + tail[length:]
    return f"{head}\n[… of {size} bytes the middle is left out …]\n{tail}"


def _all_output(record: CommandRecord) -> str:
    return "\n".join(filter(None, (record.stdout, record.stdout_tail, record.stderr, record.stderr_tail)))
