"""Versions that a project leaves open and that must not be the newest: its sources, or versions it does name, are older."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from .python_partners import partners
from .python_source import SourceFile, assigned_names

_REMOVED: Mapping[str, str] = {
    "flask.Markup": "flask<3", "flask.escape": "flask<3", "flask._request_ctx_stack": "flask<2.3",
    "flask._app_ctx_stack": "flask<2.3",
    "flask.json.JSONEncoder": "flask<2.3", "pydantic.BaseSettings": "pydantic<2", "jinja2.Markup": "jinja2<3.1",
    "jinja2.escape": "jinja2<3.1", "werkzeug.secure_filename": "werkzeug<1", "werkzeug.urls.url_parse": "werkzeug<3",
    "werkzeug.urls.url_quote": "werkzeug<3",
}  # fmt: skip
"""A name that is imported, and the versions that still have it (each project's change log)."""
_ENDS = frozenset({"==", "===", "~=", "<", "<="})


def bounds(files: Iterable[SourceFile], requirements: Sequence[str]) -> dict[str, str]:
    """Requirements to add, such as "flask<3", and what asks for each; none where the project itself names an upper version."""
    named = [requirement for text in requirements if (requirement := _parsed(text)) is not None]
    asked = [(bound, f"{source.path} {why}") for source in files for bound, why in _asked(source)]
    found: dict[str, str] = {}
    for bound, why in (*asked, *partners(requirements)):
        if not any(_stands_against(own, Requirement(bound)) for own in named):
            found.setdefault(bound, why)
    return found


def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _stands_against(own: Requirement, bound: Requirement) -> bool:
    """Whether the project's own requirement has the last word: it names an upper version, or one above the bound as the lowest."""
    if canonicalize_name(own.name) != canonicalize_name(bound.name):
        return False
    ends = any(part.operator in _ENDS for part in own.specifier)
    lowest = (part.version for part in own.specifier if part.operator == ">=")
    return bool(own.url) or ends or not all(bound.specifier.contains(version, prereleases=True) for version in lowest)


def _asked(source: SourceFile) -> Iterator[tuple[str, str]]:
    # Imports at the top only: one inside a `try` has its replacement beside it.
    for node in source.module.body:
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((_REMOVED[name], f"imports {name}") for name in names if name in _REMOVED)
    uses_starlette = any(name.startswith(("starlette.", "fastapi.")) for name in source.imports.values())
    texts = {
        name for node in source.nodes if isinstance(node, ast.Assign) and _is_text(node.value) for name in assigned_names(node)
    }
    for node in source.nodes:
        if uses_starlette and _names_template_first(node, texts):
            yield "starlette<1", "calls TemplateResponse with the template's name first"
        elif isinstance(node, ast.Attribute) and node.attr == "before_first_request":
            yield "flask<2.3", "uses before_first_request"


def _names_template_first(node: ast.AST, texts: Container[str]) -> bool:
    """`templates.TemplateResponse("page.html", …)`, whose first argument is the request from Starlette 1 on.

    Args:
        texts: names of variables that hold literal text.
    """
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "TemplateResponse":
        return False
    first = node.args[0] if node.args else None
    return _is_text(first) or (isinstance(first, ast.Name) and first.id in texts)


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
