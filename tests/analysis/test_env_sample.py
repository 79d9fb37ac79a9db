"""Samples of settings: names with places, and the values that may be begun with."""

from __future__ import annotations

import pytest

from auto_deployer.analysis.env_sample import SAMPLE_NAME, parse_samples, usable_value


@pytest.mark.parametrize("name", [".env.example", ".env.sample", "env.example", ".env.template", "sample.env", ".env.x.example"])
def test_names_of_samples(name: str) -> None:
    assert SAMPLE_NAME.fullmatch(name)


@pytest.mark.parametrize("name", [".env", ".env.production", "environment.yml", "example.environment"])
def test_other_names(name: str) -> None:
    assert not SAMPLE_NAME.fullmatch(name)


def test_each_name_once_with_its_first_place() -> None:
    text = "# all\nMODE=demo # or live\r\n\nexport DB_PASSWORD=hunter2\nEMPTY=\n#OFF=1\nMODE=again\n"
    found = parse_samples([(".env.example", text), ("env.sample", "MORE='a b'\n")])
    assert [(variable.name, variable.place, variable.default) for variable in found] == [
        ("MODE", ".env.example:2", "demo"), ("DB_PASSWORD", ".env.example:4", None), ("EMPTY", ".env.example:5", None),
        ("MORE", "env.sample:1", "a b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    ["", "your-key", "<token>", "changeme", "xxx", "...", "postgres://me:pw@localhost/db", "${OTHER}", "https://example.com"],
)
def test_placeholders_are_no_values(value: str) -> None:
    assert usable_value("SETTING", value) is None


@pytest.mark.parametrize("value", ["3000", "true", "http://localhost:3000", "postgres://localhost:5432/shop", "info"])
def test_values_to_begin_with(value: str) -> None:
    assert usable_value("SETTING", value) == value
    assert usable_value("API_KEY", value) is None
