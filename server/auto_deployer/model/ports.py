"""The small interfaces between the layers. Contract tests run on every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel

from . import requests as rq
from .actions import Action, Observation
from .events import Event, Finished, OutputChunk
from .facts import HostFacts, RepoFacts, SourceFacts
from .log import AppInfo, CommandRecord, StepResult
from .plan import DeploymentPlan, DeploymentStep, Overrides
from .questions import Answer, Question
from .settings import Settings

StreamName = Literal["stdout", "stderr"]


@dataclass(frozen=True)
class CommandSpec:
    """What a session is told to run."""

    command: str
    cwd: str = ""
    """Absolute; "" means the home directory."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Additions to the allow-listed environment."""
    idle_timeout_s: float | None = None
    total_timeout_s: float | None = None
    """None: by the parsed command name (`sessions.timeouts`)."""
    mark: str = ""
    """NAME=VALUE of `env` that tells what the command started, wherever it went; "": only its process group does."""


@dataclass(frozen=True)
class Spawned:
    """The process that waits at the gate."""

    pid: int
    pgid: int


@dataclass(frozen=True)
class CommandOutcome:
    """How a command ended. `exit_code` as in `CommandRecord`."""

    exit_code: int
    duration_ms: int
    timed_out: Literal["idle", "total"] | None = None
    stopped: bool = False
    waiting_for_input: str = ""
    left_running: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProbeResult:
    """Result of a read-only script."""

    exit_code: int
    stdout: str
    stderr: str = ""


class Session(Protocol):
    """An open connection to a target that can run commands."""

    @property
    def target(self) -> str:
        """Name of where commands run: "local" or the SSH host."""
        ...

    async def run(
        self,
        spec: CommandSpec,
        *,
        on_spawned: Callable[[Spawned], None],
        on_output: Callable[[StreamName, bytes], None],
        stop: asyncio.Event,
    ) -> CommandOutcome:
        """Run one command to its end; never hangs, never raises for what the command does.

        The shell waits at a gate until `on_spawned` returns; if that raises, the command never runs and the exception goes on.
        `on_output` gets raw bytes in order of arrival. When `stop` is set the whole process group gets TERM, then KILL.

        Raises:
            ConnectionFailedError: the target is gone.
        """
        ...

    async def probe(self, script: str, *, timeout_s: float = 15.0) -> ProbeResult:
        """Run a read-only bash script that is no command of the deployment (checks, facts). Time-out: exit code -2."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class DeployPaths:
    """Where things lie on the target, below `deploy_dir` (all absolute)."""

    deploy_dir: str
    release: str
    """The release's id, e.g. "20261124-064812-a1b2"."""

    @property
    def repo(self) -> str:
        return f"{self.deploy_dir}/repo"

    @property
    def release_dir(self) -> str:
        return f"{self.deploy_dir}/releases/{self.release}"

    @property
    def current(self) -> str:
        return f"{self.deploy_dir}/current"

    @property
    def shared(self) -> str:
        return f"{self.deploy_dir}/shared"

    @property
    def env_file(self) -> str:
        return f"{self.deploy_dir}/shared/.env"


@dataclass(frozen=True)
class ChatMessage:
    """One message of a conversation with the model."""

    role: Literal["system", "user", "assistant"]
    content: str


Reply = TypeVar("Reply", bound=BaseModel)


class LanguageModel(Protocol):
    """A model behind an OpenAI-compatible endpoint, with the deployment's limits. Every call, failed ones too, is in the log."""

    @property
    def name(self) -> str: ...

    @property
    def context_window(self) -> int:
        """Tokens."""
        ...

    async def ask(
        self,
        messages: Sequence[ChatMessage],
        reply: type[Reply],
        *,
        purpose: Literal["plan", "step", "compress", "test"],
        step_id: int | None = None,
        temperature: float | None = None,
    ) -> Reply:
        """The model's reply, validated; `temperature` is for this call only (None: the setting).

        Known secret values are masked in the messages before they are sent.

        Raises:
            ModelError: no valid reply (`model_unavailable`, `model_reply_invalid`, `authentication_failed`), or a limit is
                reached (`budget_exceeded`).
        """
        ...


