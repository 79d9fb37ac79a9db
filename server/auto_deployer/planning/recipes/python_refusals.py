"""Why a Python project cannot be planned: an unreadable manifest, nothing that serves, or a service that is not there."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.errors import RefusedError
from ...model.facts import EnvVariable
from ...model.ports import PlanInput
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from .python_deps import PythonProject
from .python_findings import PythonFindings
from .python_services import ServiceNeed, is_service_address, service_of
from .service_ports import silent_port

_LOOKED_FOR = (
    "looked for: manage.py, a Flask, FastAPI, Starlette or other app object or factory, a script or package that serves when run, "
    "a command in [project.scripts] that serves, main.py or app.py"
)
_FILE_DATABASES = ("sqlite:", "sqlite+", "file:", "./", "/")
"""Addresses of databases that are files: the variable is a setting, not a service."""
_SHOWN_ENTRIES = 6


def refusal(project: PythonProject, findings: PythonFindings, entries: Sequence[str]) -> Reason | None:
    """Why it cannot be planned; `entries` are the files that can be started, be they this folder's or not."""
    if project.unreadable:
        return Reason(
            kind=Kind.MANIFEST_UNREADABLE,
            message=f"A manifest cannot be read: {project.unreadable}.",
            suggestions=(suggest("Mend the file; a TOML checker shows the place."),),
        )
    if findings.option or findings.django:
        return None
    if project.scripts or (project.packaged and (project.name or not entries)):
        commands = f", which installs {', '.join(list(project.scripts)[:3])}" if project.scripts else ""
        return Reason(
            kind=Kind.LIBRARY_NOTHING_TO_RUN,
            message=f"{project.name or 'This'} is a Python package{commands}; nothing in it serves ({_LOOKED_FOR}).",
            suggestions=(
                suggest("Say how to start it, such as `python -m` and a module", "overrides.start"),
                suggest("Deploy one of its examples", "subdir"),
            ),
        )
    if entries:
        return Reason(
            kind=Kind.NO_RUNNABLE_AT_ROOT,
            message=f"Apps lie below this folder, and none is the folder's own: {', '.join(entries[:_SHOWN_ENTRIES])}.",
            suggestions=(
                suggest("Choose one of them", "subdir"),
                suggest("Or say how to start it (PORT and HOST are set)", "overrides.start"),
            ),
        )
    if findings.no_server:
        return Reason(
            kind=Kind.NO_START_COMMAND,
            message=f"This looks like {findings.no_server}: nothing in it serves, and an app to deploy has to ({_LOOKED_FOR}).",
            suggestions=(suggest("If it does open a port, say how to start it (PORT and HOST are set)", "overrides.start"),),
        )
    return no_start().reason


def no_start() -> RefusedError:
    """Nothing shows how to start the project."""
    return RefusedError(
        f"This is a Python project, and nothing shows how to start it ({_LOOKED_FOR}).",
        kind=Kind.NO_START_COMMAND,
        suggestions=(suggest("Say how to start it, such as `python your_app.py` (PORT and HOST are set)", "overrides.start"),),
    )


def refuse_missing_services(findings: PythonFindings, given: PlanInput) -> None:
    """Refuse when a service that the code connects to has no address, or nothing listens where it is expected on the target.

    Raises:
        RefusedError: `required_service_missing`.
    """
    files = {variable.name for variable in given.repo.sample_env if (variable.default or "").startswith(_FILE_DATABASES)}
    names = given.env_names | set(findings.committed_env) | files
    for need in findings.needs:
        if need.met_by(names):
            continue
        silent = silent_port(given.host, need.service, need.host, need.port)
        if need.certainly_missing or silent:
            raise _missing_service(need, silent)
    for variable in findings.required_env:
        if is_service_address(variable.name) and variable.name not in names:
            raise _missing_service(ServiceNeed(service=service_of(variable.name), env=(variable.name,), place=variable.place))


def _missing_service(need: ServiceNeed, silent: int | None = None) -> RefusedError:
    """The refusal; `silent` is the port on the target where it is expected and nothing listens."""
    where = f' on host "{need.host}"' if need.host else ""
    place = f" ({need.place})" if need.place else ""
    service = "a database" if need.service == "database" else need.service
    variables = list(dict.fromkeys(need.env))
    told = f"{' or '.join(variables)} is not set" if need.env else "the address is written into the source"
    quiet = f"nothing listens on port {silent} there, and " if silent else ""
    suggestions = [suggest(f"Start {service} and give its address", "env", name) for name in variables[:2]]
    if silent:
        suggestions.insert(0, suggest(f"Start {service} on the target, port {silent}, and deploy again."))
    elif not need.env:
        where_found = f'Run {service} where the target finds it as "{need.host}", or read the address from a variable.'
        suggestions.append(suggest(where_found))
    suggestions.append(suggest("If it is reachable all the same, say how to start it: that skips this check", "overrides.start"))
    return RefusedError(
        f"The app needs {service}{where}{place}; {quiet}{told}. It would start and fail at the first request.",
        kind=Kind.REQUIRED_SERVICE_MISSING,
        suggestions=tuple(suggestions),
        missing_env=tuple(EnvVariable(name=name, place=need.place) for name in need.env[:1]),
    )
