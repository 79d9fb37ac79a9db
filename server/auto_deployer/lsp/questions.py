"""Questions of a deployment put to the client: `deploy/ask`, or `window/showMessageRequest` where it does not know that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pydantic import ValidationError
from pygls.exceptions import JsonRpcException

from ..model import events as ev
from ..model.base import Identifier, WireParams
from ..model.errors import InvalidStateError, NotFoundError, UsageError
from ..model.ports import DeploymentRunner
from ..model.questions import Option, Question
from ..model.requests import AnswerParams
from ..model.suggestions import suggest
from .capabilities import ClientProfile
from .catalog import ANSWER, ASK

if TYPE_CHECKING:
    from .protocol import DeployProtocol

logger = logging.getLogger(__name__)

_YES_NO = (Option(id="yes", label="Yes"), Option(id="no", label="No"))
"""Options of a `confirm` question that names none."""


class AskParams(Question):
    """`deploy/ask`: the question, and which deployment waits."""

    deployment_id: Identifier


class AskResult(WireParams):
    """What the client answers to `deploy/ask`; nothing usable counts as cancelled."""

    option_id: str | None = None
    text: str | None = None
    guidance: str | None = None
    cancelled: bool = False


class Questions:
    """Asks for what is pending and withdraws what is answered elsewhere.

    Text and secrets have no standard LSP request: a client without `deploy/ask` is told which command answers them.
    """

    def __init__(
        self, client: DeployProtocol, profile: ClientProfile, runner: DeploymentRunner,
        spawn: Callable[[Any], asyncio.Task[Any]],
    ) -> None:  # fmt: skip
        self._client = client
        self._profile = profile
        self._runner = runner
        self._spawn = spawn
        self._asking: dict[str, asyncio.Task[Any]] = {}
        """By deployment: one question at a time is pending in each."""
        self._waiting: dict[str, str] = {}
        """By deployment: the id of the question that is pending, the newest last."""

    def follow(self, event: ev.Event) -> None:
        if isinstance(event, ev.QuestionAsked):
            self._withdraw(event.deployment_id)
            self._waiting[event.deployment_id] = event.question.question_id
            ask = self._way_to_ask(event.question)
            if ask is not None:
                self._asking[event.deployment_id] = self._spawn(self._ask(event.deployment_id, event.question, ask))
            else:
                self._tell_how_to_answer(event.question)
        elif isinstance(event, ev.QuestionResolved | ev.Finished):
            self._withdraw(event.deployment_id)

    def waiting(self, deployment_id: str | None) -> tuple[str, str]:
        """The deployment (None: of the newest question) that waits for an answer, and its question.

        Raises:
            NotFoundError: none does, as far as this client was told.
        """
        for waiting in reversed(self._waiting.items()):
            if deployment_id in (None, waiting[0]):
                return waiting
        raise NotFoundError("no question waits for an answer", suggestions=(suggest("Name {deploymentId, questionId}."),))

    def _tell_how_to_answer(self, question: Question) -> None:
        """A message that stays on the screen, in words that can be carried out in any editor."""
        answer = f'Answer with the command {ANSWER} and the argument {{"text": "…"}}'
        limit = (
            f" within {round(question.timeout_ms / 60_000)} min" if question.timeout_ms and question.timeout_ms >= 60_000 else ""
        )
        otherwise = f'; otherwise "{question.default}" is taken' if question.default is not None else ""
        text = "\n".join(filter(None, (question.message, question.detail, f"{answer}{limit}{otherwise}.")))
        message = types.ShowMessageParams(type=types.MessageType.Warning, message=text)
        self._client.notify(types.WINDOW_SHOW_MESSAGE, message)

    def _withdraw(self, deployment_id: str) -> None:
        self._waiting.pop(deployment_id, None)
        task = self._asking.pop(deployment_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _way_to_ask(self, question: Question) -> Callable[[str, Question], Any] | None:
        if question.kind in self._profile.interaction:
            return self._by_our_request
        return self._by_message if question.kind in ("choice", "confirm") else None

    async def _ask(self, deployment_id: str, question: Question, ask: Callable[[str, Question], Any]) -> None:
        """Anything but a usable answer counts as the question being closed: a deployment must not wait for ever."""
        given: dict[str, Any]
        try:
            given = await ask(deployment_id, question)
            params = _answer(deployment_id, question, given)
        except (JsonRpcException, ValidationError) as error:
            logger.warning("no usable answer to question %s: %s", question.question_id, type(error).__name__)
            params = _answer(deployment_id, question, {"cancelled": True})
        try:
            await self._runner.answer(params)
        except UsageError as error:
            logger.warning("no usable answer to question %s: %s", question.question_id, error.message)
            await self._runner.answer(_answer(deployment_id, question, {"cancelled": True}))
        except (InvalidStateError, NotFoundError):
            logger.debug("question %s was answered elsewhere first", question.question_id)

    async def _by_our_request(self, deployment_id: str, question: Question) -> dict[str, Any]:
        params = AskParams(deployment_id=deployment_id, **question.model_dump()).model_dump(by_alias=True, mode="json")
        result = await self._client.request(ASK, params, _request_id(deployment_id, question))
        return AskResult.model_validate(result).model_dump()

    async def _by_message(self, deployment_id: str, question: Question) -> dict[str, Any]:
        options = question.options or _YES_NO
        params = types.ShowMessageRequestParams(
            type=types.MessageType.Warning if question.risk == "high" else types.MessageType.Info,
            message="\n".join(filter(None, (question.message, question.detail))),
            actions=[types.MessageActionItem(title=option.label) for option in options],
        )
        method = types.WINDOW_SHOW_MESSAGE_REQUEST
        chosen = await self._client.request(method, params, _request_id(deployment_id, question))
        title = chosen.title if isinstance(chosen, types.MessageActionItem) else None
        option_id = next((option.id for option in options if option.label == title), None)
        return {"optionId": option_id, "cancelled": option_id is None}


def _request_id(deployment_id: str, question: Question) -> str:
    return f"ask:{deployment_id}:{question.question_id}"


def _answer(deployment_id: str, question: Question, given: dict[str, Any]) -> AnswerParams:
    return AnswerParams.model_validate({**given, "deploymentId": deployment_id, "questionId": question.question_id})
