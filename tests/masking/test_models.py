"""Masking of models: every free text, nothing else, and the same object when nothing changes."""

from __future__ import annotations

import pytest

from auto_deployer.masking import SecretRegistry, mask_model
from auto_deployer.model.events import CommandExecuted, Finished, NoteAdded
from auto_deployer.model.log import AppInfo, CommandRecord, DeploymentLog, StepResult
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep, PlannedCommand
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.model.suggestions import suggest

SECRET = "hunter22"


@pytest.fixture
def known() -> SecretRegistry:
    registry = SecretRegistry()
    registry.add(SECRET)
    return registry


def record(**fields: object) -> CommandRecord:
    return CommandRecord.model_validate({"command": "true", "success": True, "exit_code": 0, **fields})


@pytest.mark.parametrize(
    "field", ["command", "stdout", "stderr", "stdout_tail", "stderr_tail", "reasoning", "cwd", "waiting_for_input"]
)
def test_every_text_of_a_command(known: SecretRegistry, field: str) -> None:
    masked = mask_model(record(**{field: f"<{SECRET}>"}), known.mask)
    assert getattr(masked, field) == "<***>"
    assert masked == record(**{field: "<***>"})


def test_nested_containers(known: SecretRegistry) -> None:
    log = DeploymentLog(
        request={"env": {"NAME": SECRET, "LIST": [1, {SECRET: None}]}, "repo": "x"},
        steps=(StepResult(step_id=1, step_name="Install", commands=(record(), record(left_running=(f"12 {SECRET}",)))),),
        plan=DeploymentPlan(
            strategy="static",
            steps=(DeploymentStep(id=1, name="a", category="setup", commands=(PlannedCommand(command="x", env={"A": SECRET}),)),),
        ),
        reason=Reason(kind=Kind.COMMAND_FAILED, message=f"{SECRET} failed", suggestions=(suggest("try"), suggest(f"not {SECRET}"))),
    )
    masked = mask_model(log, known.mask)
    assert SECRET not in masked.model_dump_json()
    assert masked.request["env"]["LIST"] == [1, {"***": None}]
    assert masked.steps[0].commands[0] is log.steps[0].commands[0]
    assert masked.reason == Reason(kind=Kind.COMMAND_FAILED, message="*** failed", suggestions=(suggest("try"), suggest("not ***")))
    assert SECRET in log.model_dump_json(), "the given model is left alone"


def test_untyped_data(known: SecretRegistry) -> None:
    masked = mask_model(DeploymentLog(request={"rules": [{"pattern": SECRET, "weight": 1.5}], SECRET: True}), known.mask)
    assert masked.request == {"rules": [{"pattern": "***", "weight": 1.5}], "***": True}


def test_structural_fields_and_literals_are_never_asked() -> None:
    def refuse(text: str) -> str:
        assert "ours" not in text
        return text

    event = CommandExecuted(
        deployment_id="ours", time="ours", command_id="ours", command=record(id="ours", output="ours", timestamp="ours")
    )
    assert mask_model(event, refuse) is event
    seen: list[str] = []
    mask_model(
        Finished(outcome="success", log_uri="ours", app=AppInfo(url="u", port=1, pid=2)), lambda text: seen.append(text) or text
    )
    assert seen == ["u"]


def test_the_same_object_when_nothing_changes(known: SecretRegistry) -> None:
    for model in (record(stdout="hunter"), DeploymentLog(request={"a": ["b"]}), NoteAdded(kind="note", message="nothing here")):
        assert mask_model(model, known.mask) is model


def test_texts_are_not_masked_across_fields(known: SecretRegistry) -> None:
    model = record(command="hunter", cwd="22")
    assert mask_model(model, known.mask) is model
