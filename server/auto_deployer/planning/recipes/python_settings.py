"""pydantic settings classes: the variables that they need, read from the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...model.facts import EnvVariable
from .python_source import SourceFile

_BASES = frozenset({"pydantic.BaseSettings", "pydantic_settings.BaseSettings", "pydantic.v1.BaseSettings"})
_NOT_FIELDS = frozenset({"model_config", "Config"})
_MAX_BASES = 6


def settings_env(files: Sequence[SourceFile]) -> list[EnvVariable]:
    """Variables without a default in the settings classes that the code makes: it raises when they are not set."""
    classes = {node.name: (node, source) for source in files for node in source.module.body if isinstance(node, ast.ClassDef)}
    used = {name for source in files for name in _used_names(source.nodes)}
    found: dict[str, EnvVariable] = {}
    for name in classes.keys() & used:
        if line := _ancestry(name, classes):
            found.update({variable.name: variable for variable in _required(line)})
    return [found[name] for name in sorted(found)]


def env_files(files: Sequence[SourceFile]) -> list[str]:
    """The files that settings classes read variables from, as they are written there."""
    values = [_named_value(node, "env_file") for source in files for node in source.nodes]
    return [text for value in values if value for node in ast.walk(value) if (text := _text(node))]


_Classes = Mapping[str, tuple[ast.ClassDef, SourceFile]]


def _ancestry(name: str, classes: _Classes) -> list[tuple[ast.ClassDef, SourceFile]]:
    """The class and its bases in the repository, itself first; [] when none of them is pydantic's settings base."""
    line: list[tuple[ast.ClassDef, SourceFile]] = []
    queue, is_settings = [name], False
    while queue and len(line) < _MAX_BASES:
        found = classes.get(queue.pop(0))
        if found is None or found in line:
            continue
        line.append(found)
        for base in map(found[1].dotted, found[0].bases):
            is_settings |= base in _BASES
            queue.append(base.rsplit(".", 1)[-1])
    return line if is_settings else []


def _required(line: Sequence[tuple[ast.ClassDef, SourceFile]]) -> Iterator[EnvVariable]:
    """Variables of the fields that no class of the line gives a value."""
    values = {name for node, _ in line for name, value, _ in _fields(node) if value is not None and _field_gives_value(value)}
    prefix = next((text for node, _ in line for inner in ast.walk(node) if (text := _text(_named_value(inner, "env_prefix")))), "")
    for node, source in line:
        for name, value, number in _fields(node):
            if name not in values:
                yield EnvVariable(name=_alias(value) or f"{prefix}{name}".upper(), place=f"{source.path}:{number}")


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None, int]]:
    """Name, value and line of each field; optional ones count as given."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name, kind = statement.target.id, ast.unparse(statement.annotation)
            if name not in _NOT_FIELDS and not name.startswith("_") and "ClassVar" not in kind:
                optional = "Optional" in kind or "None" in kind
                yield name, statement.value or (ast.Constant(None) if optional else None), statement.lineno
        elif isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            yield from ((name, statement.value, statement.lineno) for name in names)


def _field_gives_value(value: ast.expr) -> bool:
    """Whether a field's right side is a default: `Field(...)` and `Field(alias="X")` are none."""
    if isinstance(value, ast.Constant) and value.value is ...:
        return False
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).endswith("Field"):
        return True
    if value.args:
        return _field_gives_value(value.args[0])
    return any(word.arg in {"default", "default_factory"} for word in value.keywords)


def _alias(value: ast.expr | None) -> str:
    """The variable that a `Field(…, env="X")` names."""
    for name in ("env", "validation_alias", "alias"):
        if text := _text(_named_value(value, name)):
            return text.upper()
    return ""


def _used_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that are called, returned, kept or put into a table: a class that only serves as a base or a type is none of them."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Return(value=ast.Name(id=name)) | ast.Assign(value=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(attr=name)):
                yield name
            case ast.Dict(values=values):
                yield from (value.id for value in values if isinstance(value, ast.Name))
            case _:
                pass


def _named_value(node: ast.AST | None, name: str) -> ast.expr | None:
    """What is given as `name` in a call or an assignment."""
    if isinstance(node, ast.Call):
        return next((word.value for word in node.keywords if word.arg == name), None)
    if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
        return node.value
    return None


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
