"""How a Python project's dependencies get into a virtual environment, shared by the releases with the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from shlex import join, quote

from ...model.plan import CommandCheck, PlannedCommand
from ...model.ports import PlanInput
from ..assemble import app_folder
from ..reuse import SharedVenv, shared_venv
from .python_deps import PythonProject, requirement_name
from .python_imports import install_if_missing
from .python_locks import LOCKS

PYTHON = ".venv/bin/python"
"""The interpreter of the release, relative to the project folder."""
PIP_ENV = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_DEFAULT_TIMEOUT": "100", "PIP_NO_INPUT": "1"}

CONSTRAINTS = ".venv/constraints.txt"
"""The versions of a lock file that pip does not read itself."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment while it is being made."""

    place: str
    """Its path; the one in the release leads there."""
    folder: str
    """The project folder in the release, absolute."""
    interpreter: str
    """Path of the Python to make it with."""

    @property
    def in_release(self) -> bool:
        return self.place == f"{self.folder}/.venv"

    @property
    def programs(self) -> str:
        """Where its programs are. They hold this path in their first line: a shared one is not called through the release."""
        return ".venv/bin" if self.in_release else f"{self.place}/bin"

    @property
    def python(self) -> str:
        return f"{self.programs}/python"

    def created(self, *, empty: bool = False) -> PlannedCommand:
        """The command that makes it.

        Args:
            empty: Nothing is to be installed into it: it needs no pip, whose installation takes most of the time.
        """
        flags = " --without-pip" if empty else ""
        why = "The app has no packages; its Python is called as in any other." if empty else "The app has its own packages."
        # Not run in the project folder: version managers' shims would obey a .python-version there.
        return PlannedCommand(command=f"{quote(self.interpreter)} -m venv{flags} {quote(self.place)}", cwd="/", reasoning=why)

    def if_missing(self, module: str, package: str) -> PlannedCommand:
        """A package, unless something has brought its module."""
        command = install_if_missing(quote(self.python), module, package)
        why = f"The source imports {module}, and no manifest names a package for it."
        return PlannedCommand(command=command, cwd=self.folder, env=PIP_ENV, reasoning=why)

    def pip(self, words: Sequence[str], reasoning: str) -> PlannedCommand:
        """`pip install` of these words."""
        command = f"{quote(self.python)} -m pip install {join(words)}"
        return PlannedCommand(command=command, cwd=self.folder, env=PIP_ENV, reasoning=reasoning)


@dataclass(frozen=True)
class Installation:
    """The commands that install, and where what they make is kept for later releases."""

    commands: tuple[PlannedCommand, ...]
    shared: SharedVenv | None = None

    @property
    def cache(self) -> str:
        """Path that exists when an earlier deployment installed the same; "" when nothing is kept."""
        return self.shared.complete if self.shared and not self.shared.fresh else ""

    def imports(self, module: str, folder: str) -> CommandCheck:
        """A package can be imported: the live release shows that of an environment that it runs in, too."""
        tried = f"{PYTHON} -c 'import {module}'"
        return CommandCheck(command=f"{{ {self.shared.is_live}; }} || {tried}" if self.shared else tried, cwd=folder)


def installation(
    given: PlanInput, interpreter: str, commands: Callable[[Environment], Sequence[PlannedCommand]], *, local: bool,
    made_from: Sequence[str],
) -> Installation:  # fmt: skip
    """Commands that make an environment, and leave that out when an earlier deployment made the same.

    Args:
        interpreter: path of the Python to use.
        commands: those that make it, from its creation on.
        local: code of the repository is installed in it.
        made_from: the requirements, those of included files too.
    """
    folder = app_folder(given)
    link = f"{folder}/.venv"
    in_release = commands(Environment(link, folder, interpreter))
    version = next((tool.version for tool in given.host.tools if tool.path == interpreter), "")
    made_by = [(command.command, command.env) for command in in_release]
    shared = shared_venv(given, link, interpreter, version, made_by, list(made_from), local=local)
    if shared is None or given.overrides.install is not None:
        return Installation(tuple(in_release))
    made = commands(Environment(shared.folder, folder, interpreter))
    return Installation((shared.linked(), *map(shared.unless_there, made), shared.completed()), shared)


