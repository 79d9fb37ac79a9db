"""Params and results of the `deploy/` requests (protocol.md), the same for the language server and the CLI."""

from __future__ import annotations

from posixpath import normpath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from .base import JsonObject, Time, WireModel, WireParams
from .facts import EnvVariable, HostFacts, RepoFacts
from .log import LlmCall
from .plan import DeploymentPlan, Overrides
from .reasons import Kind
from .settings import Approval, PlannerName
from .suggestions import Suggestion

DeploymentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]
EnvValue = Annotated[str, StringConstraints(max_length=65_536, pattern=r"^[^\x00]*$")]
Text = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00]*$")]


def inner_path(given: str) -> str:
    """A path inside the deployed folder in its plain form; a "/" at its end stays.

    Raises:
        ValueError: it leads out of the folder, or names all of it.
    """
    plain = normpath(given.strip())
    if plain in (".", "..") or plain.startswith(("/", "../")):
        raise ValueError(f"{given!r} is not a path inside the app's folder")
    return f"{plain}/" if given.rstrip().endswith("/") else plain


InnerPath = Annotated[Text, AfterValidator(inner_path)]


class GitCredential(WireParams):
    """A login for the https server of the repository. Used for this request alone: it is in no log and in no file."""

    username: Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00-\x1f]*$")] | None = None
    """None: the one in the URL, else the usual one for tokens of that host."""
    token: Annotated[str, StringConstraints(min_length=1, max_length=16_384, pattern=r"^[^\x00-\x1f]*$")] = Field(repr=False)
    """Token or password."""


class SourceParams(WireParams):
    """What to deploy and where; shared by analyze, plan and start."""

    repo: Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
    """Git URL (https, ssh, git@host:owner/repo, file) or a local folder."""
    ref: Text | None = None
    subdir: Text | None = None
    dirty: bool = False
    """Deploy the working tree of a local folder rather than its HEAD."""
    target: Text = "local"
    deploy_dir: Text | None = None
    planner: PlannerName | None = None
    """None: as the settings say."""
    env: dict[EnvName, str] = Field(default_factory=dict)
    env_file: Text | None = None
    port: Port | None = None
    overrides: Overrides = Overrides()
    no_cache: bool = False
    """Install and build anew, whatever earlier deployments left to be reused."""
    submodules: bool = False
    """Fetch the repository's submodules, and theirs, too."""
    lfs: bool = False
    """Fetch the content of Git LFS files too; git-lfs must be installed."""
    git_credential: GitCredential | None = None
    """Sent only to the repository's own host, and only when that asks for a login."""
    install_runtimes: bool = False
    """Consent: a language runtime that is missing or does not fit is installed below the deploy directory."""


class StartParams(SourceParams):
    """`deploy/start`."""

    deployment_id: DeploymentId
    approval: Approval | None = None
    """None: as the settings say (`never` unless set)."""
    non_interactive: bool = False
    group_id: DeploymentId | None = None
    """Deployments of one group belong together, such as the apps of a monorepo: the address of each app that the group has brought
    up is a variable, APP_<NAME>_URL, of those that are started after it."""
    subdirs: Annotated[tuple[Text, ...], Field(max_length=50)] = Field(default=(), strict=False)
    """Several apps of the repository, in place of `subdir`: one deployment each, in this order. The first has the id of the
    request, the next ones "<deploymentId>.2", "<deploymentId>.3", …; each begins when the one before has succeeded, whoever is
    still there then. They are a group, by default one of their own."""
    shared: tuple[InnerPath, ...] = Field(default=(), strict=False)
    """Files and folders that all releases share, besides the data that is found by itself; relative to the deployed folder."""

    @model_validator(mode="after")
    def _one_folder_each(self) -> Self:
        if self.subdirs and (self.deploy_dir is not None or self.port is not None):
            raise ValueError("deployDir and port are for one app, and several are given by subdirs")
        if self.subdirs and self.subdir not in (None, *self.subdirs):
            raise ValueError("subdir is none of subdirs")
        if len(set(self.subdirs)) < len(self.subdirs):
            raise ValueError("subdirs names a folder twice")
        return self


class DeploymentParams(WireParams):
    """Params that name a deployment."""

    deployment_id: DeploymentId


class RetryParams(DeploymentParams):
    new_deployment_id: DeploymentId
    from_step_id: int | None = None
    non_interactive: bool = False


class SkipStepParams(DeploymentParams):
    step_id: int
    satisfies_dependents: bool = False


class AnswerParams(DeploymentParams):
    question_id: Text
    option_id: Text | None = None
    text: str | None = None
    guidance: str | None = None
    cancelled: bool = False


class ListParams(WireParams):
    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None


class SubscribeParams(DeploymentParams):
    after_seq: Annotated[int, Field(ge=0)] = 0


class OutputParams(DeploymentParams):
    command_id: Text
    offset: Annotated[int, Field(ge=0)] | None = 0
    """Byte offset to read from; None: the last part, from the beginning of a line."""
    limit: Annotated[int, Field(ge=1, le=1_048_576)] = 65_536


class AppParams(WireParams):
    """Names an app by its name or its deploy directory; one of the two."""

    name: Text | None = None
    deploy_dir: Text | None = None


