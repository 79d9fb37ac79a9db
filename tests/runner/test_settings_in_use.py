"""What the user's settings do to a deployment: who decides, who answers, and what of it stands in the log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.deploy_log.recorder import replay
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.errors import SettingsError
from auto_deployer.model.facts import HostFacts
from auto_deployer.model.log import DeploymentLog, PolicyVerdict
from auto_deployer.model.plan import AppSpec, DeploymentPlan, DeploymentStep, PlanChoice, PlannedCommand
from auto_deployer.model.ports import DeployPaths, Published
from auto_deployer.model.questions import Answer, Option, Question
from auto_deployer.model.reasons import Kind
from auto_deployer.model.requests import AppParams, SourceParams, StartParams
from auto_deployer.model.settings import Approval, InteractionSettings, LlmSettings, PolicySettings, Settings
from auto_deployer.orchestrator import RunControl
from auto_deployer.orchestrator.policy import CommandPolicy
from auto_deployer.runner import create_app_verbs
from auto_deployer.runner.approval import JudgedPlan, approval_question, forbidden, needs_approval
from auto_deployer.runner.attached import AttachedRunner
from auto_deployer.runner.detached import DetachedRunner
from auto_deployer.runner.model_access import ModelAccess, open_model, planning_with, run_config, settings_for
from auto_deployer.runner.questions import QuestionBroker
from auto_deployer.runner.settings import EffectiveSettings

from .conftest import Runs, leaving

MakeRepo = Callable[..., Path]
PAGE = "<h1>hello</h1>\n"
KEY = "sk-from-the-keyring-0123456789"
PATHS = DeployPaths("/srv/shop", "r1")
YES_NO = (Option(id="yes", label="Yes"), Option(id="no", label="No"))


def use(runs: Runs, key: str | None = None, **settings: Any) -> None:
    effective = EffectiveSettings(Settings.model_validate(settings), key)
    runs.runner = AttachedRunner(runs.log_dir, lambda: effective)


# the settings that count


async def test_the_log_says_which_settings_counted_and_the_request_comes_first(runs: Runs, make_repo: MakeRepo) -> None:
    use(runs, approval="plan", budget={"max_iterations_per_step": 7})
    finished = await runs.deploy(make_repo(index__html=PAGE), approval="never")
    assert finished.outcome == "success", finished.reason
    config = (await runs.log()).config
    assert config.settings["approval"] == "never"
    assert config.settings["budget"]["max_iterations_per_step"] == config.max_iterations_per_step == 7
    assert (config.model, config.temperature) == (None, None)


async def test_settings_are_read_anew_for_each_deployment_and_for_a_retry(runs: Runs, make_repo: MakeRepo) -> None:
    current = Settings.model_validate({"approval": "plan"})
    runs.runner = AttachedRunner(runs.log_dir, lambda: EffectiveSettings(current))
    repo = make_repo(index__html=PAGE)
    aborted = await runs.deploy(repo)
    assert aborted.outcome == "aborted"
    current = Settings()
    retried = runs.params(repo).model_copy(update={"deployment_id": "d2"})
    await runs.runner.start(retried, subscriber=runs.follow)
    assert (await runs.runner.wait("d2")).outcome == "success"


async def test_a_wrong_setting_is_told_before_anything_begins(runs: Runs, make_repo: MakeRepo) -> None:
    def broken() -> EffectiveSettings:
        raise SettingsError("llm.temperature: input should be a number")

    runs.runner = AttachedRunner(runs.log_dir, broken)
    with pytest.raises(SettingsError):
        await runs.deploy(make_repo(index__html=PAGE))
    assert not runs.log_dir.exists()


async def test_d18_the_limit_of_turns_ends_the_step_and_is_named(runs: Runs, make_repo: MakeRepo) -> None:
    use(runs, budget={"max_iterations": 2})
    finished = await runs.deploy(make_repo(index__html=PAGE))
    assert finished.reason is not None
    assert finished.reason.kind is Kind.BUDGET_EXCEEDED
    assert "limit is 2" in finished.reason.message


def test_what_a_request_leaves_out_is_as_set() -> None:
    effective = EffectiveSettings(Settings(planner="recipe", approval="risky"), "k")
    start = {"repo": "x", "deploymentId": "d1"}
    assert settings_for(StartParams.model_validate(start), effective) == effective
    told = settings_for(StartParams.model_validate({**start, "planner": "llm", "approval": "always"}), effective)
    assert (told.settings.planner, told.settings.approval, told.key) == ("llm", "always", "k")
    assert settings_for(SourceParams.model_validate({"repo": "x", "planner": "auto"}), effective).settings.planner == "auto"


# the model and its key


def test_without_a_provider_there_is_no_model_and_no_problem() -> None:
    access = open_model(EffectiveSettings(), SecretRegistry(), lambda _: None)
    assert (access.model, access.problem) == (None, "")


def test_what_is_wrong_with_the_models_settings_is_kept_in_words() -> None:
    access = open_model(EffectiveSettings(Settings(llm=LlmSettings(provider="openai"))), SecretRegistry(), lambda _: None)
    assert access.model is None
    assert "no model" in access.problem


def test_a_model_has_the_time_to_plan_that_is_set() -> None:
    settings = Settings.model_validate({"budget": {"planning_timeout": 7.5}})
    assert planning_with(settings, ModelAccess(), PATHS, judge).timeout_s == 7.5


def test_the_log_has_model_and_temperature_where_there_is_one() -> None:
    config = run_config(EffectiveSettings(Settings(llm=LlmSettings(provider="ollama", model="m", temperature=0.2)), KEY))
    assert (config.model, config.temperature) == ("m", 0.2)
    assert KEY not in config.model_dump_json()


async def test_d22_passwords_in_the_settings_of_the_model_are_masked(runs: Runs, make_repo: MakeRepo) -> None:
    llm = {
        "provider": "custom", "model": "m", "endpoint": "http://ada:endpoint-pass-1@127.0.0.1:9/v1",
        "proxy": "http://ada:proxy-pass-22@127.0.0.1:9",
    }  # fmt: skip
    use(runs, KEY, llm=llm)
    await runs.deploy(make_repo(index__html=PAGE))
    everything = leaving(runs)
    for secret in (KEY, "endpoint-pass-1", "proxy-pass-22"):
        assert secret.encode() not in everything


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks into processes through /proc")
async def test_d22_a_process_of_its_own_gets_the_key_through_a_pipe_alone(
    tmp_path: Path, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its arguments nor its environment have it, nor the log; the settings arrive all the same."""
    log_dir = tmp_path / "agent_logs"
    settings = Settings(llm=LlmSettings(provider="custom", model="m", endpoint="http://127.0.0.1:9/v1"))
    runner = DetachedRunner(log_dir, lambda: EffectiveSettings(settings, KEY))
    runs = Runs(runner, log_dir, tmp_path / "deployments" / "shop")  # type: ignore[arg-type]
    repo = make_repo(index__html=PAGE)
    await runner.start(runs.params(repo, overrides={"build": "sleep 2"}), subscriber=runs.follow)
    seen = [path.read_bytes() for pid in host_pids("d1") for path in (pid / "cmdline", pid / "environ")]
    assert seen, "the process was looked at while it ran"
    finished = await runner.wait("d1")
    log = await runs.log()
    await runner.shutdown()
    assert finished.outcome == "success", finished.reason
    assert log.config.model == "m"
    assert not any(KEY.encode() in text for text in seen)
    assert KEY.encode() not in leaving(runs)
    await create_app_verbs().remove(AppParams(deploy_dir=str(runs.deploy_dir)))


