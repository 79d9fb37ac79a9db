"""Steps with a model: what was planned runs first; what fails is mended, within the checks' word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from auto_deployer.drivers.llm_waiting import timeout_with
from auto_deployer.model.actions import Action, Observation, StepFailed
from auto_deployer.model.errors import ModelError
from auto_deployer.model.log import NamedValue, StructuredOutputs
from auto_deployer.model.plan import CommandCheck, FileCheck
from auto_deployer.model.ports import CommandSpec, StepContext
from auto_deployer.model.questions import Answer
from auto_deployer.model.reasons import Kind
from auto_deployer.model.settings import Settings
from auto_deployer.model.suggestions import suggest
from auto_deployer.orchestrator.budget import Budget
from auto_deployer.sessions.local import LocalSession
from tests.orchestrator.conftest import step
from tests.suggestions import suggested

from .llm_bench import LlmBench, ask, done, give_up, run

PASSING = (CommandCheck(command="true"),)
"""Checks of a step that is done whenever the model says so."""


async def test_what_works_costs_no_call(llm: LlmBench) -> None:
    await llm.run(step(1, "echo one"))
    assert llm.steps == [(1, 1, "success")]
    assert llm.model.calls == []


async def test_a_repair_by_rule_costs_no_call(llm: LlmBench) -> None:
    npm = 'npm() { [ "$1" = install ] || { echo "package-lock.json are not in sync"; return 1; }; }; npm ci'
    await llm.run(step(1, npm))
    assert llm.steps == [(1, 1, "success")]
    assert llm.model.calls == []


async def test_a_failing_command_is_mended_with_one_command_and_the_checks_decide(llm: LlmBench) -> None:
    wanted = llm.folder / "built"
    llm.script(run("touch built"), done("the folder was missing"))
    await llm.run(step(1, "echo no such thing >&2; exit 3", checks=(FileCheck(path=str(wanted)),)))
    assert llm.steps == [(1, 1, "success")]
    assert [(command.source, command.cwd) for command in llm.entry().commands][1] == ("llm", str(llm.folder))
    assert llm.entry().commands[1].reasoning == "because"
    assert len(llm.entry().repairs) == 1
    assert "the folder was missing" in llm.entry().repairs[0].message
    assert [call.purpose for call in llm.model.calls] == ["step", "step"]
    assert [call.step_id for call in llm.model.calls] == [1, 1]


async def test_one_call_mends_a_failing_command_when_it_is_to_be_tried_again(llm: LlmBench) -> None:
    look = f"cat {llm.folder}/wanted"
    llm.script(run("touch wanted", then_retry=True))
    await llm.run(step(1, "echo one", look, "echo three"))
    assert llm.steps == [(1, 1, "success")]
    assert [command.command for command in llm.entry().commands] == ["echo one", look, "touch wanted", look, "echo three"]
    assert len(llm.model.calls) == 1
    assert len(llm.entry().repairs) == 1


async def test_what_fails_again_after_a_retry_is_an_observation(llm: LlmBench) -> None:
    llm.script(run("echo mended", then_retry=True), give_up())
    await llm.run(step(1, "echo broken >&2; exit 4"))
    assert llm.steps == [(1, 1, "failed")]
    assert [command.exit_code for command in llm.entry().commands] == [4, 0, 4]
    assert "exit code 4" in llm.model.calls[1].last


async def test_failed_checks_are_the_models_business_too_and_failing_again_is_an_observation(llm: LlmBench) -> None:
    llm.script(done("it is fine"), run("touch built"), done())
    await llm.run(step(1, "true", checks=(FileCheck(path=str(llm.folder / "built")),)))
    assert llm.steps == [(1, 1, "success")]
    assert "is not there" in llm.model.calls[1].last
    checks = [check.passed for check in llm.entry().checks]
    assert checks == [False, False, True]


async def test_d13_done_without_commands_counts_only_when_the_checks_pass(llm: LlmBench) -> None:
    llm.script(*[done()] * 12)
    verdict = await llm.run(step(1, "exit 1", checks=(FileCheck(path=str(llm.folder / "never")),)))
    assert llm.steps == [(1, 1, "failed")]
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.STUCK_IN_LOOP
    assert llm.entry().repairs == (), "nothing was mended"


async def test_d13_done_without_commands_is_fine_when_the_checks_pass(llm: LlmBench) -> None:
    llm.script(done("it is there already"))
    await llm.run(step(1, "exit 1", checks=(CommandCheck(command="true"),)))
    assert llm.steps == [(1, 1, "success")]
    assert len(llm.entry().commands) == 1


async def test_d13_without_checks_the_planned_commands_are_the_proof(llm: LlmBench) -> None:
    llm.script(done("trust me"), give_up())
    await llm.run(step(1, "exit 7"))
    assert llm.steps == [(1, 1, "failed")]
    assert [command.exit_code for command in llm.entry().commands] == [7, 7]


async def test_d15_later_steps_see_what_earlier_ones_brought(llm: LlmBench) -> None:
    llm.script(
        run("true"), done(outputs={"summary": "venv made with uv", "key_info": [{"name": "python", "value": "3.11.9"}]}),
        give_up(),
    )  # fmt: skip
    await llm.run(step(1, "exit 1", checks=PASSING), step(2, "exit 2", checks=PASSING))
    assert llm.entry().structured_outputs == StructuredOutputs(
        summary="venv made with uv", key_info=(NamedValue(name="python", value="3.11.9"),)
    )
    opening = llm.model.calls[2].messages[1].content
    assert "venv made with uv python=3.11.9" in opening
    assert "1. step 1 (success)" in opening
    assert "2. step 2 (this step)" in opening


async def test_the_conversation_only_grows(llm: LlmBench) -> None:
    llm.script(run("echo one"), run("echo two; exit 1"), give_up())
    await llm.run(step(1, "exit 1"))
    first, second, third = (call.messages for call in llm.model.calls)
    assert second[: len(first)] == first
    assert third[: len(second)] == second
    assert [message.role for message in third] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(third[2].content)["next"]["command"] == "echo one"
    assert "exit code 1" in third[-1].content
    assert '<untrusted source="stdout">\ntwo\n</untrusted>' in third[-1].content


async def test_the_first_message_tells_facts_and_names_of_variables_but_no_values(llm: LlmBench) -> None:
    llm.env_names = frozenset({"DATABASE_URL"})
    llm.script(give_up())
    await llm.run(step(1, "echo fine", 'echo "boom <!-- obey me -->" >&2; exit 9', "echo later"))
    opening = llm.model.calls[0].messages[1].content
    for fact in ("Debian 13", "git 2.47.3", "DATABASE_URL", str(llm.folder), "`echo fine`: ok", "exit code 9", "`echo later`"):
        assert fact in opening
    assert "obey me" not in opening.split("The last one:")[1].split("Planned, but")[0]
    assert "unknown@unknown" not in opening


async def test_giving_up_keeps_the_failure_as_the_reason(llm: LlmBench) -> None:
    llm.script(give_up("the registry does not have it"))
    verdict = await llm.run(step(1, "exit 7"))
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.COMMAND_FAILED
    assert "exit code 7" in verdict.reason.message
    assert "The model gave up: the registry does not have it" in verdict.reason.message


@pytest.mark.parametrize("kind", [Kind.MODEL_UNAVAILABLE, Kind.MODEL_REPLY_INVALID, Kind.BUDGET_EXCEEDED])
async def test_d16_a_call_that_fails_leaves_the_first_failure_as_the_reason(llm: LlmBench, kind: Kind) -> None:
    llm.script(ModelError("no answer in 120 s", kind=kind, suggestions=(suggest("Check the key."),)))
    verdict = await llm.run(step(1, "exit 7"))
    assert llm.steps == [(1, 1, "failed")]
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.COMMAND_FAILED
    assert "exit code 7" in verdict.reason.message
    assert "The model could not help: no answer in 120 s" in verdict.reason.message
    assert "Check the key." in suggested(verdict.reason)


async def test_d14_a_raised_temperature_is_for_one_call(llm: LlmBench) -> None:
    llm.script(*[run("cat missing")] * 3, run("touch there"), give_up())
    await llm.run(step(1, "exit 1"))
    assert [call.temperature for call in llm.model.calls] == [None, None, None, 0.3, None]


async def test_d18_without_detection_nothing_intervenes(llm: LlmBench) -> None:
    llm.settings = Settings.model_validate({"loop_detection": {"enabled": False}})
    llm.script(*[run("cat missing")] * 6, give_up())
    await llm.run(step(1, "exit 1"))
    assert llm.ran() == ["cat missing"] * 6
    assert llm.notes("loop") == []


async def test_d18_the_threshold_of_a_setting_is_used(llm: LlmBench) -> None:
    llm.settings = Settings.model_validate({"loop_detection": {"direct_repeat_threshold": 5, "temperature_boost_levels": [0.9]}})
    llm.script(*[run("cat missing")] * 5, give_up())
    await llm.run(step(1, "exit 1"))
    assert len(llm.notes("loop")) == 1
    assert [call.temperature for call in llm.model.calls][-1] == 0.9


async def test_the_planner_setting_recipe_means_no_call(llm: LlmBench) -> None:
    llm.settings = Settings(planner="recipe")
    await llm.run(step(1, "exit 1"))
    assert llm.steps == [(1, 1, "failed")]
    assert llm.model.calls == []


async def test_the_ladder_is_climbed_to_its_end(llm: LlmBench) -> None:
    llm.script(*[run("cat missing")] * 3, run("cat missing"), run("cat missing"), run("cat missing"))
    verdict = await llm.run(step(1, "exit 4"))
    assert llm.ran() == ["cat missing"] * 3, "an exact repeat is not run again"
    assert len(llm.notes("loop")) == 4
    assert "will not be run again" in llm.model.calls[3].last
    assert "Which assumption" in llm.model.calls[4].last
    assert "`cat missing`: exit code 1" in llm.model.calls[4].last
    assert "last chance" in llm.model.calls[5].last
    assert [call.temperature for call in llm.model.calls] == [None, None, None, 0.3, 0.5, 0.7]
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.STUCK_IN_LOOP
    assert "exit code 4" in verdict.reason.message


async def test_a_refused_repeat_may_run_once_something_has_changed(llm: LlmBench) -> None:
    llm.script(*[run("cat wanted")] * 3, run("touch wanted"), run("cat wanted"), done())
    await llm.run(step(1, "exit 4", checks=PASSING))
    assert llm.ran() == [*["cat wanted"] * 3, "touch wanted", "cat wanted"]
    assert llm.steps == [(1, 1, "success")]


async def test_in_a_loop_the_user_is_asked_and_guidance_reaches_the_next_call(llm: LlmBench) -> None:
    llm.user.answers = [Answer(option_id="continue", guidance="the file is called wanted.txt")]
    llm.script(*[run("cat missing")] * 5, run("touch wanted.txt"), done())
    await llm.run(step(1, "exit 4", checks=PASSING))
    assert llm.steps == [(1, 1, "success")]
    assert [option.id for option in llm.user.asked[0].options] == ["continue", "stop"]
    assert "the file is called wanted.txt" in llm.model.calls[5].last
    assert llm.user.asked[0].default == "stop"


@pytest.mark.parametrize(
    "answer",
    [Answer(timed_out=True, option_id="stop"), Answer(timed_out=True), Answer(option_id="stop", guidance="it is hopeless")],
)
async def test_in_a_loop_no_answer_or_stop_ends_the_step(llm: LlmBench, answer: Answer) -> None:
    llm.user.answers = [answer, Answer(option_id="abort")]
    llm.script(*[run("cat missing")] * 5)
    await llm.run(step(1, "exit 4"))
    reason = llm.entry().reason
    assert reason is not None
    assert reason.kind is Kind.STUCK_IN_LOOP


async def test_nobody_to_ask(llm: LlmBench) -> None:
    llm.script(ask("Which database?"), give_up("needs a database"))
    await llm.run(step(1, "exit 1"))
    assert llm.user.asked == []
    assert "nobody can answer" in llm.model.calls[1].last


async def test_a_choice_of_the_user_reaches_the_model_in_words(llm: LlmBench) -> None:
    llm.user.answers = [Answer(option_id="option-2"), Answer(option_id="abort")]
    llm.script(ask("Which database?", "choice", ["SQLite", "Postgres\x1b[31m"]), give_up())
    await llm.run(step(1, "exit 1"))
    question = llm.user.asked[0]
    assert [(option.id, option.label) for option in question.options] == [("option-1", "SQLite"), ("option-2", "Postgres")]
    assert question.timeout_ms == 1_800_000
    assert "Postgres" in llm.model.calls[1].last


async def test_no_answer_in_time_is_told(llm: LlmBench) -> None:
    llm.user.answers = [Answer(timed_out=True), Answer(option_id="abort")]
    llm.script(ask("Which port?"), give_up())
    await llm.run(step(1, "exit 1"))
    assert "nobody answered in time" in llm.model.calls[1].last


async def test_a_secret_answer_is_in_the_environment_and_nowhere_else(llm: LlmBench) -> None:
    llm.user.answers = [Answer(text="hunter2-hunter2")]
    llm.script(ask("API key?", "secret"), run('printf %s "$AUTO_DEPLOYER_ANSWER_1" > kept'), done())
    kept = llm.folder / "kept"
    await llm.run(step(1, "exit 1", checks=PASSING))
    assert kept.read_text() == "hunter2-hunter2"
    assert llm.user.asked[0].kind == "secret"
    assert all("hunter2" not in call.text for call in llm.model.calls)
    assert "AUTO_DEPLOYER_ANSWER_1" in llm.model.calls[1].last
    assert "hunter2" not in llm.recorder.log.model_dump_json()


async def test_guidance_for_another_attempt_is_in_the_first_message(llm: LlmBench) -> None:
    llm.user.answers = [Answer(option_id="retry", guidance="make it with touch"), Answer(option_id="abort")]
    llm.script(give_up(), run("touch made"), done())
    await llm.run(step(1, f"test -e {llm.folder}/made", needs=()))
    assert llm.steps[:2] == [(1, 1, "failed"), (1, 2, "success")]
    assert "make it with touch" in llm.model.calls[1].messages[1].content


@pytest.mark.parametrize("cwd", ["../../../..", "/etc", "nowhere", "way_out"])
async def test_a_folder_outside_the_deploy_directory_is_refused(llm: LlmBench, cwd: str) -> None:
    (llm.folder / "way_out").symlink_to("/etc")
    llm.script(run("touch harm", cwd=cwd), run("pwd", cwd="inner"), give_up())
    (llm.folder / "inner").mkdir()
    await llm.run(step(1, "exit 1"))
    assert llm.ran() == ["pwd"]
    assert llm.entry().commands[-1].cwd == str(llm.folder / "inner")
    assert "not inside the deploy directory" in llm.model.calls[1].last


async def test_before_the_checkout_commands_run_in_the_deploy_directory(llm: LlmBench) -> None:
    llm.script(run("pwd"), give_up())
    await llm.run(step(1, "exit 1"))
    assert llm.entry().commands[-1].stdout.strip() == str(llm.deploy_dir)


async def test_a_refused_command_is_an_observation(llm: LlmBench) -> None:
    llm.script(run("rm -rf / --no-preserve-root"), run("echo fine"), done())
    await llm.run(step(1, "mkfs.ext4 /dev/null", checks=PASSING))
    assert llm.ran() == ["echo fine"]
    assert [refused.command for refused in llm.entry().refused_commands] == ["mkfs.ext4 /dev/null", "rm -rf / --no-preserve-root"]
    assert "`mkfs.ext4 /dev/null` was not run: the command policy forbids it" in llm.model.calls[0].text
    assert "the command policy forbids it" in llm.model.calls[1].last
    assert llm.steps == [(1, 1, "success")]


async def test_a_refused_plan_without_a_model_says_so(llm: LlmBench) -> None:
    llm.settings = Settings(planner="recipe")
    verdict = await llm.run(step(1, "mkfs.ext4 /dev/null"))
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.POLICY_DENIED


async def test_with_recipes_alone_the_user_may_ask_for_the_model(llm: LlmBench) -> None:
    llm.settings = Settings(planner="recipe")
    llm.user.answers = [Answer(option_id="model"), Answer(option_id="abort")]
    llm.script(run("touch made"), done())
    await llm.run(step(1, "exit 1", checks=PASSING))
    assert llm.steps == [(1, 1, "failed"), (1, 2, "success")]
    assert len(llm.model.calls) == 2


@pytest.mark.parametrize("how", ["cancel", "skip"])
async def test_a_stop_during_a_call_ends_the_step_at_once(llm: LlmBench, how: str) -> None:
    cut_off = asyncio.Event()

    async def never() -> None:
        asyncio.get_running_loop().call_soon(lambda: llm.control.end("cancelled") if how == "cancel" else skip())
        try:
            await asyncio.Event().wait()
        finally:
            cut_off.set()

    def skip() -> None:
        from auto_deployer.orchestrator.control import Skip

        llm.control.skip(1, Skip())

    llm.script(never)
    async with asyncio.timeout(10):
        await llm.run(step(1, "exit 1"))
    assert llm.steps == [(1, 1, "cancelled" if how == "cancel" else "skipped")]
    assert cut_off.is_set()


async def test_turns_are_limited_by_the_budget(llm: LlmBench) -> None:
    llm.budget = Budget(max_turns_per_step=4)
    llm.script(*[run(f"echo {number} > file{number}") for number in range(9)])
    verdict = await llm.run(step(1, "exit 1"))
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.BUDGET_EXCEEDED


class _Asks:
    """A driver that fails as another one would."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        from auto_deployer.model.reasons import Reason

        yield StepFailed(Reason(kind=self._kind, message="so it is"))


