"""Tables that an app's models describe and nothing in it makes: `create_all` is left to the person who starts it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from shlex import quote

from ...model.ports import RepoTree
from .python_entry import StartOption, import_place
from .python_source import SourceFile

_DATABASE = "flask_sqlalchemy.SQLAlchemy"


def create_all(tree: RepoTree, files: Sequence[SourceFile], option: StartOption | None) -> str:
    """Python text that makes the tables; "" when the app does that itself, or has no such database.

    Args:
        files: what the app imports.
    """
    if option is None or option.framework != "flask" or option.way != "app" or any(_makes_tables(each) for each in files):
        return ""
    for source in files:
        name = next((name for name, value in source.constants.items() if source.called(value) == _DATABASE), "")
        place, module = import_place(tree, source)
        app_module, _, app = option.target.partition(":")
        # A file of any other name cannot be named in an import statement.
        importable = all(part.isidentifier() for dotted in (module, app_module) for part in dotted.split("."))
        if name and importable and place == option.pythonpath:
            made = f"{app}()" if option.factory else app
            return (
                f"from {app_module} import {app}; from {module} import {name}; made = {made}; "
                f"made.app_context().push(); {name}.create_all()"
            )
    return ""


def create_all_command(python: str, text: str) -> str:
    """Shell text: whether it is enough, the app's answer shows."""
    return f"{python} -c {quote(text)} || echo 'The tables could not be made.'"


def _makes_tables(source: SourceFile) -> bool:
    """Whether importing or serving the app may call create_all; one of its own commands does not count."""
    return any(isinstance(node, ast.Attribute) and node.attr == "create_all" for node in _outside_commands(source.module))


def _outside_commands(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.FunctionDef) and any(map(_is_command, child.decorator_list))):
            yield from _outside_commands(child)


def _is_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in {"command", "cli_command"}
