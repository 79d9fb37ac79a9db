"""Runs a deployment to its end for the terminal: events to the front end, questions to the prompter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..model.errors import InvalidStateError
from ..model.events import Event, Finished, OutputChunk, QuestionAsked, QuestionResolved
from ..model.fold import apply, begin
from ..model.log import DeploymentLog
from ..model.ports import DeploymentRunner, Published, Subscriber
from ..model.questions import Answer, Question
from ..model.requests import AnswerParams, StartResult
from .front_ends import FrontEnd, Progress

if TYPE_CHECKING:
    from .prompts import Prompter

Begin = Callable[[Subscriber], Awaitable[StartResult]]


class Follower:
    """The subscriber of one deployment: keeps its log document and passes on what it is sent."""

    def __init__(self, runner: DeploymentRunner, deployment_id: str, front_end: FrontEnd, prompter: Prompter | None) -> None:
        self.log: DeploymentLog | None = None
        self._runner = runner
        self._id = deployment_id
        self._front_end = front_end
        self._prompter = prompter
        self._questions: list[asyncio.Task[None]] = []
        self._prompting: asyncio.Task[Answer] | None = None

    def __call__(self, published: Published) -> None:
        item = published.item
        if isinstance(item, OutputChunk):
            self._front_end.show_output(item)
            return
        self.log = begin(item) if self.log is None else apply(self.log, item)
        self._front_end.show(Progress(item, published.line, self.log))
        self._mind_questions(item)

    async def run(self, begin: Begin, stop: asyncio.Event) -> Finished:
        """Begin the deployment and return its end; once `stop` is set it is cancelled.

        Raises:
            AutoDeployerError: it did not begin.
        """
        await begin(self)
        canceller = asyncio.create_task(self._cancel_on(stop))
        try:
            return await self._runner.wait(self._id)
        finally:
            canceller.cancel()
            self._withdraw()
            await asyncio.gather(*self._questions)

    async def _cancel_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        await self._runner.cancel(self._id)

    def _mind_questions(self, event: Event) -> None:
        if self._prompter is None:
            return
        if isinstance(event, QuestionAsked):
            self._questions.append(asyncio.create_task(self._put(self._prompter, event.question)))
        elif isinstance(event, QuestionResolved):
            self._withdraw()

    def _withdraw(self) -> None:
        """The open question needs no answer any more (answered elsewhere, timed out, the end); no effect once it is answered."""
        if self._prompting is not None:
            self._prompting.cancel()

    async def _put(self, prompter: Prompter, question: Question) -> None:
        self._front_end.pause()
        self._prompting = asyncio.create_task(prompter.ask(question, self.log))
        try:
            answer = await self._prompting
        except asyncio.CancelledError:
            prompter.withdrawn()
            return
        finally:
            self._front_end.resume()
        given = answer.model_dump(include={"option_id", "text", "guidance", "cancelled"})
        with suppress(InvalidStateError):  # it was answered or timed out in this very moment
            await self._runner.answer(AnswerParams(deployment_id=self._id, question_id=question.question_id, **given))
