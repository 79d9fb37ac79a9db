"""Steps that start and verify an app, with a model: real processes, real HTTP, the real app keeper."""

from __future__ import annotations

import pytest

from auto_deployer.drivers import driver_for
from auto_deployer.drivers.llm_app_changes import corrected_plan
from auto_deployer.drivers.llm_replies import ClaimDone
from auto_deployer.model import events as ev
from auto_deployer.model.errors import ModelError
from auto_deployer.model.plan import AppSpec, DeploymentPlan, DeploymentStep, HealthSpec, HttpCheck, PortCheck, ProcessCheck
from auto_deployer.model.reasons import Kind
from tests.apps_keeper.harness import PYTHON, SERVER, Place, fetch

from .llm_bench import LlmBench, ScriptedModel, done, give_up, run

SERVE = "from server import *\nserve()\n"
FAILING_AT_ROOT = """
from server import *
class Split(Handler):
    @property
    def status(self):
        return 200 if self.path == "/api/health" else 503
serve(handler=Split)
"""
NEEDS_A_VARIABLE = "from server import *\nos.environ['MODE']\nserve()\n"


def start(number: int = 1, path: str = "/") -> DeploymentStep:
    return DeploymentStep(
        id=number, name="Start shop", category="deploy", driver="start_app", checks=(ProcessCheck(), HttpCheck(path=path)),
        estimated_commands=("exec python missing.py",), success_criteria=f"GET {path} answers below 500.",
    )  # fmt: skip


def verify(number: int = 2, path: str = "/") -> DeploymentStep:
    return DeploymentStep(
        id=number, name="Verify", category="verify", driver="verify_app", depends_on=(number - 1,),
        checks=(ProcessCheck(), PortCheck(), HttpCheck(path=path)), success_criteria=f"GET {path} answers below 500.",
    )  # fmt: skip


def spec(command: str = f"exec {PYTHON} main.py", **fields: object) -> AppSpec:
    return AppSpec.model_validate({
        "name": "shop", "command": command, "health": HealthSpec(start_timeout_s=4), **fields,
    })  # fmt: skip


def files(llm: LlmBench, **texts: str) -> None:
    for stem, text in {"server": SERVER, **texts}.items():
        (llm.folder / f"{stem}.py").write_text(text)


async def test_an_app_that_starts_costs_no_call(llm: LlmBench) -> None:
    files(llm, main=SERVE)
    verdict = await llm.run(start(), verify(), app=spec())
    assert verdict.outcome == "success"
    assert llm.model.calls == []


async def test_a_changed_start_command_brings_the_app_up(llm: LlmBench) -> None:
    files(llm, main=SERVE)
    llm.script(done("the file is main.py", start_command=f"exec {PYTHON} main.py"))
    verdict = await llm.run(start(), verify(), app=spec(f"exec {PYTHON} missing.py"))
    assert verdict.outcome == "success"
    assert len(llm.model.calls) == 1
    assert "missing.py" in llm.model.calls[0].text
    assert llm.deploy is not None
    assert llm.deploy.app is not None
    assert fetch(llm.deploy.app.url) == llm.release
    changed = next(event for event in llm.events if isinstance(event, ev.PlanChanged))
    assert changed.plan.app is not None
    assert changed.plan.app.command == f"exec {PYTHON} main.py"
    assert ["the file is main.py" in repair.message for repair in llm.entry().repairs] == [True]
    assert llm.entry().structured_outputs.summary.startswith("shop serves at")


async def test_a_mended_file_brings_the_app_up_and_failing_again_is_an_observation(llm: LlmBench) -> None:
    files(llm, main="import sys\nsys.exit('no database here')\n")
    llm.script(done("try again"), run("cp good.py main.py"), done("main.py was broken"))
    files(llm, good=SERVE, main="import sys\nsys.exit('no database here')\n")
    verdict = await llm.run(start(), verify(), app=spec())
    assert verdict.outcome == "success"
    assert "no database here" in llm.model.calls[0].text
    assert "no database here" in llm.model.calls[1].last


async def test_a_corrected_health_path_holds_for_the_steps_to_come(llm: LlmBench) -> None:
    files(llm, main=FAILING_AT_ROOT)
    llm.script(done("it is an API", health_path="/api/health"))
    verdict = await llm.run(start(), verify(), app=spec())
    assert verdict.outcome == "success"
    verified = llm.entry(1).checks
    assert any("GET /api/health" in check.description for check in verified)
    assert len(llm.model.calls) == 1


async def test_a_variable_is_added_to_the_app(llm: LlmBench) -> None:
    files(llm, main=NEEDS_A_VARIABLE)
    llm.script(done("it wants MODE", app_env=[{"name": "MODE", "value": "production"}]))
    verdict = await llm.run(start(), verify(), app=spec())
    assert verdict.outcome == "success"


