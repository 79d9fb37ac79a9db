"""The model as the rest of the house sees it: messages in, one validated object out, every call recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel

from ..masking import SecretRegistry
from ..model.log import LlmCall
from ..model.ports import ChatMessage, Reply
from ..model.settings import LlmSettings
from .completion import read_completion, require_complete
from .faults import InvalidReply, ParameterRefused, Place, no_valid_reply, timed_out
from .formats import manners_of, response_format
from .recording import CallRecorder, OnCall
from .replies import complaint_message, form_instruction, parse_reply
from .spend import Spend

if TYPE_CHECKING:  # it loads openai
    from .endpoint import Endpoint

MAX_RE_ASKS = 3
"""How often a reply that is not accepted is asked for again; then the call has failed."""
PAUSE_S = 0.5
"""Before asking again where the server, not the model, was at fault; doubled each time."""
_REMEMBERED = 4_000
"""Characters of a reply that was not accepted that stay in the conversation."""

Purpose = Literal["plan", "step", "compress", "test"]


@dataclass(frozen=True)
class _Asked:
    """What stays the same in one `ask`."""

    purpose: Purpose
    step_id: int | None
    temperature: float


class ChatModel:
    """A `LanguageModel` over an OpenAI-compatible endpoint. Nothing is loaded or opened before the first call; close it."""

    def __init__(self, place: Place, llm: LlmSettings, spend: Spend, key: str, *, on_call: OnCall, secrets: SecretRegistry) -> None:
        self._place, self._llm, self._spend, self._key, self._secrets = place, llm, spend, key, secrets
        self._recorder = CallRecorder(llm, spend, on_call=on_call, secrets=secrets)
        self._manners = manners_of(place.base_url, place.model, place.preset.first_format)
        self._endpoint: Endpoint | None = None

    @property
    def name(self) -> str:
        return self._place.model

    @property
    def context_window(self) -> int:
        """Tokens."""
        return self._llm.context_window or self._place.preset.context_window

    async def ask(
        self,
        messages: Sequence[ChatMessage],
        reply: type[Reply],
        *,
        purpose: Purpose,
        step_id: int | None = None,
        temperature: float | None = None,
    ) -> Reply:
        """As `LanguageModel.ask`. A reply that is not accepted is asked for again, up to three times, by adding messages."""
        asked = _Asked(purpose, step_id, self._llm.temperature if temperature is None else temperature)
        conversation = self._opening(messages, reply)
        fault = InvalidReply("it was not asked for")
        for turn in range(MAX_RE_ASKS + 1):
            if turn > 0:
                await self._complain(conversation, fault, turn)
            try:
                return await self._turn(conversation, asked, reply)
            except InvalidReply as invalid:
                fault = invalid
        raise no_valid_reply(self._place, MAX_RE_ASKS + 1, fault)

    async def aclose(self) -> None:
        """Close its connections."""
        if self._endpoint is not None:
            await self._endpoint.aclose()
            self._endpoint = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _opening(self, messages: Sequence[ChatMessage], reply: type[BaseModel]) -> list[dict[str, str]]:
        """The messages, masked, with the reply's form at the end of the one system message that all servers take."""
        system = [message.content for message in messages if message.role == "system"]
        conversation: list[dict[str, str]] = []
        self._add(conversation, "system", "\n\n".join([*system, form_instruction(reply)]))
        for message in messages:
            if message.role != "system":
                self._add(conversation, message.role, message.content)
        return conversation

    def _add(self, conversation: list[dict[str, str]], role: str, content: str) -> None:
        # bytes that were no text arrive as lone surrogates, which JSON cannot carry
        text = content.encode("utf-8", "replace").decode()
        conversation.append({"role": role, "content": self._secrets.mask(text)})

    async def _complain(self, conversation: list[dict[str, str]], fault: InvalidReply, turn: int) -> None:
        """Add what was wrong with the last reply; where none arrived, wait a little instead."""
        if fault.said is None:
            await asyncio.sleep(PAUSE_S * 2 ** (turn - 1))
            return
        self._add(conversation, "assistant", fault.said[:_REMEMBERED].strip() or "(nothing)")
        self._add(conversation, "user", complaint_message(fault))

    async def _turn(self, conversation: list[dict[str, str]], asked: _Asked, reply: type[Reply]) -> Reply:
        """One reply, by as many calls as it takes to find out what the endpoint refuses."""
        while True:
            sent = self._manners.format
            try:
                return await self._call(conversation, asked, reply)
            except ParameterRefused as refused:
                self._manners.give_up(refused, sent)
            except TimeoutError:
                raise timed_out(self._place) from None

    async def _call(self, conversation: list[dict[str, str]], asked: _Asked, reply: type[Reply]) -> Reply:
        self._spend.check()
        endpoint = await self._opened()
        manners, place = self._manners, self._place
        temperature = asked.temperature if manners.temperature else None
        request: dict[str, Any] = {"model": self.name, "messages": conversation, **response_format(manners.format, reply)}
        if temperature is not None:
            request["temperature"] = temperature
        started = LlmCall(
            model=self.name, provider=place.preset.name, purpose=asked.purpose, step_id=asked.step_id,
            reply_format=manners.format, temperature=temperature,
        )  # fmt: skip
        with self._recorder.recorded(started, conversation) as call:
            received = await endpoint.complete(request)
            call.completion = read_completion(place, received.body, received.content_type)
            return parse_reply(require_complete(place, call.completion), reply)

    async def _opened(self) -> Endpoint:
        if self._endpoint is None:
            # a second of imports and certificates, off the event loop
            self._endpoint = await asyncio.to_thread(_open, self._place, self._key)
        return self._endpoint


def _open(place: Place, key: str) -> Endpoint:
    from .endpoint import Endpoint

    return Endpoint(place, key)
