"""What a user can set: one model for the user file, the environment, the editor and the CLI.

Where the values come from, and who wins, is decided by `runner.settings`; nothing is ever read from a repository.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .base import Model

PlannerName = Literal["auto", "recipe", "llm"]
Approval = Literal["never", "plan", "risky", "always"]
"""never: plans run. plan: the user approves each plan. risky: only plans with a command the policy asks about, or made by a model.
always: as plan, and every command that a model proposes as well."""

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class SettingsModel(Model):
    """A group of settings: unknown keys are refused, so that a typing error is told rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LlmSettings(SettingsModel):
    """Which model plans and repairs. Without provider and model there is none: recipes work alone."""

    provider: str | None = None
    """A preset's name (`llm.presets`): openai, openrouter, deepseek, gemini, anthropic, ollama, lmstudio, vllm or custom."""
    model: str | None = None
    endpoint: str | None = None
    """Base URL of an OpenAI-compatible server; None: the preset's."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    proxy: str | None = None
    """Proxy URL for calls of the model; the environment's proxies are not used for it."""
    context_window: Annotated[int, Field(ge=1000)] | None = None
    """Tokens; None: the preset's figure."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Wall time of one call with all its retries."""
    input_price: Annotated[float, Field(ge=0)] | None = None
    """USD for a million prompt tokens, for the cost in the log; None: unknown."""
    output_price: Annotated[float, Field(ge=0)] | None = None


class BudgetSettings(SettingsModel):
    """Limits of one deployment; hitting one ends the step, and the log says which."""

    max_iterations: Count = 180
    """Turns (actions of drivers) of the whole run."""
    max_iterations_per_step: Count = 30
    max_attempts: Count = 3
    """Attempts at one step that a user may ask for, the first included."""
    max_commands: Count = 500
    max_seconds: Annotated[float, Field(gt=0)] = 4 * 3600.0
    fetch_timeout: Annotated[float, Field(gt=0)] = 300.0
    """Seconds that fetching the repository may take."""
    max_repository_mb: Count = 1024
    """MiB that the fetched files may take, packed as git sends them; Git LFS files unpacked."""
    planning_timeout: Annotated[float, Field(gt=0)] = 60.0
    """Seconds that the model may take to plan, repair round included."""
    max_llm_calls: Count = 60
    max_tokens: Count = 1_000_000
    """Prompt and completion tokens of all calls."""
    max_cost_usd: Annotated[float, Field(gt=0)] | None = None


class LoopDetectionSettings(SettingsModel):
    """When the model is seen going in circles."""

    enabled: bool = True
    direct_repeat_threshold: Annotated[int, Field(ge=2)] = 3
    """Same command with the same result so many times in a row."""
    error_loop_threshold: Annotated[int, Field(ge=2)] = 4
    """Same error from different commands so many times in a row."""
    command_similarity_threshold: Share = 0.85
    output_similarity_threshold: Share = 0.80
    temperature_boost_levels: tuple[Annotated[float, Field(ge=0, le=2)], ...] = (0.3, 0.5, 0.7)
    """Temperature of the one call after the first, second, … intervention."""


class CompressionSettings(SettingsModel):
    """When the view of a long step that the model gets is shortened (the log never is)."""

    threshold: Share = 0.5
    """Share of the context window at which the view is shortened."""
    keep_ratio: Share = 0.3
    """Share of the step's commands, the newest, that stay in full."""


class InteractionSettings(SettingsModel):
    """Who answers questions."""

    mode: Literal["interactive", "auto", "deny"] = "interactive"
    """interactive: people. auto: each question's safe default at once. deny: nobody, what needs an answer is refused."""
    question_timeout_s: Annotated[float, Field(gt=0)] = 1800.0
    """Seconds until a question's safe default is taken."""


class PolicyRule(SettingsModel):
    """A rule of the user for commands whose words begin with `prefix`, such as "docker compose"."""

    prefix: Annotated[str, Field(min_length=1)]
    reason: str = ""


class PolicySettings(SettingsModel):
    """Additions to the command policy. A deny rule beats ask, ask beats allow; built-in denials cannot be allowed."""

    allow: tuple[PolicyRule, ...] = ()
    ask: tuple[PolicyRule, ...] = ()
    deny: tuple[PolicyRule, ...] = ()


class LogsSettings(SettingsModel):
    """What stays of logs."""

    keep: Count | None = None
    """Logs of ended deployments that stay in a log folder: with each further one the oldest goes, with its outputs. None: all."""


class Settings(SettingsModel):
    """All of them."""

    planner: PlannerName = "auto"
    approval: Approval = "never"
    llm: LlmSettings = LlmSettings()
    budget: BudgetSettings = BudgetSettings()
    loop_detection: LoopDetectionSettings = LoopDetectionSettings()
    compression: CompressionSettings = CompressionSettings()
    interaction: InteractionSettings = InteractionSettings()
    policy: PolicySettings = PolicySettings()
    logs: LogsSettings = LogsSettings()
