"""How a step ends that the model could not mend: always with the failure itself first, then with what became of the attempt."""

from __future__ import annotations

from ..model.errors import ModelError
from ..model.reasons import Kind, Reason
from ..model.suggestions import suggest
from .llm_replies import GiveUp


def not_helped(failure: Reason, error: ModelError) -> Reason:
    """The failure stays the reason; that the model could not be asked comes second."""
    return failure.model_copy(update={
        "message": f"{failure.message}\nThe model could not help: {error.message}",
        "suggestions": tuple(dict.fromkeys((*failure.suggestions, *error.suggestions))),
    })  # fmt: skip


def given_up(failure: Reason, reply: GiveUp) -> Reason:
    """The failure stays the reason, with the model's word on it."""
    return failure.model_copy(update={"message": f"{failure.message}\nThe model gave up: {reply.message.strip()}"})


def stuck(failure: Reason, evidence: str) -> Reason:
    """The model went in circles to the end."""
    return Reason(
        kind=Kind.STUCK_IN_LOOP,
        message=f"The model went in circles and was stopped. {evidence}\nWhat it was to mend: {failure.message}",
        suggestions=(suggest("Retry the step with a hint for the model, or mend the cause by hand and retry."),),
    )
