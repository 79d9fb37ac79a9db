"""Budgets from the settings, what hitting one leaves behind, and what a failed step's question offers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest

from auto_deployer.drivers import RecipeDriver
from auto_deployer.model.actions import Action, Execute, Observation, Stopped
from auto_deployer.model.plan import PlannedCommand
from auto_deployer.model.ports import LanguageModel, StepContext
from auto_deployer.model.questions import Answer
from auto_deployer.model.reasons import Kind
from auto_deployer.model.settings import BudgetSettings, InteractionSettings, Settings
from auto_deployer.orchestrator.budget import Budget
from tests.suggestions import suggested

from .conftest import DEPLOY_AND_VERIFY, Bench, step

A_MODEL = cast("LanguageModel", object())
"""Nobody calls it here."""


def test_every_limit_comes_from_the_settings() -> None:
    settings = BudgetSettings(max_iterations=1, max_iterations_per_step=2, max_attempts=4, max_commands=5, max_seconds=6)
    made = Budget.of(settings)
    assert (made.max_turns, made.max_turns_per_step, made.max_attempts, made.max_commands, made.max_seconds) == (1, 2, 4, 5, 6)


def test_the_defaults_are_the_settings_defaults() -> None:
    made = Budget.of(BudgetSettings())
    assert Budget(started=made.started) == made


@pytest.mark.parametrize(
    ("budget", "commands", "setting"),
    [
        (Budget(max_turns_per_step=4), 4, "budget.max_iterations_per_step"),
        (Budget(max_turns=3), 3, "budget.max_iterations"),
        (Budget(max_seconds=0), 1, "budget.max_seconds"),
        (Budget(max_commands=2), 2, "budget.max_commands"),
        (Budget(max_commands=5), 5, "budget.max_commands"),
    ],
)
async def test_hitting_a_limit_names_the_setting_to_raise(bench: Bench, budget: Budget, commands: int, setting: str) -> None:
    bench.budget = budget
    verdict = await bench.run(step(1, *["true"] * 10), *DEPLOY_AND_VERIFY)
    assert verdict.reason is not None
    assert verdict.reason.kind == Kind.BUDGET_EXCEEDED
    assert any(setting in suggestion for suggestion in suggested(verdict.reason))
    assert len(bench.entry(0).commands) == commands


async def test_as_many_commands_as_allowed_are_no_hit(bench: Bench) -> None:
    bench.budget = Budget(max_commands=3)
    assert (await bench.run(step(1, "true", "true"), step(2, "true"), *DEPLOY_AND_VERIFY)).outcome == "success"


class CleansUp:
    """Starts something, goes on, and takes it back when it is stopped."""

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        while True:
            observed = yield Execute(PlannedCommand(command="true"))
            if isinstance(observed, Stopped):
                yield Execute(PlannedCommand(command="echo taken back"), cleanup=True)
                return


@pytest.mark.parametrize("budget", [Budget(max_turns_per_step=3), Budget(max_commands=3)])
async def test_what_a_step_started_is_taken_back_when_it_hits_a_limit(bench: Bench, budget: Budget) -> None:
    bench.budget = budget
    bench.drivers[1] = CleansUp()
    verdict = await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert verdict.reason is not None
    assert verdict.reason.kind == Kind.BUDGET_EXCEEDED
    assert [command.command for command in bench.entry(0).commands] == ["true", "true", "true", "echo taken back"]


async def test_after_the_last_attempt_there_is_no_retry(bench: Bench) -> None:
    bench.budget = Budget(max_attempts=2)
    bench.user.answers = [Answer(option_id="retry"), Answer(option_id="retry")]
    assert (await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)).outcome == "failed"
    assert bench.steps[:2] == [(1, 1, "failed"), (1, 2, "failed")]
    first, last = bench.user.asked
    assert "retry" in {option.id for option in first.options}
    assert {option.id for option in last.options} == {"skip", "skip_continue", "abort"}
    assert "budget.max_attempts" in last.detail
    assert "budget.max_attempts" not in first.detail


async def test_the_question_s_time_out_is_the_user_s_setting(bench: Bench) -> None:
    bench.settings = Settings(interaction=InteractionSettings(question_timeout_s=12.5))
    bench.user.answers = [Answer(option_id="abort")]
    await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)
    assert bench.user.asked[0].timeout_ms == 12_500


class Notes(RecipeDriver):
    """Notes what each attempt is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str | None, bool]] = []

    def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        self.told.append((ctx.guidance, ctx.repair))
        return super().actions(ctx)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(option_id="retry"), (None, False)),
        (Answer(option_id="model"), (None, True)),
        (Answer(option_id="retry", guidance="use npm"), ("use npm", True)),
    ],
)
async def test_guidance_and_the_wish_for_repair_reach_the_next_attempt(bench: Bench, answer: Answer, told: Any) -> None:
    bench.model, bench.settings = A_MODEL, Settings(planner="recipe")
    bench.drivers[1] = driver = Notes()
    bench.user.answers = [answer, Answer(option_id="retry"), Answer(option_id="abort")]
    await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)
    assert driver.told == [(None, False), told, (None, False)]


@pytest.mark.parametrize(
    ("model", "planner", "offered"), [(None, "recipe", False), (A_MODEL, "auto", False), (A_MODEL, "recipe", True)]
)
async def test_the_model_is_offered_where_it_was_not_asked_yet(bench: Bench, model: Any, planner: str, offered: bool) -> None:
    bench.model, bench.settings = model, Settings.model_validate({"planner": planner})
    bench.user.answers = [Answer(option_id="abort")]
    await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)
    assert ("model" in {option.id for option in bench.user.asked[0].options}) == offered
