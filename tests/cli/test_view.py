from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from auto_deployer.cli.text import symbols_for
from auto_deployer.cli.view import deployment_tree
from auto_deployer.model import events as ev
from auto_deployer.model.log import CurrentCommand, StepResult

from .logs_of import T0, T2, documents, failing_deployment, plan, successful_end


def drawn(log, *, width: int = 100, encoding: str = "utf-8", **options) -> list[str]:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding, write_through=True), width=width)
    console.print(deployment_tree(log, now=datetime.fromisoformat(T2), symbols=symbols_for(encoding), **options))
    return raw.getvalue().decode(encoding).splitlines()


def test_the_tree_is_complete_as_soon_as_there_is_a_plan():
    log = list(documents(failing_deployment()))[1]
    assert [line[4:] for line in drawn(log)][-3:] == [
        "○ Check the host  pending", "○ Install dependencies  pending", "○ Verify  pending",
    ]  # fmt: skip


def test_before_the_plan_it_says_what_is_being_done():
    events = [*failing_deployment()[:1], ev.NoteAdded(kind="progress", message="Receiving objects: 10%")]
    first, second = documents(events)
    assert drawn(first)[-1] == "└── ● Fetching and analysing the repository ..."
    assert drawn(second)[-1] == "└── ● Fetching and analysing the repository ... Receiving objects: 10%"


def test_the_running_command_with_its_time_and_last_output():
    log = list(documents(failing_deployment()))[7]
    lines = drawn(log, output=["Collecting flsk"])
    assert any("● Install dependencies  running, 2.0 s" in line for line in lines)
    assert any("✓ $ python3 -m venv .venv  exit 0, 1.2 s" in line for line in lines)
    assert any("● $ pip install flsk  2.0 s" in line for line in lines)
    assert any("Collecting flsk" in line for line in lines)


def test_a_failed_step_shows_its_command_and_last_lines_and_others_only_their_count():
    lines = drawn(list(documents(failing_deployment()))[-1])
    text = "\n".join(lines)
    assert "✗ Install dependencies  failed, 2.0 s, 2 commands" in text
    assert "✗ $ pip install flsk  exit 1, 1.2 s" in text
    assert "ERROR: No matching" in text
    assert "venv" not in text
    assert "⊘ Verify  blocked" in text


def test_a_terminal_without_unicode_gets_ascii():
    lines = drawn(list(documents(failing_deployment()))[-1], encoding="ascii")
    assert any("x Install dependencies  failed" in line for line in lines)


@pytest.mark.parametrize("width", [1, 5, 20, 79])
def test_every_row_fits_a_narrow_terminal(width: int):
    for log in documents(failing_deployment()):
        rows = drawn(log, width=width, output=["x" * 200])
        assert max(len(row) for row in rows) <= width


def test_a_long_plan_fits_the_terminal_while_it_runs():
    names = tuple(f"Step {number}" for number in range(40))
    events = [failing_deployment()[0], ev.PlanReady(plan=plan(names))]
    events += [
        ev.StepFinished(step=StepResult(step_id=number, step_name=names[number - 1], status="success")) for number in range(1, 31)
    ]
    events.append(ev.StepStarted(step=StepResult(step_id=31, step_name=names[30], started_at=T0)))
    events.append(ev.CommandStarted(command=CurrentCommand(id="c", command="make", started_at=T0)))
    log = list(documents(events))[-1]
    rows = drawn(log, height=24)
    assert len(rows) <= 24
    assert any("30 steps before  success" in row for row in rows)
    assert any("$ make" in row for row in rows)
    assert len(drawn(list(documents([*events, successful_end()]))[-1])) > 40, "the last frame shows everything"


def test_markup_and_escapes_in_names_are_text():
    hostile = "[bold]x[/bold]\x1b[2J"
    events = [failing_deployment()[0], ev.PlanReady(plan=plan((hostile,)))]
    assert drawn(list(documents(events))[-1])[-1] == "└── ○ [bold]x[/bold]  pending"
