"""How a call is made: the form of the reply, the temperature, what is recorded and what it may cost."""

from __future__ import annotations

import json
import math
from typing import Annotated, Literal

import pytest
from pydantic import Field

from auto_deployer.llm.formats import strict_schema
from auto_deployer.model.base import Model
from auto_deployer.model.errors import LogError, ModelError
from auto_deployer.model.ports import ChatMessage
from auto_deployer.model.reasons import Kind
from auto_deployer.model.settings import BudgetSettings
from tests.llm.conftest import GOOD, KEY, MESSAGES, Act, Connect
from tests.llm.fixtures import Scripted
from tests.llm.scripted_server import completion, reply, status
from tests.suggestions import suggested

NO_SCHEMA = status(400, message="Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.")
NO_FORMAT = status(422, message="Unknown field response_format")


async def test_the_strictest_form_is_asked_for_and_the_schema_is_in_the_prompt_as_well(scripted: Scripted, connected: Connect):
    server = scripted(reply(GOOD))
    model = connected(server)
    assert await model.ask() == Act(action="execute", command="make")
    body = server.requests[0].body
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"]["strict"] is True
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["action", "command"]
    assert schema["additionalProperties"] is False
    system, user = body["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith("You deploy.\n\n")
    assert json.dumps(Act.model_json_schema()) in system["content"]
    assert user == {"role": "user", "content": "The build failed."}
    assert body["model"] == "scripted-1"
    assert "stream" not in body or body["stream"] is False
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_what_an_endpoint_refuses_is_left_out_and_remembered(scripted: Scripted, connected: Connect):
    server = scripted(NO_SCHEMA, NO_FORMAT, reply(GOOD, times=2), reply(GOOD))
    model = connected(server)
    await model.ask()
    await connected(server).ask()
    assert [request.format for request in server.requests] == ["json_schema", "json_object", "text", "text"]
    assert [call.reply_format for call in model.calls] == ["json_schema", "json_object", "text"]
    await connected(server, model="another").ask()
    assert server.requests[-1].format == "json_schema", "remembered for each model of an endpoint by itself"


async def test_at_the_end_of_the_ladder_the_refusal_is_told(scripted: Scripted, connected: Connect):
    with pytest.raises(ModelError, match="Unknown field"):
        await connected(scripted(NO_SCHEMA, NO_FORMAT, NO_FORMAT)).ask()


@pytest.mark.parametrize(("provider", "first"), [("deepseek", "json_object"), ("anthropic", "text"), ("openai", "json_schema")])
async def test_a_preset_begins_where_its_provider_can_follow(scripted: Scripted, connected: Connect, provider: str, first: str):
    server = scripted(reply(GOOD))
    await connected(server, provider=provider).ask()
    assert server.requests[0].format == first


async def test_d14_a_raised_temperature_reaches_the_model_for_one_call_only(scripted: Scripted, connected: Connect):
    server = scripted(reply(GOOD, times=4))
    model = connected(server, temperature=0.1)
    for temperature in (None, 0.7, None, 0.0):
        await model.ask(temperature=temperature)
    assert [request.body["temperature"] for request in server.requests] == [0.1, 0.7, 0.1, 0.0]
    assert [call.temperature for call in model.calls] == [0.1, 0.7, 0.1, 0.0]


async def test_models_that_take_no_temperature_are_asked_without(scripted: Scripted, connected: Connect):
    refusal = status(400, message="Unsupported value: 'temperature' does not support 0.0 with this model.")
    server = scripted(refusal, reply(GOOD, times=2))
    model = connected(server)
    await model.ask()
    await model.ask()
    assert ["temperature" in request.body for request in server.requests] == [True, False, False]
    assert [call.temperature for call in model.calls] == [0.0, None, None]


async def test_every_call_is_recorded_with_what_it_took(scripted: Scripted, connected: Connect):
    server = scripted(reply({"action": "dance"}, usage=(1000, 10)), reply(GOOD, usage=(2000, 20)))
    model = connected(server, input_price=2.0, output_price=10.0)
    await model.ask()
    first, second = model.calls
    assert (first.model, first.provider, first.purpose, first.step_id) == ("scripted-1", "custom", "step", 3)
    assert (first.prompt_tokens, first.completion_tokens) == (1000, 10)
    assert first.error.startswith("reply not accepted: action:")
    assert second.error == ""
    assert second.cost_usd == pytest.approx(0.0042)
    assert first.prompt_hash != second.prompt_hash
    assert len(first.prompt_hash) == 16
    assert first.at.endswith("+00:00")
    assert first.latency_ms > 0


async def test_the_same_prompt_has_the_same_hash(scripted: Scripted, connected: Connect):
    model = connected(scripted(reply(GOOD, times=2)))
    await model.ask()
    await model.ask()
    assert model.calls[0].prompt_hash == model.calls[1].prompt_hash


async def test_without_usage_tokens_are_estimated_and_the_cost_is_unknown(scripted: Scripted, connected: Connect):
    server = scripted(reply(GOOD, usage=None))
    model = connected(server)
    await model.ask()
    sent = sum(len(text) for text in server.requests[0].texts)
    assert sent / 3.5 <= model.calls[0].prompt_tokens <= sent / 3.5 + 2
    assert model.calls[0].completion_tokens == math.ceil(len(json.dumps(GOOD)) / 3.5)
    assert model.calls[0].cost_usd is None


async def test_a_cost_that_the_gateway_tells_is_taken(scripted: Scripted, connected: Connect):
    choices = json.loads(reply(GOOD).body)["choices"]
    model = connected(scripted(completion({"choices": choices, "usage": {"prompt_tokens": 9, "cost": 0.0125}})))
    await model.ask()
    assert model.calls[0].cost_usd == 0.0125


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"max_llm_calls": 2}, "budget.max_llm_calls = 2"),
        ({"max_tokens": 240}, "budget.max_tokens = 240"),
        ({"max_cost_usd": 0.0004}, "budget.max_cost_usd = 0.0004"),
    ],
)
async def test_a_limit_stops_before_the_next_call(scripted: Scripted, connected: Connect, limit: dict, told: str):
    model = connected(scripted(reply(GOOD, times=2)), budget=BudgetSettings(**limit), input_price=1.0, output_price=5.0)
    await model.ask()
    await model.ask()
    with pytest.raises(ModelError) as reached:
        await model.ask()
    assert reached.value.kind is Kind.BUDGET_EXCEEDED
    assert told in reached.value.message
    assert told.partition(" ")[0] in suggested(reached.value)[0]
    assert len(model.calls) == 2, "no call was made"


