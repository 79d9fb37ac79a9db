"""The newest Python that old pins leave."""

from __future__ import annotations

import pytest

from auto_deployer.model.facts import Tool
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.python import PythonRecipe
from auto_deployer.planning.recipes.python_newest import newest_minor

from .conftest import HOST, DictTree, plan_input

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
OLD = Tool(name="python3.9", path="/opt/python3.9", version="3.9.18")


@pytest.mark.parametrize(
    ("requirements", "minor"),
    [
        (["numpy==1.18.5"], 8),
        (["numpy<1.20"], 9),
        (["numpy>=1.18"], None),
        (["Django==1.10.5"], 6),
        (["django~=2.1.0"], 9),
        (["django==5.0", "pillow==9.0.0"], 10),
        (["psycopg2_binary==2.8.6", "jinja2==2.10"], 9),
        (["flask", "requests==2.0"], None),
        (["numpy @ https://example.org/numpy.zip"], None),
    ],
)
def test_limit(requirements: list[str], minor: int | None) -> None:
    found = newest_minor(requirements)
    assert (found[0] if found else None) == minor


def drafted(requirements: str, *tools: Tool) -> Draft:
    found = PythonRecipe().detect(DictTree({"requirements.txt": requirements, "app.py": FLASK}))
    assert found is not None
    host = HOST.model_copy(update={"tools": (*HOST.tools, *tools)})
    return PythonRecipe().draft(plan_input(found, host=host), found)


def test_an_older_python_is_taken_for_old_pins_where_there_is_one() -> None:
    draft = drafted("flask\nnumpy==1.19.5\n", OLD)
    assert draft.install[0].command.startswith("/opt/python3.9 -m venv")
    assert any("numpy 1.19.5 was made for none that is newer" in note for note in draft.notes)


@pytest.mark.parametrize(("requirements", "tools"), [("flask\nnumpy==1.19.5\n", ()), ("flask\nnumpy\n", (OLD,))])
def test_the_usual_python_is_taken_otherwise(requirements: str, tools: tuple[Tool, ...]) -> None:
    assert drafted(requirements, *tools).install[0].command.startswith("/usr/bin/python3 -m venv")


def test_an_old_pip_is_renewed_first() -> None:
    draft = drafted("flask\ndjango==1.10\n", Tool(name="python3.6", path="/opt/python3.6", version="3.6.15"))
    assert [planned.command.split("-m ")[1] for planned in draft.install[1:]] == [
        "pip install --upgrade pip",
        "pip install -r requirements.txt",
    ]
