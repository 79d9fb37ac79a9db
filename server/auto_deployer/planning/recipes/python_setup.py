"""What setup.cfg and setup.py declare, read as text and syntax: neither is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError

from ...model.ports import RepoTree


def setup_requirements(tree: RepoTree) -> list[str]:
    """`install_requires` of setup.cfg and the literal one of setup.py; what is computed there stays unknown."""
    lines = _setup_cfg(tree).get("options", "install_requires", fallback="").splitlines()
    return [*filter(None, map(str.strip, lines)), *_texts(_setup_words(tree).get("install_requires"))]


def setup_name(tree: RepoTree) -> str:
    """The distribution's name in either; "" when it is not written out."""
    literal = _setup_words(tree).get("name")
    named = literal.value if isinstance(literal, ast.Constant) and isinstance(literal.value, str) else ""
    return _setup_cfg(tree).get("metadata", "name", fallback="").strip() or named


def setup_scripts(tree: RepoTree) -> dict[str, str]:
    """The console scripts of both: name to "module:function"."""
    lines = _setup_cfg(tree).get("options.entry_points", "console_scripts", fallback="").splitlines()
    points = _setup_words(tree).get("entry_points")
    if isinstance(points, ast.Dict):
        for key, value in zip(points.keys, points.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "console_scripts":
                lines += _texts(value)
    return dict(_pairs(lines))


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, equals, target = line.partition("=")
        if equals:
            yield name.strip(), target.split("[")[0].strip()


def _setup_cfg(tree: RepoTree) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(tree.read("setup.cfg") or "")
    except ConfigError:
        return ConfigParser(interpolation=None)
    return parser


def _setup_words(tree: RepoTree) -> dict[str, ast.expr]:
    """The keyword arguments of the `setup(…)` call."""
    try:
        module = ast.parse(tree.read("setup.py") or "")
    except (SyntaxError, ValueError):
        return {}
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    return {word.arg: word.value for call in calls for word in call.keywords if word.arg}


def _texts(node: ast.expr | None) -> list[str]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
