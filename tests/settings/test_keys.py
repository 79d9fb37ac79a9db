"""Keys: where they are found, in which order, and that they stay where they are."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail
from keyring.errors import KeyringLocked

from auto_deployer.llm.presets import PRESETS
from auto_deployer.model.errors import SettingsError
from auto_deployer.model.ports import CommandSpec
from auto_deployer.model.requests import SetSecretParams
from auto_deployer.runner.settings import EffectiveSettings, FoundKey, SystemKeyring, effective_settings, resolve_key
from auto_deployer.runner.settings.credentials import key_variables
from auto_deployer.sessions.local import LocalSession
from tests.settings.file_keyring import FileKeyring
from tests.suggestions import suggested

KEY = "sk-live-5Jd83kfLq0"
PLACES = (
    "editor openai", "editor llm", "environment AUTO_DEPLOYER_OPENAI_API_KEY", "environment AUTO_DEPLOYER_LLM_API_KEY",
    "environment OPENAI_API_KEY", "keyring openai", "keyring llm",
)  # fmt: skip
"""Strongest first."""


class MappedKeyring:
    """What `resolve_key` needs of a keyring; counts how often it is asked."""

    def __init__(self, keys: dict[str, str]) -> None:
        self._keys = keys
        self.asked = 0

    def get(self, name: str) -> str | None:
        self.asked += 1
        return self._keys.get(name)


def found(places: tuple[str, ...], provider: str = "openai") -> FoundKey | None:
    by_kind: dict[str, dict[str, str]] = {"editor": {}, "environment": {}, "keyring": {}}
    for place in places:
        kind, name = place.split(" ")
        by_kind[kind][name] = f"key in {place}"
    store = MappedKeyring(by_kind["keyring"])
    key = resolve_key(provider, environ=by_kind["environment"], editor_secrets=by_kind["editor"], keyring=store)
    if key is not None and not key.source.startswith("keyring"):
        assert not store.asked, "a keyring may have to be unlocked"
    return key


def test_the_strongest_place_wins():
    for places in itertools.chain.from_iterable(itertools.combinations(PLACES, count) for count in (1, 2)):
        key = found(places)
        assert key is not None
        assert key.value == f"key in {places[0]}"
        assert places[0].rpartition(" ")[2] in key.source


def test_without_a_key_there_is_none():
    assert found(()) is None
    assert resolve_key("openai", environ={"OPENAI_API_KEY": " "}, editor_secrets={"openai": ""}, keyring=MappedKeyring({})) is None


def test_another_providers_key_is_not_taken():
    assert found(("editor openai",), "anthropic") is None
    assert found(("environment OPENAI_API_KEY",), "anthropic") is None
    assert found(("keyring openai",), "anthropic") is None


@pytest.mark.parametrize("provider", PRESETS)
def test_every_provider_has_our_variable_and_its_own(provider: str):
    variables = key_variables(provider)
    assert variables[:2] == (f"AUTO_DEPLOYER_{provider.upper()}_API_KEY", "AUTO_DEPLOYER_LLM_API_KEY")
    assert variables[2:] == PRESETS[provider].key_variables


# --- the keyring ---


def test_the_keyring_keeps_gives_and_forgets():
    store = SystemKeyring()
    store.set("openai", KEY)
    assert store.get("openai") == KEY
    assert keyring.get_password("auto-deployer", "openai") == KEY
    assert store.remove("openai")
    assert store.get("openai") is None
    assert not store.remove("openai")
    assert store.problem() is None


def test_a_machine_without_a_keyring_has_no_key_and_says_what_to_do():
    keyring.set_keyring(fail.Keyring())
    store = SystemKeyring()
    assert store.get("openai") is None
    with pytest.raises(SettingsError, match="no keyring that can be used") as refused:
        store.set("openai", KEY)
    assert "AUTO_DEPLOYER_LLM_API_KEY" in " ".join(suggested(refused.value))
    assert KEY not in str(refused.value.reason)
    assert "no keyring" in (store.problem() or "")


def test_without_the_library_the_message_names_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    store = SystemKeyring()
    assert store.get("openai") is None
    with pytest.raises(SettingsError) as refused:
        store.set("openai", KEY)
    assert any("auto-deployer[keyring]" in suggestion for suggestion in suggested(refused.value))


def test_a_locked_keyring_fails_no_deployment(caplog: pytest.LogCaptureFixture):
    class Locked(FileKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            raise KeyringLocked("the user said no")

    keyring.set_keyring(Locked())
    assert SystemKeyring().get("openai") is None
    assert "the user said no" in caplog.text
    assert "the user said no" in (SystemKeyring().problem() or "")


# --- what a deployment gets ---


def test_a_deployment_gets_the_key_of_its_provider(monkeypatch: pytest.MonkeyPatch):
    SystemKeyring().set("openai", "key in the keyring")
    chosen = {"llm.provider": "openai", "llm.model": "m"}
    assert effective_settings(command_line=chosen).key == "key in the keyring"
    monkeypatch.setenv("OPENAI_API_KEY", "key in the environment")
    assert effective_settings(command_line=chosen).key == "key in the environment"
    assert effective_settings(command_line=chosen, editor_secrets={"openai": "key of the editor"}).key == "key of the editor"


def test_an_endpoint_alone_means_a_custom_server():
    SystemKeyring().set("custom", KEY)
    assert effective_settings(command_line={"llm.endpoint": "http://127.0.0.1:1/v1"}).key == KEY


def test_without_a_model_no_keyring_is_opened(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> str:
        raise AssertionError("the keyring was opened")

    SystemKeyring().set("llm", KEY)
    monkeypatch.setattr(FileKeyring, "get_password", refuse)
    assert effective_settings().key is None


# --- no key leaves ---


def test_no_key_stands_in_a_repr():
    things = (EffectiveSettings(key=KEY), FoundKey(KEY, "editor"), SetSecretParams(name="openai", value=KEY))
    assert [thing for thing in things if KEY in repr(thing) or KEY in str(thing)] == []


async def test_no_command_sees_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    variables = {variable for provider in PRESETS for variable in key_variables(provider)}
    assert len(variables) > len(PRESETS)
    for variable in variables:
        monkeypatch.setenv(variable, f"{KEY}-{variable}")
    monkeypatch.setenv("TZ", "Antarctica/Troll")  # shows that the command's environment is really seen
    output = bytearray()
    session = LocalSession()
    spec = CommandSpec("env", cwd=str(tmp_path))
    outcome = await session.run(
        spec, on_spawned=lambda _: None, on_output=lambda _, data: output.extend(data), stop=asyncio.Event()
    )  # fmt: skip
    probed = await session.probe("env")
    await session.close()
    assert outcome.exit_code == probed.exit_code == 0
    for seen in (output.decode(), probed.stdout):
        assert "Antarctica/Troll" in seen
        assert "_API_KEY" not in seen
        assert KEY not in seen
