"""The live step tree: a pure function from the log document to something rich can draw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from ..model.fold import last_step
from ..model.log import DeploymentLog, StepResult
from ..model.plan import DeploymentStep
from . import parts
from .text import STYLE, Symbols, command_line, duration, one_line, seconds_between

_SHOWN_COMMANDS = 4
"""Executed commands shown of the running step; the log has them all."""
_ROWS_BESIDE_STEPS = 14
"""Rows kept for the running step's commands and output, and for the lines around the tree."""


def deployment_tree(
    log: DeploymentLog, *, now: datetime, symbols: Symbols, output: Sequence[str] = (), height: int | None = None
) -> RenderableType:
    """The deployment as a tree of steps.

    Args:
        log: The document so far.
        now: With offset; running times count up to it.
        symbols: Icons the terminal can show.
        output: Last lines of the running command.
        height: Rows of the terminal; finished steps are folded into one line when they would not fit. None: all are shown.
    """
    tree = Tree(_cut(Text(parts.headline(log), "bold")), guide_style="dim")
    if log.plan is None:
        if log.status == "running":
            tree.add(_doing(log, symbols))
    else:
        tree.add(_dim(f"{parts.analysis_line(log)}; {log.plan.strategy}"))
        for step in _shown_steps(tree, log, symbols, height):
            _add_step(tree, step, last_step(log, step.id), now=now, symbols=symbols, output=output)
    below = [_cut(Text(f"Note: {one_line(note.message)}", "yellow")) for note in log.notes if note.kind != parts.PROGRESS]
    if log.cancelling:
        below.append(Text("Cancelling ...", STYLE["cancelled"]))
    return Group(tree, *below)


def _doing(log: DeploymentLog, symbols: Symbols) -> Text:
    doing = "Planning" if log.repo is not None else "Fetching and analysing the repository"
    news = one_line(log.notes[-1].message) if log.repo is None and log.notes and log.notes[-1].kind == parts.PROGRESS else ""
    return _cut(Text(f"{symbols.icon('running')} {doing} ... {news}".rstrip(), STYLE["running"]))


def _shown_steps(tree: Tree, log: DeploymentLog, symbols: Symbols, height: int | None) -> Sequence[DeploymentStep]:
    """The steps that fit; the successful ones before them become one line."""
    assert log.plan is not None
    steps = log.plan.steps
    surplus = 0 if height is None else len(steps) - max(3, height - _ROWS_BESIDE_STEPS)
    folded = 0
    while folded < surplus and _succeeded(log, steps[folded]):
        folded += 1
    if folded:
        tree.add(_cut(parts.status_text("success", symbols, f"{folded} steps before")))
    return steps[folded:]


def _succeeded(log: DeploymentLog, step: DeploymentStep) -> bool:
    result = last_step(log, step.id)
    return result is not None and result.status == "success"


def _add_step(
    tree: Tree, step: DeploymentStep, result: StepResult | None, *, now: datetime, symbols: Symbols, output: Sequence[str]
) -> None:
    if result is None:
        tree.add(_cut(parts.status_text("pending", symbols, step.name)))
        return
    if result.status == "running":
        branch = tree.add(_cut(parts.status_text("running", symbols, parts.step_label(result), _elapsed(result.started_at, now))))
        _add_running(branch, result, now=now, symbols=symbols, output=output)
        return
    branch = tree.add(_cut(parts.status_text(result.status, symbols, parts.step_label(result), *parts.step_details(result))))
    for refused in result.refused_commands:
        branch.add(_cut(parts.refused_text(refused, symbols)))
    failing = parts.failing_command(result)
    if failing is not None:
        node = branch.add(_cut(parts.command_text(failing, symbols)))
        for line in parts.failure_lines(failing):
            node.add(_dim(line))
    elif result.status == "failed" and result.reason is not None:
        branch.add(_cut(Text(parts.reason_line(result.reason.message), "yellow")))


def _add_running(branch: Tree, step: StepResult, *, now: datetime, symbols: Symbols, output: Sequence[str]) -> None:
    hidden = len(step.commands) - _SHOWN_COMMANDS
    if hidden > 0:
        branch.add(_dim(f"... {hidden} more"))
    for record in step.commands[-_SHOWN_COMMANDS:]:
        branch.add(_cut(parts.command_text(record, symbols)))
    for refused in step.refused_commands[-1:]:
        branch.add(_cut(parts.refused_text(refused, symbols)))
    for repair in step.repairs[-1:]:
        branch.add(_cut(Text(f"Repair: {one_line(repair.message)}", "yellow")))
    current = step.current_command
    if current is None:
        return
    text = Text(f"{symbols.icon('running')} {command_line(current.command, current.reasoning)}", STYLE["running"])
    node = branch.add(_cut(text.append(f"  {_elapsed(current.started_at, now)}", "dim")))
    for line in output:
        node.add(_dim(line))


def _elapsed(started_at: str, now: datetime) -> str:
    seconds = seconds_between(started_at, now)
    return duration(seconds) if seconds is not None else ""


def _dim(text: str) -> Text:
    return _cut(Text(text, "dim"))


def _cut(text: Text) -> Text:
    """One row, whatever the terminal's width."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
