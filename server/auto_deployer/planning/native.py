"""Plans for a machine whose own shell is no POSIX shell (Windows): checkout by our own Python, and portable commands only."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

from ..apps.native.calls import call
from ..model.errors import RefusedError
from ..model.plan import AppSpec, Check, CommandCheck, DeploymentPlan, DeploymentStep, FileCheck, PlannedCommand
from ..model.ports import PlanInput
from ..model.reasons import Kind
from ..model.suggestions import suggest
from ..sessions.portable import NotPortableError, to_powershell
from .checkout import GIT_ENV, checkout_commands
from .recipes.shell import NODE_PATH, VENV_PATH
from .static_server import program_path, write_program

_PROGRAMS = (".venv/bin/", ".venv/Scripts/")
"""Where a virtual environment has its programs: elsewhere, and on Windows."""
_ON_PATH = ("node ", "npm ", "npx ", "pnpm ", "yarn ")
_POSIX_ONLY = ("gunicorn", "uwsgi")
"""Servers of Python apps that need a POSIX system."""
_Commands = tuple[PlannedCommand, ...]
_ByUs = tuple[tuple[_Commands, _Commands], ...]
"""Commands of shell text, and those that do the same natively."""
_DATA_NOTE = (
    "On Windows what the app writes into its release is not carried over to the next one, so old releases are kept; data belongs "
    "outside of the release (a database server, a folder named in a variable)."
)


def is_native_host(given: PlanInput) -> bool:
    """Whether the plan is for such a machine."""
    return given.host.os == "windows"


def simplified(given: PlanInput) -> PlanInput:
    """The facts for a plan of simple commands: nothing is kept for later deployments, programs are found on PATH as it is.

    What is kept is linked and copied by shell text; of this host only what is on PATH is known anyway.
    """
    repo = given.repo.model_copy(update={"content_id": "", "dependencies_id": ""})
    tools = tuple(tool if tool.name == "python3" else tool.model_copy(update={"path": ""}) for tool in given.host.tools)
    return replace(given, repo=repo, host=given.host.model_copy(update={"tools": tools}))


def made_native(plan: DeploymentPlan, given: PlanInput) -> DeploymentPlan:
    """The same plan in commands that run there.

    Raises:
        RefusedError: `shell_not_supported`, with the command that cannot.
    """
    if plan.app is None:
        return plan
    by_us: _ByUs = ((checkout_commands(given), _checkout(given)), ((write_program(given.paths),), (_static_server(given),)))
    steps = tuple(_step(step, by_us) for step in plan.steps)
    app = plan.app.model_copy(update={"command": _text(plan.app.command)})
    _refuse_what_cannot_run(steps, app)
    _refuse_posix_servers(app)
    notes = plan.notes if app.kind == "static" else (*plan.notes, _DATA_NOTE)
    return plan.model_copy(update={"steps": steps, "app": app, "notes": notes})


def _checkout(given: PlanInput) -> tuple[PlannedCommand, ...]:
    paths, commit = given.paths, given.repo.source.commit
    command = call(paths.deploy_dir, "checkout", paths.release, commit, given.snapshot)
    return (PlannedCommand(command=command, env=GIT_ENV, reasoning="Bring the snapshot commit over and write its files."),)


def _static_server(given: PlanInput) -> PlannedCommand:
    source = str(files(__package__ or "").joinpath("static_server_program.py"))
    where = program_path(given.paths).removeprefix(f"{given.paths.deploy_dir}/")
    return PlannedCommand(
        command=call(given.paths.deploy_dir, "put", where, source), reasoning=write_program(given.paths).reasoning
    )


def _step(step: DeploymentStep, by_us: _ByUs) -> DeploymentStep:
    commands = step.commands
    for shell, native in by_us:
        at = next((at for at in range(len(commands)) if commands[at : at + len(shell)] == shell), None)
        if at is not None:
            commands = (*commands[:at], *native, *commands[at + len(shell) :])
    commands = tuple(command.model_copy(update={"command": _text(command.command)}) for command in commands)
    checks = tuple(_check(check) for check in step.checks)
    estimated = step.estimated_commands if step.driver != "commands" else tuple(command.command for command in commands)
    return step.model_copy(update={"commands": commands, "checks": checks, "estimated_commands": estimated})


def _check(check: Check) -> Check:
    match check:
        case CommandCheck():
            return check.model_copy(update={"command": _text(check.command)})
        case FileCheck():
            return check.model_copy(update={"path": check.path.replace(*_PROGRAMS)})
        case _:
            return check


def _text(command: str) -> str:
    plain = command.removeprefix(VENV_PATH).removeprefix(NODE_PATH)
    # Where the program is named by its path, or is on PATH anyway, PATH need not be changed (a change is asked about).
    text = plain if plain.removeprefix("exec ").startswith((_PROGRAMS[0], *_ON_PATH)) else command
    return text.replace(*_PROGRAMS).replace(f"{_PROGRAMS[0][:-1]}:", f"{_PROGRAMS[1][:-1]}:")


def _refuse_posix_servers(app: AppSpec) -> None:
    program = next((name for name in _POSIX_ONLY if re.search(rf"\b{name}\b", app.command)), None)
    if program is not None:
        raise RefusedError(
            f"The app is started by {program}, which does not run on Windows: `{app.command}`.",
            kind=Kind.SHELL_NOT_SUPPORTED,
            suggestions=(
                suggest(
                    "Serve it with waitress or uvicorn",
                    "overrides.start",
                    "python -m waitress --host=$HOST --port=$PORT MODULE:APP",
                ),
                suggest("Or deploy inside WSL 2."),
            ),
        )


def _refuse_what_cannot_run(steps: tuple[DeploymentStep, ...], app: AppSpec) -> None:
    commands = [command.command for step in steps for command in step.commands]
    checks = [check.command for step in steps for check in step.checks if isinstance(check, CommandCheck)]
    for text in (*commands, *checks, app.command):
        try:
            to_powershell(text)
        except NotPortableError as error:
            raise RefusedError(
                f"PowerShell cannot run a command of the plan: {error}, in `{text[:200]}`. On Windows commands are simple ones, "
                "joined by `&&` or `;`, with quotes and $NAME.",
                kind=Kind.SHELL_NOT_SUPPORTED,
                suggestions=(
                    suggest("Say in simple commands how it is started", "overrides.start"),
                    suggest("And how it is built", "overrides.build"),
                    suggest("And how what it needs is installed", "overrides.install"),
                    suggest("Or deploy inside WSL 2, where bash runs them: every kind of app works there."),
                ),
            ) from None
