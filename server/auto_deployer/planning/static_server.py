"""Plans the tiny web server that serves static folders: its text is written to the target, where nothing of ours is installed."""

from __future__ import annotations

import shlex
from functools import cache
from importlib.resources import files

from ..model.errors import RefusedError
from ..model.facts import HostFacts, Tool
from ..model.plan import AppSpec, FileCheck, HealthSpec, PlannedCommand
from ..model.ports import DeployPaths
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .quoting import path_word

_MARK = "END_OF_STATIC_SERVER"
_OLDEST = (3, 9)


@cache
def program_text() -> str:
    """The program, which is the text of `static_server_program` as it stands."""
    return files(__package__ or "").joinpath("static_server_program.py").read_text(encoding="utf-8")


def program_path(paths: DeployPaths) -> str:
    """Where the program lies on the target; shared by the releases of an app."""
    return f"{paths.deploy_dir}/bin/static_server.py"


def write_program(paths: DeployPaths) -> PlannedCommand:
    """The command that puts the program there, whole or not at all (a running server may be restarted at any moment)."""
    path = shlex.quote(program_path(paths))
    folder = shlex.quote(f"{paths.deploy_dir}/bin")
    return PlannedCommand(
        command=f"mkdir -p {folder} && cat > {path}.new <<'{_MARK}' && mv {path}.new {path}\n{program_text()}{_MARK}",
        reasoning="The web server for static files: a single file that needs Python's standard library only.",
    )


def written_check(paths: DeployPaths) -> FileCheck:
    """Holds when the program is there."""
    return FileCheck(path=program_path(paths))


def python_program(host: HostFacts) -> str:
    """The interpreter that runs the program on this target.

    Raises:
        RefusedError: `missing_tool`, the target has no Python 3.9 or newer.
    """
    return _python(host).path or "python3"


def serve_command(paths: DeployPaths, host: HostFacts, folder: str, *, spa: bool = False) -> str:
    """The shell text that serves `folder` (relative to the app's working directory) on $HOST:$PORT.

    Raises:
        RefusedError: as `python_program`.
    """
    python = shlex.quote(python_program(host))
    flags = " --spa" if spa else ""
    return f"exec {python} {shlex.quote(program_path(paths))} --root {path_word(folder or '.')}{flags}"


def site_app(name: str, command: str, cwd: str) -> AppSpec:
    """The app that a served folder is: its front page has to answer 200."""
    return AppSpec(name=name, kind="static", command=command, cwd=cwd, health=HealthSpec(expect="static"))


def _python(host: HostFacts) -> Tool:
    found = [tool for tool in host.tools if tool.name.startswith("python3") and _is_recent(tool.version)]
    # A version manager's shim obeys the repository's .python-version, and may refuse to run here at all.
    found.sort(key=lambda tool: "/shims/" in tool.path)
    if not found:
        raise RefusedError(
            "Static files are served with python3 (3.9 or newer), and none was found on the target.",
            kind=Kind.MISSING_TOOL,
            suggestions=(
                suggest("Install Python 3, for example", command="sudo apt install python3"),
                suggest("Or serve them with a program of yours", "overrides.start"),
            ),
        )
    return found[0]


def _is_recent(version: str) -> bool:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return not numbers or numbers >= _OLDEST
