"""D22: the key and other secrets are in no error, log, prompt or environment, and nothing of the environment is sent."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback

import pytest

from auto_deployer.model.errors import AutoDeployerError, ModelError, SettingsError
from auto_deployer.model.ports import ChatMessage
from tests.llm.conftest import GOOD, KEY, Act, Connect
from tests.llm.fixtures import Scripted
from tests.llm.scripted_server import drop, error_with_200, html, reply, status
from tests.suggestions import suggested

ECHO = f"Incorrect API key provided: {KEY} (Authorization: Bearer {KEY})"


@pytest.mark.parametrize(
    "responder",
    [
        status(401, message=ECHO),
        status(400, message=ECHO),
        status(418, message=ECHO),
        status(429, message=ECHO, times=3),
        status(500, message=ECHO, times=3),
        status(422, message=f"schema {ECHO}", times=3),
        error_with_200(ECHO, code=401),
        error_with_200(ECHO, times=4),
        html(ECHO),
        drop(times=3),
        reply(ECHO, times=4),
        reply({**GOOD, ECHO: 1, "action": ECHO}, times=4),
        reply("", finish_reason=ECHO, times=4),
    ],
)
async def test_d22_the_key_is_in_no_error_and_no_log_whatever_the_server_says(
    scripted: Scripted, connected: Connect, responder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("auto_deployer.llm.client.PAUSE_S", 0.001)
    caplog.set_level(logging.DEBUG)
    server = scripted(responder)
    model = connected(server)
    with pytest.raises(ModelError) as failed:
        await model.ask()
    error = failed.value
    shown = [str(error), repr(error), error.reason.model_dump_json(), "".join(traceback.format_exception(error)), caplog.text]
    shown += [call.model_dump_json() for call in model.calls]
    assert KEY not in "\n".join(shown)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}", "it was really sent"
    assert KEY not in json.dumps([request.body for request in server.requests])


async def test_d22_secrets_are_masked_in_what_is_sent(scripted: Scripted, connected: Connect):
    server = scripted(reply("echo hunter2-of-mine"), reply(GOOD))
    model = connected(server)
    model.secrets.add("hunter2-of-mine")
    messages = [ChatMessage("system", "db: hunter2-of-mine"), ChatMessage("user", "https://joe:hunter2-of-mine@db.invalid/x")]
    await model.model.ask(messages, Act, purpose="step")
    sent = json.dumps([request.body for request in server.requests])
    assert "hunter2" not in sent
    assert server.requests[0].texts[0].startswith("db: ***")


async def test_d22_the_key_is_in_no_environment(scripted: Scripted, connected: Connect):
    await connected(scripted(reply(GOOD))).ask()
    assert KEY not in "\n".join(f"{name}={value}" for name, value in os.environ.items())
    child = subprocess.run([sys.executable, "-c", "import os; print(dict(os.environ))"], capture_output=True, text=True, check=True)
    assert KEY not in child.stdout


async def test_nothing_of_the_environment_speaks_to_the_endpoint(
    scripted: Scripted, connected: Connect, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-of-an-admin")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-somebody-else")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer of-somebody-else")
    server = scripted(reply(GOOD))
    await connected(server, key=None).ask()
    headers = server.requests[0].headers
    assert headers["authorization"] == "Bearer none", "a local server gets no key"
    assert "somebody-else" not in str(headers)
    assert "admin" not in str(headers)


async def test_the_proxy_of_the_settings_is_used_and_its_password_not_told(scripted: Scripted, connected: Connect):
    proxy = scripted(reply(GOOD), status(404))
    url = f"http://joe:swordfish9@127.0.0.1:{proxy.port}"
    model = connected("http://model.invalid/v1", proxy=url)
    await model.ask()
    assert proxy.requests[0].path == "http://model.invalid/v1/chat/completions"
    with pytest.raises(ModelError) as failed:
        await model.ask()
    assert "swordfish9" not in failed.value.reason.model_dump_json()


async def test_a_proxy_that_is_not_there_is_named(connected: Connect):
    model = connected("http://model.invalid/v1", proxy="http://joe:swordfish9@127.0.0.1:9")
    with pytest.raises(ModelError) as failed:
        await model.ask()
    assert "llm.proxy" in suggested(failed.value)[0]
    assert "swordfish9" not in failed.value.reason.model_dump_json()


@pytest.mark.parametrize("key", [f"{KEY}é", f"{KEY}\nX-Evil: 1", f"{KEY}\x00"])
def test_d22_a_key_that_cannot_be_sent_is_refused_without_showing_it(connected: Connect, key: str):
    with pytest.raises(SettingsError) as refused:
        connected("http://127.0.0.1:9/v1", key=key)
    assert KEY not in _everything(refused.value)


@pytest.mark.parametrize(("setting", "url"), [(setting, "ftp://joe:swordfish9@host.invalid") for setting in ("endpoint", "proxy")])
def test_a_password_in_a_wrong_url_is_not_shown(connected: Connect, setting: str, url: str):
    with pytest.raises(SettingsError, match=f"llm.{setting}") as refused:
        connected("http://127.0.0.1:9/v1", **{setting: url})
    assert "swordfish9" not in refused.value.reason.model_dump_json() + repr(refused.value)


async def test_d22_the_sdk_s_own_debug_log_does_not_show_the_key(scripted: Scripted):
    server = scripted(status(401, message=ECHO))
    code = f"""
import asyncio
from auto_deployer.llm import test_model
from auto_deployer.model.errors import ModelError
from auto_deployer.model.settings import LlmSettings
try:
    asyncio.run(test_model(LlmSettings(model="m", endpoint="{server.base_url}"), input()))
except ModelError as error:
    print(error)
"""
    env = {**os.environ, "OPENAI_LOG": "debug"}
    done = subprocess.run([sys.executable, "-c", code], input=KEY, env=env, capture_output=True, text=True, check=True)
    assert "refused the key" in done.stdout
    assert "DEBUG" in done.stderr, "it does log"
    assert KEY not in done.stdout + done.stderr


def _everything(error: AutoDeployerError) -> str:
    return error.reason.model_dump_json() + "".join(traceback.format_exception(error))