async def test_asking_again_counts_too(scripted: Scripted, connected: Connect):
    model = connected(scripted(reply("no", times=2)), budget=BudgetSettings(max_llm_calls=2))
    with pytest.raises(ModelError) as reached:
        await model.ask()
    assert reached.value.kind is Kind.BUDGET_EXCEEDED


async def test_a_call_that_cannot_be_recorded_has_failed(scripted: Scripted, connected: Connect):
    def disk_full(_call: object) -> None:
        raise LogError("the disk is full")

    model = connected(scripted(reply(GOOD), status(404)))
    model.model._recorder._on_call = disk_full
    with pytest.raises(LogError):
        await model.ask()
    with pytest.raises(ModelError):  # what ended the call comes first
        await model.ask()


async def test_name_and_window_are_those_of_the_settings_or_the_preset(connected: Connect):
    assert connected("http://127.0.0.1:9/v1").model.name == "scripted-1"
    assert connected("http://127.0.0.1:9/v1", context_window=5000).model.context_window == 5000
    assert connected("http://127.0.0.1:9/v1", provider="anthropic").model.context_window == 200_000


async def test_the_messages_of_the_caller_are_not_changed(scripted: Scripted, connected: Connect):
    mine = [ChatMessage("user", "one"), ChatMessage("assistant", "two"), ChatMessage("user", "three")]
    server = scripted(reply("bad"), reply(GOOD))
    await connected(server).model.ask(mine, Act, purpose="plan")
    assert [message.content for message in mine] == ["one", "two", "three"]
    assert [message["role"] for message in server.requests[0].body["messages"]] == ["system", "user", "assistant", "user"]
    assert MESSAGES[0].content == "You deploy."


class _Run(Model):
    action: Literal["run"]
    retries: int = 2
    default: str = "a property may have a keyword's name"


class _Stop(Model):
    action: Literal["stop"]
    why: str | None = None


class _Choice(Model):
    next: Annotated[_Run | _Stop, Field(discriminator="action")]
    tried: tuple[_Run, ...] = ()


def test_the_strict_schema_keeps_to_the_subset_that_providers_take():
    schema = strict_schema(_Choice)
    text = json.dumps(schema)
    for keyword in ("oneOf", "discriminator", '"default": 2', '"default": null', '"default": []'):
        assert keyword not in text

    def check(node: object) -> None:
        if isinstance(node, list):
            for item in node:
                check(item)
        elif isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])
            for value in node.values():
                check(value)

    check(schema)
    assert "default" in schema["$defs"]["_Run"]["properties"]
