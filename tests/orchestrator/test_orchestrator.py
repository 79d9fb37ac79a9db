"""Steps by dependency, attempts, retry / skip / abort / cancel, budgets, and what success means."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from auto_deployer.deploy_log.log_file import LogFileWriter
from auto_deployer.model import events as ev
from auto_deployer.model.actions import Action, Execute, Observation, StepDone, StepFailed, Stopped
from auto_deployer.model.errors import AppError, InvalidStateError, LogError, NotFoundError
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.plan import CommandCheck, DeploymentPlan, DeploymentStep, FileCheck, PlannedCommand
from auto_deployer.model.ports import StepContext
from auto_deployer.model.questions import Answer
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.orchestrator.budget import Budget
from auto_deployer.orchestrator.orchestrator import ordered

from .conftest import DEPLOY_AND_VERIFY, Bench, step


async def until(happened: Callable[[], bool]) -> None:
    """Poll for something that will happen."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 - a file or an event elsewhere
            await asyncio.sleep(0.01)


def started_and_ended(bench: Bench) -> None:
    """Promise 3: every started step and command has exactly one end."""
    open_steps, open_commands = set[tuple[int | None, int | None]](), set[str | None]()
    for event in bench.events:
        match event:
            case ev.StepStarted():
                open_steps.add((event.step_id, event.attempt))
            case ev.StepFinished():
                open_steps.discard((event.step_id, event.attempt))
            case ev.CommandStarted():
                assert event.command_id not in open_commands
                open_commands.add(event.command_id)
            case ev.CommandExecuted():
                open_commands.remove(event.command_id)
            case _:
                pass
    assert not open_steps
    assert not open_commands


async def test_a_plan_that_works_is_a_success(bench: Bench) -> None:
    verdict = await bench.run(step(1, "echo one"), step(2, "echo two", "echo three"), *DEPLOY_AND_VERIFY)
    assert (verdict.outcome, verdict.reason) == ("success", None)
    assert bench.steps == [(1, 1, "success"), (2, 1, "success"), (8, 1, "success"), (9, 1, "success")]
    assert [command.stdout for entry in bench.recorder.log.steps for command in entry.commands] == ["one\n", "two\n", "three\n"]
    started_and_ended(bench)


async def test_the_command_is_in_the_log_before_it_may_run(bench: Bench) -> None:
    look = f"grep -c '\"current_command\": {{' {bench.recorder.path}; ps -o pgid= $$"
    await bench.run(step(1, look), *DEPLOY_AND_VERIFY)
    count, pgid = bench.entry(0).commands[0].stdout.split()
    started = next(event for event in bench.events if isinstance(event, ev.CommandStarted))
    assert count == "1"
    assert started.command.pgid == int(pgid)


