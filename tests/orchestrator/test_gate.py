"""The gate in front of commands: verdicts in the log before anything runs, questions, refusals, changed plans, checks."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from auto_deployer.model import events as ev
from auto_deployer.model.actions import Action, ChangePlan, Execute, Observation, Refused, StepDone, StepFailed, Stopped
from auto_deployer.model.log import PolicyVerdict
from auto_deployer.model.plan import AppSpec, CommandCheck, DeploymentPlan, DeploymentStep, PlannedCommand
from auto_deployer.model.ports import StepContext
from auto_deployer.model.questions import Answer
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.model.settings import InteractionSettings, PolicyRule, PolicySettings, Settings
from tests.suggestions import suggested

from .conftest import DEPLOY_AND_VERIFY, Bench, step

YES, NO = Answer(option_id="yes"), Answer(option_id="no")


class Performs:
    """A driver that performs these actions and ends; what came of each is kept."""

    def __init__(self, *actions: Action) -> None:
        self._actions = actions
        self.observed: list[Observation] = []

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        for action in self._actions:
            observed = yield action
            self.observed.append(observed)
            if isinstance(observed, Stopped):
                return
        yield StepDone()


def run(command: str, **fields: object) -> Execute:
    return Execute(PlannedCommand(command=command, reasoning="to see"), **fields)  # type: ignore[arg-type]


def asking(*prefixes: str) -> PolicySettings:
    return PolicySettings(ask=tuple(PolicyRule(prefix=prefix, reason="We ask.") for prefix in prefixes))


def refusals(bench: Bench) -> list[tuple[str, PolicyVerdict]]:
    told = [(event.command.command, event.command.policy) for event in bench.events if isinstance(event, ev.CommandRefused)]
    logged = [(command.command, command.policy) for entry in bench.recorder.log.steps for command in entry.refused_commands]
    assert told == logged
    return told


async def test_an_ordinary_command_has_no_verdict_in_its_record(bench: Bench) -> None:
    assert (await bench.run(step(1, "echo one"), *DEPLOY_AND_VERIFY)).outcome == "success"
    assert bench.entry(0).commands[0].policy is None


async def test_a_denied_command_never_runs_and_the_step_says_why(bench: Bench) -> None:
    verdict = await bench.run(step(1, "echo before", "touch made; shutdown now", "echo never"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "failed"
    assert verdict.reason is not None
    assert verdict.reason.kind == Kind.POLICY_DENIED
    assert "power" in verdict.reason.message
    assert "shutdown" in verdict.reason.message
    assert suggested(verdict.reason)
    assert [command.command for command in bench.entry(0).commands] == ["echo before"]
    ((command, policy),) = refusals(bench)
    assert (command, policy.verdict, policy.rule, policy.decided_by) == ("touch made; shutdown now", "deny", "power", "policy")


async def test_nobody_to_ask_means_no(bench: Bench) -> None:
    bench.settings = Settings(policy=asking("echo"))
    verdict = await bench.run(step(1, "echo one"), *DEPLOY_AND_VERIFY)
    assert verdict.reason is not None
    assert verdict.reason.kind == Kind.POLICY_DENIED
    assert any("policy.allow" in suggestion for suggestion in suggested(verdict.reason))
    ((_, policy),) = refusals(bench)
    assert (policy.verdict, policy.rule, policy.decided_by) == ("ask", "user-ask", "nobody")


async def test_a_command_runs_on_the_user_s_word_and_its_record_says_so(bench: Bench) -> None:
    bench.settings = Settings(policy=asking("echo"), interaction=InteractionSettings(question_timeout_s=7))
    bench.user.answers = [YES]
    assert (await bench.run(step(1, "true; echo one"), *DEPLOY_AND_VERIFY)).outcome == "success"
    (question,) = bench.user.asked
    assert (question.kind, question.category, question.risk, question.default) == ("confirm", "confirmation", "high", "no")
    assert [option.id for option in question.options] == ["yes", "no"]
    assert question.timeout_ms == 7000
    assert "echo one" in question.message
    assert "We ask." in question.message
    assert question.detail == "true; echo one"
    policy = bench.entry(0).commands[0].policy
    assert policy is not None
    assert (policy.verdict, policy.rule, policy.decided_by) == ("allow", "user-ask", "user")
    started = next(event for event in bench.events if isinstance(event, ev.CommandStarted))
    assert started.command.policy == policy


@pytest.mark.parametrize(
    ("answer", "decided_by"),
    [(NO, "user"), (Answer(timed_out=True, option_id="no"), "nobody"), (Answer(text="yes please"), "user")],
)
async def test_only_yes_is_a_yes(bench: Bench, answer: Answer, decided_by: str) -> None:
    bench.settings = Settings(policy=asking("echo"))
    bench.user.answers = [answer, Answer(option_id="abort")]
    assert (await bench.run(step(1, "echo one"), *DEPLOY_AND_VERIFY)).outcome == "aborted"
    assert not bench.entry(0).commands
    assert refusals(bench)[0][1].decided_by == decided_by


async def test_what_was_approved_is_not_asked_about_again(bench: Bench) -> None:
    bench.settings = Settings(policy=asking("echo"))
    bench.user.answers = [YES, YES]
    verdict = await bench.run(step(1, "echo one", "echo one"), step(2, "echo one", "echo two"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "success"
    assert [question.detail for question in bench.user.asked] == ["echo one", "echo two"]


async def test_a_no_is_asked_about_again_on_the_next_attempt(bench: Bench) -> None:
    bench.settings = Settings(policy=asking("echo"))
    bench.user.answers = [NO, Answer(option_id="retry"), YES]
    assert (await bench.run(step(1, "echo one"), *DEPLOY_AND_VERIFY)).outcome == "success"


async def test_every_command_of_the_model_is_asked_about_when_the_user_wants_it(bench: Bench) -> None:
    bench.settings = Settings(approval="always")
    bench.user.answers = [YES, NO]
    driver = Performs(run("echo planned"), run("echo one", source="llm"), run("echo two", source="llm"))
    bench.drivers[1] = driver
    await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert [command.command for command in bench.entry(0).commands] == ["echo planned", "echo one"]
    assert isinstance(driver.observed[2], Refused)
    assert driver.observed[2].policy.rule == "approval"


async def test_cleaning_up_is_judged_but_not_asked_about(bench: Bench) -> None:
    bench.settings = Settings(policy=asking("echo"))
    driver = Performs(run("echo tidy", cleanup=True), run("rm -rf /etc/nothing", cleanup=True))
    bench.drivers[1] = driver
    await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert [command.command for command in bench.entry(0).commands] == ["echo tidy"]
    assert [command for command, _ in refusals(bench)] == ["rm -rf /etc/nothing"]


def with_app(command: str, *more: DeploymentStep) -> DeploymentPlan:
    return DeploymentPlan(
        strategy="traditional", steps=(step(1), *more, *DEPLOY_AND_VERIFY), app=AppSpec(name="a", command=command)
    )


WHY = Reason(kind=Kind.COMMAND_FAILED, message="The model corrects the app.")


@pytest.mark.parametrize(
    ("approval", "answers", "changed"),
    [("never", [], True), ("plan", [YES], True), ("risky", [NO], False), ("always", [YES], True), ("plan", [], False)],
)
async def test_a_changed_plan_needs_the_same_word_as_a_plan(
    bench: Bench, approval: str, answers: list[Answer], changed: bool
) -> None:
    bench.settings = Settings.model_validate({"approval": approval})
    bench.user.answers = list(answers)
    driver = Performs(ChangePlan(with_app("node other.js"), WHY))
    bench.drivers[1] = driver
    await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert isinstance(driver.observed[0], Refused) != changed
    assert any(isinstance(event, ev.PlanChanged) for event in bench.events) == changed
    if answers:
        assert "node other.js" in bench.user.asked[0].detail


async def test_a_changed_plan_with_a_denied_start_command_is_refused(bench: Bench) -> None:
    driver = Performs(ChangePlan(with_app("rm -rf / ; node x.js"), WHY))
    bench.drivers[1] = driver
    await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert isinstance(driver.observed[0], Refused)
    assert refusals(bench)[0][1].rule == "recursive-delete"
    assert not any(isinstance(event, ev.PlanChanged) for event in bench.events)


@pytest.mark.parametrize("driven_by", ["start_app", "verify_app"])
async def test_the_app_s_start_command_is_judged_when_it_is_started(bench: Bench, driven_by: str) -> None:
    starting = step(2).model_copy(update={"driver": driven_by})
    driver = Performs(run("echo start it"))
    bench.drivers = {1: Performs(ChangePlan(with_app("curl x | sh", starting), WHY)), 2: driver}
    await bench.run(step(1), starting, *DEPLOY_AND_VERIFY)
    assert isinstance(driver.observed[0], Refused)
    assert refusals(bench) == [("curl x | sh", driver.observed[0].policy)]


async def test_a_check_that_is_more_than_a_look_does_not_run(bench: Bench) -> None:
    verdict = await bench.run(
        step(1, "true", checks=(CommandCheck(command=f"touch {bench.folder}/x; sudo true x"),)), *DEPLOY_AND_VERIFY
    )
    assert verdict.reason is not None
    assert "command policy" in verdict.reason.message
    assert not (bench.folder / "x").exists()


async def test_a_stop_while_the_question_is_open_ends_the_step(bench: Bench) -> None:
    bench.settings = Settings(policy=asking("echo"))
    bench.user.answers = [YES]
    original = bench.user.ask

    async def ask(*args: object, **kwargs: object) -> Answer:
        bench.control.end("cancelled")
        return await original(*args, **kwargs)  # type: ignore[arg-type]

    bench.user.ask = ask  # type: ignore[method-assign]
    assert (await bench.run(step(1, "echo one"), *DEPLOY_AND_VERIFY)).outcome == "cancelled"
    assert not bench.entry(0).commands
    assert not refusals(bench)


async def test_a_driver_may_go_on_after_a_refusal(bench: Bench) -> None:
    bench.drivers[1] = Performs(run("shutdown now", source="llm"), run("echo instead", source="llm"))
    assert (await bench.run(step(1), *DEPLOY_AND_VERIFY)).outcome == "success"
    assert bench.entry(0).refused_commands[0].source == "llm"
    assert bench.entry(0).refused_commands[0].reasoning == "to see"


async def test_a_step_that_fails_after_a_refusal_keeps_its_own_reason(bench: Bench) -> None:
    bench.drivers[1] = Performs(run("shutdown now"), StepFailed(WHY))
    verdict = await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert verdict.reason == WHY


async def test_what_the_model_writes_is_judged_when_a_later_command_runs_it(bench: Bench) -> None:
    written = run("printf 'rm -rf %s\\n' / > run.sh", source="llm")
    driver = Performs(written, run("sh run.sh", source="llm"), run("cat run.sh", source="llm"))
    bench.drivers[1] = driver
    await bench.run(step(1), *DEPLOY_AND_VERIFY)
    refused = driver.observed[1]
    assert isinstance(refused, Refused)
    assert (refused.policy.verdict, refused.policy.rule) == ("deny", "recursive-delete")
    assert [command.command for command in bench.entry(0).commands] == [written.command.command, "cat run.sh"]
