"""The log document is a pure fold over events."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.model import events as ev
from auto_deployer.model.fold import apply, begin, fold, naive_local
from auto_deployer.model.log import DeploymentLog, StepResult

from .strategies import event_sequences


@given(event_sequences(), st.data())
def test_every_prefix_folds_to_a_document_that_validates(sequence: list[ev.Event], data: st.DataObject) -> None:
    length = data.draw(st.integers(1, len(sequence)))
    log = fold(sequence[:length])
    assert log.seq == length
    assert DeploymentLog.model_validate_json(log.model_dump_json()) == log


@given(event_sequences())
def test_a_whole_sequence_ends_with_its_outcome_and_every_command(sequence: list[ev.Event]) -> None:
    log = fold(sequence)
    executed = [event.command for event in sequence if isinstance(event, ev.CommandExecuted)]
    assert [command for step in log.steps for command in step.commands] == executed
    assert log.status == sequence[-1].outcome  # type: ignore[union-attr]
    assert log.end_time is not None
    assert all(step.current_command is None for step in log.steps)


@given(event_sequences())
def test_every_attempt_is_its_own_entry(sequence: list[ev.Event]) -> None:
    ends = [(event.step.step_id, event.step.attempt, event.step.status) for event in sequence if isinstance(event, ev.StepFinished)]
    assert [(step.step_id, step.attempt, step.status) for step in fold(sequence).steps] == ends


@given(event_sequences())
def test_only_the_last_step_entry_ever_changes(sequence: list[ev.Event]) -> None:
    log = begin(sequence[0])
    for event in sequence[1:]:
        new = apply(log, event)
        assert new.steps[: len(log.steps) - 1] == log.steps[:-1]
        log = new


@given(event_sequences())
def test_events_survive_the_wire(sequence: list[ev.Event]) -> None:
    again = [ev.from_object(orjson.loads(ev.to_line(event))) for event in sequence]
    assert again == sequence
    assert fold(again) == fold(sequence)


def test_a_line_is_method_and_params_and_leaves_absent_envelope_fields_out() -> None:
    line = orjson.loads(ev.to_line(ev.Finished(deployment_id="d", seq=3, time="t", outcome="failed")))
    assert set(line) == {"method", "params"}
    assert line["method"] == "deploy/finished"
    assert not {"stepId", "commandId", "attempt", "reason", "app", "method"} & set(line["params"])


def test_parts_of_the_log_keep_their_nulls_and_snake_case_on_the_wire() -> None:
    event = ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="Build"))
    params = orjson.loads(ev.to_line(event))["params"]
    assert params["stepId"] == 1
    assert params["step"]["step_name"] == "Build"
    assert params["step"]["error"] is None


def test_a_gap_is_refused() -> None:
    started = ev.Started(seq=1, log=DeploymentLog(), log_uri="file:///x")
    with pytest.raises(ValueError, match="does not follow"):
        fold([started, ev.Cancelling(seq=3)])


def test_a_sequence_begins_with_started() -> None:
    with pytest.raises(ValueError, match="begins with deploy/started"):
        fold([ev.Cancelling(seq=1)])
    with pytest.raises(ValueError, match="no events"):
        fold([])


def test_times_of_format_2_are_naive_local() -> None:
    text = naive_local("2026-01-02T03:04:05.000006+00:00")
    assert "+" not in text
    assert text.endswith(".000006")
    assert naive_local("") == ""
