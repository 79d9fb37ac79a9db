"""A step mended by a model behind a real endpoint: our client, a real socket, the log's events."""

from __future__ import annotations

from auto_deployer.llm.client import ChatModel
from auto_deployer.llm.connect import connect
from auto_deployer.model import events as ev
from auto_deployer.model.log import LlmCall
from auto_deployer.model.plan import FileCheck
from auto_deployer.model.reasons import Kind
from auto_deployer.model.settings import BudgetSettings, LlmSettings
from tests.llm.fixtures import Scripted, scripted
from tests.llm.scripted_server import ScriptedServer, reply, status, truncate
from tests.orchestrator.conftest import step

from .llm_bench import LlmBench, done, run

__all__ = ["scripted"]


def connected(llm: LlmBench, server: ScriptedServer) -> ChatModel:
    """The model at the server; its calls become events of the run."""

    def record(call: LlmCall) -> None:
        llm.recorder.record(ev.ModelCalled(step_id=call.step_id, call=call))

    settings = LlmSettings(provider="custom", model="scripted", endpoint=server.base_url, timeout_s=20)
    return connect(settings, BudgetSettings(), None, on_call=record, secrets=llm.recorder.secrets)


async def test_a_failing_command_is_mended_over_http(llm: LlmBench, scripted: Scripted) -> None:
    server = scripted(reply(run("touch built")), reply(done("it was missing")))
    async with connected(llm, server) as model:
        llm.model = model  # type: ignore[assignment]
        await llm.run(step(1, "echo no such file >&2; exit 1", checks=(FileCheck(path=str(llm.folder / "built")),)))
    assert llm.steps == [(1, 1, "success")]
    assert [(call.purpose, call.step_id, call.error) for call in llm.recorder.log.llm_calls] == [("step", 1, "")] * 2
    assert "no such file" in server.requests[0].texts[1]
    assert llm.ran() == ["touch built"]


async def test_d16_fences_prose_lists_and_cut_replies_do_not_end_the_step(llm: LlmBench, scripted: Scripted) -> None:
    server = scripted(
        reply("Sure!\n```json\n" + '{"next": {"action": "execute", "command": "touch built", "reasoning": "r"}}' + "\n```"),
        reply([run("rm -rf harm")]),
        truncate(run("touch built; rm -rf harm"), keep=60),
        reply({"action": "step_done", "message": "without the wrapper", "outputs": None}),
    )
    async with connected(llm, server) as model:
        llm.model = model  # type: ignore[assignment]
        await llm.run(step(1, "exit 1", checks=(FileCheck(path=str(llm.folder / "built")),)))
    assert llm.steps == [(1, 1, "success")]
    assert llm.ran() == ["touch built"]


async def test_an_endpoint_without_the_key_leaves_the_failure_as_it_is(llm: LlmBench, scripted: Scripted) -> None:
    async with connected(llm, scripted(status(401))) as model:
        llm.model = model  # type: ignore[assignment]
        verdict = await llm.run(step(1, "exit 5"))
    assert verdict.reason is not None
    assert verdict.reason.kind is Kind.COMMAND_FAILED
    assert "exit code 5" in verdict.reason.message
    assert "The model could not help" in verdict.reason.message
