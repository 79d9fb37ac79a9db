"""The log document, format "2.0" plus our additions. Old tools read it; every addition is optional for readers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from .base import Identifier, JsonObject, Model, Structural, Time
from .facts import RepoFacts
from .plan import Category, DeploymentPlan
from .questions import Question
from .reasons import Reason

STDOUT_HEAD = 1000
STDERR_HEAD = 500
"""Characters of a command's output kept at the head of the log's fields (format 2.0)."""

Outcome = Literal["success", "failed", "aborted", "cancelled", "interrupted"]
DeploymentStatus = Literal["running", "success", "failed", "aborted", "cancelled", "interrupted"]
StepStatus = Literal["running", "success", "failed", "skipped", "blocked", "cancelled", "interrupted"]


class Writer(Model):
    """Who writes (or wrote) this log; a sweep on another host leaves it alone."""

    pid: int
    boot_id: Identifier
    host: Identifier


class PolicyVerdict(Model):
    """What the command policy says about a command, and by which rule."""

    verdict: Literal["allow", "ask", "deny"]
    rule: Identifier = ""
    """Id of the rule that decided; "" when none spoke."""
    reason: str = ""
    part: str = ""
    """The simple command the rule is about, where the whole has several."""
    decided_by: Literal["policy", "user", "nobody"] = "policy"
    """For "ask": who let it run or stopped it; "nobody" when there was no one to ask."""


class RefusedCommand(Model):
    """A command that was not run, because the policy or the user said so."""

    command: str
    source: Literal["recipe", "llm", "user"] = "recipe"
    reasoning: str = ""
    policy: PolicyVerdict
    at: Time = ""


class CurrentCommand(Model):
    """The command running now, so that a reader (and a sweep) knows what is being executed."""

    id: Identifier
    command: str
    cwd: str = ""
    started_at: Time = ""
    pid: int = 0
    pgid: int = 0
    source: Literal["recipe", "llm", "user"] = "recipe"
    reasoning: str = ""
    policy: PolicyVerdict | None = None
    """What the command policy said, and who decided; None when no rule spoke, which is the usual case."""
    output: Identifier = ""


class CommandRecord(Model):
    """One executed command. The first six fields are format 2.0."""

    command: str
    success: bool
    exit_code: int
    """Exit status; 128 + n for signal n; -1 idle time-out, -2 total time-out (as the format always had it)."""
    stdout: str = ""
    """First 1,000 characters."""
    stderr: str = ""
    """First 500 characters."""
    timestamp: Time = ""
    """When it ended, naive local time."""
    id: Identifier = ""
    reasoning: str = ""
    source: Literal["recipe", "llm", "user"] = "recipe"
    cwd: str = ""
    started_at: Time = ""
    duration_ms: int = 0
    policy: PolicyVerdict | None = None
    """As in `CurrentCommand`."""
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    stdout_tail: str = ""
    """Last part of stdout where it is longer than `stdout`; "" otherwise."""
    stderr_tail: str = ""
    output: Identifier = ""
    """Path of the full output file, relative to the log file; "" when it was silent."""
    output_capped: bool = False
    """The output file stops at its cap; the byte counts go on."""
    timed_out: Literal["idle", "total"] | None = None
    stopped: bool = False
    """Ended by cancel or skip."""
    waiting_for_input: str = ""
    """The prompt it stood at when it was ended, if it did."""
    left_running: tuple[str, ...] = ()
    """Processes that escaped the command's group, "pid name"."""


class CheckResult(Model):
    """What one machine check saw."""

    type: Identifier
    description: str
    passed: bool
    detail: str = ""
    """What was seen: status and body start, the missing path, …"""
    at: Time = ""


class CompressionEvent(Model):
    """Format 2.0: one shortening of the view the model gets (never of the log)."""

    iteration: int = 0
    commands_before: int = 0
    commands_compressed: int = 0
    commands_kept: int = 0
    compressed_text_length: int = 0
    token_count_before: int = 0
    token_count_after: int = 0
    compression_ratio: float = 0.0
    timestamp: Time = ""
    trigger_reason: str = ""


class UserInteraction(Model):
    """Format 2.0: one question and its answer (answers of type secret are "***")."""

    question: str
    response: str
    question_id: Identifier = ""
    at: Time = ""


class NamedValue(Model):
    name: str
    value: str


class StructuredOutputs(Model):
    """What a step hands to later ones."""

    summary: str = ""
    key_info: tuple[NamedValue, ...] | JsonObject = ()
    """Ours: list of {name, value}; old logs have an object here."""


def _none_is_empty(value: object) -> object:
    return StructuredOutputs() if value is None else value


