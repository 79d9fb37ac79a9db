"""What a model asks for: usual repairs just run, what is not known to be harmless is asked about; so is what once escaped."""

from __future__ import annotations

import pytest

from auto_deployer.model.log import PolicyVerdict
from auto_deployer.model.plan import PlannedCommand

from .conftest import RELEASE_DIR, fixtures, judged, policy

MODEL = fixtures("model")


def of_a_model(command: str, **rules: list[str]) -> PolicyVerdict:
    return policy(**rules).judge_planned(PlannedCommand(command=command, cwd=RELEASE_DIR, source="llm"))


@pytest.mark.parametrize(("_group", "command"), fixtures("escapes"))
def test_what_once_ran_unseen_no_longer_does(_group: str, command: str) -> None:
    assert judged(command).verdict != "allow"
    assert of_a_model(command).verdict != "allow"


@pytest.mark.parametrize("command", [command for group, command in MODEL if group == "allow"])
def test_usual_repairs_are_not_asked_about(command: str) -> None:
    verdict = of_a_model(command)
    assert verdict.verdict == "allow", (verdict.rule, verdict.reason)


@pytest.mark.parametrize("command", [command for group, command in MODEL if group == "ask"])
def test_what_is_not_known_is_asked_about(command: str) -> None:
    verdict = of_a_model(command)
    assert verdict.verdict == "ask", (verdict.rule, verdict.reason)
    assert verdict.reason


def test_the_user_s_rule_lets_an_unknown_program_run() -> None:
    assert of_a_model("frobnicate --all", allow=["frobnicate"]).verdict == "allow"
    assert judged("frobnicate --all").verdict == "allow"


def test_a_file_of_an_earlier_command_is_asked_about_when_the_project_runs() -> None:
    made = policy()
    made.remember(PlannedCommand(command="echo 'x()' > lib/x.js", cwd=RELEASE_DIR, source="llm"))
    later = PlannedCommand(command="npm run build", cwd=RELEASE_DIR, source="llm")
    assert made.judge_planned(later).rule == "own-code"
    assert made.judge_planned(later.model_copy(update={"source": "recipe"})).verdict == "allow"


@pytest.mark.parametrize(("group", "command"), fixtures("second_list"))
def test_the_second_list(group: str, command: str) -> None:
    assert of_a_model(command).verdict != "allow"
    assert group == "model" or judged(command).verdict != "allow"
