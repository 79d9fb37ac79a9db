"""Sources of an older era get the versions they were written for, where the project names none."""

from __future__ import annotations

import pytest

from auto_deployer.planning.recipes.python import PythonRecipe
from auto_deployer.planning.recipes.python_era import bounds
from auto_deployer.planning.recipes.python_source import parse

from .conftest import DictTree, plan_input

TEMPLATES = "from fastapi.templating import Jinja2Templates\nt = Jinja2Templates('t')\ndef page(r):\n    return t.TemplateResponse("


def bound(text: str, *requirements: str) -> list[str]:
    source = parse("app.py", text)
    assert source is not None
    return list(bounds([source], requirements))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TEMPLATES + "'a.html', {'request': r})\n", ["starlette<1"]),
        ("page = 'a.html'\n" + TEMPLATES + "page, {})\n", ["starlette<1"]),
        (TEMPLATES + "r, 'a.html')\n", []),
        ("from flask import Flask, Markup\n", ["flask<3"]),
        ("from pydantic import BaseSettings\n", ["pydantic<2"]),
        ("@app.before_first_request\ndef f(): ...\n", ["flask<2.3"]),
        ("try:\n    from flask import Markup\nexcept ImportError:\n    from markupsafe import Markup\n", []),
        ("from .flask import Markup\n", []),
    ],
)
def test_what_the_source_asks_for(text: str, wanted: list[str]) -> None:
    assert bound(text, "fastapi", "flask>=2") == wanted


@pytest.mark.parametrize("requirement", ["Flask==1.1.2", "flask<4", "flask~=3.0", "flask @ https://example.org/flask.zip"])
def test_a_version_that_the_project_names_stands(requirement: str) -> None:
    assert not [each for each in bound("from flask import Markup\n", requirement) if each.startswith("flask")]


@pytest.mark.parametrize(
    ("requirement", "wanted"),
    [
        ("Flask==1.1.1", ["jinja2<3.1", "markupsafe<2.1", "itsdangerous<2.1", "werkzeug<2.1"]),
        ("flask~=1.1", ["jinja2<3.1", "markupsafe<2.1", "itsdangerous<2.1", "werkzeug<2.1"]),
        ("flask==1.*", ["jinja2<3.1", "markupsafe<2.1", "itsdangerous<2.1", "werkzeug<2.1"]),
        ("Flask<2.1", ["werkzeug<3"]),
        ("flask<=2.0.3", ["werkzeug<3"]),
        ("flask~=2.2.0", []),
        ("flask==2.*", []),
        ("flask==3.0.0", []),
        ("flask>=1", []),
        ("gunicorn==20.0.4", ["setuptools<81"]),
        ("Flask_SQLAlchemy==2.5.1", ["sqlalchemy<2", "flask<2.3"]),
        ("flask @ https://example.org/flask.zip", []),
    ],
)
def test_what_an_old_release_is_installed_with(requirement: str, wanted: list[str]) -> None:
    assert bound("", requirement) == wanted


def test_companions_that_the_project_names_stand() -> None:
    named = ["jinja2==3.0.3", "werkzeug==2.0.3", "itsdangerous==2.0.1"]
    assert bound("", "flask==1.1.4", *named) == ["markupsafe<2.1"]


def test_the_bound_is_installed_together_with_the_requirements_and_noted() -> None:
    text = TEMPLATES + "'a.html', {})\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    found = PythonRecipe().detect(DictTree({"requirements.txt": "fastapi\nuvicorn", "app.py": text}))
    assert found is not None
    draft = PythonRecipe().draft(plan_input(found), found)
    assert draft.install[1].command.endswith("pip install -r requirements.txt 'starlette<1'")
    assert any("starlette<1" in note and "app.py calls TemplateResponse" in note for note in draft.notes)
