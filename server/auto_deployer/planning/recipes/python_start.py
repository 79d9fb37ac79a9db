"""The shell command that starts a Python app on $HOST and $PORT."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from shlex import quote

from ...model.ports import RepoTree
from ..quoting import path_word
from .python_deps import PythonProject, has_any
from .python_django import DjangoProject
from .python_entry import StartOption
from .python_install import PYTHON
from .python_source import SourceFile, parse_file
from .python_ui import page_command

BASE_ENV = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""Output at once, a trace on crashes, no bytecode files in the release (as nixpacks and railpack set them)."""
_GUNICORN = ".venv/bin/gunicorn"
"""Its command: `python -m gunicorn` came with 20.1 only."""
_TOLD = {
    "gradio": ('env GRADIO_SERVER_NAME="$HOST" GRADIO_SERVER_PORT="$PORT" ', ""),
    "flet": ('env FLET_FORCE_WEB_SERVER=true FLET_SERVER_IP="$HOST" FLET_SERVER_PORT="$PORT" ', ""),
    "web.py": ("", ' "$HOST:$PORT"'),
}
"""What frameworks whose scripts serve by themselves are told before and after the script: where to listen."""
_SERVERS = {
    "gunicorn": "gunicorn", "uvicorn": "uvicorn", "hypercorn": "hypercorn", "daphne": "daphne", "waitress-serve": "waitress",
    "uwsgi": "uwsgi", "streamlit": "streamlit", "honcho": "honcho",
}  # fmt: skip
"""Programs that serve, and the package that brings each."""
_SERVED_APP = re.compile(
    r"\b(?:gunicorn|uvicorn|hypercorn)\b.*?\s"
    r"(?:(?P<quote>[\"'])(?P<quoted>[A-Za-z_][\w.]*:.+?)(?P=quote)|(?P<plain>[A-Za-z_][\w.]*:[A-Za-z_]\w*))(?=\s|$)"
)
_SETTINGS_FILE = re.compile(r"\bgunicorn\b[^\n]*?\s(?:-c|--config)[ =](?:file:)?([\w./-]+\.py)\b")
"""In a start command: the app object that it serves, and the settings file of gunicorn."""
_BIND = '"$HOST:$PORT"'
_HOST_PORT = '--host "$HOST" --port "$PORT"'


@dataclass(frozen=True)
class Start:
    """A start command and what it implies."""

    command: str
    env: dict[str, str] = field(default_factory=dict[str, str])
    added: tuple[str, ...] = ()
    """Packages to install for it."""
    fixed_port: int | None = None
    notes: tuple[str, ...] = ()


def start(option: StartOption, declared: Collection[str]) -> Start:
    """How to start what was found, with the server the project declares where it declares one."""
    env = {"PYTHONPATH": option.pythonpath} if option.pythonpath else {}
    match option.way:
        case "script":
            nested = {"PYTHONPATH": "."} if "/" in option.target else {}
            told, words = _TOLD.get(option.framework, ("", ""))
            return Start(f"{told}{PYTHON} {quote(option.target)}{words}", nested, fixed_port=option.fixed_port)
        case "page":
            return Start(page_command(option.framework, option.target), env)
        case "module":
            return Start(f"{PYTHON} -m {quote(option.target)}", env, fixed_port=option.fixed_port)
        case "console_script":
            return Start(f".venv/bin/{quote(option.target)}", env, fixed_port=option.fixed_port)
        case "app":
            served = {"asgi": _asgi, "sanic": _sanic}.get(option.interface, _wsgi)(option, declared)
            return Start(served.command, {**env, **served.env}, served.added, notes=served.notes)


