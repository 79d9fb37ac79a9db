"""The plan: strategy, components, ordered steps with commands and machine checks, and the app it brings up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Identifier, Model, Time, WireParams
from .facts import Evidence

Strategy = Literal["docker-compose", "docker", "traditional", "static"]
Category = Literal["prerequisite", "setup", "build", "deploy", "verify"]


class PlannedCommand(Model):
    """A shell command of a step, as planned."""

    command: str
    cwd: str = ""
    """Absolute path on the target; "" means the deploy directory's parent is enough (any existing folder)."""
    env: dict[str, str] = Field(default_factory=dict)
    """Additions to the child environment; never secret (secrets come from the app's env file)."""
    reasoning: str = ""
    source: Literal["recipe", "llm"] = "recipe"
    """Who planned it."""


class FileCheck(Model):
    """The path exists on the target (and is not empty, when a folder)."""

    type: Literal["file"] = "file"
    path: str


class CommandCheck(Model):
    """A read-only command exits with `exit_code`; it is not recorded as a command."""

    type: Literal["command"] = "command"
    command: str
    cwd: str = ""
    exit_code: int = 0


class PortCheck(Model):
    """The app's port accepts connections on loopback."""

    type: Literal["port"] = "port"


class ProcessCheck(Model):
    """The app's process is alive (a zombie is not)."""

    type: Literal["process"] = "process"


class HttpCheck(Model):
    """GET `path` at the app's real port answers: "server" means below 500, "static" means 200."""

    type: Literal["http"] = "http"
    path: str = "/"
    expect: Literal["server", "static"] = "server"
    body_contains: str = ""


Check = Annotated[FileCheck | CommandCheck | PortCheck | ProcessCheck | HttpCheck, Field(discriminator="type")]


class HealthSpec(Model):
    """How to prove that the app answers."""

    path: str = "/"
    expect: Literal["server", "static"] = "server"
    start_timeout_s: float = 60.0
    """Seconds from start until the port must be open (Heroku's R10 rule: 60)."""


class UpkeepSpec(Model):
    """How an app that has proven itself is kept up: started again when it crashes, its log kept small."""

    restart_delay_s: Annotated[int, Field(ge=0)] = 1
    """Seconds before it is started again; twice as long after each further quick crash."""
    restart_delay_max_s: Annotated[int, Field(ge=0)] = 60
    steady_s: Annotated[int, Field(ge=1)] = 60
    """A run of so many seconds is no quick crash: counting begins anew."""
    quick_crashes: Annotated[int, Field(ge=1)] = 10
    """After so many quick crashes in a row it is not started again."""
    log_max_bytes: Annotated[int, Field(ge=1)] = 10 * 1024 * 1024
    """Size at which its log is rotated."""
    log_kept: Annotated[int, Field(ge=1)] = 3
    """Rotated logs that are kept."""


class ContainerSpec(Model):
    """What the keeper does with an app whose processes belong to a container engine: shell texts, each ending by itself."""

    tool: str = "docker"
    """The engine's client, as a word of a shell text: its name or its path."""
    listening: str
    """Prints where the release's container is published, a line that ends with `address:port`; reads only."""
    usage: str = ""
    """Prints a line "rss pcpu …" (KiB, percent) for each process in its containers; reads only."""
    stop: str
    """Ends what the engine still runs of the release; GRACE says how many seconds that may take."""
    remove: str
    """Removes what the engine keeps of the release, data excepted."""
    remove_data: str = ""
    """Removes the volumes below."""
    volumes: tuple[str, ...] = ()
    """Names of the volumes that hold the app's data, over all releases."""


class AppSpec(Model):
    """What a deploy brings up; kept by the app keeper."""

    name: str
    """App name, the deploy directory's last part."""
    kind: Literal["server", "static"] = "server"
    command: str
    """Shell text run by the keeper in `cwd`; PORT and HOST are set."""
    cwd: str = ""
    """Relative to the release directory."""
    env: dict[str, str] = Field(default_factory=dict)
    port: int | None = None
    """Port the user asked for: taken means failure. None: the app's kept port, else a free one."""
    fixed_port: int | None = None
    """Port the source hard-codes whatever PORT says, where known."""
    health: HealthSpec = Field(default_factory=HealthSpec)
    shared: tuple[str, ...] = ()
    """Files and folders of the release (relative to it) that all releases share, besides the data that is found. A folder that is
    not there yet ends with "/" or has no dot in its name."""
    upkeep: UpkeepSpec = UpkeepSpec()
    container: ContainerSpec | None = None
    """Set when a container engine runs it, at the port that PORT says."""
    exclusive: bool = False
    """It never runs beside another release of its own: both would write to the same volumes."""


class DeploymentStep(Model):
    """One step of the plan."""

    id: int
    name: str
    description: str = ""
    category: Category
    goal: str = ""
    success_criteria: str = ""
    """The checks in words, for people."""
    estimated_commands: tuple[str, ...] = ()
    """What will run, for people and old readers."""
    commands: tuple[PlannedCommand, ...] = ()
    checks: tuple[Check, ...] = ()
    depends_on: tuple[int, ...] = ()
    driver: Literal["commands", "start_app", "verify_app"] = "commands"
    """Who decides the step's commands: the planned list, or the app keeper (starting, proving)."""


MODEL_RECIPE = "llm"
"""The `recipe` of a plan that a model made."""


class PlanChoice(Model):
    """Which recipe planned, on what evidence, and who came second."""

    recipe: Identifier
    score: float
    evidence: tuple[Evidence, ...] = ()
    runner_up: str = ""
    runner_up_score: float = 0.0
    package_manager: str = ""
    framework: str = ""


class DeploymentPlan(Model):
    """Data only: made by a planner, run by the orchestrator, kept in the log."""

    strategy: Strategy
    components: tuple[str, ...] = ()
    """Parts of the deployment in words, such as "shop (web)" (format 2.0 has strings here)."""
    steps: tuple[DeploymentStep, ...]
    risks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    estimated_time: str = ""
    created_at: Time = ""
    app: AppSpec | None = None
    required_env: tuple[str, ...] = ()
    required_services: tuple[str, ...] = ()
    dependency_cache: str = ""
    """Path on the target that exists when an earlier deployment installed the same dependencies: no registry is needed then."""
    images: tuple[str, ...] = ()
    """Container images that the deployment fetches where the engine does not have them."""
    choice: PlanChoice | None = None


class Overrides(WireParams):
    """Single decisions of a plan replaced by the user (`--recipe --install --build --start --output-dir --health-path`)."""

    recipe: str | None = None
    install: str | None = None
    build: str | None = None
    start: str | None = None
    output_dir: str | None = None
    health_path: str | None = None
