"""From settings to a model: what does not fit is told before any call, and openai is loaded by the first call only."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from auto_deployer import llm
from auto_deployer.llm.presets import LADDER, PRESETS
from auto_deployer.masking import SecretRegistry
from auto_deployer.model.errors import ModelError, SettingsError
from auto_deployer.model.reasons import Kind
from auto_deployer.model.settings import BudgetSettings, LlmSettings
from tests.llm.conftest import KEY
from tests.llm.fixtures import Scripted
from tests.llm.scripted_server import reply, status
from tests.suggestions import suggested


def _connect(key: str | None = KEY, budget: BudgetSettings | None = None, **settings: object):
    return llm.connect(
        LlmSettings.model_validate(settings), budget or BudgetSettings(), key, on_call=lambda _: None, secrets=SecretRegistry()
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["llm.provider is not set", "openrouter", "Set Up a Model"]),
        ({"model": "m"}, ["llm.provider is not set"]),
        ({"provider": "opnai", "model": "m"}, ['"opnai"', "openai", "custom"]),
        ({"provider": "custom", "model": "m"}, ["llm.endpoint is not set", "/v1"]),
        ({"provider": "deepseek"}, ["no model", "llm.model", "deepseek-chat"]),
        ({"provider": "vllm", "endpoint": "localhost:8000"}, ["llm.endpoint", "http"]),
        ({"provider": "vllm", "endpoint": "http://"}, ["llm.endpoint"]),
        ({"provider": "vllm", "endpoint": "http://[::1"}, ["llm.endpoint"]),
        ({"provider": "vllm", "endpoint": "http://host:notaport/v1"}, ["llm.endpoint"]),
        ({"provider": "vllm", "model": "m", "proxy": "socks5://127.0.0.1:1"}, ["llm.proxy"]),
    ],
)
def test_settings_that_do_not_fit_are_told_with_the_setting_to_change(settings: dict, words: list[str]):
    with pytest.raises(SettingsError) as refused:
        _connect(**settings)
    assert suggested(refused.value)
    for word in words:
        assert word in f"{refused.value.message} {suggested(refused.value)}"


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_a_key_that_is_needed_and_not_there_is_told_with_where_to_put_it(key: str | None):
    with pytest.raises(SettingsError) as refused:
        _connect(key, provider="openrouter", model="m")
    assert "auto-deployer auth set openrouter" in suggested(refused.value)[0]
    assert "OPENROUTER_API_KEY" in suggested(refused.value)[0]


def test_local_servers_need_no_key_and_an_endpoint_alone_is_a_custom_provider():
    assert _connect(None, provider="ollama", model="m").name == "m"
    assert _connect(None, endpoint="http://127.0.0.1:9/v1", model="m").name == "m"


def test_a_cost_limit_needs_to_know_the_cost():
    budget = BudgetSettings(max_cost_usd=1)
    with pytest.raises(SettingsError, match=r"budget\.max_cost_usd") as refused:
        _connect(budget=budget, provider="openai", model="m")
    assert "llm.input_price" in suggested(refused.value)[0]
    _connect(budget=budget, provider="openai", model="m", input_price=1.0)
    _connect(budget=budget, provider="ollama", model="m")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_is_complete(preset: llm.Preset):
    assert PRESETS[preset.name] is preset
    assert preset.label
    assert preset.first_format in LADDER
    assert preset.context_window >= 4096
    assert preset.needs_key == (not preset.local and preset.name != "custom")
    assert bool(preset.key_variables) or not preset.needs_key
    if preset.base_url is not None:
        url = urlsplit(preset.base_url)
        assert url.scheme == ("http" if preset.local else "https"), "a key never travels in the clear"


async def test_test_model_tells_what_a_call_takes(scripted: Scripted):
    server = scripted(status(400, message="no response_format here"), reply({"ready": True}))
    found = await llm.test_model(LlmSettings(provider="custom", model="m", endpoint=server.base_url, input_price=1.0), KEY)
    assert (found.provider, found.model, found.reply_format) == ("custom", "m", "json_object")
    assert found.latency_ms > 0
    assert (found.prompt_tokens, found.completion_tokens) == (100, 20)
    assert found.cost_usd == pytest.approx(0.0001)


async def test_test_model_fails_with_the_reason(scripted: Scripted):
    server = scripted(status(401))
    with pytest.raises(ModelError) as failed:
        await llm.test_model(LlmSettings(provider="custom", model="m", endpoint=server.base_url), KEY)
    assert failed.value.kind is Kind.AUTHENTICATION_FAILED


CONNECT = """
from auto_deployer.llm import connect
from auto_deployer.masking import SecretRegistry
from auto_deployer.model.settings import BudgetSettings, LlmSettings
connect(LlmSettings(provider="ollama", model="m"), BudgetSettings(), None, on_call=print, secrets=SecretRegistry())
"""


@pytest.mark.parametrize(
    "code",
    [
        "import auto_deployer.llm, auto_deployer.llm.client, auto_deployer.llm.prompting",
        "import auto_deployer.runner",
        "import auto_deployer.lsp.server",
        CONNECT,
    ],
    ids=["llm", "runner", "server", "connect"],
)
def test_openai_is_not_loaded_before_the_first_call(code: str):
    check = f"{code}\nimport sys\nassert not {{'openai', 'httpx2'}} & set(sys.modules), 'loaded'"
    subprocess.run([sys.executable, "-c", check], check=True)
