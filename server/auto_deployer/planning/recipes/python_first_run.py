"""The command that a Flask app wants run once, before its first start: the one that makes its tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from ...model.ports import RepoTree
from .python_source import SourceFile

_MAKES_TABLES = re.compile(r"(?:init|initialize|create|setup|make)[-_]?(?:db|database|tables?|schema)|(?:db|database)[-_]init")


def table_command(tree: RepoTree, files: Iterable[SourceFile]) -> str:
    """Name of the app's own command that makes its tables, when its README says to run it; "" when there is none.

    Args:
        files: what the app imports.
    """
    told = "\n".join(tree.read(path) or "" for path in tree.files if path.lower().startswith("readme") and "/" not in path)
    names = (name for source in files for name in _commands(source.module) if _MAKES_TABLES.fullmatch(name))
    return next((name for name in names if re.search(rf"\bflask\b[^\n]*\s{re.escape(name)}(?![\w-])", told)), "")


def _commands(module: ast.Module) -> Iterator[str]:
    """Commands without arguments that click adds to the app: `@click.command("init-db")`, `@app.cli.command()`."""
    for node in ast.walk(module):
        if not isinstance(node, ast.FunctionDef) or node.args.args:
            continue
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Attribute) and called.attr == "command":
                given = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else None
                named = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
                # click's own naming of a function; from 8.2 on it drops the suffix.
                yield named or node.name.removesuffix("_command").replace("_", "-")
