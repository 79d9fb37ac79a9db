"""A scripted runner: believable event streams without a deployment, so that protocol tests are quick and exact.

Run as a program it is `auto-deployer server` with this runner. What a deployment does is named by its `repo` ("ok", "slow", …).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auto_deployer.model import events as ev
from auto_deployer.model import fold
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import AppError, InvalidStateError, NotFoundError, RefusedError, TargetLockedError, UsageError
from auto_deployer.model.facts import HostFacts, RepoFacts, SourceFacts, Tool
from auto_deployer.model.log import AppInfo, CommandRecord, CurrentCommand, DeploymentLog, StepResult, Summary
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep
from auto_deployer.model.ports import Published, Subscriber
from auto_deployer.model.questions import Option, Question
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.model.suggestions import suggest

STEPS = ("Check tools", "Install dependencies", "Start the app")
OUTPUT_CHUNK = 32 * 1024


def facts(repo: str) -> tuple[RepoFacts, HostFacts]:
    name = repo.rstrip("/").rpartition("/")[2] or "app"
    found = RepoFacts(name=name, source=SourceFacts(repo=repo, commit="0" * 40), project_type="python")
    return found, HostFacts(os="linux", arch="x86_64", tools=(Tool(name="python3", path="/usr/bin/python3", version="3.11.9"),))


def plan_of() -> DeploymentPlan:
    categories = ("prerequisite", "setup", "deploy")
    steps = tuple(
        DeploymentStep(id=number, name=name, category=category, depends_on=tuple(range(1, number)))
        for number, (name, category) in enumerate(zip(STEPS, categories, strict=True), start=1)
    )
    return DeploymentPlan(strategy="traditional", steps=steps)


@dataclass
class Deployment:
    """One scripted deployment: its events so far and whoever follows."""

    id: str
    repo: str
    log_uri: str
    params: rq.StartParams | None = None
    retry_of: str | None = None
    interactive: bool = False
    events: list[ev.Event] = field(default_factory=list)
    subscribers: list[Subscriber] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    skip: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    pending: tuple[Question, asyncio.Future[rq.AnswerParams]] | None = None
    outcome: str = "cancelled"

    def emit(self, event: ev.Event) -> None:
        stamped = event.model_copy(
            update={"deployment_id": self.id, "seq": len(self.events) + 1, "time": datetime.now(UTC).isoformat()}
        )
        self.events.append(stamped)
        self.publish(Published(stamped, ev.to_line(stamped)))

    def output(self, command_id: str, offset: int, text: str) -> None:
        chunk = ev.OutputChunk(deployment_id=self.id, command_id=command_id, stream="stdout", offset=offset, text=text)
        params = chunk.model_dump_json(by_alias=True).encode()
        self.publish(Published(chunk, b'{"method":"deploy/commandOutput","params":' + params + b"}"))

    def publish(self, published: Published) -> None:
        for subscriber in list(self.subscribers):
            subscriber(published)

    @property
    def log(self) -> DeploymentLog:
        return fold.fold(self.events)


class FakeRunner:
    """`DeploymentRunner` over scripts."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self.deployments: dict[str, Deployment] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.unsubscribed = 0

    async def analyze(self, params: rq.SourceParams) -> rq.AnalyzeResult:
        await self._misbehave(params.repo)
        repo, host = facts(params.repo)
        return rq.AnalyzeResult(repo=repo, host=host)

    async def plan(self, params: rq.SourceParams) -> rq.PlanResult:
        await self._misbehave(params.repo)
        repo, host = facts(params.repo)
        return rq.PlanResult(repo=repo, host=host, plan=plan_of())

    async def _misbehave(self, repo: str) -> None:
        match repo:
            case "boom":
                raise RuntimeError("a defect with a secret inside")
            case "refused":
                raise RefusedError(
                    "nothing to run here",
                    kind=Kind.NO_START_COMMAND,
                    suggestions=(suggest("Say how to start it", "overrides.start", "node a.js"),),
                )
            case "forever":
                await asyncio.Event().wait()
            case "print":
                print("a stray print")  # it must not reach the protocol
                sys.stdout.flush()
            case _:
                return

    async def start(
        self, params: rq.StartParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        known = self.deployments.get(params.deployment_id)
        if known is None:
            if params.repo == "locked":
                raise TargetLockedError("deployment 'other' works there", suggestions=(suggest("Wait for it."),))
            known = Deployment(params.deployment_id, params.repo, self._uri(params.deployment_id), params, interactive=interactive)
            self._launch(known, subscriber)
        elif subscriber is not None and subscriber not in known.subscribers:
            known.subscribers.append(subscriber)
        return rq.StartResult(deployment_id=known.id, log_uri=known.log_uri)

    async def retry(
        self, params: rq.RetryParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        old = self._get(params.deployment_id)
        if not old.ended.is_set():
            raise InvalidStateError(f"{old.id} is still running")
        new = Deployment(params.new_deployment_id, "ok", self._uri(params.new_deployment_id), old.params, old.id, interactive)
        self._launch(new, subscriber)
        return rq.StartResult(deployment_id=new.id, log_uri=new.log_uri)

    def _launch(self, deployment: Deployment, subscriber: Subscriber | None) -> None:
        self.deployments[deployment.id] = deployment
        if deployment.params is not None and deployment.params.deploy_dir is not None:
            APPS[deployment.params.deploy_dir] = App(deployment.repo)
        if subscriber is not None:
            deployment.subscribers.append(subscriber)
        # Some events come before the answer on purpose: the server has to keep the order.
        begin(deployment)
        self.tasks.append(asyncio.create_task(run(deployment)))

    def _uri(self, deployment_id: str) -> str:
        return (self.log_dir / f"deploy_{deployment_id}.json").as_uri()

    def _get(self, deployment_id: str) -> Deployment:
        if deployment_id not in self.deployments:
            raise NotFoundError(f"no deployment {deployment_id}", suggestions=(suggest("deploy/list names them."),))
        return self.deployments[deployment_id]

    async def cancel(self, deployment_id: str) -> None:
        deployment = self._get(deployment_id)
        if not deployment.ended.is_set() and not deployment.stop.is_set():
            deployment.emit(ev.Cancelling())
            deployment.stop.set()

    async def skip_step(self, params: rq.SkipStepParams) -> None:
        deployment = self._get(params.deployment_id)
        if deployment.ended.is_set():
            raise InvalidStateError("it has ended")
        deployment.skip.set()

    async def answer(self, params: rq.AnswerParams) -> None:
        pending = self._get(params.deployment_id).pending
        if pending is None or pending[0].question_id != params.question_id or pending[1].done():
            raise InvalidStateError("this question is not pending")
        pending[1].set_result(params)

    async def list_deployments(self, params: rq.ListParams) -> rq.ListResult:
        newest = list(reversed(self.deployments.values()))[: params.limit]
        return rq.ListResult(deployments=tuple(_summary(deployment) for deployment in newest))

    async def get(self, deployment_id: str) -> rq.GetResult:
        log = self._get(deployment_id).log
        return rq.GetResult(log=log.model_dump(mode="json"), last_seq=log.seq)

    async def delete(self, deployment_id: str) -> None:
        if not self._get(deployment_id).ended.is_set():
            raise InvalidStateError(f"{deployment_id} is still running")
        del self.deployments[deployment_id]

    async def subscribe(self, params: rq.SubscribeParams, subscriber: Subscriber) -> rq.SubscribeResult:
        deployment = self._get(params.deployment_id)
        if subscriber in deployment.subscribers:
            deployment.subscribers.remove(subscriber)
        for event in deployment.events[params.after_seq :]:
            subscriber(Published(event, ev.to_line(event)))
        deployment.subscribers.append(subscriber)
        return rq.SubscribeResult(last_seq=len(deployment.events))

    async def output(self, params: rq.OutputParams) -> rq.OutputResult:
        self._get(params.deployment_id)
        offset = params.offset or 0
        text = "full output\n"[offset : offset + params.limit]
        return rq.OutputResult(text=text, offset=offset, next_offset=offset + len(text), size=12)

    async def wait(self, deployment_id: str) -> ev.Finished:
        deployment = self._get(deployment_id)
        await deployment.ended.wait()
        last = deployment.events[-1]
        assert isinstance(last, ev.Finished)
        return last

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self.unsubscribed += 1
        for deployment in self.deployments.values():
            if subscriber in deployment.subscribers:
                deployment.subscribers.remove(subscriber)

    async def shutdown(self) -> None:
        for deployment in self.deployments.values():
            deployment.outcome = "interrupted"
            deployment.stop.set()
        await asyncio.gather(*self.tasks)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        for deployment in self.deployments.values():
            (self.log_dir / f"deploy_{deployment.id}.json").write_text(deployment.log.model_dump_json())


def begin(deployment: Deployment) -> None:
    deploy_dir = deployment.params.deploy_dir if deployment.params else None
    log = DeploymentLog(
        deployment_id=deployment.id, repo_url=deployment.repo, retry_of=deployment.retry_of, deploy_dir=deploy_dir or ""
    )
    deployment.emit(ev.Started(log=log, log_uri=deployment.log_uri))


async def run(deployment: Deployment) -> None:
    """The whole script: analysis, plan, three steps, the end."""
    repo, host = facts(deployment.repo)
    deployment.emit(ev.AnalysisReady(repo=repo, host=host))
    deployment.emit(ev.PlanReady(plan=plan_of()))
    success = True
    for number, name in enumerate(STEPS, start=1):
        deployment.emit(ev.StepStarted(step=StepResult(step_id=number, step_name=name), step_id=number, attempt=1))
        script = SCRIPTS.get(deployment.repo.partition(":")[0]) if number == 2 else None
        success = await (script or _one_command)(deployment, number)
        status = "success" if success else "skipped" if deployment.skip.is_set() else "failed"
        if deployment.stop.is_set():
            status, success = "cancelled", False
        done = StepResult(step_id=number, step_name=name, status=status)
        deployment.emit(ev.StepFinished(step=done, step_id=number, attempt=1))
        if not success:
            break
    _finish(deployment, success=success)


def _finish(deployment: Deployment, *, success: bool) -> None:
    app = AppInfo(url="http://127.0.0.1:8000/", port=8000, pid=1) if success else None
    outcome: Any = "success" if success else deployment.outcome if deployment.stop.is_set() else "failed"
    reason = (
        None if success else Reason(kind=Kind.COMMAND_FAILED, message="it did not work", suggestions=(suggest("Look at the log."),))
    )
    end = ev.Finished(outcome=outcome, reason=reason, app=app, log_uri=deployment.log_uri, summary=Summary(total_steps=3))
    deployment.emit(end)
    deployment.ended.set()


async def _one_command(deployment: Deployment, step: int, number: int = 1, stdout: str = "done\n") -> bool:
    command_id = f"{step}-{number}"
    where: dict[str, Any] = {"step_id": step, "command_id": command_id, "attempt": 1}
    deployment.emit(ev.CommandStarted(command=CurrentCommand(id=command_id, command="true", pid=1, pgid=1), **where))
    deployment.output(command_id, 0, stdout)
    record = CommandRecord(command="true", success=True, exit_code=0, id=command_id, stdout=stdout[:1000], duration_ms=3)
    deployment.emit(ev.CommandExecuted(command=record, **where))
    await asyncio.sleep(0)
    return True


async def _slow(deployment: Deployment, step: int) -> bool:
    waiting = [asyncio.create_task(event.wait()) for event in (deployment.stop, deployment.skip)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return False


async def _stuck(deployment: Deployment, step: int) -> bool:
    """Does not even listen to a shutdown."""
    await asyncio.sleep(3600)
    return False


async def _many(deployment: Deployment, step: int) -> bool:
    for number in range(1, int(deployment.repo.partition(":")[2]) + 1):
        await _one_command(deployment, step, number)
        if number % 50 == 0:
            await asyncio.sleep(0.001)
    return True


async def _flood(deployment: Deployment, step: int) -> bool:
    """Live output of so many MiB, between two commands."""
    text = "x" * OUTPUT_CHUNK
    for number in range(int(deployment.repo.partition(":")[2]) * 32):
        deployment.output("2-1", number * OUTPUT_CHUNK, text)
        await asyncio.sleep(0)
    return await _one_command(deployment, step)


async def _large(deployment: Deployment, step: int) -> bool:
    """Events so large (KiB) that a client which does not read must be given up."""
    size, _, count = deployment.repo.partition(":")[2].partition(":")
    for _ in range(int(count or 1)):
        deployment.emit(ev.NoteAdded(kind="large", message="ü" * (int(size) * 512)))
        await asyncio.sleep(0)
    return True


async def _ask(deployment: Deployment, step: int) -> bool:
    kind: Any = deployment.repo.partition(":")[2]
    options = (Option(id="again", label="Try again"), Option(id="stop", label="Stop")) if kind == "choice" else ()
    question = Question(question_id="q1", kind=kind, message="What now?", options=options)
    deployment.pending = (question, asyncio.get_running_loop().create_future())
    deployment.emit(ev.QuestionAsked(question=question, step_id=step, attempt=1))
    stopped = asyncio.create_task(deployment.stop.wait())
    await asyncio.wait({stopped, deployment.pending[1]}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not deployment.pending[1].done():
        return False
    given = deployment.pending[1].result()
    response = "***" if kind == "secret" else given.option_id or given.text or "cancelled"
    deployment.emit(ev.QuestionResolved(question_id="q1", response=response, step_id=step))
    return not given.cancelled


SCRIPTS: dict[str, Callable[[Deployment, int], Awaitable[bool]]] = {
    "slow": _slow, "stuck": _stuck, "many": _many, "flood": _flood, "large": _large, "ask": _ask,
}  # fmt: skip


def _summary(deployment: Deployment) -> rq.DeploymentSummary:
    log = deployment.log
    return rq.DeploymentSummary(
        deployment_id=deployment.id, repo=deployment.repo, target="local", status=log.status,
        start_time=log.start_time, end_time=log.end_time, log_uri=deployment.log_uri,
    )  # fmt: skip


@dataclass
class App:
    """What a deployment with a `deployDir` brings up."""

    repo: str = ""
    status: Any = "running"
    env: dict[str, str] = field(default_factory=dict)


APPS = {"/srv/shop": App()}
"""By deploy directory; one is there from the start."""


def _app_state(deploy_dir: str) -> rq.AppState:
    app = APPS[deploy_dir]
    return rq.AppState(
        name=Path(deploy_dir).name, deploy_dir=deploy_dir, repo=app.repo, status=app.status,
        port=8000 if app.status == "running" else None, releases=("r2", "r1"),
    )  # fmt: skip


class FakeApps:
    """`AppVerbs` over `APPS`."""

    def _found(self, params: rq.AppParams) -> str:
        if params.name is None and params.deploy_dir is None:
            raise UsageError("give name or deployDir")
        deploy_dir = params.deploy_dir or f"/srv/{params.name}"
        if deploy_dir not in APPS:
            raise NotFoundError("no such app")
        return deploy_dir

    async def list_apps(self) -> rq.AppsResult:
        return rq.AppsResult(apps=tuple(map(_app_state, APPS)))

    async def start(self, params: rq.AppParams) -> rq.AppState:
        APPS[self._found(params)].status = "running"
        return _app_state(self._found(params))

    async def stop(self, params: rq.AppParams) -> rq.AppState:
        app = APPS[self._found(params)]
        if app.status == "stopped":
            raise AppError("it is not running")
        app.status = "stopped"
        return _app_state(self._found(params))

    async def restart(self, params: rq.AppParams) -> rq.AppState:
        return await self.start(params)

    async def rollback(self, params: rq.RollbackParams) -> rq.AppState:
        return await self.start(params)

    async def log(self, params: rq.AppLogParams) -> rq.OutputResult:
        text = f"{Path(self._found(params)).name} listening\n"
        return rq.OutputResult(text=text, offset=0, next_offset=len(text), size=len(text))

    async def remove(self, params: rq.AppParams) -> rq.AppState:
        return await self.stop(params)

    async def env(self, params: rq.AppParams) -> rq.AppEnv:
        found = self._found(params)
        variables = tuple(rq.AppVariable(name=name, secret=False, value="***") for name in sorted(APPS[found].env))
        return rq.AppEnv(name=Path(found).name, deploy_dir=found, variables=variables)

    async def env_values(self, params: rq.AppParams) -> dict[str, str]:
        return APPS[self._found(params)].env

    async def set_env(self, params: rq.SetEnvParams) -> rq.AppEnv:
        app = APPS[self._found(params)]
        app.env = {name: value for name, value in {**app.env, **params.set}.items() if name not in params.unset}
        return (await self.env(params)).model_copy(update={"restart_needed": app.status == "running"})

    async def resume(self) -> rq.AppsResult:
        return rq.AppsResult(apps=())


if __name__ == "__main__":
    from auto_deployer.lsp.main import run as serve

    sys.exit(serve(sys.argv[1:], lambda server, _: FakeRunner(server.log_dir), FakeApps))