async def test_a_failed_command_without_anyone_to_ask_fails_the_deployment_and_blocks_dependents(bench: Bench) -> None:
    verdict = await bench.run(step(1, "echo broken; exit 3", "echo never"), step(2, "echo two"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "failed"
    assert verdict.reason is not None
    assert verdict.reason.kind == Kind.COMMAND_FAILED
    assert "broken" in verdict.reason.message
    assert bench.steps == [(1, 1, "failed"), (2, 1, "blocked")]
    assert bench.entry(0).commands[0].exit_code == 3
    started_and_ended(bench)


async def test_a_step_is_successful_only_when_its_checks_pass(bench: Bench) -> None:
    verdict = await bench.run(step(1, "true", checks=(FileCheck(path=str(bench.folder / "built")),)), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "failed"
    assert verdict.reason is not None
    assert verdict.reason.kind == Kind.CHECK_FAILED
    assert str(bench.folder / "built") in verdict.reason.message
    assert not bench.entry(0).checks[0].passed


async def test_another_try_is_a_further_entry_and_nothing_is_overwritten(bench: Bench) -> None:
    bench.user.answers = [Answer(option_id="retry"), Answer(option_id="retry")]
    counter = bench.folder / "count"
    verdict = await bench.run(step(1, f"echo x >> {counter}; test $(wc -l < {counter}) -ge 3"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "success"
    assert bench.steps[:3] == [(1, 1, "failed"), (1, 2, "failed"), (1, 3, "success")]
    assert all(len(bench.entry(index).commands) == 1 for index in range(3))
    assert bench.recorder.log.summary.total_commands == 3
    started_and_ended(bench)


async def test_abort_ends_aborted(bench: Bench) -> None:
    bench.user.answers = [Answer(option_id="abort")]
    verdict = await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)
    assert (verdict.outcome, verdict.reason.kind if verdict.reason else None) == ("aborted", Kind.ABORTED_BY_USER)


async def test_a_question_nobody_answers_in_time_ends_failed(bench: Bench) -> None:
    bench.user.answers = [Answer(timed_out=True)]
    verdict = await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "failed"


async def test_free_text_never_decides(bench: Bench) -> None:
    bench.user.answers = [Answer(text="please skip or retry or whatever")]
    assert (await bench.run(step(1, "false"), *DEPLOY_AND_VERIFY)).outcome == "failed"


async def test_a_skipped_step_blocks_its_dependents_and_the_run_is_no_success(bench: Bench) -> None:
    bench.user.answers = [Answer(option_id="skip")]
    verdict = await bench.run(step(1, "false"), step(2, "echo two"), *DEPLOY_AND_VERIFY)
    assert (verdict.outcome, verdict.reason.kind if verdict.reason else None) == ("failed", Kind.STEP_SKIPPED)
    assert (1, 2, "skipped") in bench.steps
    assert (2, 1, "blocked") in bench.steps


async def test_skip_and_continue_satisfies_dependents_when_the_user_says_so(bench: Bench) -> None:
    bench.user.answers = [Answer(option_id="skip_continue")]
    verdict = await bench.run(step(1, "false"), step(2, "echo two"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "success"
    assert (2, 1, "success") in bench.steps


@pytest.mark.parametrize("number", [8, 9])
async def test_skipping_deploy_or_verify_is_never_a_success(bench: Bench, number: int) -> None:
    from auto_deployer.orchestrator.control import Skip

    bench.control.skip(number, Skip(satisfies_dependents=True))
    verdict = await bench.run(*DEPLOY_AND_VERIFY)
    assert (verdict.outcome, verdict.reason.kind if verdict.reason else None) == ("failed", Kind.STEP_SKIPPED)


async def test_a_plan_without_a_verified_app_is_no_success(bench: Bench) -> None:
    verdict = await bench.run(step(1, "true"))
    assert verdict.outcome == "failed"


async def test_skip_ends_a_running_step_first(bench: Bench) -> None:
    def skip_when_running(event: ev.Event) -> None:
        if isinstance(event, ev.CommandStarted):
            assert bench.orchestrator is not None
            bench.orchestrator.skip_step(1, satisfies_dependents=True)

    bench.on_event = skip_when_running
    before = time.monotonic()
    verdict = await bench.run(step(1, "sleep 60"), *DEPLOY_AND_VERIFY)
    assert time.monotonic() - before < 30
    assert verdict.outcome == "success"
    assert bench.steps[0] == (1, 1, "skipped")
    assert bench.entry(0).satisfies_dependents
    assert bench.entry(0).commands[0].stopped or bench.entry(0).commands[0].exit_code != 0
    started_and_ended(bench)


async def test_skipping_an_unknown_or_ended_step_is_refused(bench: Bench) -> None:
    refused: list[type[Exception]] = []

    def skip(event: ev.Event) -> None:
        if isinstance(event, ev.CommandStarted) and event.step_id == 2:
            assert bench.orchestrator is not None
            for number in (1, 77):
                try:
                    bench.orchestrator.skip_step(number)
                except (InvalidStateError, NotFoundError) as error:
                    refused.append(type(error))

    bench.on_event = skip
    await bench.run(step(1, "true"), step(2, "true"), *DEPLOY_AND_VERIFY)
    assert refused == [InvalidStateError, NotFoundError]


@pytest.mark.parametrize(("ending", "status"), [("cancelled", "cancelled"), ("interrupted", "interrupted")])
async def test_cancel_ends_the_running_command_and_the_run(bench: Bench, ending: str, status: str) -> None:
    def cancel(event: ev.Event) -> None:
        if isinstance(event, ev.CommandStarted):
            bench.control.end("cancelled" if ending == "cancelled" else "interrupted")

    bench.on_event = cancel
    verdict = await bench.run(step(1, "trap '' TERM; sleep 60"), step(2, "true"), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == status
    assert bench.steps == [(1, 1, status)]
    started_and_ended(bench)


class Cleans:
    """A driver that started something and ends it when it is stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        yield Execute(PlannedCommand(command=f"touch {self.folder}/begun"))
        observed = yield Execute(PlannedCommand(command="sleep 60"))
        while not isinstance(observed, Stopped):
            observed = yield StepDone()
        yield Execute(PlannedCommand(command=f"touch {self.folder}/cleaned"), cleanup=True)
        yield StepFailed(Reason(kind=Kind.CANCELLED_BY_USER, message="stopped"))


async def test_a_stopped_driver_may_clean_up_what_it_started(bench: Bench) -> None:
    bench.drivers[1] = Cleans(bench.folder)

    def cancel(event: ev.Event) -> None:
        if isinstance(event, ev.CommandStarted) and event.command.command == "sleep 60":
            bench.control.end("cancelled")

    bench.on_event = cancel
    verdict = await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "cancelled"
    assert (bench.folder / "cleaned").exists()
    started_and_ended(bench)


class Endless:
    """A driver that never comes to an end."""

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        while True:
            yield Execute(PlannedCommand(command="true"))


@pytest.mark.parametrize(
    ("budget", "commands", "text"),
    [
        (Budget(max_turns_per_step=4), 4, "4 a step"),
        (Budget(max_turns=3), 3, "limit is 3"),
        (Budget(max_seconds=0), 1, "runs longer"),
    ],
)
async def test_a_budget_ends_the_step_and_the_log_says_which(bench: Bench, budget: Budget, commands: int, text: str) -> None:
    bench.budget, bench.drivers[1] = budget, Endless()
    verdict = await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert verdict.reason is not None
    assert (verdict.reason.kind, text in verdict.reason.message) == (Kind.BUDGET_EXCEEDED, True)
    assert len(bench.entry(0).commands) == commands


async def test_a_driver_that_blows_up_still_ends_its_step(bench: Bench) -> None:
    class Broken:
        async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
            yield Execute(PlannedCommand(command="true"))
            raise RuntimeError("a bug")

    bench.drivers[1] = Broken()
    with pytest.raises(RuntimeError):
        await bench.run(step(1), *DEPLOY_AND_VERIFY)
    started_and_ended(bench)
    assert bench.entry(0).status == "failed"


async def test_a_retry_takes_over_what_still_holds_and_runs_the_rest(bench: Bench) -> None:
    made = bench.folder / "made"
    check = (FileCheck(path=str(made)),)
    plan = (step(1, f"touch {made}", checks=check), step(2, "false"), *DEPLOY_AND_VERIFY)
    await bench.run(*plan)
    previous = bench.recorder.log
    again = (plan[0], step(2, "true"), *DEPLOY_AND_VERIFY)
    verdict = await bench.run(*again, previous=previous)
    assert verdict.outcome == "success"
    reused = [entry for entry in bench.recorder.log.steps if entry.reused]
    assert [(entry.step_id, entry.status, entry.commands) for entry in reused] == [(1, "success", ())]


async def test_a_retry_runs_a_step_again_whose_checks_no_longer_pass(bench: Bench) -> None:
    made = bench.folder / "made"
    plan = (step(1, f"touch {made}", checks=(FileCheck(path=str(made)),)), step(2, "false"), *DEPLOY_AND_VERIFY)
    await bench.run(*plan)
    previous = bench.recorder.log
    made.unlink()
    await bench.run(*plan, previous=previous)
    assert not any(entry.reused for entry in bench.recorder.log.steps)
    assert made.exists()


async def test_a_retry_from_a_step_runs_it_and_all_later_ones(bench: Bench) -> None:
    plan = (step(1, "true"), step(2, "true"), step(3, "false"), *DEPLOY_AND_VERIFY)
    await bench.run(*plan)
    previous, first = bench.recorder.log, len(bench.recorder.log.steps)
    await bench.run(*plan, previous=previous, from_step=2)
    new = bench.recorder.log.steps[first:]
    assert [(entry.step_id, entry.reused) for entry in new][:3] == [(1, True), (2, False), (3, False)]


async def test_checks_are_recorded_but_are_no_commands(bench: Bench) -> None:
    await bench.run(step(1, "true", checks=(CommandCheck(command="exit 0"),)), *DEPLOY_AND_VERIFY)
    assert [check.passed for check in bench.entry(0).checks] == [True]
    assert len(bench.entry(0).commands) == 1


def test_order_follows_dependencies_and_a_circle_is_refused() -> None:
    def plan(*steps: DeploymentStep) -> DeploymentPlan:
        return DeploymentPlan(strategy="static", steps=steps)

    assert [entry.id for entry in ordered(plan(step(3, needs=(2,)), step(1), step(2, needs=(1,))))] == [1, 2, 3]
    with pytest.raises(InvalidStateError, match="circle"):
        ordered(plan(step(1, needs=(2,)), step(2, needs=(1,))))
    with pytest.raises(InvalidStateError):
        ordered(plan(step(1, needs=(9,))))


async def test_cancel_does_not_wait_for_a_check(bench: Bench) -> None:
    """Checks may take a minute; a cancel may take 3 s."""
    begun, over = bench.folder / "begun", bench.folder / "over"
    slow = CommandCheck(command=f"touch {begun}; sleep 50; touch {over}")
    run = asyncio.ensure_future(bench.run(step(1, "true", checks=(slow,)), *DEPLOY_AND_VERIFY))
    await until(begun.exists)
    bench.control.end("cancelled")
    async with asyncio.timeout(30):
        assert (await run).outcome == "cancelled"
    assert bench.steps == [(1, 1, "cancelled")]
    assert not over.exists()
    started_and_ended(bench)


async def test_cancel_does_not_wait_for_the_checks_of_a_retry(bench: Bench) -> None:
    begun = bench.folder / "begun"
    plan = (step(1, "true", checks=(CommandCheck(command="true"),)), step(2, "false"), *DEPLOY_AND_VERIFY)
    await bench.run(*plan)
    slow = step(1, "true", checks=(CommandCheck(command=f"touch {begun}; sleep 50"),))
    run = asyncio.ensure_future(bench.run(slow, *plan[1:], previous=bench.recorder.log))
    await until(begun.exists)
    bench.control.end("cancelled")
    async with asyncio.timeout(30):
        assert (await run).outcome == "cancelled"
    assert not bench.entry(-1).reused


async def test_a_skip_while_checks_run_tells_the_driver_to_stop(bench: Bench) -> None:
    class Undoes:
        async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
            observed = yield StepDone(app=None)
            if isinstance(observed, Stopped):
                yield Execute(PlannedCommand(command=f"touch {bench.folder}/undone"), cleanup=True)
            yield StepFailed(Reason(kind=Kind.CANCELLED_BY_USER, message="stopped"))

    begun = bench.folder / "begun"
    bench.drivers[1] = Undoes()
    run = asyncio.ensure_future(bench.run(step(1, checks=(CommandCheck(command=f"touch {begun}; sleep 50"),)), *DEPLOY_AND_VERIFY))
    await until(begun.exists)
    assert bench.orchestrator is not None
    bench.orchestrator.skip_step(1)
    async with asyncio.timeout(30):
        await run
    assert bench.steps[0] == (1, 1, "skipped")
    assert (bench.folder / "undone").exists()


async def test_a_run_that_is_cut_off_ends_its_command_and_its_step(bench: Bench) -> None:
    """A shutdown that could not wait cancels the task."""
    run = asyncio.ensure_future(bench.run(step(1, "echo begun; sleep 60"), *DEPLOY_AND_VERIFY))
    await until(lambda: any(isinstance(event, ev.CommandStarted) for event in bench.events))
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    started_and_ended(bench)
    assert bench.steps == [(1, 1, "interrupted")]
    assert (bench.entry(0).commands[0].stopped, bench.entry(0).current_command) == (True, None)


@pytest.mark.parametrize("refused", ["deploy/commandStarted", "deploy/commandExecuted", "deploy/checkFinished"])
async def test_what_was_started_is_ended_on_a_full_disk_too(bench: Bench, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """The disk takes nothing from this event on until the reserve is given back."""
    from auto_deployer.deploy_log.journal import Journal

    append, reserve = Journal.append, bench.recorder.path.with_suffix(".files") / ".reserve"

    def full(journal: Journal, line: bytes) -> None:
        if refused.encode() in line and reserve.exists():
            raise LogError("Cannot write it: no space left.", kind=Kind.LOG_WRITE_FAILED)
        append(journal, line)

    monkeypatch.setattr(Journal, "append", full)
    ran = bench.folder / "ran"
    with pytest.raises(LogError):
        await bench.run(step(1, f"touch {ran}", "true", checks=(FileCheck(path=str(ran)),)), *DEPLOY_AND_VERIFY)
    started_and_ended(bench)
    assert bench.steps == [(1, 1, "failed")]
    assert ran.exists() == (refused != "deploy/commandStarted")
    assert len(bench.entry(0).commands) == {"deploy/commandStarted": 0, "deploy/commandExecuted": 1}.get(refused, 2)


async def test_a_step_whose_start_the_log_file_does_not_take_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal took it, with the last of the space."""
    writer, reserve = type(bench.recorder._writer), bench.recorder.path.with_suffix(".files") / ".reserve"
    sync = writer.sync

    def full(self: LogFileWriter, log: DeploymentLog) -> None:
        if log.steps and reserve.exists():
            raise LogError("Cannot write it: no space left.", kind=Kind.LOG_WRITE_FAILED)
        sync(self, log)

    monkeypatch.setattr(writer, "sync", full)
    with pytest.raises(LogError):
        await bench.run(step(1, "true"), *DEPLOY_AND_VERIFY)
    assert bench.steps == [(1, 1, "failed")]
    assert [event.seq for event in bench.events] == list(range(1, bench.recorder.log.seq + 1))
    started_and_ended(bench)


async def test_what_a_driver_cannot_do_fails_the_step_and_is_asked_about(bench: Bench) -> None:
    class Lost:
        async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
            yield Execute(PlannedCommand(command="true"))
            raise AppError("The deploy directory cannot be read.", kind=Kind.APP_NOT_RUNNING)

    bench.drivers[1] = Lost()
    bench.user.answers = [Answer(option_id="abort")]
    verdict = await bench.run(step(1), *DEPLOY_AND_VERIFY)
    assert verdict.outcome == "aborted"
    reason = bench.entry(0).reason
    assert reason is not None
    assert (reason.kind, reason.message) == (Kind.APP_NOT_RUNNING, "The deploy directory cannot be read.")
