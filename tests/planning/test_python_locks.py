"""Lock files of managers that are not used become constraints for pip."""

from __future__ import annotations

import json

import pytest

from auto_deployer.planning.recipes.python import PythonRecipe
from auto_deployer.planning.recipes.python_locks import locked_versions

from .conftest import DictTree, plan_input

APP = "from flask import Flask\napp = Flask(__name__)\n"
POETRY = '[tool.poetry]\nname="x"\n[tool.poetry.dependencies]\nflask="^3.0.1"\n'
PACKAGE = '[[package]]\nname = "{0}"\nversion = "{1}"\n'
PIPFILE_LOCK = json.dumps({"default": {"Flask": {"version": "==3.0.2"}, "x": {"git": "https://example.org/x"}}, "develop": {}})


@pytest.mark.parametrize(
    ("manager", "file", "text", "pins"),
    [
        ("poetry", "poetry.lock", PACKAGE.format("Flask", "3.0.2") + PACKAGE.format("a_b", "1"), ("flask==3.0.2", "a-b==1")),
        ("poetry", "poetry.lock", PACKAGE.format("np", "1.26") + PACKAGE.format("np", "2.0"), ()),
        ("poetry", "poetry.lock", PACKAGE.format("x", "1") + '[package.source]\ntype = "git"\n', ()),
        ("pdm", "pdm.lock", PACKAGE.format("flask", "3.0.2"), ("flask==3.0.2",)),
        ("pipenv", "Pipfile.lock", PIPFILE_LOCK, ("flask==3.0.2",)),
        ("pipenv", "Pipfile.lock", "{", ()),
        ("poetry", "poetry.lock", "package = 3", ()),
        ("pip", "poetry.lock", PACKAGE.format("flask", "3.0.2"), ()),
    ],
)
def test_pins(manager: str, file: str, text: str, pins: tuple[str, ...]) -> None:
    assert locked_versions(DictTree({file: text}), manager) == pins


def test_pip_gets_the_locked_versions_as_constraints() -> None:
    files = {"pyproject.toml": POETRY, "poetry.lock": PACKAGE.format("flask", "3.0.2"), "app.py": APP}
    found = PythonRecipe().detect(DictTree(files))
    assert found is not None
    draft = PythonRecipe().draft(plan_input(found), found)
    write, install = (planned.command for planned in draft.install[1:3])
    assert "\nflask==3.0.2\n" in write
    assert install == ".venv/bin/python -m pip install -c .venv/constraints.txt 'flask>=3.0.1,<4'"
