"""What the editor sets: settings by its configuration, keys by `deploy/setSecret`. Both live in memory only."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.base import JsonObject
from ..model.errors import SettingsError, UsageError
from ..runner.settings import EffectiveSettings, check_secret_name, effective_settings, load_settings

_SECTIONS = ("autoDeployer", "settings")
"""Where ours stand in `workspace/didChangeConfiguration`: in our section, or, from editors that send the initialization options
again, under the name that they have there. Some editors send everybody's settings: others are not ours to judge."""


class ClientConfiguration:
    """The settings and keys of one client. Reading may go on in other threads: what changes is replaced, never altered."""

    def __init__(self, settings: JsonObject) -> None:
        """`settings` are those of `initialize`."""
        self._settings = settings
        self._secrets: Mapping[str, str] = {}

    def change(self, configuration: object) -> bool:
        """Take over what `workspace/didChangeConfiguration` brought; False when nothing in it is ours."""
        if not isinstance(configuration, dict):
            return False
        ours = next((configuration[section] for section in _SECTIONS if isinstance(configuration.get(section), dict)), None)
        if ours is not None:
            self._settings = ours
        return ours is not None

    def set_secret(self, name: str, value: str) -> None:
        """Know the key of a provider, or of any ("llm"); the empty text forgets it.

        Raises:
            UsageError: there is no such provider.
        """
        try:
            known = check_secret_name(name)
        except SettingsError as error:
            raise UsageError(f"name: {error.message}", suggestions=error.suggestions) from None
        others = {other: kept for other, kept in self._secrets.items() if other != known}
        self._secrets = {**others, known: value} if value.strip() else others

    def check(self) -> None:
        """Read all settings.

        Raises:
            SettingsError: something is wrong with them.
        """
        load_settings(editor=self._settings)

    def effective(self, trial: Mapping[str, str] | None = None) -> EffectiveSettings:
        """A `SettingsSource`: what a deployment gets now.

        Args:
            trial: Values to try out, by dotted key; they win over all others.

        Raises:
            SettingsError: something is wrong with the settings.
        """
        return effective_settings(command_line=trial, editor=self._settings, editor_secrets=self._secrets)
