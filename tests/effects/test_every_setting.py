"""A setting without a test that shows its effect fails here; so does a row that names no test, or one about something else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from auto_deployer.runner.settings.keys import settings_fields
from tests.effects.table import EFFECTS

ROOT = Path(__file__).parents[2]


def test_every_setting_has_an_effect_and_a_test():
    assert sorted(settings_fields().keys() - EFFECTS.keys()) == [], "tests/effects/table.py has no row for these settings"


def test_no_row_is_left_of_a_setting_that_is_gone():
    assert sorted(EFFECTS.keys() - settings_fields().keys()) == []


@pytest.mark.parametrize("key", EFFECTS)
def test_the_named_test_exists_and_sets_the_setting(key: str):
    file, _, name = EFFECTS[key].partition("::")
    source = (ROOT / file).read_text(encoding="utf-8")
    tests = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in tests
    assert key.rpartition(".")[2] in source
