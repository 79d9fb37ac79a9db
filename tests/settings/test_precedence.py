"""Who wins: every setting, in every combination of sources that set it."""

from __future__ import annotations

import itertools
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.llm.presets import PRESETS
from auto_deployer.model.settings import PolicyRule, Settings
from auto_deployer.runner.settings import load_settings
from auto_deployer.runner.settings.keys import environment_name, is_list, nested, settings_fields
from auto_deployer.runner.settings.layers import value_of

SOURCES = ("file", "editor", "environment", "command line")
"""Weakest first."""
KEYS = list(settings_fields())


def values_for(key: str) -> list[Any]:
    """A valid value for each source; different ones where the type has so many."""
    if key == "llm.provider":
        return list(PRESETS)[:4]
    if key.startswith("policy."):
        return [[{"prefix": f"tool-{number}", "reason": "mine"}] for number in range(4)]
    if is_list(key):
        return [[0.1, 0.2], [], [1.0], [0.5]]
    annotation: Any = settings_fields()[key].annotation
    choices = typing.get_args(annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        return list(itertools.islice(itertools.cycle(choices), 4))
    types = {annotation, *(inner for choice in choices for inner in (choice, *typing.get_args(choice)))}
    return next(values for kind, values in _VALUES.items() if kind in types)


_VALUES: dict[type, list[Any]] = {
    bool: [False, True, False, True], str: [f"http://host-{number}/v1" for number in range(4)], int: [1001, 1002, 1003, 1004],
    float: [0.125, 0.25, 0.375, 0.5],
}  # fmt: skip


def loaded(key: str, given: Mapping[str, Any], folder: Path) -> tuple[Any, str]:
    """Value and source of a setting that these sources set."""
    config = folder / "config.json"
    config.write_text(json.dumps(nested({key: given["file"]}) if "file" in given else {}))
    result = load_settings(
        config=config,
        editor=nested({key: given["editor"]}) if "editor" in given else None,
        environ={environment_name(key): as_text(given["environment"])} if "environment" in given else {},
        command_line={key: as_text(given["command line"])} if "command line" in given else None,
    )
    return value_of(result.settings, key), result.sources[key]


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def as_model(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return tuple(PolicyRule(**item) if isinstance(item, dict) else item for item in value)


@pytest.mark.parametrize("key", KEYS)
def test_the_strongest_source_wins_and_is_named(key: str, tmp_path: Path):
    values = dict(zip(SOURCES, values_for(key), strict=True))
    named = {
        "file": f"file {tmp_path / 'config.json'}", "editor": "editor settings",
        "environment": f"environment variable {environment_name(key)}", "command line": "command line",
    }  # fmt: skip
    for count in range(len(SOURCES) + 1):
        for setting in itertools.combinations(SOURCES, count):
            value, source = loaded(key, {name: values[name] for name in setting}, tmp_path)
            wanted = as_model(values[setting[-1]]) if setting else value_of(Settings(), key)
            assert (value, source) == (wanted, named[setting[-1]] if setting else "default"), setting


def test_sources_are_mixed_key_by_key(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text('planner = "recipe"\n[budget]\nmax_tokens = 7\nmax_commands = 8\n')
    result = load_settings(
        config=config, editor={"budget": {"maxTokens": 9}}, environ={"AUTO_DEPLOYER_APPROVAL": "plan"}, command_line={}
    )
    settings = result.settings
    assert (settings.planner, settings.approval, settings.budget.max_tokens, settings.budget.max_commands) == (
        "recipe",
        "plan",
        9,
        8,
    )
    assert set(result.sources) == set(KEYS)
    assert result.is_set("approval")
    assert not result.is_set("budget.max_seconds")


def test_a_list_replaces_the_weaker_list_as_a_whole(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text('[[policy.deny]]\nprefix = "docker"\n[[policy.ask]]\nprefix = "make"\n')
    policy = load_settings(config=config, editor={"policy": {"deny": [{"prefix": "kubectl"}]}}, environ={}).settings.policy
    assert [rule.prefix for rule in policy.deny] == ["kubectl"]
    assert [rule.prefix for rule in policy.ask] == ["make"]


def test_another_provider_does_not_inherit_model_and_endpoint(tmp_path: Path):
    """A key must not be sent to the endpoint of somebody else."""
    config = tmp_path / "config.toml"
    config.write_text('[llm]\nprovider = "custom"\nendpoint = "http://inner/v1"\nmodel = "small"\ntemperature = 0.2\n')
    other = load_settings(config=config, environ={}, command_line={"llm.provider": "openai"})
    assert (other.settings.llm.provider, other.settings.llm.endpoint, other.settings.llm.model) == ("openai", None, None)
    assert other.settings.llm.temperature == 0.2
    assert other.sources["llm.endpoint"] == "default"
    same = load_settings(config=config, environ={}, command_line={"llm.provider": "custom"}).settings.llm
    assert (same.endpoint, same.model) == ("http://inner/v1", "small")
    given = load_settings(config=config, environ={}, command_line={"llm.provider": "openai", "llm.model": "m"}).settings.llm
    assert (given.endpoint, given.model) == (None, "m")


def test_a_provider_adds_to_a_model_that_belongs_to_none(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text('[llm]\nmodel = "small"\n')
    assert load_settings(config=config, environ={"AUTO_DEPLOYER_LLM_PROVIDER": "ollama"}).settings.llm.model == "small"


def test_no_two_settings_share_a_variable():
    assert len({environment_name(key) for key in KEYS}) == len(KEYS)
