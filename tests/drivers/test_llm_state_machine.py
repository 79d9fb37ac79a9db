"""Whatever the model says and wherever the run is cut off: what started has finished, exactly once, and the log tells it."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.errors import ModelError
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.plan import FileCheck
from auto_deployer.model.questions import Answer
from auto_deployer.orchestrator.budget import Budget
from auto_deployer.orchestrator.control import Skip
from tests.orchestrator.conftest import step

from .llm_bench import LlmBench, ScriptedModel, User, ask, done, give_up, run

COMMANDS = ("true", "exit 3", "touch made", "cat missing", "echo one; echo two >&2", "printf '\\377\\033[31m'", "kill -9 $$")
REPLIES = st.one_of(
    st.sampled_from(COMMANDS).map(run),
    st.just(run("pwd", cwd="/etc")),
    st.sampled_from(["choice", "text", "secret", "confirm"]).map(lambda kind: ask("what?", kind, ["a", "b"])),
    st.builds(done, st.just("done"), start_command=st.sampled_from([None, "x"])),
    st.just(give_up()),
    st.just(ModelError("gone")),
    st.just(ValueError("a fault of ours")),
)
ANSWERS = st.sampled_from(["retry", "skip", "skip_continue", "abort", "continue", "stop", "yes", "option-1"])


@dataclass(frozen=True)
class Cut:
    """Where and how the run is cut off."""

    how: str
    at_event: int
    at_call: int


CUTS = st.builds(Cut, st.sampled_from(["none", "cancel", "skip", "kill"]), st.integers(2, 30), st.integers(1, 8))


@given(st.lists(REPLIES, max_size=8), st.lists(ANSWERS, max_size=4), CUTS, st.booleans())
@settings(max_examples=40)
def test_started_means_finished_exactly_once(replies: list[Any], answers: list[str], cut: Cut, checked: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_one(Path(folder), replies, answers, cut, checked=checked))


async def _one(folder: Path, replies: list[Any], answers: list[str], cut: Cut, *, checked: bool) -> None:
    path = LogStore(folder / "agent_logs").reserve("app", datetime.now())
    recorder = Recorder.create(path, SecretRegistry(), DeploymentLog(deployment_id="d1"))
    user = User([Answer(option_id=answer, text="some-secret") for answer in answers])
    bench = LlmBench(recorder, folder / "deploy", ScriptedModel([]), user=user, budget=Budget(max_turns_per_step=20))
    recorder.subscribe(bench.follow)
    made = FileCheck(path=str(bench.folder / "made"))
    script = iter(replies)
    task: asyncio.Task[Any] | None = None

    def cut_off() -> None:
        assert task is not None
        if cut.how == "cancel":
            bench.control.end("cancelled")
        elif cut.how == "skip":
            bench.control.skip(1, Skip())
        elif cut.how == "kill":
            task.cancel()

    def on_event(_: ev.Event) -> None:
        if len(bench.events) == cut.at_event:
            cut_off()

    async def say() -> Any:
        if len(bench.model.calls) == cut.at_call:
            cut_off()
            await asyncio.sleep(0.001)
        said = next(script, give_up())
        if isinstance(said, Exception):
            raise said
        return said

    bench.on_event = on_event
    bench.script(*[say] * 200)
    checks = (made,) if checked else ()
    task = asyncio.ensure_future(bench.run(step(1, "echo planned", "exit 1", checks=checks), step(2, "true")))
    with contextlib.suppress(asyncio.CancelledError, ValueError):
        await task
    _judge(bench)
    recorder.close()


def _judge(bench: LlmBench) -> None:
    """Each start has its one end, in the events and in the log on disk."""
    started = Counter((event.step_id, event.attempt) for event in bench.events if isinstance(event, ev.StepStarted))
    finished = Counter((event.step_id, event.attempt) for event in bench.events if isinstance(event, ev.StepFinished))
    assert max(started.values(), default=1) == 1
    assert max(finished.values(), default=1) == 1
    assert started.keys() <= finished.keys()
    begun = [event.command_id for event in bench.events if isinstance(event, ev.CommandStarted)]
    ended = [event.command_id for event in bench.events if isinstance(event, ev.CommandExecuted)]
    assert sorted(begun, key=str) == sorted(ended, key=str)
    assert len(set(ended)) == len(ended)
    on_disk = DeploymentLog.model_validate_json(bench.recorder.path.read_bytes())
    assert on_disk == bench.recorder.log
    assert all(entry.status != "running" and entry.current_command is None for entry in on_disk.steps)
    assert sum(len(entry.commands) for entry in on_disk.steps) == len(ended)
    assert "some-secret" not in "".join(call.text for call in bench.model.calls if "in the environment variable" in call.text)
