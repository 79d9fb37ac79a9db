"""Params and results of the `deploy/` requests (protocol.md), the same for the language server and the CLI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import JsonObject, Time, WireModel, WireParams
from .facts import HostFacts, RepoFacts
from .plan import DeploymentPlan, Overrides
from .settings import Approval, PlannerName

DeploymentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]
Text = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00]*$")]


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


class StartParams(SourceParams):
    """`deploy/start`."""

    deployment_id: DeploymentId
    approval: Approval | None = None
    """None: as the settings say (`never` unless set)."""
    non_interactive: bool = False


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
    offset: Annotated[int, Field(ge=0)] = 0
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


class DeploymentSummary(WireModel):
    """One row of `deploy/list`."""

    deployment_id: str
    repo: str
    target: str
    status: str
    start_time: Time
    end_time: Time | None = None
    log_uri: str


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


class AppsResult(WireModel):
    apps: tuple[AppState, ...]
