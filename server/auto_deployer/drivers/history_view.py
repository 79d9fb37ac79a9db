"""The conversation of a step as the model gets it: append-only, until it is too long; then older turns become one line each.

The log keeps everything; this is a view of it. What failed (and what the user said) is never dropped: it
stays in full, or, where even that is too much, as the line with its command and its error, beside a summary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..llm.prompting import estimate_tokens
from ..llm.untrusted import untrusted
from ..model.ports import ChatMessage

FEWEST_KEPT = 3
"""Newest turns that always stay in full (format 2.0: at least three)."""
_SUMMARY_TOKENS = 1500

Level = Literal["full", "line", "summary"]


@dataclass(frozen=True)
class Exchange:
    """One turn: what the model replied and what came of it."""

    reply: str
    observation: str
    line: str
    """Both in one line."""
    vital: bool = False
    """A failure, or words of the user: never dropped."""
    level: Level = "full"
    """How much of it the model still sees: all, its line, or only what a summary says."""


@dataclass(frozen=True)
class Shortened:
    """What a shortening did."""

    before: int
    """Turns in full before it."""
    kept: int
    tokens_before: int
    tokens_after: int
    text: str
    """What stands for the shortened turns now."""


class HistoryView:
    """The messages of one step's conversation.

    Args:
        system: The rules.
        opening: The first user message: the task.
    """

    def __init__(self, system: str, opening: str) -> None:
        self._system, self._opening = system, opening
        self._exchanges: list[Exchange] = []
        self._summary = ""

    @property
    def exchanges(self) -> Sequence[Exchange]:
        return self._exchanges

    @property
    def summary(self) -> str:
        """What stands for the turns at level "summary"."""
        return self._summary

    def add(self, exchange: Exchange) -> None:
        """One more turn."""
        self._exchanges.append(exchange)

    def append(self, text: str, line: str) -> None:
        """Say more in the message that the model gets next; `line` is the same in short."""
        if self._exchanges:
            last = self._exchanges[-1]
            more = f"{last.observation}\n\n{text}"
            self._exchanges[-1] = replace(last, observation=more, line=f"{last.line}; {line}", vital=True)
        else:
            self._opening = f"{self._opening}\n\n{text}"

    def messages(self) -> list[ChatMessage]:
        """The conversation, user and assistant in turn; shortened turns are told at the end of the message before them."""
        messages = [ChatMessage("system", self._system)]
        said, lines = [self._opening], list[str]()
        if self._summary:
            said.append(untrusted("summary of earlier turns", self._summary, max_tokens=_SUMMARY_TOKENS))
        for exchange in self._exchanges:
            if exchange.level == "line":
                lines.append(exchange.line)
            elif exchange.level == "full":
                messages += [ChatMessage("user", _joined(said, lines)), ChatMessage("assistant", exchange.reply)]
                said, lines = [exchange.observation], []
        return [*messages, ChatMessage("user", _joined(said, lines))]

    def tokens(self) -> int:
        """Estimated size of all messages."""
        return sum(estimate_tokens(message.content) for message in self.messages())

    @property
    def outputs_in_full(self) -> int:
        """Turns that a shortening by rule could shorten, sooner or later."""
        return sum(each.level == "full" and not each.vital for each in self._exchanges)

    def shorten(self, keep: int) -> Shortened | None:
        """By rule: all turns but the newest and the vital ones become one line; None when that saves nothing.

        Args:
            keep: How many of the newest turns stay in full.
        """
        old = self._old(keep)
        return self._change([
            replace(each, level="line") if at < old and each.level == "full" and not each.vital and _saves(each) else each
            for at, each in enumerate(self._exchanges)
        ], self._summary)  # fmt: skip

    def to_summarise(self, keep: int) -> list[Exchange]:
        """The turns that a summary would stand for."""
        return [each for each in self._exchanges[: self._old(keep)] if each.level != "summary"]

    def summarise(self, keep: int, summary: str) -> Shortened | None:
        """A summary stands for all but the newest turns; vital ones keep their line. None when that saves nothing."""
        old = self._old(keep)
        return self._change([
            replace(each, level="line" if each.vital else "summary") if at < old else each
            for at, each in enumerate(self._exchanges)
        ], summary)  # fmt: skip

    def _old(self, keep: int) -> int:
        """How many of the oldest turns may be shortened."""
        return max(0, len(self._exchanges) - max(FEWEST_KEPT, keep))

    def _change(self, exchanges: list[Exchange], summary: str) -> Shortened | None:
        """Take the shorter view, if it is one."""
        as_it_was = self._exchanges, self._summary
        before, full_before = self.tokens(), _in_full(self._exchanges)
        self._exchanges, self._summary = exchanges, summary
        after = self.tokens()
        if after >= before:
            self._exchanges, self._summary = as_it_was
            return None
        lines = [each.line for each in exchanges if each.level == "line"]
        text = "\n".join([summary, *lines] if summary else lines)
        return Shortened(full_before, _in_full(exchanges), before, after, text)


def _joined(said: Sequence[str], lines: Sequence[str]) -> str:
    """A user message: what was said in full, then shortened turns, as data (they quote errors)."""
    text = "\n".join(lines)
    shortened = [untrusted("earlier turns, shortened", text, max_tokens=estimate_tokens(text) + 1)] if lines else []
    return "\n\n".join([*said, *shortened])


def _in_full(exchanges: Sequence[Exchange]) -> int:
    return sum(each.level == "full" for each in exchanges)


def _saves(exchange: Exchange) -> bool:
    return len(exchange.line) < len(exchange.reply) + len(exchange.observation)
