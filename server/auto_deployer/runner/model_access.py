"""The model of one deployment: there when the user has set one up; its calls go into the log, its key nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..analysis import Source
from ..masking import SecretRegistry
from ..model.errors import SettingsError
from ..model.log import LlmCall, RunConfig
from ..model.ports import DeployPaths
from ..model.requests import SourceParams, StartParams
from ..model.settings import Settings
from .approval import Judge, objections
from .prepare import Planning
from .settings import EffectiveSettings

if TYPE_CHECKING:
    from ..llm.client import ChatModel


@dataclass(frozen=True)
class ModelAccess:
    """A model, or why there is none."""

    model: ChatModel | None = None
    problem: str = ""
    """Why the model that the settings name cannot be used; "" without one, too."""

    async def close(self) -> None:
        if self.model is not None:
            await self.model.aclose()


def open_model(effective: EffectiveSettings, secrets: SecretRegistry, on_call: Callable[[LlmCall], None]) -> ModelAccess:
    """The model that the settings name; nothing is sent, and openai not loaded, before it is asked something."""
    llm = effective.settings.llm
    if effective.key:
        secrets.add(effective.key)
    if llm.provider is None and llm.endpoint is None and llm.model is None:
        return ModelAccess()
    from ..llm import connect

    try:
        return ModelAccess(connect(llm, effective.settings.budget, effective.key, on_call=on_call, secrets=secrets))
    except SettingsError as error:
        return ModelAccess(problem=" ".join((error.message, *(suggestion.plain for suggestion in error.suggestions))))


def settings_for(params: SourceParams, effective: EffectiveSettings) -> EffectiveSettings:
    """The settings that count for one request: what it says itself comes before them."""
    approval = params.approval if isinstance(params, StartParams) else None
    told = {name: value for name, value in (("planner", params.planner), ("approval", approval)) if value is not None}
    return EffectiveSettings(effective.settings.model_copy(update=told), effective.key)


def secrets_of(params: SourceParams, source: Source, effective: EffectiveSettings) -> SecretRegistry:
    """A registry that knows what the request and the settings hold, before anything is written."""
    secrets = SecretRegistry()
    credential = params.git_credential.token if params.git_credential is not None else ""
    for secret in (*source.secrets, effective.key or "", credential):
        secrets.add(secret)
    for url in (effective.settings.llm.endpoint, effective.settings.llm.proxy):
        secrets.add_url(url or "")
    return secrets


def planning_with(settings: Settings, access: ModelAccess, paths: DeployPaths, judge: Judge) -> Planning:
    """How these settings want plans to be made."""
    return Planning(
        settings.planner, access.model, access.problem, timeout_s=settings.budget.planning_timeout,
        objections=objections(paths, judge),
    )  # fmt: skip


def run_config(effective: EffectiveSettings) -> RunConfig:
    """What the log says of the settings; `model` and `temperature` only where there is a model."""
    settings = effective.settings
    return RunConfig(
        model=settings.llm.model, temperature=settings.llm.temperature if settings.llm.model else None,
        max_iterations_per_step=settings.budget.max_iterations_per_step,
        settings=settings.model_dump(mode="json", exclude_none=True),
    )  # fmt: skip
