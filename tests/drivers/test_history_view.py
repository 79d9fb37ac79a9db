"""The view is shortened, never the log; what failed is never dropped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.drivers.history_view import FEWEST_KEPT, Exchange, HistoryView
from auto_deployer.model.errors import ModelError
from auto_deployer.model.settings import Settings
from auto_deployer.orchestrator.budget import Budget
from tests.orchestrator.conftest import step

from .llm_bench import LlmBench, Step, give_up, run


def exchange(number: int, size: int, *, vital: bool) -> Exchange:
    return Exchange(f'{{"next": {number}}}', f"[full {number}] " + "x" * size, f"[line {number}]", vital=vital)


exchanges = st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=40)


def view_of(turns: list[tuple[int, bool]]) -> HistoryView:
    view = HistoryView("rules", "task")
    for number, (size, vital) in enumerate(turns):
        view.add(exchange(number, size, vital=vital))
    return view


def text_of(view: HistoryView) -> str:
    return "\n".join(message.content for message in view.messages())


@given(exchanges, st.integers(0, 20), st.integers(1, 3))
def test_shortening_never_drops_a_failure_and_only_ever_shortens(turns: list[tuple[int, bool]], keep: int, times: int) -> None:
    view = view_of(turns)
    for _ in range(times):
        before, levels = view.tokens(), [each.level for each in view.exchanges]
        done = view.shorten(keep)
        if done is None:
            assert (view.tokens(), [each.level for each in view.exchanges]) == (before, levels)
        else:
            assert done.tokens_before == before
            assert done.tokens_after == view.tokens() < before
        assert all(was in ("full", now) for was, now in zip(levels, (each.level for each in view.exchanges), strict=True))
    text = text_of(view)
    for number, (_, vital) in enumerate(turns):
        assert f"[full {number}]" in text or (not vital and f"[line {number}]" in text)
    for number in range(max(0, len(turns) - FEWEST_KEPT), len(turns)):
        assert f"[full {number}]" in text


@given(exchanges, st.integers(0, 20))
def test_a_summary_keeps_each_failure_at_least_as_a_line(turns: list[tuple[int, bool]], keep: int) -> None:
    view = view_of(turns)
    view.shorten(keep)
    before = view.tokens()
    done = view.summarise(keep, "what happened")
    assert view.tokens() < before if done is not None else view.tokens() == before
    text = text_of(view)
    for number, (_, vital) in enumerate(turns):
        if vital:
            assert f"[full {number}]" in text or f"[line {number}]" in text


@given(exchanges, st.integers(0, 20))
def test_messages_always_take_turns_and_end_with_the_user(turns: list[tuple[int, bool]], keep: int) -> None:
    view = view_of(turns)
    view.shorten(keep)
    view.append("one more thing", "more")
    roles = [message.role for message in view.messages()]
    assert roles[0] == "system"
    assert roles[1:] == [("user", "assistant")[at % 2] for at in range(len(roles) - 1)]
    assert roles[-1] == "user"
    assert view.messages()[-1].content.count("one more thing") == 1


def long_step(number: int) -> list[Step]:
    """Commands with output, the second one failing."""
    return [run(f"echo start-{at}; seq 1 400; {'exit 3' if at == 1 else ':'}") for at in range(number)]


def small(**compression: Any) -> Settings:
    return Settings.model_validate({"compression": compression, "loop_detection": {"enabled": False}})


async def test_a_long_step_is_shortened_by_rule_and_the_log_keeps_all(llm: LlmBench) -> None:
    llm.settings = small(threshold=0.45, keep_ratio=0.3)
    llm.model.context_window = 8_000
    llm.budget = Budget(max_turns_per_step=200)
    llm.script(*long_step(14), give_up())
    await llm.run(step(1, "exit 1"))
    entry = llm.entry()
    assert len(entry.commands) == 15
    assert entry.compressed
    assert entry.compressed_history
    assert entry.compression_events
    for event in entry.compression_events:
        assert event.token_count_after < event.token_count_before
        assert event.commands_kept + event.commands_compressed == event.commands_before
        assert "45% of the window of 8000 tokens" in event.trigger_reason
    assert all(call.purpose == "step" for call in llm.model.calls), "the rule was enough"
    last = llm.model.calls[-1].text
    assert "start-1; seq" in last
    assert "exit code 3" in last
    assert llm.notes("loop") == []


async def test_in_a_large_window_only_the_newest_outputs_stay_in_full(llm: LlmBench) -> None:
    llm.settings = small()
    llm.budget = Budget(max_turns_per_step=200)
    llm.script(*long_step(45), give_up())
    await llm.run(step(1, "exit 1"))
    assert [event.commands_kept for event in llm.entry().compression_events] == [8, 11]
    last = llm.model.calls[-1].text
    assert "exit code 3 after" in last, "the failure stays in full"
    assert last.count('<untrusted source="stdout">') < 25
    assert "`echo start-5;" in last


async def test_a_smaller_share_to_keep_keeps_fewer_outputs(llm: LlmBench) -> None:
    llm.settings = small(keep_ratio=0.1)
    llm.budget = Budget(max_turns_per_step=200)
    llm.script(*long_step(45), give_up())
    await llm.run(step(1, "exit 1"))
    assert llm.entry().compression_events[0].commands_kept < 8, "as many as with the usual share"


async def test_a_higher_threshold_means_no_shortening(llm: LlmBench) -> None:
    llm.settings = small(threshold=1.0)
    llm.script(*long_step(14), give_up())
    llm.budget = Budget(max_turns_per_step=200)
    await llm.run(step(1, "exit 1"))
    assert not llm.entry().compressed


@pytest.mark.parametrize("helps", [True, False])
async def test_where_the_rule_is_not_enough_the_model_summarises(llm: LlmBench, helps: bool) -> None:
    llm.settings = small(threshold=0.5, keep_ratio=0.1)
    llm.model.context_window = 9_000
    llm.budget = Budget(max_turns_per_step=200)
    failing: list[Step] = [run(f"echo try-{at}; seq 1 3000 | sed s/^/{at}-/; echo error: trouble {at}; exit 1") for at in range(5)]
    digest: Step = {"summary": "node 18 is too old"} if helps else ModelError("not now")
    original, asked = llm.model.ask, list[str]()

    async def ask(messages: Any, reply: Any, **more: Any) -> Any:
        asked.append(more["purpose"])
        if more["purpose"] == "compress":
            llm.model.script.insert(0, digest)
        return await original(messages, reply, **more)

    llm.model.ask = ask  # type: ignore[method-assign]
    llm.script(*failing, give_up())
    await llm.run(step(1, "exit 1"))
    assert "compress" in asked
    last = llm.model.calls[-1].text
    assert ("node 18 is too old" in last) is helps
    for number in range(5):
        assert f"echo try-{number};" in last, "each failure is still there"
    assert len(llm.entry().commands) == 6
    reason = llm.entry().reason
    assert reason is not None
    assert "The model gave up" in reason.message
