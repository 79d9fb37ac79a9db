"""Questions at the terminal: rich's prompts, read without blocking, so that one answered elsewhere or timed out goes away."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.prompt import InvalidResponse, Prompt
from rich.text import Text

from ..model.log import DeploymentLog
from ..model.plan import DeploymentPlan
from ..model.questions import Answer, Question
from . import parts
from .line_reader import read_line
from .text import clean, symbols_for

_YES_NO = ("yes", "no")


def terminal() -> TextIO | None:
    """Where a question can be seen: stderr (stdout may be data), else stdout; None when nobody can be asked."""
    if not sys.stdin.isatty():
        return None
    return next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)


class Prompter:
    """Asks the person at the terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)

    async def ask(self, question: Question, log: DeploymentLog | None) -> Answer:
        """The answer; end of input is `cancelled`."""
        if log is not None and log.plan is not None and not log.steps and question.category == "confirmation":
            self._show_plan(log, log.plan)
        elif question.detail:
            self._console.print(Text(clean(question.detail)))
        self._console.print(Text(clean(question.message), "bold"))
        width = max((len(option.id) for option in question.options), default=0)
        for option in question.options:
            self._console.print(Text(f"  {option.id:<{width}}  {clean(option.description or option.label)}"))
        choices = _choices(question)
        prompt = _Prompt("Answer", console=self._console, choices=list(choices) or None, password=question.kind == "secret")
        prompt.free_text = question.allow_custom
        return await self._until_valid(prompt, question)

    def withdrawn(self) -> None:
        """The open question needs no answer any more: end its line."""
        self._console.print()

    def _show_plan(self, log: DeploymentLog, plan: DeploymentPlan) -> None:
        self._console.print(Text(parts.headline(log), "bold"), soft_wrap=True)
        for line in parts.plan_details(plan, symbols_for(self._console.encoding)):
            self._console.print(line, soft_wrap=True)

    async def _until_valid(self, prompt: _Prompt, question: Question) -> Answer:
        while True:
            self._console.print(prompt.make_prompt(question.default if question.default is not None else ...), end="")
            line = await read_line(hidden=prompt.password)
            if line is None:
                self._console.print()
                return Answer(cancelled=True)
            reply = line.strip() or question.default or ""
            try:
                return _answer(question, prompt.process_response(reply))
            except InvalidResponse as error:
                prompt.on_validate_error(reply, error)


class _Prompt(Prompt):
    """Takes the unambiguous beginning of a choice, in any case, for the choice."""

    free_text = False

    def process_response(self, value: str) -> str:
        if not self.choices:
            return value
        matching = [choice for choice in self.choices if value and choice.lower().startswith(value.lower())]
        exact = [choice for choice in matching if choice.lower() == value.lower()]
        if len(exact or matching) == 1:
            return (exact or matching)[0]
        if self.free_text and value:
            return value
        raise InvalidResponse(self.illegal_choice_message)


def _choices(question: Question) -> Sequence[str]:
    if question.options:
        return [option.id for option in question.options]
    return _YES_NO if question.kind == "confirm" else ()


def _answer(question: Question, reply: str) -> Answer:
    choices = _choices(question)
    if reply in choices:
        return Answer(option_id=reply)
    return Answer(guidance=reply) if choices else Answer(text=reply)