@dataclass
class DeployContext:
    """What all steps of one deployment share."""

    deployment_id: str
    paths: DeployPaths
    session: Session
    plan: DeploymentPlan
    host: HostFacts
    env_names: frozenset[str] = frozenset()
    """Names in the app's env file."""
    app: AppInfo | None = None
    """Set when a step has brought the app up."""
    previous_results: list[StepResult] = field(default_factory=list[StepResult])
    source: SourceFacts | None = None
    """What is deployed: noted in the owner record of a deploy directory that has none yet."""
    model: LanguageModel | None = None
    settings: Settings = field(default_factory=Settings)


@dataclass
class StepContext:
    """What a driver sees of the step it decides for."""

    deploy: DeployContext
    step: DeploymentStep
    attempt: int = 1
    commands: list[CommandRecord] = field(default_factory=list[CommandRecord])
    interactive: bool = False
    guidance: str | None = None
    repair: bool = False
    """The user asked for the model's help with this step, whatever planner is set."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the step is to end: loops that wait must watch it and yield their next action at once."""


class Driver(Protocol):
    """Decides the next action inside a step."""

    def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        """Yield actions; each `yield` returns the observation named in the action's docstring.

        The generator may probe through `ctx.deploy.session`, and changes the target by `Execute` only.
        """
        ...


