from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import auto_deployer
from auto_deployer.cli.suggestions import OPTIONS, worded
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.model.suggestions import OptionName, Suggestion, suggest

SOURCES = sorted(Path(auto_deployer.__file__).parent.rglob("*.py"))
OURS = re.compile(r"(?:^|[^\w-])--\w|\bauto-deployer \w|\bdeploy/\w")
"""An option's syntax, a command or a request of ours: what only one client understands."""


def texts(tree: ast.AST) -> Iterator[str]:
    """What `suggest` is called with, as far as it is written there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suggest" and node.args:
            parts = ast.walk(node.args[0])
            yield "".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_texts_name_no_option_command_or_request():
    found = [(file.name, text) for file in SOURCES for text in texts(ast.parse(file.read_text()))]
    assert len(found) > 100
    assert [entry for entry in found if OURS.search(entry[1])] == []


def test_nothing_but_data_is_suggested():
    """No English text stands where a suggestion is made."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "suggestions" and isinstance(node.value, ast.Tuple):
                plain = [entry for entry in node.value.elts if isinstance(entry, ast.Constant | ast.JoinedStr)]
                assert not plain, f"{file.name}:{node.value.lineno}"


@pytest.mark.parametrize(
    ("suggestion", "typed"),
    [
        (suggest("Say how to start it", "overrides.start", "node server.js"), "Say how to start it: --start 'node server.js'"),
        (suggest("Deploy a sub-folder (node).", "subdir", "my app"), "Deploy a sub-folder (node): --subdir 'my app'"),
        (suggest("Deploy an example", "subdir"), "Deploy an example: --subdir FOLDER"),
        (suggest("Give its value", "env", "KEY"), "Give its value: --env KEY=VALUE"),
        (suggest("Or let it be installed", "installRuntimes"), "Or let it be installed: --install-runtimes"),
        (suggest("Install it.", command="sudo apt install git"), "Install it: sudo apt install git"),
        (suggest("Install git."), "Install git."),
    ],
)
def test_a_terminal_shows_what_to_type(suggestion: Suggestion, typed: str):
    assert worded(suggestion) == typed


def test_each_option_can_be_typed():
    assert set(OPTIONS) == set(get_args(OptionName))


def test_logs_written_before_are_read():
    old = {"kind": "no_start_command", "message": "?", "suggestions": ["Say it: `--start '…'`."]}
    assert Reason.model_validate(old).suggestions == (Suggestion(text="Say it: `--start '…'`."),)


def test_what_is_written_is_read_again():
    reason = Reason(kind=Kind.NO_START_COMMAND, message="?", suggestions=(suggest("Say it", "overrides.start", "./app"),))
    assert Reason.model_validate_json(reason.model_dump_json()) == reason
