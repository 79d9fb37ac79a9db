"""One pending question at a time; the first answer wins."""

from __future__ import annotations

import asyncio

from ..deploy_log import Recorder
from ..model.errors import InvalidStateError, UsageError
from ..model.events import QuestionAsked, QuestionResolved
from ..model.questions import Answer, Question
from ..model.settings import InteractionSettings
from ..orchestrator import RunControl
from .env_questions import variable_of


class QuestionBroker:
    """Puts a deployment's questions to whoever follows it, and takes the answer from anyone.

    Args:
        interactive: Somebody can answer; without anyone each question gets its safe default at once (as with mode "auto").
        settings: Who answers, and how long a question without a time-out of its own waits.
    """

    def __init__(
        self, recorder: Recorder, control: RunControl, *, interactive: bool, settings: InteractionSettings | None = None
    ) -> None:
        self._recorder, self._control, self._settings = recorder, control, settings or InteractionSettings()
        self._interactive = interactive and self._settings.mode == "interactive"
        self._pending: tuple[Question, asyncio.Future[Answer]] | None = None

    @property
    def interactive(self) -> bool:
        return self._interactive

    async def ask(self, question: Question, *, step_id: int | None = None, attempt: int | None = None) -> Answer:
        """Record the question, wait for its answer, its time-out or the deployment's end, record the response."""
        if question.timeout_ms is None:
            question = question.model_copy(update={"timeout_ms": round(self._settings.question_timeout_s * 1000)})
        self._recorder.record(QuestionAsked(step_id=step_id, attempt=attempt, question=question))
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending = (question, future)
        try:
            answer = await self._wait(question, future)
        finally:
            self._pending = None
        if answer.text:
            self._know(question, answer.text)
        self._recorder.record(QuestionResolved(
            step_id=step_id, attempt=attempt, question_id=question.question_id, response=response_text(question, answer),
            timed_out=answer.timed_out,
        ))  # fmt: skip
        return answer

    def _know(self, question: Question, text: str) -> None:
        """A secret is one whatever it looks like, an app's variable was given for the app; other answers may look like a secret."""
        if question.kind == "secret":
            self._recorder.secrets.add(text)
        if (name := variable_of(question)) is not None:
            self._recorder.secrets.add_given({name: text})
        self._recorder.secrets.add_env({"": text})

    def answer(self, question_id: str, answer: Answer) -> None:
        """Answer the pending question.

        Raises:
            InvalidStateError: it is not pending (answered, timed out, unknown).
            UsageError: the option is none of the question's.
        """
        if self._pending is None or self._pending[0].question_id != question_id or self._pending[1].done():
            raise InvalidStateError(f"The question {question_id} is not pending: it was answered, timed out, or never asked.")
        question, future = self._pending
        allowed = {option.id for option in question.options}
        if answer.option_id is not None and allowed and answer.option_id not in allowed:
            raise UsageError(f"{answer.option_id!r} is no option of {question_id}; it has {', '.join(sorted(allowed))}.")
        future.set_result(answer)

    async def _wait(self, question: Question, future: asyncio.Future[Answer]) -> Answer:
        if self._settings.mode == "deny":
            return _refusal(question)
        if not self._interactive:
            return _default(question)
        stopped = asyncio.ensure_future(self._control.stop.wait())
        timeout = question.timeout_ms / 1000 if question.timeout_ms is not None else None
        try:
            await asyncio.wait({future, stopped}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if future.done():
            return future.result()
        return Answer(cancelled=True) if self._control.stop.is_set() else _default(question)


def _default(question: Question) -> Answer:
    """The stated default; without one the answer only says that nobody answered."""
    if question.default is None:
        return Answer(timed_out=True)
    if question.options:
        return Answer(option_id=question.default, timed_out=True)
    return Answer(text=question.default, timed_out=True)


def _refusal(question: Question) -> Answer:
    """The answer of nobody, ever: no where no is an option, else none."""
    if question.kind == "confirm" and any(option.id == "no" for option in question.options):
        return Answer(option_id="no")
    return Answer(cancelled=True)


def response_text(question: Question, answer: Answer) -> str:
    """What the log keeps of an answer."""
    if answer.cancelled:
        return "(cancelled)"
    if question.kind == "secret":
        return "***" if answer.text else "(no answer)"
    said = answer.option_id or answer.text or "(no answer)"
    return f"{said}: {answer.guidance}" if answer.guidance else said
