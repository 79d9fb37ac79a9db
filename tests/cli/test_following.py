"""The follower between a runner and a front end: questions that are answered elsewhere, late answers, a stop that comes early."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from auto_deployer.cli.following import Follower
from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import InvalidStateError, TargetLockedError
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.ports import Published
from auto_deployer.model.questions import Answer, Question

QUESTION = ev.QuestionAsked(question=Question(question_id="q1", kind="confirm", message="Go on?"))


class ScriptedRunner:
    """Publishes what the test tells it to."""

    def __init__(self) -> None:
        self.seq = 0
        self.answers: list[rq.AnswerParams] = []
        self.answered = asyncio.Event()
        self.cancelled: list[str] = []
        self.ended: asyncio.Future[ev.Finished] = asyncio.get_running_loop().create_future()
        self.too_late = False
        self.subscriber: Any = None

    async def begin(self, subscriber: Any) -> rq.StartResult:
        self.subscriber = subscriber
        self.publish(ev.Started(log=DeploymentLog(), log_uri="file:///x"))
        return rq.StartResult(deployment_id="d", log_uri="file:///x")

    def publish(self, event: Any) -> None:
        self.seq += 1
        stamped = event.model_copy(update={"deployment_id": "d", "seq": self.seq, "time": "2026-11-24T07:00:00+00:00"})
        self.subscriber(Published(stamped, ev.to_line(stamped)))
        if isinstance(stamped, ev.Finished):
            self.ended.set_result(stamped)

    async def wait(self, deployment_id: str) -> ev.Finished:
        return await self.ended

    async def answer(self, params: rq.AnswerParams) -> None:
        if self.too_late:
            raise InvalidStateError("not pending")
        self.answers.append(params)
        self.publish(ev.QuestionResolved(question_id="q1", response="yes"))
        self.answered.set()

    async def cancel(self, deployment_id: str) -> None:
        self.cancelled.append(deployment_id)
        self.publish(ev.Finished(outcome="cancelled"))


class RecordingFrontEnd:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def show(self, progress: Any) -> None:
        self.calls.append(progress.event.method)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.calls.append(name)


class Person:
    """A prompter whose answer the test gives."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.reply: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.withdrawals = 0

    async def ask(self, question: Question, log: DeploymentLog | None) -> Answer:
        self.asked.set()
        return await self.reply

    def withdrawn(self) -> None:
        self.withdrawals += 1


class Stage:
    def __init__(self) -> None:
        self.runner, self.view, self.person, self.stop = ScriptedRunner(), RecordingFrontEnd(), Person(), asyncio.Event()
        follower: Any = Follower
        self.follower = follower(self.runner, "d", self.view, self.person)
        self.run = asyncio.create_task(self.follower.run(self.runner.begin, self.stop))

    async def ask(self) -> None:
        await asyncio.sleep(0)
        self.runner.publish(QUESTION)
        await self.person.asked.wait()

    async def end(self) -> ev.Finished:
        async with asyncio.timeout(5):
            return await self.run


async def test_the_answer_goes_to_the_runner_and_the_view_leaves_the_terminal_meanwhile():
    stage = Stage()
    await stage.ask()
    assert stage.view.calls[-1] == "pause"
    stage.person.reply.set_result(Answer(option_id="yes"))
    await stage.runner.answered.wait()
    assert stage.view.calls[-2:] == ["resume", "deploy/questionResolved"]
    stage.runner.publish(ev.Finished(outcome="success"))
    assert (await stage.end()).outcome == "success"
    assert [(given.question_id, given.option_id) for given in stage.runner.answers] == [("q1", "yes")]
    assert stage.person.withdrawals == 0


@pytest.mark.parametrize("event", [ev.QuestionResolved(question_id="q1", response="no"), ev.Finished(outcome="failed")])
async def test_a_question_that_is_settled_elsewhere_goes_away(event: Any):
    stage = Stage()
    await stage.ask()
    stage.runner.publish(event)
    if not isinstance(event, ev.Finished):
        stage.runner.publish(ev.Finished(outcome="failed"))
    await stage.end()
    assert stage.person.withdrawals == 1
    assert stage.runner.answers == []
    assert stage.view.calls[-1] == "resume"


async def test_an_answer_that_comes_too_late_is_no_error():
    stage = Stage()
    await stage.ask()
    stage.runner.too_late = True
    stage.person.reply.set_result(Answer(option_id="yes"))
    await asyncio.sleep(0)
    stage.runner.publish(ev.Finished(outcome="success"))
    assert (await stage.end()).outcome == "success"


async def test_a_stop_before_the_beginning_cancels_right_after_it():
    stage = Stage()
    stage.stop.set()
    assert (await stage.end()).outcome == "cancelled"
    assert stage.runner.cancelled == ["d"]


async def test_what_does_not_begin_raises():
    async def refuse(subscriber: Any) -> rq.StartResult:
        raise TargetLockedError("somebody works there")

    stage: Any = Stage()
    await stage.runner.begin(lambda _: None)
    with pytest.raises(TargetLockedError):
        await stage.follower.run(refuse, stage.stop)
    stage.run.cancel()
