"""What the model may say next in a step: one of four actions, as a closed union.

The union is wrapped in `next`, since strict schemas want an object at the root. Validation is lenient, for servers that take a
schema as advice: optional properties may be missing or null, and so may the wrapper.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, model_validator

from ..model.log import NamedValue, StructuredOutputs

LONGEST_COMMAND = 8000
"""Characters of a command; what is longer is a file's content rather than a command."""

_MOST_OUTPUTS = 30
_LONGEST_NAME = 80
_LONGEST_VALUE = 500
"""Characters: outputs go into the prompts of later steps."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _runnable(command: str) -> str:
    if "\0" in command:
        raise ValueError("must not contain NUL characters")
    if len(command) > LONGEST_COMMAND:
        raise ValueError(f"has {len(command)} characters, the limit is {LONGEST_COMMAND}")
    return _said(command)


Text = Annotated[str, AfterValidator(_said)]


class NamedText(_Part):
    """A name and its value; a list of them stands for an object, which strict mode could not close."""

    name: str
    value: str


class RunCommand(_Part):
    """Run one shell command."""

    action: Literal["execute"]
    command: Annotated[str, AfterValidator(_runnable)]
    cwd: str | None = None
    """Inside the deploy directory, absolute or relative to the app's folder; None: the app's folder."""
    timeout_hint: float | None = None
    """Seconds that it may take; it only ever gives more time than its programs get anyway."""
    then_retry: bool = False
    """When it succeeds, run again what had failed, and what was planned after it, without another turn."""
    reasoning: str = ""


class AskTheUser(_Part):
    """Ask the user for what only they know."""

    action: Literal["ask_user"]
    kind: Literal["choice", "text", "secret", "confirm"] = "text"
    question: Text
    options: tuple[str, ...] | None = None
    """For kind "choice"."""
    reasoning: str = ""


class Outputs(_Part):
    """What later steps should know."""

    summary: str = ""
    key_info: tuple[NamedText, ...] = ()


class ClaimDone(_Part):
    """Say that the step's goal is reached: its checks decide. The app's description may be corrected at the same time."""

    action: Literal["step_done"]
    message: str = ""
    outputs: Outputs | None = None
    start_command: str | None = None
    health_path: str | None = None
    app_env: tuple[NamedText, ...] | None = None
    """Variables to add to the app's environment."""


class GiveUp(_Part):
    """End the step as failed."""

    action: Literal["step_failed"]
    message: Text
    reasoning: str = ""


Decision = RunCommand | AskTheUser | ClaimDone | GiveUp


_EXAMPLE: dict[str, Any] = {
    "next": {
        "action": "execute",
        "command": "cat package.json",
        "cwd": None,
        "timeout_hint": None,
        "then_retry": False,
        "reasoning": "The error says a script is missing.",
    }
}


class StepReply(_Part):
    """One turn of the model."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    next: Annotated[Decision, Discriminator("action")]

    @model_validator(mode="before")
    @classmethod
    def _wrapped(cls, value: Any) -> Any:
        """Weak servers leave the wrapper out."""
        return {"next": value} if isinstance(value, dict) and "next" not in value and "action" in value else value


class Digest(_Part):
    """A summary of what happened so far."""

    summary: Text


def outputs_of(claim: ClaimDone) -> StructuredOutputs:
    """What the step hands on, as the model tells it."""
    outputs = claim.outputs or Outputs()
    info = tuple(NamedValue(name=item.name[:_LONGEST_NAME], value=item.value[:_LONGEST_VALUE]) for item in outputs.key_info)
    return StructuredOutputs(summary=(outputs.summary or claim.message)[:_LONGEST_VALUE], key_info=info[:_MOST_OUTPUTS])
