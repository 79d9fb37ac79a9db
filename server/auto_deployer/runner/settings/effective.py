"""What a deployment is given of the user's settings: the values that won, and the key for the model."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...model.settings import LlmSettings, Settings
from .credentials import resolve_key
from .load import load_settings, provider_of
from .system_keyring import SystemKeyring


@dataclass(frozen=True)
class EffectiveSettings:
    """Settings, and the key of the model's provider. The key stands in no `repr`: it must not reach a log or a traceback."""

    settings: Settings = field(default_factory=Settings)
    key: str | None = field(default=None, repr=False)
    """None: there is none, or none is needed (a local model server)."""


SettingsSource = Callable[[], EffectiveSettings]
"""Asked once for each deployment, so that a change counts from the next one on. May block (files, the OS keyring): call it off the
event loop. Raises SettingsError for what the user set wrongly."""


def effective_settings(
    *,
    command_line: Mapping[str, str] | None = None,
    editor: Mapping[str, Any] | None = None,
    editor_secrets: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> EffectiveSettings:
    """The settings of this moment, from all sources (as `load_settings`), and the key; without arguments a `SettingsSource`.

    Raises:
        SettingsError: a source names an unknown setting, or a value does not fit.
    """
    settings = load_settings(command_line=command_line, editor=editor, config=config).settings
    return EffectiveSettings(settings, _key(settings.llm, editor_secrets or {}))


def _key(llm: LlmSettings, editor_secrets: Mapping[str, str]) -> str | None:
    provider = provider_of(llm.provider, llm.endpoint)
    if provider is None:  # nobody's keyring is opened for a deployment without a model
        return None
    found = resolve_key(provider, environ=os.environ, editor_secrets=editor_secrets, keyring=SystemKeyring())
    return found.value if found is not None else None
