"""What goes wrong with a call, in the words a user needs: what happened, what was looked at, what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ..model.errors import ModelError
from ..model.reasons import Kind
from ..model.suggestions import Suggestion, suggest
from .presets import Preset

Parameter = Literal["response_format", "temperature"]

_FORMAT_WORDS = re.compile(
    r"response_format|json_schema|json_object|json mode|structured.output|schema|grammar|guided", re.IGNORECASE
)
_WINDOW_WORDS = re.compile(r"context.(length|window|size)|maximum context|too many tokens|prompt is too long", re.IGNORECASE)
_QUOTED = 300
"""Characters of a server's own words in a message of ours."""


class InvalidReply(Exception):  # noqa: N818 (a fault of the reply, not of ours)
    """A reply that is not accepted; the model may be asked again."""

    def __init__(self, complaint: str, *, said: str | None = None) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.said = said
        """What the model said; None when nothing of it arrived, so that there is nothing to complain about to the model."""


class ParameterRefused(Exception):  # noqa: N818 (the same)
    """The endpoint does not take one of the parameters; the call may be made again without it."""

    def __init__(self, parameter: Parameter, error: ModelError) -> None:
        super().__init__(error.message)
        self.parameter: Parameter = parameter
        self.error = error


@dataclass(frozen=True)
class Place:
    """Where a call goes to, for the messages about it."""

    preset: Preset
    base_url: str
    model: str
    timeout_s: float
    has_key: bool
    proxy: str | None = None
    mask: Callable[[str], str] = field(default=str, repr=False)

    @property
    def where(self) -> str:
        return self.mask(f"{self.preset.label} at {self.base_url}")

    def quote(self, text: str) -> str:
        """A server's own words: masked, on one line, not too long."""
        line = " ".join(self.mask(text).split())
        return line if len(line) <= _QUOTED else line[:_QUOTED] + "…"


def http_fault(
    place: Place, status: int, message: str, *, code: str = "", retry_after: str | None = None
) -> ModelError | ParameterRefused:
    """What an HTTP status means for the user; a parameter that can be left out is told apart."""
    said = f" It said: {place.quote(message)}" if message else ""
    if status in (401, 403):
        return _key_refused(place, status, said)
    if status in (400, 422):
        return _request_refused(place, status, message, said)
    if status == 429:
        return _limited(place, code, said, retry_after)
    found = _BY_STATUS.get(status)
    if found is None:
        again = " after several tries" if status >= 500 else ""
        return ModelError(
            f"{place.where} failed{again} with HTTP {status}.{said}",
            suggestions=(suggest("Try again later, or set another model (llm.provider, llm.model)."),),
        )
    text, suggestion = found
    return ModelError(
        f"{text.format(where=place.where, model=place.model)} (HTTP {status}).{said}", suggestions=(suggest(suggestion),)
    )


_BY_STATUS = {
    402: ("{where} wants to be paid first", "Top up the account, or set another model (llm.provider, llm.model)."),
    404: (
        '{where} has no model "{model}", or no chat completions at this address',
        "Check llm.model, and llm.endpoint: most end in /v1. Local servers must have the model downloaded or loaded.",
    ),
    413: (
        "{where} takes no request of this size",
        "Set llm.context_window to what the server takes, so that shorter prompts are sent.",
    ),
    301: ("{where} has moved", "Set llm.endpoint to its new address (https:// rather than http://, perhaps)."),
    302: ("{where} redirects elsewhere", "Set llm.endpoint to the API's own address: this looks like a sign-in page."),
    307: ("{where} has moved", "Set llm.endpoint to its new address."),
    308: ("{where} has moved", "Set llm.endpoint to its new address (https:// rather than http://, perhaps)."),
}


def _key_refused(place: Place, status: int, said: str) -> ModelError:
    what = "refused the key" if place.has_key else "wants a key, and none is set"
    return ModelError(
        f'{place.where} {what} for the model "{place.model}" (HTTP {status}).{said}',
        kind=Kind.AUTHENTICATION_FAILED,
        suggestions=key_suggestions(place.preset),
    )


