"""Python pages that a framework's own command serves: Streamlit, Chainlit, Shiny, Panel and marimo."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from shlex import quote

from .python_source import SourceFile, module_level


@dataclass(frozen=True)
class PageServer:
    """A framework whose command runs a script and serves what it draws."""

    name: str
    module: str
    """What the script imports."""
    command: str
    """Shell text after the path of its program; `{file}` is the script."""
    sign: str = ""
    """What such a script uses and one that only embeds a drawing does not; "": anything of the module."""


_HOST_PORT = '--host "$HOST" --port "$PORT"'
PAGE_SERVERS = (
    PageServer(
        "streamlit", "streamlit", 'streamlit run {file} --server.address "$HOST" --server.port "$PORT" --server.headless true'
    ),
    PageServer("chainlit", "chainlit", f"chainlit run {{file}} --headless {_HOST_PORT}"),
    PageServer("shiny", "shiny", f"shiny run {_HOST_PORT} {{file}}"),
    PageServer("marimo", "marimo", f"marimo run {{file}} --headless {_HOST_PORT}"),
    PageServer("panel", "panel", 'panel serve {file} --address "$HOST" --port "$PORT" --allow-websocket-origin="*"'),
    PageServer("bokeh", "bokeh", 'bokeh serve {file} --address "$HOST" --port "$PORT" --allow-websocket-origin="*"', "curdoc"),
)
_NAMES = ("streamlit_app", "app", "main", "Home", "home", "Hello", "hello", "index", "dashboard", "ui", "demo")
"""Usual names of the first page; those in `pages/` are found by it."""


def page_server(source: SourceFile) -> PageServer | None:
    """The framework whose script this is: it imports the framework and draws when it is run."""
    imported = {name.split(".")[0] for name in source.imports.values()}
    found = next((server for server in PAGE_SERVERS if server.module in imported), None)
    if found is None or source.folder.split("/")[-1] == "pages":
        return None
    return found if any(_uses(node, source, found) for node in module_level(source.module.body, guard=True)) else None


def page_command(name: str, file: str) -> str:
    """The framework's command for a script, by the program in the release's environment."""
    server = next(server for server in PAGE_SERVERS if server.name == name)
    return f".venv/bin/{server.command.format(file=quote(file))}"


def page_score(source: SourceFile) -> float:
    """How likely it is the first page: near the top, of a usual name."""
    named = 1.0 - _NAMES.index(source.stem) * 0.05 if source.stem in _NAMES else 0.0
    return 4.5 - 0.5 * source.path.count("/") + named


def _uses(node: ast.stmt, source: SourceFile, server: PageServer) -> bool:
    """Whether a statement uses the framework: it calls it, defines a function that does, or decorates one."""
    names = (source.dotted(inner) for inner in ast.walk(node) if isinstance(inner, ast.Attribute | ast.Name))
    return any(name.split(".")[0] == server.module and server.sign in name for name in names)
