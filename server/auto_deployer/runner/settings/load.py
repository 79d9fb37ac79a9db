"""The settings that count, and who said so: command line > environment > editor > user file > defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...masking import SecretRegistry, mask_model
from ...model.errors import SettingsError
from ...model.settings import Settings
from ...model.suggestions import suggest
from .keys import did_you_mean, nested, settings_fields
from .layers import Layer, from_command_line, from_editor, from_environment, from_file, user_file

DEFAULT = "default"
_OF_A_PROVIDER = ("llm.model", "llm.endpoint", "llm.context_window", "llm.input_price", "llm.output_price")


@dataclass(frozen=True)
class LoadedSettings:
    """Settings with the source of each."""

    settings: Settings
    sources: Mapping[str, str]
    """Every dotted key to its source in words, such as "environment variable AUTO_DEPLOYER_LLM_MODEL"."""

    def is_set(self, key: str) -> bool:
        """Somebody has set it, if only to its default."""
        return self.sources[key] != DEFAULT


def provider_of(provider: str | None, endpoint: str | None) -> str | None:
    """The provider that is meant; None where no model is set, so that recipes work alone."""
    return provider or ("custom" if endpoint else None)


def load_settings(
    *,
    command_line: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    editor: Mapping[str, Any] | None = None,
    config: Path | None = None,
) -> LoadedSettings:
    """Read all sources and let the strongest win, key by key; a list replaces the weaker source's list as a whole.

    Args:
        command_line: Values as text by dotted key.
        environ: None: this process's.
        editor: Nested, as the editor sent it.
        config: The file that is read instead of the user's.

    Raises:
        SettingsError: a source names an unknown setting, or a value does not fit; also where a stronger source would win.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    sources = dict.fromkeys(settings_fields(), DEFAULT)
    for layer in (
        from_file(user_file(config, environ)), from_editor(editor or {}), from_environment(environ),
        from_command_line(command_line or {}),
    ):  # fmt: skip
        for key in _of_another_provider(values, layer):
            del values[key]
            sources[key] = DEFAULT
        values.update(layer.values)
        sources.update(layer.origins)
    loaded = LoadedSettings(Settings.model_validate(nested(values)), sources)
    _check_provider(loaded)
    return loaded


def _of_another_provider(weaker: Mapping[str, Any], stronger: Layer) -> list[str]:
    """Keys by which a weaker source describes another provider than the stronger one names.

    Its model is unknown here, and its endpoint must not get this provider's key.
    """
    before = provider_of(weaker.get("llm.provider"), weaker.get("llm.endpoint"))
    now = stronger.values.get("llm.provider")
    if now is None or before in (None, now):
        return []
    return [key for key in _OF_A_PROVIDER if key in weaker]


def _check_provider(loaded: LoadedSettings) -> None:
    """The one text that is a choice: the presets are data, which the model of settings does not know."""
    from ...llm.presets import PRESETS

    provider = loaded.settings.llm.provider
    if provider is None or provider in PRESETS:
        return
    raise SettingsError(
        f"{loaded.sources['llm.provider']}: llm.provider: there is no such provider{did_you_mean(provider, PRESETS)}",
        suggestions=(suggest(f"Known are {', '.join(PRESETS)}; custom is any other server with an llm.endpoint."),),
    )


def shown_values(settings: Settings) -> dict[str, Any]:
    """Every setting by its dotted key as JSON has it, for people to read: without the password in a URL."""
    masked = mask_model(settings, SecretRegistry().mask)
    plain = masked.model_dump(mode="json")
    return {key: _at(plain, key) for key in settings_fields()}


def _at(values: Any, key: str) -> Any:
    for name in key.split("."):
        values = values[name]
    return values
