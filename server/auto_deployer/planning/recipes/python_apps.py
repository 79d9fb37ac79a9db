"""Finds app objects, factories and serving calls in Python sources by their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    "dash.Dash": Framework("dash", "script", 0),  # its run() reads HOST and PORT
    "web.application": Framework("web.py", "script", 0),
    "aiohttp.web.Application": Framework("aiohttp", "script", 8080),
    "tornado.web.Application": _TORNADO,
    "django.core.wsgi.get_wsgi_application": Framework("django", "wsgi", 8000),
    "django.core.asgi.get_asgi_application": Framework("django", "asgi", 8000),
}
"""What makes an app object, by its full name; ports are those the framework's own `run` listens on."""

_MAKERS = frozenset(name.split(".")[0] for name in CONSTRUCTORS)
"""Top-level modules that the constructors come from."""

SCRIPT_FRAMEWORKS = {
    "gradio": Framework("gradio", "script", 7860),
    "nicegui": Framework("nicegui", "script", 8080),
    "flet": Framework("flet", "script", 0),
}
"""Module to the framework of scripts that draw a page and serve it themselves."""

FACTORY_NAMES = ("create_app", "make_app", "app_factory", "create_application", "build_app", "get_app")
"""Flask's own convention (first two), and the usual others."""

SERVING_CALLS: Mapping[str, int] = {
    "uvicorn.run": 8000, "aiohttp.web.run_app": 8080, "bottle.run": 8080, "waitress.serve": 8080, "cherrypy.quickstart": 8080,
    "werkzeug.serving.run_simple": 0, "wsgiref.simple_server.make_server": 0, "eventlet.wsgi.server": 0,
    "hypercorn.asyncio.serve": 8000, "http.server.test": 8000, "fasthtml.common.serve": 0, "gevent.pywsgi.WSGIServer": 0,
    "cheroot.wsgi.Server": 0, "http.server.HTTPServer": 0, "http.server.ThreadingHTTPServer": 0, "socketserver.TCPServer": 0,
    "socketserver.ThreadingTCPServer": 0, "asyncio.start_server": 0, "xmlrpc.server.SimpleXMLRPCServer": 0,
    "twisted.internet.reactor.listenTCP": 0, "nicegui.ui.run": 8080, "flet.app": 0, "flet.run": 0,
}  # fmt: skip
"""Calls that serve, by full name, with the port they take when told none (0: always told, by the call or by PORT)."""

_SERVING_METHODS = {"listen": ("tornado", _TORNADO.default_port), "launch": ("gradio", 0)}
"""Methods that serve in files that import the module, with the port they take when told none."""

_COMMAND_LINE = frozenset({"argparse", "click", "typer", "optparse", "docopt", "fire", "curses", "tkinter", "pygame", "turtle"})
"""Modules of programs that answer to a person at a terminal or a window."""

_ARGUMENTS = frozenset({"args", "arguments", "options", "opts", "opt", "parsed", "parsed_args", "cli_args", "namespace", "ns"})
"""Usual names of the parsed command line."""
_MAX_FOLLOWED = 40
"""Functions that are looked into from one entry."""

NO_SERVERS: Mapping[str, str] = {
    "discord": "a Discord bot", "nextcord": "a Discord bot", "disnake": "a Discord bot", "hikari": "a Discord bot",
    "telegram": "a Telegram bot", "telebot": "a Telegram bot", "aiogram": "a Telegram bot", "pyrogram": "a Telegram bot",
    "telethon": "a Telegram bot", "vkbottle": "a bot", "twitchio": "a Twitch bot", "praw": "a Reddit bot",
    "tweepy": "a Twitter bot", "scrapy": "a scraper", "pygame": "a game", "arcade": "a game", "pyglet": "a game",
    "ursina": "a game", "turtle": "a drawing", "tkinter": "a desktop program", "customtkinter": "a desktop program",
    "PyQt5": "a desktop program", "PyQt6": "a desktop program", "PySide2": "a desktop program", "PySide6": "a desktop program",
    "wx": "a desktop program", "kivy": "a desktop or mobile app", "kivymd": "a desktop or mobile app",
    "curses": "a program for the terminal", "textual": "a program for the terminal", "pyautogui": "a desktop program",
    "pynput": "a desktop program",
}  # fmt: skip
"""Modules whose programs open no port of their own, and what such a program is."""

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
    if _MAKERS.isdisjoint(name.split(".")[0] for name in (*source.imports.values(), *source.stars)):
        return
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
    if not any(name == made for _, made in known):
        return
    places = [source.path] if dotted == name else local_module(tree, source.folder, dotted)
    made = next((known[place, name] for place in places if (place, name) in known), None)
    if made is not None:
        yield made


