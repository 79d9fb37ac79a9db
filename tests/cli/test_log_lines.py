from __future__ import annotations

from pathlib import Path

import pytest

from auto_deployer.cli.log_lines import LogLines
from auto_deployer.cli.text import symbols_for
from auto_deployer.model import events as ev
from auto_deployer.model.log import DeploymentLog, LlmCall, PolicyVerdict, RefusedCommand, StepResult, Summary
from auto_deployer.model.questions import Question
from auto_deployer.model.reasons import Kind, Reason

from .logs_of import command, documents, failing_deployment

ASCII = symbols_for("ascii")


def lines_of(*logs, **options) -> list[str]:
    view = LogLines(ASCII, **{"detail": "failures", **options})
    return [line.plain for log in logs for line in view.update(log)]


def test_following_tells_the_same_as_reading_at_the_end():
    logs = list(documents(failing_deployment()))
    for detail in ("none", "failures", "head"):
        assert lines_of(*logs, detail=detail) == lines_of(logs[-1], detail=detail)


def test_the_story_of_a_failed_deployment():
    assert lines_of(*documents(failing_deployment()), path=Path("/logs/x.json")) == [
        "Deploying https://host/shop, deployment d1",
        "Log: /logs/x.json",
        "Plan: traditional, 3 steps: Check the host, Install dependencies, Verify",
        "Step 1/3 Check the host",
        "+ Step 1/3 Check the host:  success, 2.0 s",
        "Step 2/3 Install dependencies",
        "  + $ python3 -m venv .venv  exit 0, 1.2 s",
        "  x $ pip install flsk  exit 1, 1.2 s",
        "      Collecting flsk",
        "      ERROR: No matching",
        "x Step 2/3 Install dependencies:  failed, 2.0 s, 2 commands",
        "  `pip install flsk` failed.",
        "! Step 3/3 Verify:  blocked",
        "x Deployment:  failed, 1 of 3 steps, 2 commands, 4.0 s",
        "Log: /logs/x.json",
        "command_failed: `pip install flsk` failed",
        "  - Fix it.",
    ]


def test_refused_commands_and_calls_of_the_model_are_told():
    verdict = PolicyVerdict(verdict="deny", rule="recursive-delete", reason="It deletes the home directory.")
    refused = RefusedCommand(command="rm -rf ~", source="llm", policy=verdict)
    call = LlmCall(model="m-1", prompt_tokens=1200, completion_tokens=34, cost_usd=0.5)
    *_, end = documents(failing_deployment())
    steps = (*end.steps[:-1], end.steps[-1].model_copy(update={"refused_commands": (refused,)}))
    lines = lines_of(end.model_copy(update={"llm_calls": (call,), "steps": steps}))
    assert "  ! $ rm -rf ~  refused by rule recursive-delete: It deletes the home directory." in lines
    assert "Model m-1: 1 call, 1,234 tokens, 0.5000 USD" in lines


def test_where_nothing_was_planned_nothing_is_counted():
    refused = ev.Finished(outcome="failed", reason=Reason(kind=Kind.NO_START_COMMAND, message="No."), log_uri="file:///x.json")
    assert lines_of(*documents([failing_deployment()[0], refused]))[1:] == [
        "x Deployment:  failed, nothing ran, 0.0 s", "no_start_command: No.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("end", "figure", "shown"),
    [("2026-11-24T08:01:05", 0.0, "1 min 05 s"), (None, 0.0, "0.0 s"), ("2026-11-24T08:01:05", 9.0, "9.0 s")],
)
def test_a_log_without_its_duration_has_its_times(end: str | None, figure: float, shown: str):
    log = DeploymentLog(
        repo_url="https://host/shop", start_time="2026-11-24T08:00:00", end_time=end, status="interrupted",
        summary=Summary(duration_seconds=figure),
    )  # fmt: skip
    assert lines_of(log)[-1] == f"# Deployment:  interrupted, nothing ran, {shown}"


@pytest.mark.parametrize(
    "message", ["`make` failed with exit code 2.\nIt printed:\nno rule", "`make` failed with exit code 2. It printed:\nno rule"]
)
def test_the_first_line_of_a_reason_stands_alone(message: str):
    reason = Reason(kind=Kind.COMMAND_FAILED, message=message)
    step = StepResult(step_id=1, step_name="Check the host", status="failed", reason=reason)
    events = [*failing_deployment()[:3], ev.StepFinished(step_id=1, attempt=1, step=step)]
    assert lines_of(*documents(events))[-1] == "  `make` failed with exit code 2."
    finished = ev.Finished(outcome="failed", reason=reason, log_uri="file:///x.json")
    assert lines_of(*documents([*events, finished]))[-1].endswith(message.partition("\n")[2]), "the end tells all of it"


def test_each_command_is_told_the_moment_the_document_has_it():
    view = LogLines(ASCII, detail="none")
    per_event = [[line.plain for line in view.update(log)] for log in documents(failing_deployment())]
    assert per_event[6] == ["  + $ python3 -m venv .venv  exit 0, 1.2 s"]


def test_a_log_shows_the_first_ten_lines_of_output_and_stderr_only_of_failures():
    lines = lines_of(*documents(failing_deployment()), detail="head")
    shown = [line.strip() for line in lines if line.startswith("      ")]
    assert shown == [*(f"line {n}" for n in range(10)), "... 10 more lines", "Collecting flsk", "ERROR: No matching"]


def test_long_output_lines_are_cut_to_100_columns():
    events = [*failing_deployment()[:6], ev.CommandExecuted(command=command("x", stdout="y" * 500))]
    assert max(len(line) for line in lines_of(*documents(events), detail="head")) == 100 + len("      ")


def test_a_question_and_the_wish_to_cancel_are_told_once():
    events = [*failing_deployment()[:5], ev.QuestionAsked(question=Question(question_id="q", kind="confirm", message="Go on?"))]
    events += [ev.Cancelling(), ev.NoteAdded(kind="limit", message="a note"), ev.NoteAdded(kind="progress", message="10%")]
    lines = lines_of(*documents(events))
    assert [line for line in lines if line[0] in "QCN"] == ["Question: Go on?", "Cancelling ...", "Note: a note"]
