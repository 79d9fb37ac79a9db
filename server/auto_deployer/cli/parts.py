"""Parts of a deployment as text, shared by the live tree and the line views."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ..deploy_log.words import ended
from ..model.facts import HostFacts
from ..model.log import CommandRecord, DeploymentLog, RefusedCommand, StepResult
from ..model.plan import DeploymentPlan, DeploymentStep
from .text import COMMAND_WIDTH, STYLE, Symbols, clean, command_line, duration, last_lines, one_line, seconds_between

PROGRESS = "progress"
"""Kind of the notes that only say how far something is: no lasting news."""

FAILURE_LINES = 12
"""Last lines shown of a failing command."""


def status_text(status: str, symbols: Symbols, label: str, *details: str) -> Text:
    """Icon, label, and the status as a word with details behind it."""
    style = STYLE.get(status, "")
    text = Text()
    text.append(f"{symbols.icon(status)} ", style)
    text.append(one_line(label))
    text.append(f"  {', '.join((status, *filter(None, details)))}", style)
    return text


def command_text(record: CommandRecord, symbols: Symbols, *, width: int = COMMAND_WIDTH) -> Text:
    """An executed command with how it ended."""
    text = Text()
    status = "success" if record.success else "failed"
    text.append(f"{symbols.icon(status)} ", STYLE[status])
    text.append(command_line(record.command, record.reasoning, width=width))
    text.append(f"  {command_end(record)}", "dim" if record.success else STYLE["failed"])
    return text


def refused_text(refused: RefusedCommand, symbols: Symbols) -> Text:
    """A command that was not run, and by which rule."""
    text = Text(f"{symbols.icon('blocked')} ", "yellow").append(command_line(refused.command, refused.reasoning))
    return text.append(f"  refused by rule {refused.policy.rule}: {one_line(refused.policy.reason)}", "yellow")


def command_end(record: CommandRecord) -> str:
    """How a command ended: "exit 1, 2.4 s", "idle time-out, 60 s"."""
    how = ended(record)
    return f"{how}, {duration(record.duration_ms / 1000)}" if record.started_at or record.duration_ms else how


def failure_lines(record: CommandRecord, count: int = FAILURE_LINES) -> list[str]:
    """The last lines a failing command printed: stderr, and before it stdout while there is room (npm and tsc fail on stdout)."""
    errors = last_lines(record.stderr_tail or record.stderr, count)
    return last_lines(record.stdout_tail or record.stdout, count - len(errors)) + errors


def failing_command(step: StepResult) -> CommandRecord | None:
    """The command a failed step ended with, or None (a check failed)."""
    if step.status != "failed" or not step.commands or step.commands[-1].success:
        return None
    return step.commands[-1]


def count(number: int, what: str) -> str:
    """A number with its noun, as "1 command" or "2 commands"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def step_duration(step: StepResult) -> str:
    """How long an ended attempt took; "" where the log does not tell."""
    seconds = seconds_between(step.started_at, step.ended_at)
    return duration(seconds) if seconds is not None else ""


def deployment_duration(log: DeploymentLog) -> str:
    """How long an ended deployment took; a crashed one left no figure, but its times."""
    seconds = log.summary.duration_seconds or seconds_between(log.start_time, log.end_time or "") or 0.0
    return duration(seconds)


def reason_line(message: str) -> str:
    """The first line of a reason, as one that stands alone: what a command printed is shown with the command."""
    return clean(message).strip().partition("\n")[0].removesuffix(" It printed:")


def step_details(step: StepResult) -> tuple[str, ...]:
    """What stands behind an ended attempt's status."""
    return (
        step_duration(step),
        count(len(step.commands), "command") if step.commands else "",
        "reused" if step.reused else "",
    )


def step_label(step: StepResult) -> str:
    """The name, with the attempt when it is not the first."""
    return step.step_name if step.attempt == 1 else f"{step.step_name} (attempt {step.attempt})"


def headline(log: DeploymentLog) -> str:
    """What is deployed and where."""
    what = one_line(log.repo.source.repo if log.repo else log.repo_url) or "a repository"
    return f"Deploying {what}" + (f" to {log.deploy_dir}" if log.deploy_dir else "")


def analysis_line(log: DeploymentLog) -> str:
    """What the repository was found to be: "python (flask), commit 1a2b3c4"."""
    kind = (log.project_type or "unknown") + (f" ({log.framework})" if log.framework else "")
    if log.repo is None:
        return kind
    source = log.repo.source
    snapshot = "working tree" if source.kind == "working_tree" else f"commit {source.commit[:10]}"
    changes = count(source.uncommitted, "uncommitted change")
    left_out = f", {changes} left out (--dirty takes {'it' if source.uncommitted == 1 else 'them'})" if source.uncommitted else ""
    return f"{kind}, {snapshot}{left_out}"


def plan_details(plan: DeploymentPlan, symbols: Symbols) -> Iterator[Text]:
    """The whole plan for reading before it runs: steps with their commands, what is needed, risks, notes."""
    yield Text(f"Plan: {plan.strategy}, {count(len(plan.steps), 'step')}{_choice(plan)}", "bold")
    for number, step in enumerate(plan.steps, 1):
        yield Text.assemble(f" {number}. {one_line(step.name)}", (f"  [{step.category}]", "dim"))
        for line in _planned_commands(step):
            yield Text(f"      {line}", "dim")
        if step.success_criteria:
            yield Text(f"      {symbols.bullet} {one_line(step.success_criteria)}", "dim")
    if plan.app is not None:
        yield Text(f"App: {one_line(plan.app.command)}")
    for title, values in (
        ("Needs these variables", plan.required_env),
        ("Needs these services", plan.required_services),
        ("Risk", plan.risks),
        ("Note", plan.notes),
    ):
        for value in values:
            yield Text(f"{title}: {clean(value)}")


def _planned_commands(step: DeploymentStep) -> list[str]:
    if step.commands:
        return [command_line(planned.command, planned.reasoning) for planned in step.commands]
    return [command_line(command) for command in step.estimated_commands]


def _choice(plan: DeploymentPlan) -> str:
    if plan.choice is None:
        return ""
    runner_up = f", before {plan.choice.runner_up}" if plan.choice.runner_up else ""
    return f" (recipe {plan.choice.recipe}{runner_up})"


def machine_line(host: HostFacts) -> str:
    """A machine in one line."""
    system = host.distribution or f"{host.os} {host.kernel}".strip()
    return f"Machine: {system}, {host.arch}, {host.cpu_count} CPUs, {host.memory_mb} MB memory, {host.disk_free_mb} MB disk free"