def host_pids(deployment_id: str) -> list[Path]:
    found: list[Path] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"auto_deployer.runner.host" in words and deployment_id.encode() in words:
            found.append(folder)
    return found


# who answers


@pytest.fixture
def broker(tmp_path: Path) -> Callable[..., QuestionBroker]:
    def make(interactive: bool = True, **settings: Any) -> QuestionBroker:
        path = LogStore(tmp_path / "agent_logs").reserve("shop", datetime.now(UTC).astimezone())
        recorder = Recorder.create(path, SecretRegistry(), DeploymentLog(deployment_id="d1"))
        return QuestionBroker(
            recorder, RunControl(), interactive=interactive, settings=InteractionSettings.model_validate(settings)
        )

    return make


async def answered(made: QuestionBroker, question: Question, answer: Answer) -> Answer:
    """The broker's answer when somebody who follows gives this one as soon as the question is asked."""

    def follow(published: Published) -> None:
        if isinstance(published.item, ev.QuestionAsked) and published.item.question.question_id == question.question_id:
            asyncio.get_running_loop().call_soon(made.answer, question.question_id, answer)

    made._recorder.subscribe(follow)
    return await made.ask(question)


CONFIRM = Question(question_id="q", kind="confirm", message="Sure?", options=YES_NO, default="yes")
CHOICE = Question(question_id="q", kind="choice", message="Which?", options=YES_NO)
TEXT = Question(question_id="q", kind="text", message="Name?", default="shop")


@pytest.mark.parametrize(
    ("mode", "question", "answer"),
    [
        ("auto", CONFIRM, Answer(option_id="yes", timed_out=True)),
        ("auto", CHOICE, Answer(timed_out=True)),
        ("auto", TEXT, Answer(text="shop", timed_out=True)),
        ("deny", CONFIRM, Answer(option_id="no")),
        ("deny", CHOICE, Answer(cancelled=True)),
        ("deny", TEXT, Answer(cancelled=True)),
    ],
)
async def test_a_mode_without_people_answers_at_once_and_the_log_has_it(
    broker: Callable[..., QuestionBroker], mode: str, question: Question, answer: Answer
) -> None:
    made = broker(mode=mode)
    assert made.interactive is False
    assert await made.ask(question) == answer
    [entry] = made._recorder.log.user_interactions
    assert entry.question == question.message


