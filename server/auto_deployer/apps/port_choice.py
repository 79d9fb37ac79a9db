"""Which port a release is to get: the user's or the source's (taken: failure), else the one the app keeps, else a free one."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.errors import AppError
from ..model.plan import AppSpec
from ..model.ports import Session
from ..model.reasons import Kind
from ..model.suggestions import Suggestion, suggest
from .container import published
from .layout import ReleaseRecord
from .ports import all_listeners, listeners_of, owner_of, pick_free
from .state import DeployDirState, RunState


@dataclass(frozen=True)
class PortChoice:
    """A port and what stands in its way."""

    number: int
    fixed: bool = False
    """The app listens where it does whatever PORT says: it cannot be tried on another port."""


async def choose_port(
    session: Session, state: DeployDirState, spec: AppSpec, old: RunState, before: ReleaseRecord | None
) -> PortChoice:
    """Choose by what listens on the target now.

    Args:
        old: The release that runs now.
        before: Its record.

    Raises:
        AppError: port_in_use, with the owner named.
    """
    kept = state.record.port if state.record else None
    number = spec.fixed_port or spec.port or kept
    if number is not None:
        ignores = before is not None and before.ignores_port
        own = {entry.port for entry in await listeners_of(session, [process.pid for process in old.processes])}
        if before is not None:
            own |= {entry.port for entry in await published(session, before.spec)}
        if number in own or (ignores and own):
            return PortChoice(number, fixed=ignores or spec.fixed_port is not None)
        if not await is_taken(session, number):
            return PortChoice(number)
        if number == spec.fixed_port:
            way_out = suggest("Let the app read its port from the environment variable PORT.")
            raise await port_in_use(session, number, "fixed in the app's source", way_out)
        if number == spec.port:
            raise await port_in_use(session, number, "that was asked for", suggest("Choose another port", "port"))
    return PortChoice(await pick_free(session, state.deploy_dir))


async def is_taken(session: Session, port: int) -> bool:
    """Whether anybody listens on the port."""
    return any(entry.port == port for entry in await all_listeners(session))


async def port_in_use(session: Session, port: int, whose: str, way_out: Suggestion) -> AppError:
    """The error that names who has the port."""
    message = f"Port {port}, {whose}, is taken by {await owner_of(session, port)}."
    return AppError(message, kind=Kind.PORT_IN_USE, suggestions=(suggest("Stop that process."), way_out))
