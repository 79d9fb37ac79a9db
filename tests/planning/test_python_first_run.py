"""A Flask app's own command that makes its tables runs when its README says so, and never over data."""

from __future__ import annotations

import pytest

from auto_deployer.planning.recipes.python import PythonRecipe

from .conftest import DictTree, plan_input

APP = """
import click
from flask import Flask

@click.command({name})
def init_db_command():
    ...

def create_app():
    app = Flask(__name__)
    app.cli.add_command(init_db_command)
    return app
"""
README = "Run::\n\n    $ flask --app shop init-db\n    $ flask --app shop run\n"


def build(name: str = '"init-db"', readme: str = README) -> list[str]:
    files = {"pyproject.toml": '[project]\nname = "shop"\ndependencies = ["flask"]\n', "shop/__init__.py": APP.format(name=name)}
    found = PythonRecipe().detect(DictTree({**files, "README.rst": readme}))
    assert found is not None
    return [command.command for command in PythonRecipe().draft(plan_input(found), found).build]


def test_it_runs_as_long_as_no_release_left_data() -> None:
    (command,) = build()
    unless_data, _, init = command.partition(" || ")
    assert unless_data.startswith("[ -s ")
    assert unless_data.endswith("/shared/paths ]")
    assert init == ".venv/bin/python -m flask init-db"


def test_a_command_named_after_its_function() -> None:
    assert len(build(name="")) == 1


@pytest.mark.parametrize(
    "readme", ["Nothing to say.\n", "flask run\nThen see init-db.\n", "flask --app shop init-db-twice\n", ""]
)  # fmt: skip
def test_nothing_runs_that_the_readme_does_not_say(readme: str) -> None:
    assert build(readme=readme) == []


def test_other_commands_are_left_alone() -> None:
    assert build(name='"drop-all"', readme="flask --app shop drop-all\n") == []
