"""A scripted model (the one thing that is not real here) and a bench that runs real steps with it through the real orchestrator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auto_deployer.deploy_log import Recorder
from auto_deployer.drivers import driver_for
from auto_deployer.model import events as ev
from auto_deployer.model.errors import ModelError
from auto_deployer.model.facts import HostFacts, SourceFacts, Tool
from auto_deployer.model.log import StepResult
from auto_deployer.model.plan import AppSpec, DeploymentPlan, DeploymentStep
from auto_deployer.model.ports import ChatMessage, DeployContext, DeployPaths, Driver, Published, Reply
from auto_deployer.model.settings import Settings
from auto_deployer.orchestrator import DeploymentOrchestrator, RunControl, Verdict
from auto_deployer.orchestrator.budget import Budget
from auto_deployer.orchestrator.policy import CommandPolicy
from auto_deployer.sessions.local import LocalSession
from tests.orchestrator.conftest import ScriptedUser

HOST = HostFacts(
    hostname="box", os="linux", distribution="Debian 13", arch="x86_64", user="deployer", home="/tmp", cpu_count=2, memory_mb=4096,
    disk_free_mb=9000, tools=(Tool(name="git", path="/usr/bin/git", version="2.47.3"),),
)  # fmt: skip

Step = dict[str, Any] | ModelError | Callable[[], Any]


def run(command: str, **more: Any) -> dict[str, Any]:
    return {"next": {"action": "execute", "command": command, "reasoning": "because", **more}}


def done(message: str = "mended", **more: Any) -> dict[str, Any]:
    return {"next": {"action": "step_done", "message": message, **more}}


def give_up(message: str = "no way") -> dict[str, Any]:
    return {"next": {"action": "step_failed", "message": message, "reasoning": "looked everywhere"}}


def ask(question: str, kind: str = "text", options: Sequence[str] = ()) -> dict[str, Any]:
    return {"next": {"action": "ask_user", "kind": kind, "question": question, "options": list(options), "reasoning": "you know"}}


@dataclass
class Call:
    messages: list[ChatMessage]
    purpose: str
    step_id: int | None
    temperature: float | None

    @property
    def text(self) -> str:
        return "\n".join(message.content for message in self.messages)

    @property
    def last(self) -> str:
        return self.messages[-1].content


@dataclass
class ScriptedModel:
    """Replies in order. Implements `LanguageModel`."""

    script: list[Step]
    context_window: int = 100_000
    calls: list[Call] = field(default_factory=list[Call])
    name: str = "scripted"

    async def ask(
        self, messages: Sequence[ChatMessage], reply: type[Reply], *, purpose: str, step_id: int | None = None,
        temperature: float | None = None,
    ) -> Reply:  # fmt: skip
        self.calls.append(Call(list(messages), purpose, step_id, temperature))
        assert self.script, "the script has no reply left"
        said = self.script.pop(0)
        if callable(said):
            said = said()
            if asyncio.iscoroutine(said):
                said = await said
        if isinstance(said, ModelError):
            raise said
        return reply.model_validate(said)


@dataclass
class User(ScriptedUser):
    """Interactive as long as `there`."""

    there: bool = False

    @property
    def interactive(self) -> bool:
        return self.there or bool(self.answers)


@dataclass
class LlmBench:
    """One run with a model."""

    recorder: Recorder
    deploy_dir: Path
    model: ScriptedModel = field(default_factory=lambda: ScriptedModel([]))
    settings: Settings = field(default_factory=Settings)
    user: User = field(default_factory=User)
    control: RunControl = field(default_factory=RunControl)
    budget: Budget = field(default_factory=Budget)
    events: list[ev.Event] = field(default_factory=list[ev.Event])
    on_event: Callable[[ev.Event], None] | None = None
    overrides: dict[int, Driver] = field(default_factory=dict[int, Driver])
    release: str = "20260101-000001-aaaa"
    deploy: DeployContext | None = None
    env_names: frozenset[str] = frozenset()

    def follow(self, published: Published) -> None:
        if not isinstance(published.item, ev.OutputChunk):
            self.events.append(published.item)
            if self.on_event is not None:
                self.on_event(published.item)

    def script(self, *replies: Step) -> None:
        self.model.script.extend(replies)

    @property
    def folder(self) -> Path:
        """The release's folder, where the model's commands run."""
        folder = self.deploy_dir / "releases" / self.release
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    async def run(self, *steps: DeploymentStep, app: AppSpec | None = None) -> Verdict:
        plan = DeploymentPlan(strategy="traditional", steps=steps, app=app)
        self.recorder.record(ev.PlanReady(plan=plan))
        self.deploy = DeployContext(
            deployment_id="d1", paths=DeployPaths(str(self.deploy_dir), self.release), session=LocalSession(), plan=plan, host=HOST,
            source=SourceFacts(repo="https://example.org/me/shop"), model=self.model, settings=self.settings,
            env_names=self.env_names,
        )  # fmt: skip
        orchestrator = DeploymentOrchestrator(
            self.deploy, self.recorder, self.user, self.control, budget=self.budget, policy=self.policy(self.deploy.paths),
            driver_for=lambda step: self.overrides.get(step.id) or driver_for(step, model=self.model),
        )  # fmt: skip
        return await orchestrator.run()

    def policy(self, paths: DeployPaths) -> CommandPolicy:
        return CommandPolicy.of(self.settings.policy, paths, HOST, target="local", log_dir=str(self.recorder.path.parent))

    @property
    def steps(self) -> list[tuple[int, int, str]]:
        return [(step.step_id, step.attempt, step.status) for step in self.recorder.log.steps]

    def entry(self, index: int = 0) -> StepResult:
        return self.recorder.log.steps[index]

    def ran(self, index: int = 0, source: str = "llm") -> list[str]:
        """Commands of an attempt, by who wanted them."""
        return [command.command for command in self.entry(index).commands if command.source == source]

    def notes(self, kind: str) -> list[str]:
        return [note.message for note in self.recorder.log.notes if note.kind == kind]