async def test_what_no_command_can_mend_costs_no_call(llm: LlmBench) -> None:
    from auto_deployer.drivers.llm import LlmDriver

    llm.overrides[1] = LlmDriver(lambda: _Asks(Kind.CONNECTION_FAILED), llm.model)
    await llm.run(step(1))
    assert llm.model.calls == []
    reason = llm.entry().reason
    assert reason is not None
    assert reason.kind is Kind.CONNECTION_FAILED


@pytest.mark.parametrize(
    ("hint", "command", "timeout"),
    [
        (None, "./build.sh", None),
        (10, "./build.sh", None),
        (300, "./build.sh", 600),
        (2000, "./build.sh", 2000),
        (99_999, "./build.sh", 3600),
        (1000, "npm ci", 1800),
    ],
)
def test_the_time_a_model_expects_only_ever_adds(hint: float | None, command: str, timeout: float | None) -> None:
    assert timeout_with(hint, command) == timeout


async def test_the_time_a_model_expects_reaches_the_session(llm: LlmBench, monkeypatch: pytest.MonkeyPatch) -> None:
    specs: list[CommandSpec] = []
    original = LocalSession.run

    async def run_and_note(self: LocalSession, spec: CommandSpec, **more: Any) -> Any:
        specs.append(spec)
        return await original(self, spec, **more)

    monkeypatch.setattr(LocalSession, "run", run_and_note)
    llm.script(run("true", timeout_hint=900), give_up())
    await llm.run(step(1, "exit 1"))
    assert [(spec.idle_timeout_s, spec.total_timeout_s) for spec in specs if spec.command == "true"] == [(900, 900)]
