"""Deployments that run in this process: the runner of the CLI, and of the process that hosts one deployment."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import orjson

from ..analysis import Source, parse_source
from ..apps import DeployDirClaim
from ..deploy_log import LogStore, Recorder, read_log
from ..deploy_log.ownership import why_not_ours
from ..deploy_log.recorder import Replay, replay_from
from ..deploy_log.sweep import this_writer
from ..masking import SecretRegistry, mask_model, masked_errors
from ..model import requests as rq
from ..model.errors import AutoDeployerError, InvalidStateError, NotFoundError, RefusedError, UsageError
from ..model.events import Finished
from ..model.fold import naive_local
from ..model.log import DeploymentLog, LlmCall
from ..model.ports import DeployPaths, Subscriber
from ..model.questions import Answer
from ..model.suggestions import suggest
from ..orchestrator.policy import CommandPolicy
from ..sessions.here import local_session
from .deployment import Deployment
from .environment import ENV_FILE, AppEnvironment, hand_over, read_environment
from .git_access import GitAccess
from .groups import first_of_group, next_of_group, variables_of
from .history import History
from .model_access import open_model, planning_with, run_config, secrets_of, settings_for
from .prepare import deploy_paths, gather_facts, make_plan
from .recovery import rows_as_they_are, sweep, swept_rows
from .settings import EffectiveSettings, SettingsSource, effective_settings
from .turns import turn
from .workdir import REQUEST, SNAPSHOT, load, make_work_dir, remove_old_work_dirs, remove_work_dir, save, work_dir_of


class BeginNext(Protocol):
    """Begins a deployment; `interactive`: somebody can answer its questions."""

    async def __call__(self, params: rq.StartParams, *, interactive: bool) -> rq.StartResult: ...


MASK = "***"
_CUT_OFF_S = 0.4
_SHUTDOWN_S = 1.0
"""The language client kills the server's process tree 2 s after `shutdown` (measured): we answer within 1.5 s. Who has not ended
by then is cut off, and what it started is killed."""


class AttachedRunner:
    """Implements `DeploymentRunner`. All methods belong to the event loop's thread.

    Args:
        log_dir: Where logs go.
        settings: Asked once for each deployment.
        begin_next: Begins the deployment that comes after another one of its group; None: it runs in this process, too.
        recovers: Give deployments whose process died their end, and end what they left running. Not where the workspace is not
            trusted: there logs are only read.
    """

    def __init__(
        self, log_dir: Path, settings: SettingsSource = effective_settings, begin_next: BeginNext | None = None, *,
        recovers: bool = True,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._recovers = recovers
        self._begin_next = begin_next
        self._successions: set[asyncio.Task[None]] = set()
        self._closed = False
        self.store = LogStore(log_dir)
        self.history = History(self.store)
        self._deployments: dict[str, Deployment] = {}
        """Those that run; of ended ones the log folder tells."""

    async def analyze(self, params: rq.SourceParams) -> rq.AnalyzeResult:
        source, paths = _parse_paths(params, new_release())
        effective = await asyncio.to_thread(self._settings)
        work_dir = make_work_dir("analyze")
        secrets = secrets_of(params, source, effective)
        try:
            with masked_errors(secrets):
                await asyncio.to_thread(read_environment, params, paths, secrets)
                facts = await gather_facts(
                    params, source, local_session(), work_dir / SNAPSHOT,
                    access=GitAccess.of(params, effective.settings.budget), secrets=secrets,
                )  # fmt: skip
                return mask_model(rq.AnalyzeResult(repo=facts.repo, host=facts.host), secrets.mask)
        finally:
            await asyncio.to_thread(remove_work_dir, work_dir)

    async def plan(self, params: rq.SourceParams) -> rq.PlanResult:
        source, paths = _parse_paths(params, new_release())
        effective = settings_for(params, await asyncio.to_thread(self._settings))
        work_dir = make_work_dir("plan")
        secrets = secrets_of(params, source, effective)
        calls: list[LlmCall] = []
        access = open_model(effective, secrets, calls.append)
        try:
            with masked_errors(secrets):
                environment = await asyncio.to_thread(read_environment, params, paths, secrets)
                facts = await gather_facts(
                    params, source, local_session(), work_dir / SNAPSHOT, with_texts=access.model is not None,
                    access=GitAccess.of(params, effective.settings.budget), secrets=secrets,
                )  # fmt: skip
                policy = CommandPolicy.of(effective.settings.policy, paths, facts.host, target="local")
                planning = planning_with(effective.settings, access, paths, policy.judge_planned)
                plan = await make_plan(params, facts, paths, environment.names, planning)
                result = rq.PlanResult(repo=facts.repo, host=facts.host, plan=plan, llm_calls=tuple(calls))
                return mask_model(result, secrets.mask)
        finally:
            await access.close()
            await asyncio.to_thread(remove_work_dir, work_dir)

    async def start(
        self, params: rq.StartParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        if (known := await self._known(params.deployment_id, subscriber)) is not None:
            return known
        params = first_of_group(params)
        source, paths = _parse_paths(params, new_release())
        effective = await asyncio.to_thread(self._settings)
        async with turn(self.store.folder):
            if (known := await self._known(params.deployment_id, subscriber)) is not None:
                return known  # the same request came a second time, here or to another server
            return await self._begin(
                params, source, paths, subscriber, effective, interactive=interactive and not params.non_interactive
            )

    async def retry(
        self, params: rq.RetryParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        if (known := await self._known(params.new_deployment_id, subscriber)) is not None:
            return known
        await self._sweep()
        effective = await asyncio.to_thread(self._settings)
        async with turn(self.store.folder):
            if (known := await self._known(params.new_deployment_id, subscriber)) is not None:
                return known  # the same request came a second time, here or to another server
            return await self._continue(params, subscriber, effective, interactive=interactive)

    async def _continue(
        self, params: rq.RetryParams, subscriber: Subscriber | None, effective: EffectiveSettings, *, interactive: bool
    ) -> rq.StartResult:
        previous = await asyncio.to_thread(self._ended_log, params.deployment_id)
        if params.from_step_id is not None and (
            previous.plan is None or all(step.id != params.from_step_id for step in previous.plan.steps)
        ):
            raise NotFoundError(f"The plan of {params.deployment_id} has no step {params.from_step_id}.")
        again = _again(previous, params.new_deployment_id)
        source, paths = _parse_paths(again, previous.release)
        if _went_live(paths):
            paths = DeployPaths(paths.deploy_dir, new_release())
        return await self._begin(
            again, source, paths, subscriber, effective, interactive=interactive and not params.non_interactive,
            previous=previous, from_step=params.from_step_id,
        )  # fmt: skip

    async def cancel(self, deployment_id: str) -> None:
        deployment = self._deployments.get(deployment_id)
        if deployment is not None:
            if _running(deployment):
                deployment.cancel()
            return
        await self._sweep()
        if (await asyncio.to_thread(self._log, deployment_id)).status == "running":
            raise InvalidStateError(f"Deployment {deployment_id} runs in another process, which alone can cancel it.")

    async def skip_step(self, params: rq.SkipStepParams) -> None:
        orchestrator = (await self._running(params.deployment_id)).orchestrator
        if orchestrator is None:
            raise InvalidStateError(f"Deployment {params.deployment_id} has no plan yet, so no step to skip.")
        orchestrator.skip_step(params.step_id, satisfies_dependents=params.satisfies_dependents)

    async def answer(self, params: rq.AnswerParams) -> None:
        answer = Answer(option_id=params.option_id, text=params.text, guidance=params.guidance, cancelled=params.cancelled)
        (await self._running(params.deployment_id)).broker.answer(params.question_id, answer)

    async def list_deployments(self, params: rq.ListParams) -> rq.ListResult:
        listed = swept_rows if self._recovers else rows_as_they_are
        found = [row.summary for row in await asyncio.to_thread(listed, self.store, params.limit)]
        return rq.ListResult(
            deployments=tuple(
                row.model_copy(update={"controllable": True}) if self._runs_here(row.deployment_id) else row for row in found
            )
        )

    async def get(self, deployment_id: str) -> rq.GetResult:
        return await asyncio.to_thread(lambda: self.history.get(self.history.path_of(deployment_id)))

    async def delete(self, deployment_id: str) -> None:
        await self._sweep()
        await asyncio.to_thread(lambda: self.history.delete(self.history.path_of(deployment_id)))

    async def subscribe(self, params: rq.SubscribeParams, subscriber: Subscriber) -> rq.SubscribeResult:
        deployment = self._deployments.get(params.deployment_id)
        read = Replay()
        if deployment is not None and deployment.recorder.log.seq > params.after_seq:
            read = await asyncio.to_thread(replay_from, deployment.recorder.path, params.after_seq)
        if deployment is not None and _running(deployment):
            return rq.SubscribeResult(last_seq=deployment.recorder.subscribe(subscriber, after_seq=params.after_seq, read=read))
        path = await asyncio.to_thread(self.history.path_of, params.deployment_id)
        return await self.history.resend(path, params.after_seq, subscriber)

    async def output(self, params: rq.OutputParams) -> rq.OutputResult:
        return await asyncio.to_thread(lambda: self.history.output(self.history.path_of(params.deployment_id), params))

    async def wait(self, deployment_id: str) -> Finished:
        deployment = self._deployments.get(deployment_id)
        if deployment is None or deployment.task is None:
            return await asyncio.to_thread(lambda: self.history.end_of(self.history.path_of(deployment_id)))
        return await asyncio.shield(deployment.task)

    def log_of(self, deployment_id: str) -> Path | None:
        """The log of a deployment that runs here; None for others."""
        deployment = self._deployments.get(deployment_id)
        return deployment.recorder.path if deployment is not None else None

    def unsubscribe(self, subscriber: Subscriber) -> None:
        for deployment in self._deployments.values():
            deployment.recorder.unsubscribe(subscriber)

    async def next_begun(self) -> None:
        """Returns when no deployment that has ended is still to be followed by the next of its group."""
        await asyncio.gather(*self._successions)

    async def shutdown(self) -> None:
        self._closed = True
        running = [deployment for deployment in self._deployments.values() if _running(deployment)]
        for deployment in running:
            deployment.control.end("interrupted")
        tasks = {deployment.task for deployment in running if deployment.task is not None}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_SHUTDOWN_S)
            for task in late:
                task.cancel()
            if late:  # whoever is not done by then is swept by the next process
                await asyncio.wait(late, timeout=_CUT_OFF_S)

    async def _sweep(self) -> None:
        if self._recovers:
            await asyncio.to_thread(sweep, self.store)

    async def _known(self, deployment_id: str, subscriber: Subscriber | None) -> rq.StartResult | None:
        """The result for an id that was started before, here or elsewhere: starting is idempotent."""
        deployment = self._deployments.get(deployment_id)
        path = deployment.recorder.path if deployment is not None else None
        path = path or await asyncio.to_thread(self.store.find_deployment, deployment_id)
        if path is None:
            return None
        if subscriber is not None:
            await self.subscribe(rq.SubscribeParams(deployment_id=deployment_id), subscriber)
        return rq.StartResult(deployment_id=deployment_id, log_uri=path.absolute().as_uri())

    async def _begin(
        self, params: rq.StartParams, source: Source, paths: DeployPaths, subscriber: Subscriber | None,
        effective: EffectiveSettings, *, interactive: bool, previous: DeploymentLog | None = None, from_step: int | None = None,
    ) -> rq.StartResult:  # fmt: skip
        """Claim the deploy directory, make the log, let it run. The caller has its turn in the log folder."""
        effective = settings_for(params, effective)
        secrets = secrets_of(params, source, effective)
        before = work_dir_of(previous) if previous is not None else None
        environment = await asyncio.to_thread(self._environment_for, params, paths, secrets, before)
        await asyncio.to_thread(remove_old_work_dirs)
        # from here on without a pause: what is claimed and logged is also run
        claim = DeployDirClaim(paths, repo=source.display, subdir=params.subdir or "", deployment_id=params.deployment_id)
        with ExitStack() as undo:
            claim.acquire()
            undo.callback(claim.release)
            work_dir = before or make_work_dir(params.deployment_id)
            if before is None:
                undo.callback(remove_work_dir, work_dir)
            hand_over(environment, paths, work_dir)
            save(work_dir, REQUEST, params.model_copy(update={"env": {}, "git_credential": None}))
            recorder = self._new_log(params, source, paths, effective, secrets, work_dir=str(work_dir), previous=previous)
            undo.pop_all()
        deployment = Deployment(
            params, source, paths, recorder, local_session(), claim, environment, work_dir, interactive, effective,
            previous=previous, from_step=from_step,
        )  # fmt: skip
        self._deployments[params.deployment_id] = deployment
        if subscriber is not None:
            recorder.subscribe(subscriber)
        deployment.begin().add_done_callback(lambda _: self._deployments.pop(params.deployment_id))
        if (following := next_of_group(params)) is not None:
            if previous is not None:  # of its request, the values of the environment were handed over to it
                following = following.model_copy(update={"env": environment.given})
            task = asyncio.get_running_loop().create_task(self._go_on(deployment, following, subscriber))
            self._successions.add(task)
            task.add_done_callback(self._successions.discard)
        return rq.StartResult(deployment_id=params.deployment_id, log_uri=recorder.log_uri)

    def _environment_for(
        self, params: rq.StartParams, paths: DeployPaths, secrets: SecretRegistry, before: Path | None
    ) -> AppEnvironment:  # fmt: skip
        environment = read_environment(params, paths, secrets, before / ENV_FILE if before is not None else None)
        return environment.below(variables_of(self.store, params.group_id))

    def _new_log(
        self, params: rq.StartParams, source: Source, paths: DeployPaths, effective: EffectiveSettings, secrets: SecretRegistry, *,
        work_dir: str = "", previous: DeploymentLog | None = None,
    ) -> Recorder:  # fmt: skip
        now = datetime.now(UTC)
        log = DeploymentLog(
            deployment_id=params.deployment_id, retry_of=previous.deployment_id if previous is not None else None,
            group_id=params.group_id, repo_url=source.display, deploy_dir=paths.deploy_dir, target=params.target,
            start_time=naive_local(now.isoformat()), config=run_config(effective), request=_shown(params, source),
            release=paths.release, work_dir=work_dir, writer=this_writer(),
        )  # fmt: skip
        return Recorder.create(self.store.reserve(source.name, now.astimezone()), secrets, log)

    async def _go_on(self, deployment: Deployment, following: rq.StartParams, subscriber: Subscriber | None) -> None:
        """Begin the next of the group when this one has succeeded; one that cannot begin has a log that says why."""
        assert deployment.task is not None
        if (await asyncio.shield(deployment.task)).outcome != "success" or self._closed:
            return
        try:
            if self._begin_next is None:
                await self.start(following, interactive=deployment.interactive, subscriber=subscriber)
            else:
                await self._begin_next(following, interactive=deployment.interactive)
        except AutoDeployerError as error:
            source, paths = _parse_paths(following, new_release())
            recorder = self._new_log(following, source, paths, deployment.effective, deployment.secrets)
            if subscriber is not None:
                recorder.subscribe(subscriber)
            recorder.finish(Finished(outcome="failed", reason=error.reason, log_uri=recorder.log_uri))
            recorder.close()

    def _ended_log(self, deployment_id: str) -> DeploymentLog:
        path = self.history.path_of(deployment_id)
        if fault := why_not_ours(path):
            raise InvalidStateError(
                f"{fault}: it can be read, but what it says is not run.", suggestions=(suggest("Start a new deployment."),)
            )
        log = read_log(path)
        if log.status in ("running", "success"):
            raise InvalidStateError(
                f"Deployment {deployment_id} is {log.status}: only one that failed, was cancelled or interrupted can be continued.",
                suggestions=(suggest("Start a new deployment."),),
            )
        if not log.request:
            raise InvalidStateError(f"The log of {deployment_id} does not say how it was started, so it cannot be continued.")
        return log

    def _log(self, deployment_id: str) -> DeploymentLog:
        return read_log(self.history.path_of(deployment_id))

    def _runs_here(self, deployment_id: str) -> bool:
        deployment = self._deployments.get(deployment_id)
        return deployment is not None and _running(deployment)

    async def _running(self, deployment_id: str) -> Deployment:
        deployment = self._deployments.get(deployment_id)
        if deployment is not None and _running(deployment):
            return deployment
        status = (await asyncio.to_thread(self._log, deployment_id)).status
        if status == "running":
            raise InvalidStateError(f"Deployment {deployment_id} runs in another process, which alone can be asked for this.")
        raise InvalidStateError(f"Deployment {deployment_id} has ended ({status}).")


def _running(deployment: Deployment) -> bool:
    return deployment.task is not None and not deployment.task.done()


def _parse(params: rq.SourceParams) -> Source:
    if params.target != "local":
        raise UsageError(f"The target {params.target!r} is not known: deployments run on this machine (`local`).")
    try:
        return parse_source(params.repo)
    except RefusedError as error:  # known before anything begins, so it is a matter of the params
        raise UsageError(error.message, kind=error.kind, suggestions=error.suggestions) from error


def _parse_paths(params: rq.SourceParams, release: str) -> tuple[Source, DeployPaths]:
    source = _parse(params)
    return source, deploy_paths(params, source, release)


def _went_live(paths: DeployPaths) -> bool:
    return os.path.realpath(paths.current) == os.path.realpath(paths.release_dir)


def _again(previous: DeploymentLog, deployment_id: str) -> rq.StartParams:
    """The request of an ended deployment, for another try.

    Raises:
        InvalidStateError: it named a secret, which only the working folder knew, and that is gone.
    """
    kept = load(work_dir_of(previous), REQUEST, rq.StartParams)
    if kept is not None:
        # the values of the env file were handed over with the others; the file itself may be gone, or changed
        return kept.model_copy(update={"deployment_id": deployment_id, "env_file": None})
    if MASK in orjson.dumps({name: value for name, value in previous.request.items() if name != "env"}).decode():
        raise InvalidStateError(
            f"The working folder of {previous.deployment_id} is gone, and its log does not keep the secrets it was started with.",
            suggestions=(suggest("Start a new deployment."),),
        )
    return rq.StartParams.model_validate({**previous.request, "deploymentId": deployment_id, "env": {}})


def _shown(params: rq.StartParams, source: Source) -> dict[str, object]:
    """The params for the log: enough to continue, without any value of the environment and without a login."""
    shown = params.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"git_credential"})
    return {**shown, "repo": source.display, "env": dict.fromkeys(params.env, MASK)}


def new_release() -> str:
    """A fresh release id that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(2).hex()}"
