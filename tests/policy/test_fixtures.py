"""Every command of the fixtures gets the verdict it is filed under, by the rule it is filed under: no escapes, no false alarms."""

from __future__ import annotations

import pytest

from .conftest import fixtures, judged


@pytest.mark.parametrize(("rule", "command"), fixtures("deny"))
def test_denied(rule: str, command: str) -> None:
    verdict = judged(command)
    assert (verdict.verdict, verdict.rule) == ("deny", rule), verdict.reason
    assert verdict.reason
    assert verdict.part
    assert verdict.decided_by == "policy"


@pytest.mark.parametrize(("rule", "command"), fixtures("ask"))
def test_asked(rule: str, command: str) -> None:
    verdict = judged(command)
    assert (verdict.verdict, verdict.rule) == ("ask", rule), verdict.reason
    assert verdict.reason


@pytest.mark.parametrize(("_group", "command"), fixtures("allow"))
def test_allowed(_group: str, command: str) -> None:
    verdict = judged(command)
    assert (verdict.verdict, verdict.rule, verdict.part) == ("allow", "", ""), verdict.reason


def test_there_are_enough_of_them() -> None:
    commands = [command for verdict in ("deny", "ask", "allow") for _, command in fixtures(verdict)]
    assert len(commands) == len(set(commands))
    assert len(commands) >= 500
