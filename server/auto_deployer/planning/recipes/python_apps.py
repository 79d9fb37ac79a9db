"""Finds app objects, factories and serving calls in Python sources by their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...model.ports import RepoTree
from .python_source import SourceFile, is_main_guard, local_module, module_level, resolve

Interface = Literal["wsgi", "asgi", "sanic", "script"]
"""How an app object is served: by a WSGI or ASGI server, by Sanic's own, or only by running its file."""


@dataclass(frozen=True)
class Framework:
    name: str
    interface: Interface
    default_port: int


_FLASK = Framework("flask", "wsgi", 5000)
_FASTAPI = Framework("fastapi", "asgi", 8000)
_STARLETTE = Framework("starlette", "asgi", 8000)
_FASTHTML = Framework("fasthtml", "asgi", 5001)
_BOTTLE = Framework("bottle", "wsgi", 8080)
_TORNADO = Framework("tornado", "script", 8888)
CONSTRUCTORS: Mapping[str, Framework] = {
    "flask.Flask": _FLASK,
    "flask.app.Flask": _FLASK,
    "flask_openapi3.OpenAPI": _FLASK,
    "fastapi.FastAPI": _FASTAPI,
    "fastapi.applications.FastAPI": _FASTAPI,
    "starlette.applications.Starlette": _STARLETTE,
    "fasthtml.common.FastHTML": _FASTHTML,
    "fasthtml.common.fast_app": _FASTHTML,
    "quart.Quart": Framework("quart", "asgi", 5000),
    "litestar.Litestar": Framework("litestar", "asgi", 8000),
    "sanic.Sanic": Framework("sanic", "sanic", 8000),
    "bottle.Bottle": _BOTTLE,
    "bottle.default_app": _BOTTLE,
    "bottle.app": _BOTTLE,
    "falcon.App": Framework("falcon", "wsgi", 8000),
    "falcon.API": Framework("falcon", "wsgi", 8000),
    "falcon.asgi.App": Framework("falcon", "asgi", 8000),
    "dash.Dash": Framework("dash", "script", 8050),
    "aiohttp.web.Application": Framework("aiohttp", "script", 8080),
    "tornado.web.Application": _TORNADO,
    "django.core.wsgi.get_wsgi_application": Framework("django", "wsgi", 8000),
    "django.core.asgi.get_asgi_application": Framework("django", "asgi", 8000),
}
"""What makes an app object, by its full name; ports are those the framework's own `run` listens on."""

SCRIPT_FRAMEWORKS = {"gradio": Framework("gradio", "script", 7860), "nicegui": Framework("nicegui", "script", 8080)}
"""Module to the framework of scripts that draw a page and serve it themselves."""

FACTORY_NAMES = ("create_app", "make_app", "app_factory", "create_application", "build_app", "get_app")
"""Flask's own convention (first two), and the usual others."""

SERVING_CALLS: Mapping[str, int] = {
    "uvicorn.run": 8000, "aiohttp.web.run_app": 8080, "bottle.run": 8080, "waitress.serve": 8080, "cherrypy.quickstart": 8080,
    "werkzeug.serving.run_simple": 0, "wsgiref.simple_server.make_server": 0, "eventlet.wsgi.server": 0,
    "hypercorn.asyncio.serve": 8000, "http.server.test": 8000, "fasthtml.common.serve": 0, "gevent.pywsgi.WSGIServer": 0,
    "cheroot.wsgi.Server": 0, "http.server.HTTPServer": 0, "http.server.ThreadingHTTPServer": 0, "socketserver.TCPServer": 0,
    "socketserver.ThreadingTCPServer": 0, "asyncio.start_server": 0, "xmlrpc.server.SimpleXMLRPCServer": 0,
    "twisted.internet.reactor.listenTCP": 0, "nicegui.ui.run": 8080,
}  # fmt: skip
"""Calls that serve, by full name, with the port they take when told none (0: always told, by the call or by PORT)."""

_SERVING_METHODS = {"listen": ("tornado", _TORNADO.default_port), "launch": ("gradio", 0)}
"""Methods that serve in files that import the module, with the port they take when told none."""

