"""How a Python project's dependencies get into the release's own virtual environment."""

from __future__ import annotations

from shlex import join, quote

from ...model.plan import PlannedCommand
from .python_deps import PythonProject
from .python_locks import LOCKS

PYTHON = ".venv/bin/python"
"""The interpreter of the release, relative to the project folder."""
PIP_ENV = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_DEFAULT_TIMEOUT": "100", "PIP_NO_INPUT": "1"}

CONSTRAINTS = ".venv/constraints.txt"
"""The versions of a lock file that pip does not read itself."""


def install_commands(
    project: PythonProject, folder: str, interpreter: str, *, uv: str, added: tuple[str, ...], bounds: tuple[str, ...], whole: bool
) -> tuple[PlannedCommand, ...]:
    """Create `.venv` and install into it.

    Args:
        folder: the project folder in the release, absolute.
        interpreter: path of the Python to use.
        uv: path of the uv binary; "" when the host has none.
        added: packages that the start needs and the project does not declare.
        bounds: requirements that limit versions which the project leaves open.
        whole: the project itself has to be installed too (its command is what is started).
    """
    if project.manager == "uv":
        return _uv_commands(folder, interpreter, uv, added)
    commands = [_venv(folder, interpreter)]
    locked: list[str] = []
    if project.locked:
        commands.append(_constraints(project, folder))
        locked = ["-c", CONSTRAINTS]
    if project.manager == "pip":
        commands.append(_pip(folder, ["-r", project.manifest, *bounds], f"{project.manifest} is what the project installs."))
    elif (project.packaged and project.manager == "pip(pyproject)") or whole:
        commands.append(
            _pip(folder, [*locked, ".", *bounds], f"The project and the dependencies that {project.manifest} declares.")
        )
    elif project.requirements:
        why = f"The dependencies that {project.manifest or 'the source'} names."
        commands.append(_pip(folder, [*locked, *project.requirements, *bounds], why))
    if project.above:
        commands.append(_pip(folder, [project.above], "The package that this is an example of."))
    if added:
        commands.append(_pip(folder, list(added), "Needed to serve the app, and not declared by it."))
    return tuple(commands)


def install_notes(project: PythonProject) -> tuple[str, ...]:
    """What a reader should know about how the dependencies are chosen."""
    if project.manager not in LOCKS:
        return ()
    if project.locked:
        return (f"pip installs what {project.manifest} declares, in the versions of {LOCKS[project.manager]}.",)
    return (f"No {LOCKS[project.manager]} names versions: those installed may differ from one deployment to the next.",)


def _constraints(project: PythonProject, folder: str) -> PlannedCommand:
    lines = "\n".join(project.locked)
    return PlannedCommand(
        command=f"cat > {CONSTRAINTS} <<'END_OF_LOCK'\n{lines}\nEND_OF_LOCK",
        cwd=folder,
        reasoning=f"The versions that {LOCKS.get(project.manager, 'the lock file')} names, in the form that pip reads.",
    )


def _venv(folder: str, interpreter: str) -> PlannedCommand:
    # Not run in the project folder: version managers' shims would obey a .python-version there.
    return PlannedCommand(
        command=f"{quote(interpreter)} -m venv {quote(folder)}/.venv", cwd="/", reasoning="The release has its own packages."
    )


def _pip(folder: str, words: list[str], reasoning: str) -> PlannedCommand:
    return PlannedCommand(command=f"{PYTHON} -m pip install {join(words)}", cwd=folder, env=PIP_ENV, reasoning=reasoning)


def _uv_commands(folder: str, interpreter: str, uv: str, added: tuple[str, ...]) -> tuple[PlannedCommand, ...]:
    commands: list[PlannedCommand] = []
    program, flags = quote(uv), ""
    env = {"UV_PYTHON": interpreter, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if not uv:
        # uv in the environment it syncs: --inexact keeps it (and pip) there.
        program, flags = ".venv/bin/uv", " --inexact"
        env["UV_PYTHON"] = f"{folder}/{PYTHON}"
        commands += [_venv(folder, interpreter), _pip(folder, ["uv"], "The lock file is uv's, and this host has no uv.")]
    sync = f"{program} sync --frozen --no-dev{flags}"
    commands.append(PlannedCommand(command=sync, cwd=folder, env=env, reasoning="uv.lock is honoured as it is."))
    if added:
        add = f"{program} pip install --python {PYTHON} {join(added)}"
        commands.append(
            PlannedCommand(command=add, cwd=folder, env=env, reasoning="Needed to serve the app, and not declared by it.")
        )
    return tuple(commands)