async def test_the_time_out_of_the_settings_counts_for_questions_without_one(broker: Callable[..., QuestionBroker]) -> None:
    made = broker(question_timeout_s=0.05)
    assert await made.ask(CONFIRM) == Answer(option_id="yes", timed_out=True)
    [asked] = [event for event in events_of(made) if isinstance(event, ev.QuestionAsked)]
    assert asked.question.timeout_ms == 50, "whoever shows the question knows how long it waits"
    own = CONFIRM.model_copy(update={"question_id": "own", "timeout_ms": 60_000})
    assert await answered(made, own, Answer(option_id="no")) == Answer(option_id="no")


def events_of(made: QuestionBroker) -> list[ev.Event]:
    return [published.item for published in replay(made._recorder.path, 0) if not isinstance(published.item, ev.OutputChunk)]


async def test_d22_a_secret_answer_is_masked_everywhere(broker: Callable[..., QuestionBroker]) -> None:
    made = broker()
    secret = Question(question_id="s", kind="secret", message="Password?")
    assert (await answered(made, secret, Answer(text="hunter2-hunter2"))).text == "hunter2-hunter2"
    assert made._recorder.log.user_interactions[0].response == "***"
    assert made._recorder.secrets.mask("it is hunter2-hunter2") == "it is ***"


# who has to agree


def plan_of(*commands: str, start: str = "./serve", recipe: str = "python", risks: tuple[str, ...] = ()) -> DeploymentPlan:
    build = DeploymentStep(id=1, name="Build", category="build", commands=tuple(PlannedCommand(command=text) for text in commands))
    return DeploymentPlan(
        strategy="traditional", steps=(build,), risks=risks, app=AppSpec(name="shop", command=start),
        choice=PlanChoice(recipe=recipe, score=1.0),
    )  # fmt: skip


def judge(command: PlannedCommand) -> PolicyVerdict:
    verdict = "deny" if "evil" in command.command else "ask" if "sudo" in command.command else "allow"
    return PolicyVerdict(verdict=verdict, rule="r", reason="Because.")


@pytest.mark.parametrize(
    ("approval", "plan", "asked"),
    [
        ("never", plan_of("sudo make", recipe="llm", risks=("r",)), False),
        ("plan", plan_of("make"), True),
        ("always", plan_of("make"), True),
        ("risky", plan_of("make"), False),
        ("risky", plan_of("sudo make"), True),
        ("risky", plan_of("make", start="sudo ./serve"), True),
        ("risky", plan_of("make", risks=("It may take long.",)), True),
        ("risky", plan_of("make", recipe="llm"), True),
    ],
)
def test_approval_says_which_plans_need_the_users_word(approval: Approval, plan: DeploymentPlan, asked: bool) -> None:
    assert needs_approval(approval, JudgedPlan.of(plan, PATHS, judge)) is asked


def test_the_question_shows_commands_policy_and_risks_and_takes_no_silence_for_a_yes() -> None:
    plan = plan_of("sudo make", recipe="llm", risks=("It may take long.",))
    question = approval_question(JudgedPlan.of(plan, PATHS, judge))
    assert question.default is None
    assert question.risk == "high"
    for text in ("Planned by the model.", "The command policy says ask: sudo make (Because.)", "Risk: It may take long."):
        assert text in question.detail


@pytest.mark.parametrize(
    ("plan", "interactive", "why"),
    [
        (plan_of("make"), False, None),
        (plan_of("make evil"), True, "The command policy forbids `make evil`: Because."),
        (plan_of("make", start="./evil"), True, "The command policy forbids `./evil`"),
        (plan_of("make", start="sudo ./serve"), False, "nobody can be asked"),
        (plan_of("make", start="sudo ./serve"), True, None),
        (plan_of("sudo make"), False, None),
    ],
)
def test_a_plan_that_cannot_run_to_its_end_does_not_begin(plan: DeploymentPlan, interactive: bool, why: str | None) -> None:
    reason = forbidden(JudgedPlan.of(plan, PATHS, judge), interactive=interactive)
    assert (reason is None) is (why is None)
    if reason is not None:
        assert reason.kind is Kind.POLICY_DENIED
        assert str(why) in reason.message


def test_the_policy_knows_the_settings_and_the_folders() -> None:
    rules = PolicySettings.model_validate({"deny": [{"prefix": "make secret"}]})
    judged = CommandPolicy.of(rules, PATHS, HostFacts(home="/home/ada"), target="local").judge_planned
    assert judged(PlannedCommand(command="make secret", cwd="/srv/shop/releases/r1")).verdict == "deny"
    assert judged(PlannedCommand(command="make", cwd="/srv/shop/releases/r1")).verdict == "allow"
    assert judged(PlannedCommand(command="cat /home/ada/.ssh/id_rsa")).verdict == "deny"


async def test_a_denied_start_command_of_the_users_own_changes_nothing(runs: Runs, make_repo: MakeRepo) -> None:
    finished = await runs.deploy(make_repo(page__txt="x"), overrides={"start": "cat ~/.ssh/id_rsa"})
    assert finished.reason is not None
    assert finished.reason.kind is Kind.POLICY_DENIED
    assert not runs.deploy_dir.exists()
    log = orjson.loads(next(runs.log_dir.glob("deploy_*.json")).read_bytes())
    assert log["steps"] == []