def install_commands(
    project: PythonProject,
    environment: Environment,
    *,
    uv: str,
    added: tuple[str, ...],
    undeclared: Mapping[str, str],
    bounds: tuple[str, ...],
    whole: bool,
    old_pip: bool = False,
) -> tuple[PlannedCommand, ...]:
    """Create the environment and install into it.

    Args:
        uv: path of the uv binary; "" when the host has none.
        added: packages that the start needs and the project does not declare.
        undeclared: packages that the source imports and the project does not declare, each with its module.
        bounds: requirements that limit versions which the project leaves open.
        whole: the project itself has to be installed too (its command is what is started).
        old_pip: the pip that comes with the interpreter is too old to find today's wheels.
    """
    if project.manager == "uv":
        return _uv_commands(environment, uv, (*added, *undeclared))
    commands: list[PlannedCommand] = []
    locked: list[str] = []
    if project.locked:
        commands.append(_constraints(project, environment.folder))
        locked = ["-c", CONSTRAINTS]
    if project.manager == "pip":
        commands.append(environment.pip(["-r", project.manifest, *bounds], f"{project.manifest} is what the project installs."))
    elif _installs_itself(project, whole=whole):
        why = f"The project and the dependencies that {project.manifest} declares."
        commands.append(environment.pip([*locked, ".", *bounds], why))
    elif project.requirements:
        why = f"The dependencies that {project.manifest or 'the source'} names."
        commands.append(environment.pip([*locked, *project.requirements, *bounds], why))
    if project.above:
        commands.append(environment.pip([project.above], "The package that this is an example of."))
    if added:
        commands.append(environment.pip(list(added), "Needed by the app, and not declared by it."))
    commands += (environment.if_missing(module, package) for package, module in undeclared.items())
    newer = [environment.pip(["--upgrade", "pip"], "The pip of this Python is too old to find today's wheels.")] if old_pip else []
    return (environment.created(empty=not commands), *newer, *commands)


def installs_own_code(project: PythonProject, *, whole: bool) -> bool:
    """Whether code of the repository is installed: the project, one above it, or one that a requirement names by its path."""
    paths = [text for text in project.requirements if not requirement_name(text) or "file:" in text]
    itself = project.manager != "pip" and _installs_itself(project, whole=whole)
    from_paths = any("://" not in text or "file:" in text for text in paths)
    return itself or bool(project.above) or from_paths or project.manager == "uv"  # whose sources may be folders


def _installs_itself(project: PythonProject, *, whole: bool) -> bool:
    return (project.packaged and project.manager == "pip(pyproject)") or whole


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


def _uv_commands(environment: Environment, uv: str, added: tuple[str, ...]) -> tuple[PlannedCommand, ...]:
    commands: list[PlannedCommand] = []
    folder, place, interpreter = environment.folder, environment.place, environment.interpreter
    program, flags = quote(uv), ""
    env = {"UV_PYTHON": interpreter, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if not environment.in_release:
        env["UV_PROJECT_ENVIRONMENT"] = place
    if not uv:
        # uv in the environment it syncs: --inexact keeps it (and pip) there.
        program, flags = quote(f"{environment.programs}/uv"), " --inexact"
        env["UV_PYTHON"] = f"{place}/bin/python"
        commands += [environment.created(), environment.pip(["uv"], "The lock file is uv's, and this host has no uv.")]
    sync = f"{program} sync --frozen --no-dev{flags}"
    commands.append(PlannedCommand(command=sync, cwd=folder, env=env, reasoning="uv.lock is honoured as it is."))
    if added:
        add = f"{program} pip install --python {quote(environment.python)} {join(added)}"
        commands.append(PlannedCommand(command=add, cwd=folder, env=env, reasoning="Needed by the app, and not declared by it."))
    return tuple(commands)