_COMMAND_LINE = frozenset({"argparse", "click", "typer", "optparse", "docopt", "fire", "curses", "tkinter", "pygame", "turtle"})
"""Modules of programs that answer to a person at a terminal or a window."""

_HARMLESS = (ast.Pass, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class AppObject:
    """Something a server can serve: `name` in `path`, or a function there that makes it."""

    path: str
    name: str
    framework: Framework
    factory: bool = False


@dataclass(frozen=True)
class Serving:
    """A file serves by itself when it is run."""

    path: str
    port: int | None
    """The port it takes whatever PORT says; None when it asks PORT, or nobody knows."""
    only: bool
    """Its main block does nothing else: an app object in it can be served in another way just as well."""


def find_apps(tree: RepoTree, files: Mapping[str, SourceFile]) -> list[AppObject]:
    """App objects and usable factories; names that other files import from where they are made count there too."""
    factories = {(path, name): made for path, source in files.items() for name, made in _factories(source)}
    objects = {(path, name): made for path, source in files.items() for name, made in _constructed(source)}
    for _ in range(3):  # app made by a factory, then re-exported by a package, then by wsgi.py
        before = len(objects)
        for path, source in files.items():
            objects.update(
                {(path, name): made for name, made in _derived(tree, source, objects, factories) if (path, name) not in objects}
            )
        if len(objects) == before:
            break
    found = [AppObject(path, name, made) for (path, name), made in objects.items()]
    usable = [(key, made) for key, made in factories.items() if key[1] in FACTORY_NAMES and _callable_bare(files[key[0]], key[1])]
    return found + [AppObject(path, name, made, factory=True) for (path, name), made in usable]


def _constructed(source: SourceFile) -> Iterator[tuple[str, Framework]]:
    """Names bound at module level to a framework's constructor, or to a subclass of it defined here."""
    subclasses = {
        node.name: CONSTRUCTORS[base]
        for node in source.module.body
        if isinstance(node, ast.ClassDef)
        for base in map(source.dotted, node.bases)
        if base in CONSTRUCTORS
    }
    for name, value in source.constants.items():
        made = CONSTRUCTORS.get(source.called(value)) or subclasses.get(source.called(value))
        if made is not None:
            yield name, made


def _factories(source: SourceFile) -> Iterator[tuple[str, Framework]]:
    for name, function in source.functions.items():
        if isinstance(function, ast.AsyncFunctionDef):
            continue
        made = next((CONSTRUCTORS[called] for node in ast.walk(function) if (called := source.called(node)) in CONSTRUCTORS), None)
        if made is not None and any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function)):
            yield name, made


def _callable_bare(source: SourceFile, name: str) -> bool:
    arguments = source.functions[name].args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return needed <= 0 and all(default is not None for default in arguments.kw_defaults)


def _derived(
    tree: RepoTree,
    source: SourceFile,
    objects: Mapping[tuple[str, str], Framework],
    factories: Mapping[tuple[str, str], Framework],
) -> Iterator[tuple[str, Framework]]:
    """Names bound to what a factory returns, and app objects imported from other files."""
    for name, value in source.constants.items():
        if isinstance(value, ast.Call):
            yield from ((name, made) for made in _looked_up(tree, source, value.func, factories))
    for name, dotted in source.imports.items():
        if "." in dotted and dotted not in CONSTRUCTORS:
            yield from ((name, made) for made in _looked_up(tree, source, ast.Name(id=name), objects))


def _looked_up(
    tree: RepoTree, source: SourceFile, node: ast.expr, known: Mapping[tuple[str, str], Framework]
) -> Iterator[Framework]:
    dotted = source.dotted(node)
    name = dotted.rsplit(".", 1)[-1]
    if not name:
        return
    places = [source.path] if dotted == name else local_module(tree, source.folder, dotted)
    made = next((known[place, name] for place in places if (place, name) in known), None)
    if made is not None:
        yield made


