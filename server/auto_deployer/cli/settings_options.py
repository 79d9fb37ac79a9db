"""The options that set settings for one command: `--set KEY=VALUE` for any of them, and shorter ones for the usual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ..runner.settings import LoadedSettings, SettingsSource

_PANEL = "Settings (for this command; `auto-deployer config show` lists all)"


@dataclass(frozen=True)
class SettingsOptions:
    """What the command line says about settings; it wins over every other source."""

    provider: Annotated[
        str | None, typer.Option("--provider", help="Who serves the model, such as openai or ollama.", rich_help_panel=_PANEL)
    ] = None
    model: Annotated[str | None, typer.Option("--model", help="The model's name there.", rich_help_panel=_PANEL)] = None
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint", help="Base URL of an OpenAI-compatible server. (default: the provider's)", rich_help_panel=_PANEL
        ),
    ] = None
    interaction: Annotated[
        Literal["interactive", "auto", "deny"] | None,
        typer.Option("--interaction", help="Who answers questions: you, safe defaults, or nobody.", rich_help_panel=_PANEL),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, lists as JSON; repeatable.", rich_help_panel=_PANEL),
    ] = None
    config: Annotated[
        Path | None, typer.Option("--config", help="Read this file of settings, not the user's.", rich_help_panel=_PANEL)
    ] = None

    def values(self) -> dict[str, str]:
        """Values as text by dotted key; a short option wins over `--set`.

        Raises:
            UsageError: a `--set` is not KEY=VALUE.
        """
        return dict(self._pairs())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        from ..model.errors import UsageError
        from ..model.suggestions import suggest

        for pair in self.settings or ():
            key, equals, value = pair.partition("=")
            if not equals:
                raise UsageError(
                    f"--set takes KEY=VALUE: {key} has no '='", suggestions=(suggest("For example budget.max_tokens=200000."),)
                )
            yield key.strip(), value
        short = {
            "llm.provider": self.provider, "llm.model": self.model, "llm.endpoint": self.endpoint,
            "interaction.mode": self.interaction,
        }  # fmt: skip
        yield from ((key, value) for key, value in short.items() if value is not None)

    def load(self) -> LoadedSettings:
        """The settings with their sources.

        Raises:
            UsageError, SettingsError: a source is wrong.
        """
        from ..runner.settings import load_settings

        return load_settings(command_line=self.values(), config=self.config)

    def source(self) -> SettingsSource:
        """What a runner asks for each deployment."""
        from ..runner.settings import effective_settings

        return partial(effective_settings, command_line=self.values(), config=self.config)
