"""Keeps the conversation within its share of the model's context window, and tells what was shortened."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime

from ..llm.prompting import render
from ..llm.untrusted import shortened, untrusted
from ..model.actions import CompressHistory
from ..model.errors import ModelError
from ..model.log import CompressionEvent
from ..model.ports import ChatMessage, LanguageModel, StepContext
from .history_view import Exchange, HistoryView, Shortened
from .llm_replies import Digest
from .llm_waiting import unless_stopped

MOST_IN_FULL = 20
"""Turns whose output stays in full however large the window is: what was printed long ago costs with each call and helps little."""
_SUMMARY_WORDS = 300


class HistoryCompression:
    """Shortens a step's view by rule, and by the model only when that is not enough."""

    def __init__(self, ctx: StepContext, model: LanguageModel, view: HistoryView) -> None:
        self._ctx, self._model, self._view = ctx, model, view
        self._settings = ctx.deploy.settings.compression
        self._limit = round(self._settings.threshold * model.context_window)

    async def shorten(self) -> list[CompressHistory]:
        """Shorten the view where it has become too long; what was done, to be told."""
        done: list[CompressHistory] = []
        keep = self._keep()
        if self._view.tokens() >= self._limit:
            if (by_rule := self._view.shorten(keep)) is not None:
                done.append(self._event(by_rule, f"{self._full()}; shortened by rule"))
            if self._view.tokens() >= self._limit and (by_model := await self._summarised(keep)) is not None:
                done.append(self._event(by_model, f"{self._full()}; shortened by the model"))
        elif self._view.outputs_in_full > MOST_IN_FULL and (old := self._view.shorten(min(keep, MOST_IN_FULL // 2))) is not None:
            done.append(self._event(old, f"more than {MOST_IN_FULL} turns stood there in full; shortened by rule"))
        return done

    def _keep(self) -> int:
        """How many of the newest turns stay in full."""
        return math.ceil(self._settings.keep_ratio * len(self._view.exchanges))

    def _full(self) -> str:
        return f"{self._settings.threshold:.0%} of the window of {self._model.context_window} tokens was reached"

    async def _summarised(self, keep: int) -> Shortened | None:
        turns = self._view.to_summarise(keep)
        if all(each.vital and each.level == "line" for each in turns):
            return None  # nothing left that a summary could stand for
        try:
            summary = (await unless_stopped(self._ctx.stop, self._ask(turns))).summary
        except ModelError:
            summary = self._view.summary  # the lines of what failed say the most important things
        return self._view.summarise(keep, summary)

    def _ask(self, turns: Sequence[Exchange]) -> Awaitable[Digest]:
        each = max(50, self._limit // (2 * len(turns)))
        told = (
            render("step_compress_turn", reply=shortened(turn.reply, each), observation=shortened(turn.observation, each))
            for turn in turns
        )
        step = self._ctx.step
        earlier = f"Summary of what came before:\n{self._view.summary}" if self._view.summary else ""
        text = render(
            "step_compress", goal=step.goal or step.name, summary=earlier,
            turns=untrusted("turns", "\n\n".join(told), max_tokens=self._limit),
        )  # fmt: skip
        rules = render("step_compress_system", words=str(_SUMMARY_WORDS), untrusted_rules=render("untrusted_rules"))
        messages = [ChatMessage("system", rules), ChatMessage("user", text)]
        return self._model.ask(messages, Digest, purpose="compress", step_id=step.id)

    def _event(self, done: Shortened, why: str) -> CompressHistory:
        event = CompressionEvent(
            iteration=len(self._ctx.commands), commands_before=done.before, commands_compressed=done.before - done.kept,
            commands_kept=done.kept, compressed_text_length=len(done.text), token_count_before=done.tokens_before,
            token_count_after=done.tokens_after, compression_ratio=round(done.tokens_after / done.tokens_before, 3),
            timestamp=datetime.now(UTC).astimezone().replace(tzinfo=None).isoformat(timespec="microseconds"),
            trigger_reason=why,
        )  # fmt: skip
        return CompressHistory(event, done.text)
