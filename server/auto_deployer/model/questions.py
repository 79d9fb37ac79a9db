"""Questions to the user and their answers. Choices are ids, never text matching."""

from __future__ import annotations

from typing import Literal

from .base import Identifier, WireModel

QuestionKind = Literal["choice", "confirm", "text", "secret"]


class Option(WireModel):
    id: Identifier
    label: str
    description: str = ""


class Question(WireModel):
    """Something only the user can decide."""

    question_id: Identifier
    kind: QuestionKind
    message: str
    detail: str = ""
    options: tuple[Option, ...] = ()
    default: Identifier | None = None
    """Option id (or text) taken at the time-out; None: there is no safe default, the run stops."""
    allow_custom: bool = False
    timeout_ms: int | None = None
    risk: Literal["low", "high"] = "low"
    category: Literal["decision", "confirmation", "information", "error_recovery"] = "decision"
    host: Identifier = ""
    """Of a question for a login: the git server that asks for it, such as "https://git.example.org"."""


class Answer(WireModel):
    """What the user (or the default) said."""

    option_id: Identifier | None = None
    text: str | None = None
    guidance: str | None = None
    cancelled: bool = False
    timed_out: bool = False
