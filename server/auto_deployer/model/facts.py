"""What probing the target and analysing the repository found, with evidence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Identifier, JsonObject, Model
from .reasons import Reason


class Tool(Model):
    """A program found on the target."""

    name: str
    path: str
    version: str = ""
    """Dotted numbers only, e.g. "20.19.2"; empty when it would not tell."""


class ContainerEngine(Model):
    """A container engine on the target that answers."""

    name: Literal["docker", "podman"]
    version: str = ""
    compose: str = ""
    """How compose files are run ("docker compose", "docker-compose", …); empty when nothing here does."""
    compose_version: str = ""
    env: dict[str, str] = Field(default_factory=dict)
    """The variables that lead its client to it (DOCKER_HOST and the like), where set."""


class HostFacts(Model):
    """What probing the target found."""

    hostname: str = ""
    os: str = ""
    """"linux", "darwin" or "windows"."""
    distribution: str = ""
    kernel: str = ""
    arch: str = ""
    shell: str = ""
    user: str = ""
    home: str = ""
    container: bool = False
    systemd: bool = False
    cpu_count: int = 0
    memory_mb: int = 0
    disk_free_mb: int = 0
    tools: tuple[Tool, ...] = ()
    """One entry for each program and version found; the first of a name is the one on PATH."""
    docker_engine: bool = False
    """A Docker daemon answers (the client alone does not count)."""
    engine: ContainerEngine | None = Field(default=None, exclude_if=lambda engine: engine is None)
    """The container engine that deploys may use: one that answers and runs on the target itself."""
    free_ports: tuple[int, ...] = ()
    """A few ports that were free on loopback when probed."""
    listening_ports: tuple[int, ...] | None = None
    """TCP ports something listened on when probed; None: the target does not tell."""

    def tool(self, name: str) -> Tool | None:
        """The first tool of this name, or None."""
        return next((tool for tool in self.tools if tool.name == name), None)

    def all_of(self, name: str) -> tuple[Tool, ...]:
        """Every version found of a tool, the one on PATH first."""
        return tuple(tool for tool in self.tools if tool.name == name)


class Evidence(Model):
    """One thing seen in the repository that speaks for (or, with a negative weight, against) a recipe."""

    file: str
    """Path inside the repository; empty when the whole tree is meant."""
    saw: str
    weight: float


class EnvVariable(Model):
    """An environment variable of the app, and where the repository speaks of it."""

    name: str
    place: str = ""
    """ "file:line"; "" when only the whole of something (a validator's list) demands it."""
    default: str | None = None
    """The value of a committed sample, where it is one to use: no placeholder, and nothing that looks like a secret."""


class Detection(Model):
    """What one recipe sees in the repository: data only, so that a plan can be made from it alone."""

    recipe: Identifier
    project_type: Identifier
    """"python", "nodejs", "static", "unknown", … as in the log format."""
    framework: str = ""
    score: float = 0.0
    """Sum of the evidence weights; the highest wins, 0 or less never does."""
    evidence: tuple[Evidence, ...] = ()
    runnable: bool = False
    """A start command (or a folder to serve) was found."""
    refusal: Reason | None = None
    """Why this recipe, if it is chosen, cannot be planned."""
    required_env: tuple[EnvVariable, ...] = ()
    """Variables that the app surely reads when it starts, without a default."""
    packaging: bool = False
    """It packages what other recipes see, for a container engine: it counts only where one answers, and goes before them then."""
    details: JsonObject = Field(default_factory=dict)
    """The recipe's own findings; it alone reads them."""


class Candidate(Model):
    """A sub-folder that looks deployable when the root is not."""

    path: str
    kind: str
    """Such as "express", "flask", "static"."""


class SourceFacts(Model):
    """Which snapshot of which repository is deployed."""

    repo: str
    """URL or folder as the user gave it, without credentials."""
    ref: str = ""
    commit: str = ""
    """The full object id of the snapshot (of working trees too)."""
    subdir: str = ""
    """POSIX path below the repository's root, "" for the root."""
    kind: Literal["commit", "working_tree"] = "commit"
    uncommitted: int = 0
    """Changed or untracked files that a deploy of HEAD leaves out."""


class RepoFacts(Model):
    """What analysing the repository found."""

    name: str
    """Slug for files and apps: `[A-Za-z0-9._-]{1,64}`."""
    source: SourceFacts
    file_count: int = 0
    total_bytes: int = 0
    top_level: tuple[str, ...] = ()
    """Names at the root of the deployed folder, folders with a trailing "/", at most 200."""
    key_files: tuple[str, ...] = ()
    project_type: Identifier = "unknown"
    framework: str = ""
    detections: tuple[Detection, ...] = ()
    """Best first; the second one is the runner-up."""
    candidates: tuple[Candidate, ...] = ()
    ecosystems: tuple[str, ...] = ()
    """Known ecosystems seen without a recipe of ours ("go", "php", "dockerfile", …), strongest first."""
    declared_env: tuple[str, ...] = ()
    """Names in .env.example and the like."""
    sample_env: tuple[EnvVariable, ...] = ()
    """The same with place and value."""
    submodules: tuple[str, ...] = ()
    lfs_files: int = 0
    content_id: str = ""
    """Hash of all that a build may read; "" when it is not known: nothing is reused then."""
    names_registry: bool = False
    """It says itself where its packages come from, not only the target's settings do."""
    dependencies_id: str = ""
    """Hash of the manifests, lock files and settings of package managers; "" when it is not known."""
    notes: tuple[str, ...] = ()
