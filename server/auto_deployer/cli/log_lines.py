"""A deployment as lines: what is new in a log document since the last one. For live events, a growing file or a whole log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from rich.text import Text

from ..deploy_log.words import spent
from ..model.log import CommandRecord, DeploymentLog, StepResult
from ..model.reasons import Reason
from . import parts
from .suggestions import worded
from .text import COMMAND_WIDTH, STYLE, Symbols, clean, one_line

OutputDetail = Literal["none", "failures", "head"]
"""How much of the commands' output to show: nothing, the last lines of failing ones, or the head of all."""

_HEAD_STDOUT, _HEAD_STDERR, _HEAD_COLUMNS = 10, 5, 100
"""Format 2.0 viewers show that much of a command."""
_WHOLE = 2000
"""A log is read to know exactly what ran."""


class LogLines:
    """Remembers what it has told, and tells only what is new."""

    def __init__(self, symbols: Symbols, *, detail: OutputDetail, path: Path | None = None, reason: bool = True) -> None:
        self._symbols = symbols
        self._detail = detail
        self._path = path
        self._reason = reason
        """Whether the end tells its reason (where it goes to stderr, it does not)."""
        self._command_width = COMMAND_WIDTH if detail == "failures" else _WHOLE
        self._told: set[str] = set()
        self._notes = 0
        self._step = 0
        """Index of the first attempt that has not been told to its end."""
        self._in_step = _Told()

    def update(self, log: DeploymentLog) -> list[Text]:
        """The lines that this document adds."""
        return list(self._new(log))

    def _new(self, log: DeploymentLog) -> Iterator[Text]:
        yield from self._beginning(log)
        yield from self._steps(log)
        yield from self._news(log)
        if log.status != "running" and self._first("end"):
            yield from end_lines(log, self._symbols, path=self._path)
            if self._reason and log.reason is not None:
                yield from _reason_lines(log.reason)

    def _beginning(self, log: DeploymentLog) -> Iterator[Text]:
        if self._first("head"):
            yield Text(parts.headline(log) + (f", deployment {log.deployment_id}" if log.deployment_id else ""), "bold")
            if self._path is not None:
                yield Text(f"Log: {self._path}")
        if (log.repo is not None or log.project_type) and self._first("analysis"):
            yield Text(f"Found: {parts.analysis_line(log)}")
        if log.plan is not None and self._first("plan"):
            names = ", ".join(one_line(step.name) for step in log.plan.steps)
            yield Text(f"Plan: {log.plan.strategy}, {parts.count(len(log.plan.steps), 'step')}: {names}")

    def _news(self, log: DeploymentLog) -> Iterator[Text]:
        """What does not belong to a step: notes, a question, the wish to cancel."""
        for note in log.notes[self._notes :]:
            if note.kind != parts.PROGRESS:
                yield Text(f"Note: {clean(note.message)}", "yellow")
        self._notes = len(log.notes)
        question = log.pending_question
        if question is not None and self._first(f"question {question.question_id}"):
            yield Text(f"Question: {clean(question.message)}", "bold yellow")
        if log.cancelling and self._first("cancelling"):
            yield Text("Cancelling ...", STYLE["cancelled"])

    def _first(self, what: str) -> bool:
        new = what not in self._told
        self._told.add(what)
        return new

    def _steps(self, log: DeploymentLog) -> Iterator[Text]:
        while self._step < len(log.steps):
            step = log.steps[self._step]
            yield from self._of_step(log, step)
            if step.status == "running" and self._step == len(log.steps) - 1:
                return
            self._step += 1
            self._in_step = _Told()

    def _of_step(self, log: DeploymentLog, step: StepResult) -> Iterator[Text]:
        told, number = self._in_step, _number(log, step)
        if not told.started and _ran(step):
            yield Text(f"Step {number} {one_line(parts.step_label(step))}", "bold")
        told.started = True
        for record in step.commands[told.commands :]:
            yield _indented(parts.command_text(record, self._symbols, width=self._command_width), 2)
            yield from self._output(record)
        for check in step.checks[told.checks :]:
            if not check.passed:
                yield Text(f"  {self._symbols.icon('failed')} {one_line(f'{check.description}: {check.detail}')}", "yellow")
        for refused in step.refused_commands[told.refused :]:
            yield _indented(parts.refused_text(refused, self._symbols), 2)
        for repair in step.repairs[told.repairs :]:
            yield Text(f"  Repair: {clean(repair.message)}", "yellow")
        for asked in step.user_interactions[told.answers :]:
            yield Text(f"  Answer: {one_line(asked.question)} {one_line(asked.response)}")
        told.commands, told.checks, told.repairs = len(step.commands), len(step.checks), len(step.repairs)
        told.answers, told.refused = len(step.user_interactions), len(step.refused_commands)
        if step.status != "running":
            label = f"Step {number} {parts.step_label(step)}:"
            yield parts.status_text(step.status, self._symbols, label, *parts.step_details(step))
            if step.status != "success" and (step.reason or step.error):
                yield Text(f"  {parts.reason_line(step.reason.message if step.reason else step.error or '')}", "yellow")

    def _output(self, record: CommandRecord) -> Iterator[Text]:
        if self._detail == "failures" and not record.success:
            yield from (Text(f"      {line}", "dim") for line in parts.failure_lines(record))
        if self._detail == "head":
            yield from _head(record.stdout, _HEAD_STDOUT)
            if not record.success:
                yield from _head(record.stderr, _HEAD_STDERR)


class _Told:
    """What of the current attempt has been told."""

    def __init__(self) -> None:
        self.started = False
        self.commands = self.checks = self.repairs = self.answers = self.refused = 0


def _ran(step: StepResult) -> bool:
    """Whether the step began: blocked, reused and (mostly) skipped ones only have an end."""
    return bool(step.commands) or (step.status in ("running", "success", "failed") and not step.reused)


def _number(log: DeploymentLog, step: StepResult) -> str:
    """The step's place in the plan: "2/6"; its id where there is no plan."""
    ids = [planned.id for planned in log.plan.steps] if log.plan is not None else []
    return f"{ids.index(step.step_id) + 1}/{len(ids)}" if step.step_id in ids else str(step.step_id)


def _head(output: str, count: int) -> Iterator[Text]:
    lines = clean(output).splitlines()
    for line in lines[:count]:
        yield Text(f"      {line[:_HEAD_COLUMNS]}", "dim")
    if len(lines) > count:
        yield Text(f"      ... {len(lines) - count} more lines", "dim")


def _indented(text: Text, columns: int) -> Text:
    return Text(" " * columns).append_text(text)


def end_lines(log: DeploymentLog, symbols: Symbols, *, path: Path | None) -> Iterator[Text]:
    """How an ended deployment ended: outcome, URL, where the log is. The reason is not among them."""
    summary = log.summary
    steps = f"{summary.successful_steps} of {summary.total_steps} steps" if log.steps else "nothing ran"
    commands = parts.count(summary.total_commands, "command") if log.steps else ""
    yield parts.status_text(log.status, symbols, "Deployment:", steps, commands, parts.deployment_duration(log))
    if model := spent(log.llm_calls):
        yield Text(one_line(model))
    if log.app is not None:
        yield Text(f"URL: {one_line(log.app.url)}", "bold")
    if path is not None:
        yield Text(f"Log: {path}")


def _reason_lines(reason: Reason) -> Iterator[Text]:
    yield Text(f"{reason.kind}: {clean(reason.message)}", STYLE["failed"])
    yield from (Text(f"  - {clean(worded(suggestion))}") for suggestion in reason.suggestions)