def find_serving(source: SourceFile, apps: Sequence[AppObject]) -> Serving | None:
    """Whether running the file serves: a serving call in what runs then, or in functions of the file called from there."""
    guards = [node for node in source.module.body if is_main_guard(node)]
    own = {app.name: app.framework for app in apps if app.path == source.path}
    entry: list[ast.stmt] = [node for node in module_level(source.module.body, guard=True) if not isinstance(node, ast.ClassDef)]
    seen: set[str] = set()
    calls = [
        call
        for node in entry
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in _calls(node, source, seen)
    ]
    served = [port for call in calls if (port := _served_port(call, source, own)) is not None]
    if not served:
        return None
    only = len(guards) == 1 and isinstance(guards[0], ast.If) and _does_nothing_else(guards[0], source, own)
    return Serving(source.path, served[0] or None, only)


def serves_from(source: SourceFile, function: str, apps: Sequence[AppObject]) -> bool:
    """Whether calling a function of the file serves."""
    own = {app.name: app.framework for app in apps if app.path == source.path}
    start = source.functions.get(function)
    return start is not None and any(_served_port(call, source, own) is not None for call in _calls(start, source, {function}))


def is_command_line(source: SourceFile) -> bool:
    """Whether a file that is not seen to serve is a tool for people: it parses arguments, asks for input, or opens a window."""
    if not _COMMAND_LINE.isdisjoint(name.split(".")[0] for name in (*source.imports.values(), *source.stars)):
        return True
    return any(source.called(node) == "input" for node in ast.walk(source.module))


def _calls(node: ast.AST, source: SourceFile, seen: set[str]) -> Iterator[ast.Call]:
    """Calls in a statement, and in the file's functions that they call."""
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Call):
            continue
        yield inner
        name = inner.func.id if isinstance(inner.func, ast.Name) else ""
        if name in source.functions and name not in seen:
            seen.add(name)
            yield from _calls(source.functions[name], source, seen)


def _served_port(call: ast.Call, source: SourceFile, own: Mapping[str, Framework]) -> int | None:
    """The port a serving call listens on: 0 when PORT decides or nobody knows, None when the call does not serve."""
    dotted = source.called(call)
    if dotted in SERVING_CALLS:
        return _port(call, source, SERVING_CALLS[dotted])
    if not isinstance(call.func, ast.Attribute):
        return None
    owner, verb = call.func.value, call.func.attr
    maker = CONSTRUCTORS.get(source.called(owner))
    framework = own.get(owner.id) if isinstance(owner, ast.Name) else maker
    if verb in {"run", "run_server"} and framework is not None:
        return _port(call, source, framework.default_port)
    owner_maker = source.constants.get(owner.id) if isinstance(owner, ast.Name) else None
    if (
        verb == "run"
        and owner_maker is not None
        and source.called(owner_maker).rsplit(".", 1)[-1] in {"SocketIO", "FlaskApp", "AsyncApp"}
    ):
        return _port(call, source, 5000)
    module, default = _SERVING_METHODS.get(verb, ("", 0))
    if module and any(name.split(".")[0] == module for name in source.imports.values()):
        return _port(call, source, default)
    return 0 if verb in {"serve_forever", "run_server"} else None


def _port(call: ast.Call, source: SourceFile, default: int) -> int:
    """A literal port argument (by name, position or address tuple), 0 when PORT decides or it is not literal."""
    words = {word.arg: word.value for word in call.keywords}
    told = [words[name] for name in ("port", "http_port", "server_port") if name in words]
    told += [arg.elts[1] for arg in (*call.args, *words.values()) if isinstance(arg, ast.Tuple) and len(arg.elts) == 2]
    told += [arg for arg in call.args if not isinstance(arg, ast.Tuple)]
    for node in told:
        value = resolve(node, source)
        if "PORT" in value.env:
            return 0
        if value.number is not None and 0 < value.number < 65536:
            return value.number
    return 0 if "port" in words else default


def _does_nothing_else(guard: ast.If, source: SourceFile, own: Mapping[str, Framework]) -> bool:
    def plain(node: ast.stmt) -> bool:
        if isinstance(node, _HARMLESS):
            return True
        if isinstance(node, ast.Assign):
            return not any(
                isinstance(inner, ast.Call) and not source.called(inner).startswith(("os.", "int")) for inner in ast.walk(node)
            )
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            return False
        return source.called(node.value) == "print" or _served_port(node.value, source, own) is not None

    return all(plain(node) for node in guard.body)
