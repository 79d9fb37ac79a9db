"""From settings and a key to a model, and a call that tells whether they work."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from ..masking import SecretRegistry
from ..model.base import Model
from ..model.errors import SettingsError
from ..model.log import LlmCall
from ..model.ports import ChatMessage
from ..model.settings import BudgetSettings, LlmSettings
from ..model.suggestions import suggest
from .client import ChatModel
from .faults import Place, key_suggestions
from .presets import PRESETS, Preset, ReplyFormat
from .recording import OnCall
from .spend import Spend

NO_KEY = "none"
"""Sent to servers that want no key: the SDK takes no empty one."""


class ModelTest(Model):
    """What a test call found."""

    provider: str
    model: str
    reply_format: ReplyFormat
    """How this model is asked for the form of its replies from now on."""
    latency_ms: int
    """Of the call that brought the reply."""
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


class _Ready(Model):
    """The reply to a test call."""

    ready: Annotated[bool, Field(description="Always true.")]


def connect(
    settings: LlmSettings, budget: BudgetSettings, key: str | None, *, on_call: OnCall, secrets: SecretRegistry
) -> ChatModel:
    """The model that the settings name, with the limits of one deployment; no call is made yet.

    `on_call` is told of every call, failed and cancelled ones too. The key, and credentials in the endpoint's and the proxy's
    URL, are made known to `secrets`.

    Raises:
        SettingsError: provider, model, endpoint, proxy, limits and key do not fit together.
    """
    preset = _preset(settings)
    base_url = _url("llm.endpoint", settings.endpoint or preset.base_url)
    if base_url is None:
        raise SettingsError(
            f"The provider {preset.name} has no address of its own, and llm.endpoint is not set.",
            suggestions=(suggest(preset.hint),),
        )
    if not settings.model:
        example = f', for example "{preset.sample_model}"' if preset.sample_model else ""
        raise SettingsError(
            f"The provider {preset.name} is set, but no model.",
            suggestions=(suggest(f"Set llm.model to a name it knows{example}."),),
        )
    proxy = _url("llm.proxy", settings.proxy)
    _check_cost_is_known(settings, budget, preset)
    key = _checked_key(key, preset)
    for url in (base_url, proxy or ""):
        secrets.add_url(url)
    if key:
        secrets.add(key)
    place = Place(preset, base_url, settings.model, settings.timeout_s, has_key=bool(key), proxy=proxy, mask=secrets.mask)
    return ChatModel(place, settings, Spend(budget), key or NO_KEY, on_call=on_call, secrets=secrets)


async def test_model(settings: LlmSettings, key: str | None) -> ModelTest:
    """One tiny call, to tell whether settings and key work.

    Raises:
        SettingsError: they do not fit together, so no call was made.
        ModelError: the call failed; its kind and suggestions tell what to set.
    """
    calls: list[LlmCall] = []
    question = ChatMessage("user", 'This is a test of the connection. Reply with {"ready": true}.')
    async with connect(settings, BudgetSettings(), key, on_call=calls.append, secrets=SecretRegistry()) as model:
        await model.ask([question], _Ready, purpose="test")
    last = calls[-1]
    return ModelTest(
        provider=last.provider,
        model=last.model,
        reply_format=last.reply_format,
        latency_ms=last.latency_ms,
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        cost_usd=last.cost_usd,
    )


def _preset(settings: LlmSettings) -> Preset:
    provider = settings.provider or ("custom" if settings.endpoint else None)
    if provider is None:
        raise SettingsError(
            "No model is set up: llm.provider is not set.",
            suggestions=(
                suggest(f"Set llm.provider ({', '.join(PRESETS)}) and llm.model, or use “Set Up a Model…” in the editor."),
            ),
        )
    if provider not in PRESETS:
        raise SettingsError(
            f'llm.provider is "{provider}", which is not known.',
            suggestions=(
                suggest(f"Set it to one of {', '.join(PRESETS)}; custom, with llm.endpoint, takes any compatible server."),
            ),
        )
    return PRESETS[provider]


def _url(setting: str, value: str | None) -> str | None:
    """The value, when calls can be made to it."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not value.isascii() or not value.isprintable() or " " in value:
        # the value is not repeated: it may hold a password
        raise SettingsError(
            f"{setting} is no http or https URL.",
            suggestions=(suggest(f"Set {setting} to something like http://127.0.0.1:8000/v1."),),
        )
    return value


def _checked_key(key: str | None, preset: Preset) -> str:
    key = (key or "").strip()
    if not key and preset.needs_key:
        raise SettingsError(
            f"{preset.label} needs an API key, and none was found in the editor, the environment or the keyring.",
            suggestions=key_suggestions(preset),
        )
    if not key.isascii() or not key.isprintable():
        raise SettingsError(
            f"The API key for {preset.label} has characters that no key has (line breaks or non-ASCII).",
            suggestions=key_suggestions(preset),
        )
    return key


def _check_cost_is_known(settings: LlmSettings, budget: BudgetSettings, preset: Preset) -> None:
    """A limit that cannot be watched would be no limit."""
    if budget.max_cost_usd is None or preset.local or settings.input_price is not None or settings.output_price is not None:
        return
    raise SettingsError(
        "budget.max_cost_usd is set, but what the model costs is not known.",
        suggestions=(
            suggest("Set llm.input_price and llm.output_price (USD for a million tokens), or limit budget.max_tokens instead."),
        ),
    )
