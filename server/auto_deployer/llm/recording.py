"""Every call of the model, however it ends, becomes one `LlmCall`: counted, priced and told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..masking import SecretRegistry
from ..model.errors import LogError, ModelError
from ..model.log import LlmCall
from ..model.settings import LlmSettings
from .completion import Completion
from .faults import InvalidReply, ParameterRefused
from .prompting import estimate_tokens
from .spend import Spend, cost_of

Conversation = Sequence[dict[str, str]]
OnCall = Callable[[LlmCall], None]


@dataclass
class OpenCall:
    """A call that is being made; whoever makes it puts in what comes."""

    conversation: Conversation
    completion: Completion = field(default_factory=Completion)
    began: float = field(default_factory=time.monotonic)


class CallRecorder:
    """Records the calls of one deployment."""

    def __init__(self, llm: LlmSettings, spend: Spend, *, on_call: OnCall, secrets: SecretRegistry) -> None:
        self._llm, self._spend, self._on_call, self._secrets = llm, spend, on_call, secrets

    @contextmanager
    def recorded(self, started: LlmCall, conversation: Conversation) -> Iterator[OpenCall]:
        """Records the call that is made inside.

        Raises:
            LogError: it was answered, but cannot be recorded.
        """
        call = OpenCall(conversation)
        started = started.model_copy(update={"prompt_hash": _hash(conversation), "at": _now()})
        try:
            yield call
        except BaseException as error:
            with suppress(LogError):  # what ended the call goes on
                self._record(started, call, error)
            raise
        self._record(started, call)

    def _record(self, started: LlmCall, call: OpenCall, error: BaseException | None = None) -> None:
        prompt_tokens, completion_tokens = _tokens(call, error)
        cost = cost_of(self._llm, prompt_tokens, completion_tokens)
        ended = started.model_copy(
            update={
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "latency_ms": round((time.monotonic() - call.began) * 1000),
                "cost_usd": call.completion.cost_usd if cost is None else cost,
                "error": "" if error is None else self._secrets.mask(_in_short(error)),
            }
        )
        self._spend.add(ended)
        self._on_call(ended)


def _tokens(call: OpenCall, error: BaseException | None) -> tuple[int, int]:
    """As the server counted, else estimated: nothing for what was refused, at least the prompt for what was cut off."""
    completion = call.completion
    if completion.prompt_tokens is not None:
        return completion.prompt_tokens, completion.completion_tokens or 0
    if isinstance(error, ModelError | ParameterRefused):
        return 0, 0
    return sum(estimate_tokens(message["content"]) for message in call.conversation), estimate_tokens(completion.text)


def _in_short(error: BaseException) -> str:
    """For the log."""
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    if isinstance(error, TimeoutError):
        return "no complete reply in time"
    if isinstance(error, InvalidReply):
        return f"reply not accepted: {error.complaint}"
    return error.message if isinstance(error, ModelError) else str(error) or type(error).__name__


def _hash(conversation: Conversation) -> str:
    return hashlib.sha256(json.dumps(conversation).encode()).hexdigest()[:16]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