def key_suggestions(preset: Preset) -> tuple[Suggestion, ...]:
    """How to set a key for a provider."""
    variable = preset.key_variables[0] if preset.key_variables else "AUTO_DEPLOYER_LLM_API_KEY"
    ways = f"Set {variable}, use “Set Up a Model…” in the editor, or keep a key in the keyring"
    return (suggest(ways, command=f"auto-deployer auth set {preset.name}"),)


def _request_refused(place: Place, status: int, message: str, said: str) -> ModelError | ParameterRefused:
    what = f"{place.where} did not accept the request (HTTP {status}).{said}"
    if _WINDOW_WORDS.search(message):
        suggestion = "Set llm.context_window to the model's real figure, or choose a model with a longer context."
        return ModelError(what, suggestions=(suggest(suggestion),))
    error = ModelError(what, suggestions=(suggest("Check llm.model and llm.endpoint, or try another model."),))
    if "temperature" in message:
        return ParameterRefused("temperature", error)
    return ParameterRefused("response_format", error) if _FORMAT_WORDS.search(message) else error


def _limited(place: Place, code: str, said: str, retry_after: str | None) -> ModelError:
    if code == "insufficient_quota":
        return ModelError(
            f"The account at {place.where} has no quota left (HTTP 429).{said}", suggestions=(suggest(_BY_STATUS[402][1]),)
        )
    wait = f" and asks to wait {retry_after} s, longer than is waited here" if retry_after else ""
    return ModelError(
        f"{place.where} limits how often it may be called{wait} (HTTP 429).{said}",
        suggestions=(suggest("Try again later, or raise the limit at the provider."),),
    )


def timed_out(place: Place) -> ModelError:
    return ModelError(
        f'{place.where} gave no complete reply for "{place.model}" within {place.timeout_s:g} s.',
        suggestions=(suggest("Raise llm.timeout_s for a slow model or server, or choose a faster model."),),
    )


def not_reached(place: Place, cause: str) -> ModelError:
    if place.proxy is not None:
        suggestion = f"Check llm.proxy ({place.mask(place.proxy)}): calls of the model go through it."
    elif place.preset.local:
        suggestion = (
            f"Start {place.preset.label.partition(' (')[0]}: nothing answers at this address. Or set llm.endpoint to where it is."
        )
    else:
        suggestion = "Check the network and llm.endpoint; behind a proxy, set llm.proxy."
    return ModelError(f"{place.where} could not be reached: {place.quote(cause)}", suggestions=(suggest(suggestion),))


def web_page(place: Place) -> ModelError:
    return ModelError(
        f"{place.where} answered with a web page where a completion was expected.",
        suggestions=(suggest("Check llm.endpoint: it must be the API's base URL, and most end in /v1."),),
    )


def too_large(place: Place, limit: int) -> ModelError:
    return ModelError(
        f"{place.where} sent more than {limit:,} bytes for one reply; the rest was not read.",
        kind=Kind.MODEL_REPLY_INVALID,
        suggestions=(suggest("Check that llm.endpoint is an OpenAI-compatible server, or choose another model."),),
    )


def filtered(place: Place) -> ModelError:
    return ModelError(
        f'The content filter of {place.where} stopped the reply of "{place.model}".',
        kind=Kind.MODEL_REPLY_INVALID,
        suggestions=(suggest("Try another model: the same question would be stopped again."),),
    )


def no_valid_reply(place: Place, requests: int, last: InvalidReply) -> ModelError:
    kind = Kind.MODEL_REPLY_INVALID if last.said is not None else Kind.MODEL_UNAVAILABLE
    return ModelError(
        f'"{place.model}" ({place.where}) gave no valid reply to {requests} requests. The last one: {place.quote(last.complaint)}.',
        kind=kind,
        suggestions=(suggest("Try again, or choose a model that is better at structured replies (llm.model)."),),
    )