class StepResult(Model):
    """One attempt at one step. Another try is a further entry with the same `step_id`."""

    step_id: int
    step_name: str
    category: Category | Annotated[str, Structural()] = "setup"
    attempt: int = 1
    reused: bool = False
    """Taken over from the deployment this one retries: its checks passed again."""
    started_at: Time = ""
    commands: tuple[CommandRecord, ...] = ()
    # What stands before `commands` never changes after the step's first event; what follows may, with every event.
    status: StepStatus = "running"
    iterations: int = 0
    compressed: bool = False
    compressed_history: str | None = None
    compression_events: tuple[CompressionEvent, ...] = ()
    user_interactions: tuple[UserInteraction, ...] = ()
    structured_outputs: Annotated[StructuredOutputs, BeforeValidator(_none_is_empty)] = StructuredOutputs()
    error: str | None = None
    timestamp: Time = ""
    """Its start while running, then its end (naive local)."""
    ended_at: Time = ""
    current_command: CurrentCommand | None = None
    checks: tuple[CheckResult, ...] = ()
    repairs: tuple[Reason, ...] = ()
    refused_commands: tuple[RefusedCommand, ...] = ()
    reason: Reason | None = None
    satisfies_dependents: bool = False
    """A skipped step whose dependents may run all the same: the user said so."""


STEP_IDENTITY = ("step_id", "step_name", "category", "attempt", "reused", "started_at")
"""Fields of a `StepResult` that its first event fixes."""


class RunConfig(Model):
    """Format 2.0 `config`."""

    model: str | None = None
    temperature: float | None = None
    max_iterations_per_step: int = 30
    settings: JsonObject = Field(default_factory=dict)
    """All effective settings; they hold no secret."""


class ResolvedIssue(Model):
    issue: str
    resolution: str


class ExecutionSummary(Model):
    """Format 2.0: what was reached."""

    project_name: str = ""
    deploy_dir: str = ""
    strategy: str = ""
    environment: dict[str, Any] = Field(default_factory=dict)
    completed_actions: tuple[Any, ...] = ()
    configurations: dict[str, Any] = Field(default_factory=dict)
    resolved_issues: tuple[ResolvedIssue, ...] = ()
    last_updated: Time = ""


class Summary(Model):
    """Format 2.0 `summary`."""

    total_steps: int = 0
    successful_steps: int = 0
    total_commands: int = 0
    duration_seconds: float = 0.0


class AppInfo(Model):
    """The app a deployment brought up."""

    url: str
    port: int
    pid: int
    name: str = ""
    release: Identifier = ""


class Note(Model):
    """Something a reader should know, with its kind."""

    kind: Identifier
    message: str
    at: Time = ""
    step_id: int | None = None


class LlmCall(Model):
    """One call of a model: its cost in time, tokens and money."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: int = 0
    cost_usd: float | None = None
    step_id: int | None = None
    provider: str = ""
    purpose: Identifier = ""
    """plan, step, compress or test."""
    reply_format: Literal["json_schema", "json_object", "text"] = "text"
    """How the reply's form was asked for."""
    temperature: float | None = None
    prompt_hash: Identifier = ""
    """SHA-256 of the messages as sent, first 16 hex digits: tells whether two calls were the same."""
    error: str = ""
    """Why the call brought no valid reply; "" when it did."""
    at: Time = ""


class DeploymentLog(Model):
    """The whole log. Before `steps` stands what changes only with analysis and plan, behind it what changes with every event."""

    version: Identifier = "2.0"
    mode: Identifier = "orchestrator"
    deployment_id: Identifier = ""
    retry_of: Identifier | None = None
    group_id: Identifier | None = None
    repo_url: str = ""
    deploy_dir: str = ""
    target: Identifier = "local"
    project_type: str | None = None
    framework: str | None = None
    host_info: JsonObject = Field(default_factory=dict)
    start_time: Time = ""
    config: RunConfig = RunConfig()
    request: JsonObject = Field(default_factory=dict)
    """The `deploy/start` params (secrets masked), so that a retry and a reader know what was asked."""
    release: Identifier = ""
    work_dir: Identifier = ""
    """Private folder with the snapshot and the env file, kept for a retry until the deployment succeeds (a week at most)."""
    repo: RepoFacts | None = None
    plan: DeploymentPlan | None = None
    steps: tuple[StepResult, ...] = ()
    user_interactions: tuple[UserInteraction, ...] = ()
    """Questions outside a step (the plan's approval)."""
    pending_question: Question | None = None
    notes: tuple[Note, ...] = ()
    llm_calls: tuple[LlmCall, ...] = ()
    execution_summary: ExecutionSummary | None = None
    app: AppInfo | None = None
    reason: Reason | None = None
    cancelling: bool = False
    writer: Writer | None = None
    end_time: Time | None = None
    status: DeploymentStatus = "running"
    summary: Summary = Summary()
    seq: int = 0
    """Number of the last event folded in."""