@dataclass(frozen=True)
class Sources:
    """The scanned files, through which a call of an imported function is followed."""

    tree: RepoTree
    files: Mapping[str, SourceFile]

    @cached_property
    def _names(self) -> frozenset[str]:
        """Names of all functions, to look only for those that are there."""
        return frozenset(name for source in self.files.values() for name in source.functions)

    def function(self, call: ast.Call, source: SourceFile) -> tuple[SourceFile, str] | None:
        """The scanned file and name of the function that a call calls."""
        if isinstance(call.func, ast.Name) and call.func.id in source.functions:
            return source, call.func.id
        dotted = source.called(call)
        name = dotted.rsplit(".", 1)[-1]
        if "." not in dotted or dotted in SERVING_CALLS or name not in self._names:
            return None
        places = (path for path in local_module(self.tree, source.folder, dotted) if path in self.files)
        return next(((self.files[path], name) for path in places if name in self.files[path].functions), None)


def find_serving(source: SourceFile, apps: Sequence[AppObject], sources: Sources) -> Serving | None:
    """Whether running the file serves: a serving call in what runs then, or in the repository's functions called from there."""
    guards = [node for node in source.module.body if is_main_guard(node)]
    own = _apps_of(source, apps)
    entry: list[ast.stmt] = [node for node in module_level(source.module.body, guard=True) if not isinstance(node, ast.ClassDef)]
    seen: set[tuple[str, str]] = set()
    calls = [
        found
        for node in entry
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for found in _calls(node, source, sources, seen)
    ]
    served = [port for call, place in calls if (port := _served_port(call, place, _apps_of(place, apps))) is not None]
    if not served:
        return None
    only = len(guards) == 1 and isinstance(guards[0], ast.If) and _does_nothing_else(guards[0], source, own)
    return Serving(source.path, served[0] or None, only)


def serves_from(source: SourceFile, function: str, apps: Sequence[AppObject], sources: Sources) -> bool:
    """Whether calling a function of the file serves, whatever arguments the program is given."""
    start = source.functions.get(function)
    if start is None:
        return False
    calls = _calls(start, source, sources, {(source.path, function)})
    return any(_served_port(call, place, _apps_of(place, apps)) is not None for call, place in calls)


def is_command_line(source: SourceFile) -> bool:
    """Whether a file that is not seen to serve is a tool for people: it parses arguments, asks for input, or opens a window."""
    if not _COMMAND_LINE.isdisjoint(name.split(".")[0] for name in (*source.imports.values(), *source.stars)):
        return True
    return any(source.called(node) == "input" for node in source.nodes)


def no_server(files: Iterable[SourceFile]) -> str:
    """What a program is that opens no port ("a Discord bot"), by what it imports; "" when nothing says so."""
    imported = {name.split(".")[0] for source in files for name in (*source.imports.values(), *source.stars)}
    return next((kind for module, kind in NO_SERVERS.items() if module in imported), "")


def _apps_of(source: SourceFile, apps: Sequence[AppObject]) -> dict[str, Framework]:
    """The app objects that a file knows by a name of its own: made there, or imported."""
    return {app.name: app.framework for app in apps if app.path == source.path}


def _calls(
    node: ast.AST, source: SourceFile, sources: Sources, seen: set[tuple[str, str]]
) -> Iterator[tuple[ast.Call, SourceFile]]:
    """Calls in a statement and the file they stand in, and those in the repository's functions that they call."""
    for inner in _unasked(node):
        if not isinstance(inner, ast.Call):
            continue
        yield inner, source
        found = sources.function(inner, source)
        if found is not None and (key := (found[0].path, found[1])) not in seen and len(seen) < _MAX_FOLLOWED:
            seen.add(key)
            yield from _calls(found[0].functions[found[1]], found[0], sources, seen)


def _unasked(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement without those that run only when the command line asks for it (`if args.serve:`)."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _asks_arguments(child.test):
            for other in child.orelse:
                yield from _unasked(other)
        else:
            yield from _unasked(child)


def _asks_arguments(test: ast.expr) -> bool:
    return any(
        isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id in _ARGUMENTS
        for inner in ast.walk(test)
    )


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
    if verb == "run" and _is_runner(call, owner, source):
        return _port(call, source, 5000 if isinstance(owner, ast.Name) and owner.id in source.constants else 0)
    module, default = _SERVING_METHODS.get(verb, ("", 0))
    if module and any(name.split(".")[0] == module for name in source.imports.values()):
        return _port(call, source, default)
    return 0 if verb in {"serve_forever", "run_server"} else None


def _is_runner(call: ast.Call, owner: ast.expr, source: SourceFile) -> bool:
    """Whether `owner.run()` serves: an extension made around an app, or an app that a function made for itself."""
    maker = source.constants.get(owner.id) if isinstance(owner, ast.Name) else None
    wraps = maker is not None and source.called(maker).rsplit(".", 1)[-1] in {"SocketIO", "FlaskApp", "AsyncApp"}
    return wraps or any(word.arg in {"host", "port"} for word in call.keywords)


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
