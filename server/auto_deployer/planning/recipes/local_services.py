"""Databases that a program's settings place on the target itself: refused before installing where nothing listens."""

from __future__ import annotations

from collections.abc import Iterable

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import EnvVariable
from ...model.ports import PlanInput
from ...model.reasons import Kind
from ...model.suggestions import suggest
from .service_ports import silent_port


class LocalService(Model):
    """A service by its address in the settings."""

    kind: str
    """As `service_ports` calls it."""
    host: str
    port: int | None = None
    """None for the usual one."""
    variable: str = ""
    """The environment variable that gives another address, where there is one."""
    file: str


def refuse_missing(given: PlanInput, services: Iterable[LocalService]) -> None:
    """Nothing, where each service is there or may be; the user's own start command is trusted.

    Raises:
        RefusedError: `required_service_missing`, for the first that is not.
    """
    for service in services if given.overrides.start is None else ():
        silent = silent_port(given.host, service.kind, service.host, service.port)
        if silent is None or (service.variable and service.variable in given.env_names):
            continue
        elsewhere = (
            suggest("Say where it is", "env", service.variable)
            if service.variable
            else suggest(f"Have {service.file} read the address from a variable, and set it", "env")
        )
        raise RefusedError(
            f"The app needs a {service.kind} service at {service.host} (seen in {service.file}), and nothing listens on port "
            f"{silent} there.",
            kind=Kind.REQUIRED_SERVICE_MISSING,
            suggestions=(
                suggest(f"Start {service.kind} on the target, port {silent}, and deploy again."),
                elsewhere,
                suggest("If it is there all the same, say how to start the app", "overrides.start"),
            ),
            missing_env=(EnvVariable(name=service.variable, place=service.file),) if service.variable else (),
        )
