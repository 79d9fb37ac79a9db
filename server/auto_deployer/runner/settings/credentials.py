"""The key of the model's provider: where it may come from, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.errors import SettingsError
from ...model.suggestions import suggest
from .keys import ENV_PREFIX, did_you_mean
from .system_keyring import KeyStore

ANY_PROVIDER = "llm"
"""Name of a key that is taken for whichever provider is set and has none of its own."""


@dataclass(frozen=True)
class FoundKey:
    """A key and where it was found."""

    value: str = field(repr=False)
    source: str
    """In words, such as "environment variable OPENAI_API_KEY"."""


def resolve_key(
    provider: str, *, environ: Mapping[str, str], editor_secrets: Mapping[str, str], keyring: KeyStore
) -> FoundKey | None:
    """The first key found: the editor's, then the environment (our names, then the provider's own), then the keyring.

    The keyring is asked last, and only when nothing else has one: it may have to be unlocked by the user.
    """
    for name in (provider, ANY_PROVIDER):
        if value := editor_secrets.get(name, "").strip():
            return FoundKey(value, f"editor ({name})")
    for variable in key_variables(provider):
        if value := environ.get(variable, "").strip():
            return FoundKey(value, f"environment variable {variable}")
    for name in (provider, ANY_PROVIDER):
        if value := (keyring.get(name) or "").strip():
            return FoundKey(value, f"keyring ({name})")
    return None


def key_variables(provider: str) -> tuple[str, ...]:
    """Environment variables that may hold the provider's key, first choice first."""
    from ...llm.presets import PRESETS

    own = PRESETS[provider].key_variables if provider in PRESETS else ()
    return tuple(dict.fromkeys((f"{ENV_PREFIX}{_as_variable(provider)}_API_KEY", f"{ENV_PREFIX}LLM_API_KEY", *own)))


def providers() -> tuple[str, ...]:
    """Names of the known providers."""
    from ...llm.presets import PRESETS

    return tuple(PRESETS)


def check_secret_name(name: str) -> str:
    """The name of a key: a provider's, or "llm".

    Raises:
        SettingsError: it is neither.
    """
    known = (*providers(), ANY_PROVIDER)
    if name in known:
        return name
    raise SettingsError(
        f"{name} is no provider{did_you_mean(name, known)}",
        suggestions=(suggest(f"Known are {', '.join(providers())}; {ANY_PROVIDER} stands for any of them."),),
    )


def _as_variable(provider: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in provider).upper()
