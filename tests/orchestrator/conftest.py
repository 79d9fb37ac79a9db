"""An orchestrator over a real session and a real recorder; only the user is scripted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.drivers import RecipeDriver
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.actions import Action, Observation, StepDone
from auto_deployer.model.facts import HostFacts
from auto_deployer.model.log import AppInfo, DeploymentLog, StepResult
from auto_deployer.model.plan import Check, DeploymentPlan, DeploymentStep, PlannedCommand
from auto_deployer.model.ports import DeployContext, DeployPaths, Driver, LanguageModel, Published, StepContext
from auto_deployer.model.questions import Answer, Question
from auto_deployer.model.settings import Settings
from auto_deployer.orchestrator import DeploymentOrchestrator, RunControl, Verdict
from auto_deployer.orchestrator.budget import Budget
from auto_deployer.orchestrator.policy import CommandPolicy
from auto_deployer.sessions.local import LocalSession

APP = AppInfo(url="http://127.0.0.1:1/", port=1, pid=1)


class AppIsUp:
    """Driver of a deploy step whose app is somebody else's business."""

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        yield StepDone(app=APP)


@dataclass
class ScriptedUser:
    """Answers in order; without answers nobody is there."""

    answers: list[Answer] = field(default_factory=list[Answer])
    asked: list[Question] = field(default_factory=list[Question])

    @property
    def interactive(self) -> bool:
        return bool(self.answers or self.asked)

    async def ask(self, question: Question, *, step_id: int | None = None, attempt: int | None = None) -> Answer:
        self.asked.append(question)
        return self.answers.pop(0) if self.answers else Answer(timed_out=True)


@dataclass
class Bench:
    """Everything of one run."""

    recorder: Recorder
    folder: Path
    user: ScriptedUser = field(default_factory=ScriptedUser)
    control: RunControl = field(default_factory=RunControl)
    budget: Budget = field(default_factory=Budget)
    events: list[ev.Event] = field(default_factory=list[ev.Event])
    orchestrator: DeploymentOrchestrator | None = None
    drivers: dict[int, Driver] = field(default_factory=dict[int, Driver])
    on_event: Callable[[ev.Event], None] | None = None
    settings: Settings = field(default_factory=Settings)
    model: LanguageModel | None = None

    def follow(self, published: Published) -> None:
        if not isinstance(published.item, ev.OutputChunk):
            self.events.append(published.item)
            if self.on_event is not None:
                self.on_event(published.item)

    def driver_for(self, step: DeploymentStep) -> Driver:
        return self.drivers.get(step.id) or (AppIsUp() if step.category == "deploy" else RecipeDriver())

    async def run(
        self,
        *steps: DeploymentStep,
        previous: DeploymentLog | None = None,
        from_step: int | None = None,
        app: AppInfo | None = None,
    ) -> Verdict:
        plan = DeploymentPlan(strategy="traditional", steps=steps)
        self.recorder.record(ev.PlanReady(plan=plan))
        context = DeployContext(
            deployment_id="d1",
            paths=DeployPaths(str(self.folder), "r1"),
            session=LocalSession(),
            plan=plan,
            host=HostFacts(),
            app=app,
            model=self.model,
            settings=self.settings,
        )
        # Steps of these tests look at their own log, which a deployment's commands may not.
        policy = CommandPolicy(self.settings.policy, deploy_dir=str(self.folder), home=str(self.folder.parent))
        self.orchestrator = DeploymentOrchestrator(
            context, self.recorder, self.user, self.control, driver_for=self.driver_for, budget=self.budget, policy=policy,
            previous=previous, from_step=from_step,
        )  # fmt: skip
        return await self.orchestrator.run()

    @property
    def steps(self) -> list[tuple[int, int, str]]:
        """(step, attempt, status) of each entry in the log."""
        return [(step.step_id, step.attempt, step.status) for step in self.recorder.log.steps]

    def entry(self, index: int) -> StepResult:
        return self.recorder.log.steps[index]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = LogStore(tmp_path / "agent_logs").reserve("app", datetime.now())
    recorder = Recorder.create(path, SecretRegistry(), DeploymentLog(deployment_id="d1"))
    made = Bench(recorder, tmp_path)
    recorder.subscribe(made.follow)
    yield made
    recorder.close()


def step(
    number: int, *commands: str, category: str = "setup", checks: tuple[Check, ...] = (), needs: tuple[int, ...] | None = None
) -> DeploymentStep:
    """A step that depends on the one before."""
    return DeploymentStep.model_validate({
        "id": number, "name": f"step {number}", "category": category, "checks": checks,
        "commands": [PlannedCommand(command=command) for command in commands],
        "depends_on": needs if needs is not None else ((number - 1,) if number > 1 else ()),
    })  # fmt: skip


DEPLOY_AND_VERIFY = (step(8, category="deploy", needs=()), step(9, category="verify", needs=(8,)))
