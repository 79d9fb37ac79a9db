"""A runtime is installed only when somebody says so."""

from __future__ import annotations

import pytest

from auto_deployer.model.errors import RuntimeMissingError
from auto_deployer.model.plan import DeploymentPlan
from auto_deployer.model.questions import Answer, Question
from auto_deployer.model.reasons import Kind
from auto_deployer.runner.consent import RuntimeConsent

PLAN = DeploymentPlan(strategy="traditional", steps=())


class Somebody:
    """Implements `Asker`: gives one answer, and keeps what was asked."""

    def __init__(self, option: str | None) -> None:
        self._option = option
        self.asked: list[Question] = []

    @property
    def interactive(self) -> bool:
        return self._option is not None

    async def ask(self, question: Question, *, step_id: int | None = None, attempt: int | None = None) -> Answer:
        self.asked.append(question)
        return Answer(option_id=self._option)


async def needs_node(agreed: bool) -> DeploymentPlan:
    if not agreed:
        raise RuntimeMissingError("No Node fits.", kind=Kind.RUNTIME_VERSION_UNAVAILABLE, offer="Node 22")
    return PLAN


async def test_a_yes_is_asked_for_once() -> None:
    somebody = Somebody("install")
    consent = RuntimeConsent(somebody, agreed=False)
    assert await consent.plan(needs_node) is PLAN
    assert await consent.plan(needs_node) is PLAN
    assert [question.question_id for question in somebody.asked] == ["runtime"]
    assert "Node 22" in somebody.asked[0].message
    assert somebody.asked[0].default == "no"


@pytest.mark.parametrize("option", ["no", None])
async def test_without_a_yes_the_refusal_stands(option: str | None) -> None:
    with pytest.raises(RuntimeMissingError):
        await RuntimeConsent(Somebody(option), agreed=False).plan(needs_node)


async def test_who_agreed_beforehand_is_not_asked() -> None:
    nobody = Somebody(None)
    assert await RuntimeConsent(nobody, agreed=True).plan(needs_node) is PLAN
    assert nobody.asked == []


async def test_what_cannot_be_had_is_not_offered() -> None:
    async def make(_: bool) -> DeploymentPlan:
        raise RuntimeMissingError("No Node.", kind=Kind.MISSING_TOOL, offer="")

    somebody = Somebody("install")
    with pytest.raises(RuntimeMissingError):
        await RuntimeConsent(somebody, agreed=False).plan(make)
    assert somebody.asked == []
