"""Command-line tools and packages that only look like apps."""

from __future__ import annotations

import pytest

from auto_deployer.model.facts import Detection
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipes.python import PythonRecipe

from .conftest import DictTree

MAIN = "import sys\ndef main():\n    print(sys.argv)\n"


def detect(files: dict[str, str]) -> Detection:
    found = PythonRecipe().detect(DictTree(files))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "manifest",
    [
        {"pyproject.toml": '[project]\nname="tool"\nscripts={tool="tool.__main__:main"}\n'},
        {"pyproject.toml": '[tool.poetry]\nname="tool"\n[tool.poetry.scripts]\ntool="tool.__main__:main"\n'},
        {"setup.cfg": "[metadata]\nname = tool\n[options.entry_points]\nconsole_scripts =\n    tool = tool.__main__:main\n"},
        {"setup.py": "setup(name='tool', entry_points={'console_scripts': ['tool=tool.__main__:main']})\n"},
    ],
)
def test_command_line_tools_have_nothing_to_run(manifest: dict[str, str]) -> None:
    found = detect({**manifest, "tool/__init__.py": "", "tool/__main__.py": MAIN})
    assert not found.runnable
    assert found.refusal is not None
    assert found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN
    assert "tool is a Python package, which installs tool" in found.refusal.message


@pytest.mark.parametrize(
    "text", ["import argparse\n", "from click import command\n", "name = input('Who? ')\n", "from tkinter import *\n"]
)
def test_scripts_for_people_are_not_started(text: str) -> None:
    found = detect({"requirements.txt": "rich", "main.py": text})
    assert found.refusal is not None
    assert found.refusal.kind is Kind.NO_START_COMMAND


def test_a_server_with_arguments_is_one() -> None:
    text = "import argparse\nfrom http.server import HTTPServer\nHTTPServer(('', 8000), None).serve_forever()\n"
    assert detect({"main.py": text}).runnable


def test_the_inside_of_a_package_is_no_app() -> None:
    assert PythonRecipe().detect(DictTree({"__init__.py": "", "app.py": "class App: ...\n"})) is None


def test_a_main_file_at_the_top_is_no_package() -> None:
    assert PythonRecipe().detect(DictTree({"__main__.py": "print(1)\n"})) is None
