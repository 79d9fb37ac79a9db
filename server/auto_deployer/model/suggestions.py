"""What to do next, as data: each client words it for those who read it there, and offers what it can do itself."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from .base import Model

OptionName = Literal[
    "subdir", "ref", "dirty", "env", "envFile", "deployDir", "port", "planner", "shared", "installRuntimes",
    "overrides.recipe", "overrides.install", "overrides.build", "overrides.start", "overrides.outputDir", "overrides.healthPath",
    "initializationOptions.logDir",
]  # fmt: skip
"""Options of a deployment that a suggestion can be about, by the names that the wire has for them."""


class Suggestion(Model):
    """One thing to do next. `text` is plain words that fit every client: it names no option of a command line and no request."""

    text: str
    option: OptionName | None = None
    """The option of a deployment that it is about."""
    value: str | None = None
    """What to give it, where that is known; of `env` the variable's name."""
    command: str | None = None
    """What to type in a terminal."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, given: Any) -> Any:
        """Logs that were written before have the text alone."""
        return {"text": given} if isinstance(given, str) else given

    @property
    def words(self) -> str:
        """The text without a full stop: what it is about follows."""
        return self.text.removesuffix(".") if self.option or self.command else self.text

    @property
    def plain(self) -> str:
        """As one sentence where no option can be given: in a prompt, a note, another message."""
        return f"{self.words}: {self.command}" if self.command else self.text


def suggest(text: str, option: OptionName | None = None, value: str | None = None, *, command: str | None = None) -> Suggestion:
    """A suggestion, in the one line that most places have for it."""
    return Suggestion(text=text, option=option, value=value, command=command)