def start_django(project: DjangoProject, declared: Collection[str]) -> Start:
    """Gunicorn where it is declared, an ASGI server where only that is, else Django's own server."""
    chdir = f"--chdir {path_word(project.folder)} " if project.folder else ""
    env = {"PYTHONPATH": project.folder} if project.folder else {}
    if "gunicorn" in declared and project.wsgi:
        return Start(f"{_GUNICORN} {chdir}--bind {_BIND} {quote(project.wsgi)}", env)
    if project.asgi and "uvicorn" in declared:
        return Start(f"{PYTHON} -m uvicorn {_HOST_PORT} {quote(project.asgi)}", env)
    if project.asgi and "daphne" in declared:
        return Start(f'{PYTHON} -m daphne -b "$HOST" -p "$PORT" {quote(project.asgi)}', env)
    note = "The project declares no gunicorn: Django's development server is used. Add gunicorn to its requirements for production."
    return Start(f"{PYTHON} {path_word(manage_py(project))} runserver --noreload {_BIND}", env, notes=(note,))


def servers_named(command: str, declared: Collection[str]) -> tuple[str, ...]:
    """Packages of the servers that a start command names and the project does not declare."""
    words = set(re.findall(r"[\w-]+", command))
    return tuple(package for program, package in _SERVERS.items() if program in words and not has_any(declared, package))


def served_app(command: str) -> str:
    """The app object that a start command gives to a server, "module:object" as FLASK_APP takes it; "" when it names none."""
    found = _SERVED_APP.search(command)
    return found["quoted"] or found["plain"] if found else ""


def gunicorn_settings(
    tree: RepoTree, project: PythonProject, django: DjangoProject | None, option: StartOption | None
) -> list[SourceFile]:
    """The settings file that gunicorn executes when it starts the app, as its default or as the Procfile names it."""
    told = tree.read("Procfile") or ""
    named = _SETTINGS_FILE.search(told)
    if "gunicorn" not in told:
        started = start_django(django, project.declared) if django else start(option, project.declared) if option else None
        if started is None or _GUNICORN not in started.command:
            return []
    source = parse_file(tree, named[1] if named else "gunicorn.conf.py")
    return [source] if source else []


def manage_py(project: DjangoProject) -> str:
    """Path of manage.py relative to the project."""
    return f"{project.folder}/manage.py" if project.folder else "manage.py"


def _wsgi(option: StartOption, declared: Collection[str]) -> Start:
    target = f"{option.target}()" if option.factory else option.target
    gunicorn = f"{_GUNICORN} --bind {_BIND} {quote(target)}"
    if "gunicorn" in declared:
        return Start(gunicorn)
    if option.framework == "flask":
        # FLASK_APP rather than --app, which Flask before 2.2 does not know; .flaskenv does not outrank it.
        note = (
            "The project declares no gunicorn: Flask's development server is used. Add gunicorn to its requirements for production."
        )
        return Start(f"{PYTHON} -m flask run {_HOST_PORT}", {"FLASK_APP": option.target, "FLASK_DEBUG": "0"}, notes=(note,))
    if option.framework == "bottle" and not option.factory:
        return Start(f"{PYTHON} -m bottle --bind {_BIND} {quote(option.target)}")
    return Start(gunicorn, added=("gunicorn",), notes=("The project declares no WSGI server: gunicorn is added.",))


def _asgi(option: StartOption, declared: Collection[str]) -> Start:
    factory = " --factory" if option.factory else ""
    if option.framework == "quart" or (has_any(declared, "hypercorn") and not has_any(declared, "uvicorn")):
        target = f"{option.target}()" if option.factory else option.target
        return Start(f"{PYTHON} -m hypercorn --bind {_BIND} {quote(target)}")
    command = f"{PYTHON} -m uvicorn{factory} {_HOST_PORT} {quote(option.target)}"
    # FastHTML depends on uvicorn itself.
    if has_any(declared, "uvicorn", "python-fasthtml"):
        return Start(command)
    return Start(command, added=("uvicorn",), notes=("The project declares no ASGI server: uvicorn is added.",))


def _sanic(option: StartOption, _declared: Collection[str]) -> Start:
    factory = " --factory" if option.factory else ""
    return Start(f'{PYTHON} -m sanic {quote(option.target)}{factory} --host="$HOST" --port="$PORT" --single-process')
