"""One deployment in this process: from the recorded start to the recorded end, whatever happens between."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..analysis import Source
from ..apps import DeployDirClaim
from ..apps.data import with_shared
from ..apps.services import refuse_unreachable
from ..deploy_log import Recorder
from ..drivers import driver_for
from ..masking import SecretRegistry
from ..model.errors import AutoDeployerError, InvalidStateError, LogError
from ..model.events import AnalysisReady, Cancelling, Finished, ModelCalled, NoteAdded, PlanReady
from ..model.facts import HostFacts, RepoFacts
from ..model.log import DeploymentLog, LlmCall, Summary
from ..model.plan import DeploymentPlan
from ..model.ports import DeployContext, DeployPaths, Session
from ..model.reasons import Kind, Reason
from ..model.requests import StartParams
from ..model.settings import Settings
from ..model.suggestions import suggest
from ..orchestrator import DeploymentOrchestrator, RunControl, Verdict, unless_stopped
from ..orchestrator.orchestrator import ending_verdict
from ..orchestrator.policy import CommandPolicy
from ..sessions.registry import RegistryKind, RegistryState, probe_registry
from .approval import JudgedPlan, approval_question, forbidden, needs_approval
from .consent import RuntimeConsent
from .env_questions import plan_asking
from .environment import AppEnvironment, hand_over, with_env_file
from .git_access import GitAccess
from .logs_kept import remove_old_logs
from .model_access import open_model, planning_with
from .prepare import Facts, gather_facts, know_snapshot, make_plan
from .questions import QuestionBroker
from .recovery import end_cut_off
from .registries import refuse_unreachable_registry
from .settings import EffectiveSettings
from .workdir import HOST, PLAN, REPO, SNAPSHOT, load, remove_work_dir, save

logger = logging.getLogger(__name__)

Planned = tuple[DeploymentPlan, HostFacts]
PROGRESS_EVERY_S = 3.0


@dataclass
class Deployment:
    """A running (or just ended) deployment and everything it holds."""

    params: StartParams
    source: Source
    paths: DeployPaths
    recorder: Recorder
    session: Session
    claim: DeployDirClaim
    environment: AppEnvironment
    work_dir: Path
    interactive: bool
    effective: EffectiveSettings
    """The user's settings as they were when it began; they stay for all of it."""
    previous: DeploymentLog | None = None
    """The ended deployment that this one continues."""
    from_step: int | None = None
    control: RunControl = field(default_factory=RunControl)
    orchestrator: DeploymentOrchestrator | None = None
    task: asyncio.Task[Finished] | None = None
    _policy: CommandPolicy | None = None
    _began: float = field(default_factory=time.monotonic)
    _noted: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.broker = QuestionBroker(self.recorder, self.control, interactive=self.interactive, settings=self.settings.interaction)
        self.access = open_model(self.effective, self.secrets, self._record_call)

    @property
    def settings(self) -> Settings:
        return self.effective.settings

    @property
    def secrets(self) -> SecretRegistry:
        return self.recorder.secrets

    def begin(self) -> asyncio.Task[Finished]:
        """Run in the background; `task` gives the end."""
        self.task = asyncio.get_running_loop().create_task(self._to_end(), name=f"deployment {self.params.deployment_id}")
        return self.task

    def cancel(self) -> None:
        """The user wants it to end: visible at once, then carried out."""
        if self.recorder.log.status != "running":
            return  # it has its end, and only tidies up
        if self.control.ending is None and self.recorder.failure is None:
            with contextlib.suppress(LogError):
                self.recorder.record(Cancelling())
        self.control.end("cancelled")

    async def _to_end(self) -> Finished:
        try:
            verdict = await self._verdict()
        finally:
            await self._close(self.session.close, "the session")
            await self._close(self.access.close, "the model's client")
        log = self.recorder.log
        total = len(log.plan.steps) if log.plan is not None else 0
        summary = log.summary.model_copy(update={
            "total_steps": total, "duration_seconds": round(time.monotonic() - self._began, 3),
        })  # fmt: skip
        finished = self._finish(verdict, summary)
        self._let_go()
        if verdict.outcome == "success" or not self._can_be_continued(verdict):
            await self._tidy(remove_work_dir, self.work_dir)
        if self.settings.logs.keep is not None:
            await self._tidy(remove_old_logs, self.recorder.path.parent, self.settings.logs.keep, self.recorder.log.group_id)
        return finished

    async def _tidy(self, remove: Callable[..., None], *what: object) -> None:
        """Whatever comes of it, and also in a shutdown: the deployment has its end, which nothing takes back."""
        try:
            await asyncio.to_thread(remove, *what)
        except asyncio.CancelledError:
            return
        except Exception:
            logger.exception("after deployment %s: %s did not get done", self.params.deployment_id, remove.__name__)

    def _can_be_continued(self, verdict: Verdict) -> bool:
        """Without a plan, or with one that was rejected, there is nothing to go on with: the next try is a new deployment."""
        rejected = verdict.reason is not None and verdict.reason.kind is Kind.PLAN_REJECTED
        return self.recorder.log.plan is not None and not rejected

    async def _close(self, close: Callable[[], Awaitable[None]], what: str) -> None:
        """Whatever it raises, the deployment has its end all the same."""
        try:
            await close()
        except Exception as error:  # noqa: BLE001 - whatever it is made of
            told = self.secrets.mask(f"{type(error).__name__}: {error}")
            logger.error("deployment %s could not close %s: %s", self.params.deployment_id, what, told)  # noqa: TRY400 - masked

    def _let_go(self) -> None:
        for let_go, what in ((self.recorder.close, "its log"), (self.claim.release, f"the claim on {self.paths.deploy_dir}")):
            try:
                let_go()
            except OSError:  # the deploy directory or the disk is gone: the deployment has its end all the same
                logger.exception("deployment %s could not give back %s", self.params.deployment_id, what)

    def _finish(self, verdict: Verdict, summary: Summary) -> Finished:
        app = self.orchestrator.app if self.orchestrator is not None and verdict.outcome == "success" else None
        return self.recorder.finish(Finished(
            outcome=verdict.outcome, reason=verdict.reason, app=app, log_uri=self.recorder.log_uri, summary=summary,
        ))  # fmt: skip

    async def _verdict(self) -> Verdict:
        """Never raises for what can go wrong: every deployment has exactly one end."""
        try:
            return await self._run()
        except asyncio.CancelledError:
            self.control.end("interrupted")
            verdict = ending_verdict(self.control)
        except AutoDeployerError as error:
            verdict = Verdict("failed", error.reason)
        except Exception as error:  # noqa: BLE001 - every deployment has its end
            trace = self.secrets.mask(traceback.format_exc())
            logger.error("deployment %s failed on an internal error:\n%s", self.params.deployment_id, trace)  # noqa: TRY400 - masked
            message = f"Internal error: {type(error).__name__}: {error}"
            verdict = Verdict("failed", Reason(kind=Kind.INTERNAL_ERROR, message=message))
        if self.orchestrator is not None:
            await self._end_cut_off()
        return verdict

    async def _end_cut_off(self) -> None:
        """A run that was cut off (a shutdown that could not wait, a full disk) had no chance to take its start back."""
        with contextlib.suppress(AutoDeployerError):
            if done := await end_cut_off(self.session, self.paths):
                self.recorder.record(NoteAdded(kind="recovery", message=done))

    async def _run(self) -> Verdict:
        if self.access.problem:
            self.recorder.record(NoteAdded(kind="model", message=f"No model can be asked: {self.access.problem}"))
        planned = await unless_stopped(self.control.stop, self._continued() if self._continues else self._planned())
        if planned is None:
            return ending_verdict(self.control)
        plan, host = planned
        if (rejected := await self._approved(plan, host)) is not None:
            return rejected
        deploy = DeployContext(
            deployment_id=self.params.deployment_id, paths=self.paths, session=self.session, plan=plan, host=host,
            env_names=self.environment.names, source=self.recorder.log.repo.source if self.recorder.log.repo else None,
            app=self.previous.app if self.previous is not None else None, model=self.access.model, settings=self.settings,
        )  # fmt: skip
        self.orchestrator = DeploymentOrchestrator(
            deploy, self.recorder, self.broker, self.control, policy=self._policy_on(host),
            driver_for=partial(driver_for, model=self.access.model),
            previous=self.previous if self._continues else None, from_step=self.from_step,
        )  # fmt: skip
        return await self.orchestrator.run()

    @property
    def _continues(self) -> bool:
        return self.previous is not None and self.previous.plan is not None and self.previous.repo is not None

    async def _planned(self) -> Planned:
        snapshot = self.work_dir / SNAPSHOT
        facts = await gather_facts(
            self.params, self.source, self.session, snapshot, self._note_progress,
            access=GitAccess.of(self.params, self.settings.budget, self.broker), secrets=self.secrets,
            with_texts=self.access.model is not None, with_registry=True,
        )  # fmt: skip
        try:
            return await self._planned_from(facts)
        finally:
            if facts.registry is not None:
                facts.registry.cancel()
                await asyncio.gather(facts.registry, return_exceptions=True)

    async def _planned_from(self, facts: Facts) -> Planned:
        from ..planning.env_needs import lacking

        self.recorder.record(AnalysisReady(repo=facts.repo, host=facts.host))
        planning = planning_with(self.settings, self.access, self.paths, self._policy_on(facts.host).judge_planned)
        consent = RuntimeConsent(self.broker, agreed=self.params.install_runtimes)
        plan, environment = await plan_asking(
            lambda names: consent.plan(lambda agreed: make_plan(
                self.params.model_copy(update={"install_runtimes": agreed}), facts, self.paths, names, planning
            )),
            self.environment, self.broker,
            lambda plan, names: lacking(plan, facts.repo, names) if self.params.overrides.start is None else None,
        )  # fmt: skip
        await refuse_unreachable_registry(plan, facts.repo, self.session, partial(self._registry, facts))
        if self.params.overrides.start is None:
            await refuse_unreachable(self.session, environment.values)
        self._take_answers(environment)
        plan = with_env_file(plan, self.environment, self.paths, self.work_dir)
        plan = with_shared(plan, self.params.shared, facts.repo.source.subdir)
        self._keep_and_record(facts.repo, facts.host, plan)
        return plan, facts.host

    async def _registry(self, facts: Facts, kind: RegistryKind) -> RegistryState:
        """The state that is being found out already, or a new look where the plan needs another registry than was thought."""
        state = await facts.registry if facts.registry is not None else None
        return state if state is not None and state.kind == kind else await probe_registry(self.session, kind)

    def _take_answers(self, environment: AppEnvironment) -> None:
        """Keep what the user was asked for with what was given from the start."""
        self.environment = environment
        environment.known_to(self.secrets)
        hand_over(environment, self.paths, self.work_dir)

    async def _continued(self) -> Planned:
        """The plan and facts of the deployment that this one continues, for the release at hand.

        Raises:
            InvalidStateError: the plan named a secret, which only the working folder knew, and that is gone.
        """
        previous = self.previous
        if previous is None or previous.plan is None or previous.repo is None:
            raise InvalidStateError("The deployment that is to be continued had no plan yet.")
        repo = load(self.work_dir, REPO, RepoFacts) or previous.repo
        await know_snapshot(self.work_dir / SNAPSHOT, repo.source.commit, self.secrets)
        text = (load(self.work_dir, PLAN, DeploymentPlan) or previous.plan).model_dump_json()
        if "***" in text and not (self.work_dir / PLAN).exists():
            raise InvalidStateError(
                f"The working folder of {previous.deployment_id} is gone, and its log does not keep the secrets in its plan.",
                suggestions=(suggest("Start a new deployment."),),
            )
        plan = DeploymentPlan.model_validate_json(text.replace(previous.release, self.paths.release))
        host = load(self.work_dir, HOST, HostFacts) or HostFacts.model_validate(previous.host_info)
        self.recorder.record(AnalysisReady(repo=repo, host=host))
        self._keep_and_record(repo, host, plan)
        return plan, host

    def _keep_and_record(self, repo: RepoFacts, host: HostFacts, plan: DeploymentPlan) -> None:
        """The plan in the log for everybody, masked, and in the working folder as it is, for a retry."""
        save(self.work_dir, REPO, repo)
        save(self.work_dir, HOST, host)
        save(self.work_dir, PLAN, plan)
        self.recorder.record(PlanReady(plan=plan))

    async def _approved(self, plan: DeploymentPlan, host: HostFacts) -> Verdict | None:
        """None to go on: the policy lets the plan begin and, where the setting `approval` wants it, the user has agreed."""
        judged = JudgedPlan.of(plan, self.paths, self._policy_on(host).judge_planned)
        if (reason := forbidden(judged, interactive=self.broker.interactive)) is not None:
            return Verdict("failed", reason)
        if not needs_approval(self.settings.approval, judged):
            return None
        answer = await self.broker.ask(approval_question(judged))
        if self.control.ending is not None:
            return ending_verdict(self.control)
        if answer.option_id == "yes":
            return None
        why = "Nobody approved the plan in time." if answer.timed_out else "The plan was not approved."
        return Verdict("aborted", Reason(kind=Kind.PLAN_REJECTED, message=why, suggestions=(suggest("Nothing was changed."),)))

    def _policy_on(self, host: HostFacts) -> CommandPolicy:
        """The command policy of this deployment: one object from the plan to the last command."""
        if self._policy is None:
            self._policy = CommandPolicy.of(
                self.settings.policy, self.paths, host, target=self.session.target,
                log_dir=str(self.recorder.path.parent.absolute()),
            )  # fmt: skip
        return self._policy

    def _record_call(self, call: LlmCall) -> None:
        self.recorder.record(ModelCalled(step_id=call.step_id, call=call))

    def _note_progress(self, message: str) -> None:
        """Git tells its progress many times a second; the log takes one line every few seconds."""
        now = time.monotonic()
        if now - self._noted >= PROGRESS_EVERY_S:
            self._noted = now
            self.recorder.record(NoteAdded(kind="progress", message=message))
