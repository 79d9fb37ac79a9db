"""The rungs of the ladder in words: what is noted, what the model is told, what the user is asked."""

from __future__ import annotations

from collections.abc import Sequence

from ..llm.prompting import render
from ..llm.untrusted import untrusted, visible
from ..model.ports import StepContext
from ..model.questions import Option, Question
from .history_view import Exchange
from .ladder import Rung, RungKind
from .loops import Loop

_TOKENS = 1000
_SHOWN_TRIED = 20

_DONE: dict[RungKind, str] = {
    "refuse": "the repeat is refused until something changes",
    "reflect": "the model is told to reconsider, at a raised temperature",
    "alternative": "the model gets a last chance, at a raised temperature",
    "ask": "the user is asked",
    "give_up": "the step is given up",
}


def loop_line(rung: Rung) -> str:
    """What was seen and what is done about it."""
    return f"The model goes in circles: {visible(rung.loop.evidence)} Now {_DONE[rung.kind]}."


def loop_text(rung: Rung, exchanges: Sequence[Exchange]) -> str:
    """What the model is told at a rung that speaks to it."""
    evidence = untrusted("what was seen", rung.loop.evidence, max_tokens=_TOKENS)
    if rung.kind == "refuse":
        return render("step_loop_refuse", evidence=evidence)
    tried = untrusted("what was tried", "\n".join(f"- {each.line}" for each in exchanges[-_SHOWN_TRIED:]), max_tokens=_TOKENS)
    return render(f"step_loop_{rung.kind}", evidence=evidence, tried=tried)


def loop_question(ctx: StepContext, loop: Loop, number: int) -> Question:
    """Go on, end the step (which may then be retried, skipped or aborted), or a hint in the user's own words."""
    return Question(
        question_id=f"model-{ctx.step.id}-{ctx.attempt}-{number}", kind="choice", category="error_recovery",
        message=f"The model is going in circles in step {ctx.step.id} ({visible(ctx.step.name)}). What now?",
        detail=visible(loop.evidence), default="stop", allow_custom=True,
        options=(
            Option(id="continue", label="Continue", description="Let it go on; a hint in your own words helps most"),
            Option(id="stop", label="Stop trying", description="End this step; then it can be retried or skipped"),
        ),
        timeout_ms=round(ctx.deploy.settings.interaction.question_timeout_s * 1000),
    )  # fmt: skip
