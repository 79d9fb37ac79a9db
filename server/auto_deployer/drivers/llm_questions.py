"""The model's questions to the user, and what it is told of the answers."""

from __future__ import annotations

from typing import Literal

from ..llm.prompting import render
from ..llm.untrusted import visible
from ..model.ports import StepContext
from ..model.questions import Answer, Option, Question, QuestionKind
from .llm_replies import AskTheUser

_MOST_OPTIONS = 8
_LONGEST_LABEL = 120
_LONGEST_TEXT = 2000
ANSWER_VARIABLE = "AUTO_DEPLOYER_ANSWER"
"""Environment variables with the user's secret answers, numbered."""

_CATEGORIES: dict[QuestionKind, Literal["decision", "confirmation", "information"]] = {
    "choice": "decision",
    "confirm": "confirmation",
    "text": "information",
    "secret": "information",
}


def question_of(asked: AskTheUser, ctx: StepContext, number: int) -> Question:
    """The question as the user gets it: ids are ours, and it says who asks."""
    kind, options = _kind_and_options(asked)
    return Question(
        question_id=f"model-{ctx.step.id}-{ctx.attempt}-{number}",
        kind=kind,
        message=visible(asked.question)[:_LONGEST_TEXT],
        detail=_detail(asked),
        options=options,
        default="no" if kind == "confirm" else None,
        allow_custom=kind == "choice",
        category=_CATEGORIES[kind],
        timeout_ms=round(ctx.deploy.settings.interaction.question_timeout_s * 1000),
    )


def answer_text(question: Question, answer: Answer) -> str:
    """What the user said, in words; "" when nothing. Not for secrets."""
    label = next((option.label for option in question.options if option.id == answer.option_id), answer.option_id or "")
    return ". ".join(filter(None, (label, answer.text, answer.guidance)))


def secret_observation(variable: str, ctx: StepContext) -> str:
    """Tells where the secret is, never what it is."""
    return render("step_secret_answer", variable=variable, env_file=ctx.deploy.paths.env_file)


def _kind_and_options(asked: AskTheUser) -> tuple[QuestionKind, tuple[Option, ...]]:
    if asked.kind == "confirm":
        return "confirm", (Option(id="yes", label="Yes"), Option(id="no", label="No"))
    labels = [visible(label).strip()[:_LONGEST_LABEL] for label in asked.options or ()]
    options = tuple(Option(id=f"option-{at}", label=label) for at, label in enumerate(filter(None, labels[:_MOST_OPTIONS]), 1))
    if asked.kind == "choice" and options:
        return "choice", options
    return ("secret" if asked.kind == "secret" else "text"), ()


def _detail(asked: AskTheUser) -> str:
    why = f" Its reason: {visible(asked.reasoning)[:_LONGEST_TEXT]}" if asked.reasoning.strip() else ""
    return f"The model that works on this step asks.{why}"