async def test_an_app_taken_back_after_its_verification_is_brought_up_anew(llm: LlmBench) -> None:
    files(llm, main="from server import *\nHandler.status = 200 if os.path.exists('ready') else 404\nserve()\n")
    strict = verify().model_copy(update={"checks": (ProcessCheck(), HttpCheck(expect="static"))})
    loose = start().model_copy(update={"checks": (ProcessCheck(),)})
    llm.script(run("touch ready"), done("it waits for a file"))
    verdict = await llm.run(loose, strict, app=spec())
    assert verdict.outcome == "success"
    assert llm.steps == [(1, 1, "success"), (2, 1, "success")]
    assert "status 404" in llm.model.calls[0].text
    assert llm.deploy is not None
    assert llm.deploy.app is not None
    assert (llm.deploy_dir / "current").resolve().name == llm.release


async def test_an_app_beyond_help_leaves_nothing_running(llm: LlmBench, place: Place) -> None:
    files(llm, main="import time\ntime.sleep(300)\n")
    llm.script(give_up("it never listens"))
    verdict = await llm.run(start(), verify(), app=spec(health=HealthSpec(start_timeout_s=2)))
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.NO_LISTENING_PORT
    assert "it never listens" in verdict.reason.message
    assert not place.processes(llm.release)


async def test_a_start_command_that_the_policy_forbids_is_not_started(llm: LlmBench) -> None:
    files(llm, main=SERVE)
    llm.script(done("this one is allowed", start_command=f"exec {PYTHON} main.py"))
    verdict = await llm.run(start(), verify(), app=spec("mkfs.ext4 /dev/null"))
    assert verdict.outcome == "success"
    assert "the command policy forbids it" in llm.model.calls[0].text


async def test_a_correction_that_the_policy_forbids_is_an_observation(llm: LlmBench) -> None:
    files(llm, main="import sys\nsys.exit('broken')\n")
    llm.script(done("so", start_command="mkfs.ext4 /dev/null"), give_up())
    await llm.run(start(), verify(), app=spec())
    assert "the command policy forbids it" in llm.model.calls[1].last
    assert llm.deploy is not None
    assert llm.deploy.plan.app == spec()


async def test_a_stop_while_the_mended_app_starts_ends_what_was_started(llm: LlmBench, place: Place) -> None:
    files(llm, main="import time\ntime.sleep(300)\n")
    llm.script(done("now it works", start_command=f"{PYTHON} main.py; exit 1"))
    seen: list[str] = []

    def stop_at_second_start(event: ev.Event) -> None:
        if isinstance(event, ev.CommandExecuted) and ".sh start " in event.command.command:
            seen.append(event.command.command)
            if len(seen) == 2:
                llm.control.end("cancelled")

    llm.on_event = stop_at_second_start
    verdict = await llm.run(start(), verify(), app=spec(health=HealthSpec(start_timeout_s=2)))
    assert verdict.outcome == "cancelled"
    assert llm.steps == [(1, 1, "cancelled")]
    assert not place.processes(llm.release)


async def test_a_limit_hit_while_the_mended_app_starts_takes_it_back_without_another_call(llm: LlmBench, place: Place) -> None:
    files(llm, main=SERVE)
    llm.script(done("the file is main.py", start_command=f"exec {PYTHON} main.py"))
    turns = 0

    def count(event: ev.Event) -> None:
        nonlocal turns
        turns += isinstance(event, ev.CommandExecuted)
        if isinstance(event, ev.PlanChanged):
            llm.budget.max_commands = turns + 2

    llm.on_event = count
    verdict = await llm.run(start(), verify(), app=spec(f"exec {PYTHON} missing.py"))
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.BUDGET_EXCEEDED
    assert len(llm.model.calls) == 1
    assert not place.processes(llm.release)


@pytest.mark.parametrize(
    "claim",
    [
        {"app_env": [{"name": "PORT", "value": "1"}]}, {"app_env": [{"name": "A B", "value": "1"}]}, {"health_path": "health"},
        {"health_path": "/a b"},
    ],
)  # fmt: skip
def test_corrections_that_cannot_be_are_refused(claim: dict[str, object]) -> None:
    plan = DeploymentPlan(strategy="traditional", steps=(start(),), app=spec())
    with pytest.raises(ModelError):
        corrected_plan(plan, ClaimDone.model_validate({"action": "step_done", **claim}))


def test_nothing_corrected_means_the_same_plan() -> None:
    plan = DeploymentPlan(strategy="traditional", steps=(start(),), app=spec())
    same = ClaimDone.model_validate({"action": "step_done", "start_command": " ", "health_path": "/"})
    assert corrected_plan(plan, same) is None


def test_other_checks_stay_as_strict_as_they_were() -> None:
    other = start().model_copy(update={"checks": (HttpCheck(path="/"), HttpCheck(path="/other", expect="static"))})
    plan = DeploymentPlan(strategy="traditional", steps=(other,), app=spec())
    changed = corrected_plan(plan, ClaimDone.model_validate({"action": "step_done", "health_path": "/up"}))
    assert changed is not None
    assert changed.steps[0].checks == (HttpCheck(path="/up"), HttpCheck(path="/other", expect="static"))
    assert changed.steps[0].success_criteria == "GET /up answers below 500."


def test_without_a_model_the_drivers_are_as_they_were() -> None:
    assert type(driver_for(start())).__name__ == "StartAppDriver"
    assert type(driver_for(start(), model=ScriptedModel([]))).__name__ == "LlmDriver"