class RepoTree(Protocol):
    """Read-only view of a snapshot. Paths are POSIX, relative to the deployed folder; links are never followed."""

    @property
    def subdir(self) -> str:
        """The deployed folder below the repository's root; "" for the root itself."""
        ...

    @property
    def files(self) -> Sequence[str]:
        """All regular files below the deployed folder, sorted, without dependency and build folders."""
        ...

    def is_file(self, path: str) -> bool: ...

    def is_dir(self, path: str) -> bool: ...

    def size(self, path: str) -> int:
        """Bytes; 0 when it is not a regular file."""
        ...

    def read(self, path: str) -> str | None:
        """Text of a regular file up to the size cap, decoded with replacement; None: absent, a link, or too large."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """Files whose path matches an `fnmatch` pattern ("*" crosses "/")."""
        ...

    def at_root(self) -> RepoTree:
        """The whole repository (itself when `subdir` is "")."""
        ...

    def below(self, folder: str) -> RepoTree:
        """The view of a sub-folder."""
        ...

    @property
    def memo(self) -> dict[tuple[str, str], object]:
        """What readers made of files, by (reader, path from the root), so that no view of the snapshot makes it again."""
        ...


@dataclass(frozen=True)
class PlanInput:
    """What a planner knows: facts only."""

    repo: RepoFacts
    host: HostFacts
    overrides: Overrides
    paths: DeployPaths
    snapshot: str
    """Path (on the target) of the git repository that holds the snapshot commit, for the checkout."""
    app_name: str
    port: int | None = None
    env_names: frozenset[str] = frozenset()
    no_cache: bool = False
    """Install and build anew, whatever earlier deployments left to be reused."""
    install_runtimes: bool = False
    """A language runtime that is missing or does not fit may be installed below the deploy directory."""


class Planner(Protocol):
    """Facts to plan."""

    async def plan(self, given: PlanInput) -> DeploymentPlan:
        """A plan.

        Raises:
            RefusedError: it cannot be planned; nothing was installed.
        """
        ...


class Asker(Protocol):
    """Puts a question to whoever can answer."""

    @property
    def interactive(self) -> bool: ...

    async def ask(self, question: Question, *, step_id: int | None = None, attempt: int | None = None) -> Answer: ...


@dataclass(frozen=True)
class Published:
    """Something a recorder published: an event, or live output."""

    item: Event | OutputChunk
    line: bytes
    """The same as one JSON object {"method", "params"}, ready to send."""


Subscriber = Callable[[Published], None]
"""Called on the event loop, in `seq` order, after the log has it. Must not block; what it raises is logged and ignored."""


class DeploymentRunner(Protocol):
    """Starts, follows and controls deployments without telling where they run.

    A front end that can answer questions passes `interactive=True`, watches for `deploy/questionAsked` and calls `answer`;
    the first answer wins.
    """

    async def analyze(self, params: rq.SourceParams) -> rq.AnalyzeResult: ...

    async def plan(self, params: rq.SourceParams) -> rq.PlanResult: ...

    async def start(
        self, params: rq.StartParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        """Begin a deployment and return at once; a known id gives the same result again and subscribes.

        Raises:
            UsageError, TargetLockedError, LogError: it did not begin.
        """
        ...

    async def retry(
        self, params: rq.RetryParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        """Continue an ended deployment as a new one.

        Raises:
            NotFoundError, InvalidStateError: there is nothing to continue.
        """
        ...

    async def cancel(self, deployment_id: str) -> None:
        """Ask it to end; no error when it has ended already.

        Raises:
            NotFoundError: unknown.
        """
        ...

    async def skip_step(self, params: rq.SkipStepParams) -> None: ...

    async def answer(self, params: rq.AnswerParams) -> None:
        """Answer the pending question.

        Raises:
            InvalidStateError: it is not pending (answered, timed out, unknown).
        """
        ...

    async def list_deployments(self, params: rq.ListParams) -> rq.ListResult: ...

    async def get(self, deployment_id: str) -> rq.GetResult: ...

    async def delete(self, deployment_id: str) -> None:
        """Delete the log of an ended deployment, its journal, its output files and what was kept for a retry.

        Raises:
            NotFoundError, InvalidStateError: there is no such log, or its deployment runs.
        """
        ...

    async def subscribe(self, params: rq.SubscribeParams, subscriber: Subscriber) -> rq.SubscribeResult:
        """Send the missed events in order, then the live ones. The same subscriber again replaces its subscription."""
        ...

    async def output(self, params: rq.OutputParams) -> rq.OutputResult: ...

    async def wait(self, deployment_id: str) -> Finished:
        """The end of a deployment."""
        ...

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a front end that is gone, for all deployments."""
        ...

    async def shutdown(self) -> None:
        """Let go within 1.5 s: deployments that run in this process end and are marked `interrupted`, others go on."""
        ...


class AppVerbs(Protocol):
    """What can be done with apps that a deploy brought up. Raises NotFoundError, AppError, TargetLockedError."""

    async def list_apps(self) -> rq.AppsResult: ...

    async def start(self, params: rq.AppParams) -> rq.AppState: ...

    async def stop(self, params: rq.AppParams) -> rq.AppState: ...

    async def restart(self, params: rq.AppParams) -> rq.AppState: ...

    async def rollback(self, params: rq.RollbackParams) -> rq.AppState: ...

    async def log(self, params: rq.AppLogParams) -> rq.OutputResult: ...

    async def remove(self, params: rq.AppParams) -> rq.AppState:
        """Stop it and delete its deploy directory."""
        ...

    async def resume(self) -> rq.AppsResult:
        """Bring back every app that should be running, as after a reboot; those that do not serve have a `problem`."""
        ...

    async def env(self, params: rq.AppParams) -> rq.AppEnv:
        """The names in the app's environment, values masked."""
        ...

    async def env_values(self, params: rq.AppParams) -> Mapping[str, str]:
        """The environment as it is: for the user's own terminal, never for the wire."""
        ...

    async def set_env(self, params: rq.SetEnvParams) -> rq.AppEnv:
        """Change the app's environment; it counts when the app is started again. Raises UsageError for names that we set."""
        ...