class RollbackParams(AppParams):
    release: Text | None = None
    """The release to go back to; default the one before the current."""


class AppLogParams(AppParams):
    offset: Annotated[int, Field(ge=0)] | None = None
    """Byte offset to read from; None: the last part."""
    limit: Annotated[int, Field(ge=1, le=1_048_576)] = 65_536


class SetEnvParams(AppParams):
    """`deploy/setEnv`: changes to an app's environment."""

    set: dict[EnvName, EnvValue] = Field(default_factory=dict, repr=False)
    """Values to add or to replace."""
    unset: tuple[EnvName, ...] = Field(default=(), strict=False)
    """Names to remove; one that is not there is no error."""


class SetSecretParams(WireParams):
    """`deploy/setSecret`."""

    name: Text
    """A provider, or "llm" for whichever is set."""
    value: Annotated[str, StringConstraints(max_length=16_384)] = Field(repr=False)
    """The key; the empty text forgets it."""


class TestModelParams(WireParams):
    """`deploy/testModel`: what to try instead of what is set."""

    provider: Text | None = None
    model: Text | None = None
    endpoint: Text | None = None


class TestModelResult(WireModel):
    """What a small call of the model showed."""

    ok: bool
    model: str
    """As the endpoint names it."""
    latency_ms: int
    """Milliseconds of the call that brought the reply; of a test that failed, of all of it."""
    reply_format: str | None = None
    """How it can be made to answer in the form that is needed: json_schema, json_object or text."""
    message: str
    """For people: who answered, or what failed."""
    kind: Kind | None = None
    """What failed."""
    suggestions: tuple[Suggestion, ...] = ()


class StartResult(WireModel):
    deployment_id: str
    log_uri: str


class AnalyzeResult(WireModel):
    repo: RepoFacts
    host: HostFacts


class PlanResult(WireModel):
    repo: RepoFacts
    host: HostFacts
    plan: DeploymentPlan
    llm_calls: tuple[LlmCall, ...] = ()
    """What asking the model for it took, a plan alone has no log; empty where no model was asked."""
    page: str = ""
    """The plan for people, in Markdown."""


class DeploymentSummary(WireModel):
    """One row of `deploy/list`."""

    deployment_id: str
    repo: str
    target: str
    status: str
    start_time: Time
    end_time: Time | None = None
    log_uri: str
    subdir: str | None = None
    """The folder that is deployed, inside the repository."""
    subdirs: tuple[str, ...] = ()
    """Of a deployment that is one of several: the folders of all, in their order."""
    controllable: bool = False
    """It runs, and can be cancelled, skipped in and answered from here: not one that a terminal or an attached server runs."""


class ListResult(WireModel):
    deployments: tuple[DeploymentSummary, ...]


class GetResult(WireModel):
    log: JsonObject
    """The log document exactly as in the file."""
    last_seq: int


class SubscribeResult(WireModel):
    last_seq: int
    resync: bool = False
    log: JsonObject | None = None


class OutputResult(WireModel):
    text: str
    offset: int
    next_offset: int
    """Where to read on."""
    size: int
    """Bytes in the file now."""


class AppState(WireModel):
    """One app and how it is now."""

    name: str
    deploy_dir: str
    repo: str = ""
    subdir: str = ""
    status: Literal["running", "stopped", "crashed"]
    url: str | None = None
    port: int | None = None
    pid: int | None = None
    release: str | None = None
    releases: tuple[str, ...] = ()
    """Kept releases, newest first."""
    since: Time | None = None
    exit_code: int | None = None
    last_lines: tuple[str, ...] = ()
    """Last lines of its own log; always there when it crashed."""
    restarts: int = 0
    """How often it was started again after a crash, since somebody started it."""
    last_exit_code: int | None = None
    """Exit code of the run that ended last, if one did."""
    gave_up: bool = False
    """It crashed so often in a row that it is not started again by itself."""
    memory_bytes: int | None = None
    """Resident memory of all its processes; None when it does not run or the target does not tell."""
    cpu_percent: float | None = None
    """Of one processor, over the life of its processes."""
    data: tuple[str, ...] = ()
    """Paths of its data that all releases share, relative to a release; they lie in <deployDir>/shared/data."""
    notes: tuple[str, ...] = ()
    """What was done with its data, in the answer to what was asked for."""
    problem: str | None = None
    """Why it could not be brought back, in the answer to `apps resume`."""


class AppVariable(WireModel):
    """A variable of an app's environment. Its value stays on the target."""

    name: str
    secret: bool
    """It holds a secret, by its name or by the look of its value."""
    value: str
    """ "***", or "" when it is set to nothing."""


class AppEnv(WireModel):
    """The environment of an app, as it is kept over its releases."""

    name: str
    deploy_dir: str
    variables: tuple[AppVariable, ...]
    wanted: tuple[EnvVariable, ...] = ()
    """What the live release's sample of settings names besides."""
    restart_needed: bool = False
    """It runs, and does not know of a change made now: that counts when it is started again."""


class AppsResult(WireModel):
    apps: tuple[AppState, ...]
