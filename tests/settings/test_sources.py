"""Each source: what it takes, where it is looked for, and what is said of what it cannot mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.model.errors import SettingsError
from auto_deployer.model.reasons import Kind
from auto_deployer.runner.settings import effective_settings, load_settings, shown_values, user_file
from auto_deployer.runner.settings.keys import nested
from tests.suggestions import suggested

SECRET = "sk-live-5Jd83kfLq0"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# --- the file ---


def test_the_users_file_is_toml_in_the_folder_for_settings(tmp_path: Path):
    assert user_file(None, {}).path == tmp_path / "config" / "auto-deployer" / "config.toml"
    write(tmp_path / "config" / "auto-deployer" / "config.toml", '[llm]\nmodel = "m"\n')
    assert load_settings(environ={}).settings.llm.model == "m"


def test_a_file_named_json_is_json_and_toml_comes_first(tmp_path: Path):
    write(tmp_path / "config" / "auto-deployer" / "config.json", '{"llm": {"model": "from json"}}')
    assert load_settings(environ={}).settings.llm.model == "from json"
    write(tmp_path / "config" / "auto-deployer" / "config.toml", '[llm]\nmodel = "from toml"\n')
    assert load_settings(environ={}).settings.llm.model == "from toml"


def test_a_named_file_is_read_instead_of_the_users(tmp_path: Path):
    write(tmp_path / "config" / "auto-deployer" / "config.toml", 'planner = "llm"\n')
    by_variable = write(tmp_path / "by-variable.toml", 'approval = "plan"\n')
    by_option = write(tmp_path / "by-option.toml", 'approval = "risky"\n')
    environ = {"AUTO_DEPLOYER_CONFIG": str(by_variable)}
    settings = load_settings(environ=environ).settings
    assert (settings.planner, settings.approval) == ("auto", "plan")
    assert load_settings(environ=environ, config=by_option).settings.approval == "risky"


def test_a_named_file_must_be_there(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"file .*absent\.toml: there is no such file"):
        load_settings(environ={}, config=tmp_path / "absent.toml")


def test_the_variable_names_no_file_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "config.toml", 'approval = "never"\n')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="AUTO_DEPLOYER_CONFIG: expected an absolute path"):
        load_settings(environ={"AUTO_DEPLOYER_CONFIG": "config.toml"})


def test_nothing_is_read_from_the_repository_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repository = tmp_path / "repository"
    for name in ("config.toml", "auto-deployer.toml", ".auto-deployer/config.toml", "auto-deployer/config.toml"):
        write(repository / name, 'planner = "llm"\n')
    write(repository / ".env", f"AUTO_DEPLOYER_PLANNER=llm\nAUTO_DEPLOYER_LLM_API_KEY={SECRET}\n")
    write(repository / "pyproject.toml", '[tool.auto-deployer]\nplanner = "llm"\n')
    monkeypatch.chdir(repository)
    assert set(load_settings(environ={}).sources.values()) == {"default"}


@pytest.mark.parametrize("text", ["[llm\n", "planner = ", "\xff"])
def test_a_broken_file_is_told_with_its_place(text: str, tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as told:
        load_settings(environ={}, config=config)
    assert str(config) in told.value.message


# --- the environment ---


def test_variables_are_the_key_in_capitals():
    environ = {
        "AUTO_DEPLOYER_LLM_PROXY": "http://proxy:3128", "AUTO_DEPLOYER_LOOP_DETECTION_ENABLED": "no",
        "AUTO_DEPLOYER_BUDGET_MAX_COST_USD": "0.5", "AUTO_DEPLOYER_LOOP_DETECTION_TEMPERATURE_BOOST_LEVELS": "[0.4]",
        "AUTO_DEPLOYER_POLICY_ASK": '[{"prefix": "docker compose"}]', "AUTO_DEPLOYER_LLM_MODEL": "",
    }  # fmt: skip
    settings = load_settings(environ=environ).settings
    assert settings.llm.proxy == "http://proxy:3128"
    assert not settings.loop_detection.enabled
    assert settings.budget.max_cost_usd == 0.5
    assert settings.loop_detection.temperature_boost_levels == (0.4,)
    assert settings.policy.ask[0].prefix == "docker compose"
    assert settings.llm.model is None


def test_our_variables_that_are_no_settings_are_left_alone(tmp_path: Path):
    environ = {
        "AUTO_DEPLOYER_DEBUG": "1", "AUTO_DEPLOYER_COMMAND": "x", "AUTO_DEPLOYER_APP": "y", "AUTO_DEPLOYER_LLM_API_KEY": SECRET,
        "AUTO_DEPLOYER_OPENAI_API_KEY": SECRET, "PLANNER": "llm", "LLM_MODEL": "m",
        "AUTO_DEPLOYER_CONFIG": str(write(tmp_path / "empty.toml", "")),
    }  # fmt: skip
    assert set(load_settings(environ=environ).sources.values()) == {"default"}


# --- the editor ---


def test_the_editor_may_write_names_its_way():
    camel = {"budget": {"maxTokens": 5}, "loopDetection": {"directRepeatThreshold": 6}, "interaction": {"questionTimeoutS": 7}}
    snake = {
        "budget": {"max_tokens": 5},
        "loop_detection": {"direct_repeat_threshold": 6},
        "interaction": {"question_timeout_s": 7},
    }
    assert load_settings(environ={}, editor=camel) == load_settings(environ={}, editor=snake)


def test_null_is_not_set():
    loaded = load_settings(environ={}, editor={"planner": None, "llm": {"model": None}, "budget": None})
    assert set(loaded.sources.values()) == {"default"}


# --- the command line ---


def test_the_empty_text_unsets_what_can_be_unset(tmp_path: Path):
    config = write(tmp_path / "c.toml", '[llm]\nproxy = "http://proxy:3128"\n')
    loaded = load_settings(environ={}, config=config, command_line={"llm.proxy": ""})
    assert (loaded.settings.llm.proxy, loaded.sources["llm.proxy"]) == (None, "command line")
    with pytest.raises(SettingsError, match=r"budget\.max_tokens"):
        load_settings(environ={}, command_line={"budget.max_tokens": ""})


# --- what is wrong ---

WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"environ": {"AUTO_DEPLOYER_LLM_MODLE": "m"}},
        "environment: AUTO_DEPLOYER_LLM_MODLE is no setting; did you mean AUTO_DEPLOYER_LLM_MODEL?",
    ),
    (
        {"environ": {"AUTO_DEPLOYER_BUDGET_MAX_TOKENS": "many"}},
        "environment variable AUTO_DEPLOYER_BUDGET_MAX_TOKENS: budget.max_tokens: Input should be a valid integer",
    ),
    ({"environ": {"AUTO_DEPLOYER_PLANNER": "magic"}}, "Input should be 'auto', 'recipe' or 'llm'"),
    ({"editor": {"llm": {"modle": "m"}}}, "editor settings: llm.modle is no setting; did you mean llm.model?"),
    ({"editor": {"planer": "llm"}}, "editor settings: planer is no setting; did you mean planner?"),
    ({"editor": {"llm": "openai"}}, "editor settings: llm is a group of settings"),
    ({"editor": {"budget": {"maxTokens": "5"}}}, "editor settings: budget.max_tokens: Input should be a valid integer"),
    ({"editor": {"budget": {"maxTokens": True}}}, "editor settings: budget.max_tokens: Input should be a valid integer"),
    ({"editor": {"compression": {"threshold": 2}}}, "compression.threshold: Input should be less than or equal to 1"),
    ({"editor": {"policy": {"deny": [{"prefx": "a"}]}}}, "policy.deny.0.prefix: Field required"),
    ({"command_line": {"budget.max_token": "1"}}, "command line: budget.max_token is no setting; did you mean budget.max_tokens?"),
    ({"command_line": {"llm": "1"}}, "command line: llm is no setting"),
    ({"command_line": {"policy.allow": "docker"}}, "command line: policy.allow: expected a JSON list"),
    ({"command_line": {"budget.max_seconds": "inf"}}, "budget.max_seconds: Input should be a finite number"),
    ({"command_line": {"llm.provider": "opnai"}}, "command line: llm.provider: there is no such provider; did you mean openai?"),
]  # fmt: skip


@pytest.mark.parametrize(("sources", "told"), WRONG)
def test_what_is_wrong_is_told_with_source_key_and_what_is_allowed(sources: dict[str, Any], told: str):
    with pytest.raises(SettingsError) as refused:
        load_settings(**{"environ": {}, **sources})
    assert told in refused.value.message
    assert refused.value.kind is Kind.SETTINGS_INVALID
    assert suggested(refused.value)


def test_a_wrong_value_is_told_even_where_a_stronger_source_would_win(tmp_path: Path):
    config = write(tmp_path / "c.toml", 'planner = "magic"\n')
    with pytest.raises(SettingsError, match=r"file .*c\.toml: planner"):
        load_settings(environ={"AUTO_DEPLOYER_PLANNER": "llm"}, config=config)


@pytest.mark.parametrize("name", ["api_key", "apiKey", "key", "token", "api-key", "password"])
def test_a_key_among_the_settings_is_refused_and_shown_its_place(name: str, tmp_path: Path):
    config = write(tmp_path / "config.json", json.dumps({"llm": {name: SECRET}}))
    sources: dict[str, Any]
    for sources in ({"config": config}, {"editor": {"llm": {name: SECRET}}}, {"command_line": {f"llm.{name}": SECRET}}):
        with pytest.raises(SettingsError) as refused:
            load_settings(environ={}, **sources)
        assert "auto-deployer auth set" in " ".join(suggested(refused.value))
        assert SECRET not in str(refused.value.reason)


@pytest.mark.parametrize("key", ["budget.max_tokens", "approval", "policy.deny", "llm.temperature"])
def test_no_value_is_repeated_since_it_may_be_a_secret(key: str):
    sources: dict[str, Any]
    for sources in ({"command_line": {key: SECRET}}, {"editor": nested({key: SECRET})}):
        with pytest.raises(SettingsError) as refused:
            load_settings(environ={}, **sources)
        assert SECRET not in str(refused.value.reason)


def test_passwords_in_urls_are_not_shown():
    settings = load_settings(environ={}, command_line={"llm.proxy": f"http://user:{SECRET}@proxy:3128"}).settings
    assert SECRET in str(settings.llm.proxy)
    assert SECRET not in str(shown_values(settings))


def test_a_deployment_gets_what_was_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = write(tmp_path / "c.toml", "[budget]\nmax_commands = 3\n")
    monkeypatch.setenv("AUTO_DEPLOYER_PLANNER", "recipe")
    effective = effective_settings(config=config, editor={"approval": "plan"}, command_line={"llm.model": "m"})
    settings = effective.settings
    assert (settings.budget.max_commands, settings.planner, settings.approval, settings.llm.model) == (3, "recipe", "plan", "m")
