"""The registry of `deploy/` requests: params are checked by their model, the handler is called, its result serialised.

A method is one decorated function in a `*_methods.py` module and one line in `catalog.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from ..model.base import WireParams
from ..model.errors import AutoDeployerError, NotTrustedError, UsageError
from ..model.suggestions import suggest
from .catalog import NEEDS_TRUST
from .protocol import Reply

if TYPE_CHECKING:
    from .connection import Connection

P = TypeVar("P", bound=WireParams)
R = TypeVar("R")
Run = Callable[["Connection", Any], Awaitable[Any]]


class NoParams(WireParams):
    """Params of a request that needs none."""


@dataclass(frozen=True)
class Method:
    """One request: the single source of its handler and of its description in protocol.md."""

    name: str
    params: type[WireParams]
    result: type[BaseModel] | None
    run: Run
    errors: tuple[type[AutoDeployerError], ...]
    follows: str | None
    """The param that names the deployment whose events wait until the response is sent."""
    abortable: bool
    """`$/cancelRequest` ends the work too; otherwise it only ends the waiting for it."""

    @property
    def description(self) -> str:
        return self.run.__doc__ or ""


METHODS: dict[str, Method] = {}


def method(
    name: str,
    params: type[P],
    result: type[BaseModel] | None = None,
    *,
    errors: tuple[type[AutoDeployerError], ...] = (),
    follows: str | None = None,
    abortable: bool = False,
) -> Callable[[Callable[[Connection, P], Awaitable[R]]], Callable[[Connection, P], Awaitable[R]]]:
    """Register the handler of a request; its docstring is its description in protocol.md."""

    def register(run: Callable[[Connection, P], Awaitable[R]]) -> Callable[[Connection, P], Awaitable[R]]:
        METHODS[name] = Method(name, params, result, run, errors, follows, abortable)
        return run

    return register


def all_methods() -> dict[str, Method]:
    """Every method, with the modules that register them loaded."""
    from . import app_methods, deploy_methods, settings_methods  # noqa: F401 - they register themselves

    return METHODS


async def call(connection: Connection, name: str, raw: object) -> Reply:
    """Answer one request.

    Raises:
        AutoDeployerError: as the wire's error; UsageError for params that do not fit, NotTrustedError where nothing may run.
    """
    chosen = all_methods()[name]
    params = parse(chosen, raw)
    if name in NEEDS_TRUST and not connection.settings.trusted:
        raise NotTrustedError(
            f"{name} would run commands, and this workspace is not trusted",
            suggestions=(
                suggest("Trust the workspace in the editor, then deploy again."),
                suggest("Its plan can be looked at all the same."),
            ),
        )
    followed = getattr(params, chosen.follows) if chosen.follows else None
    if followed is None:
        return Reply(_serialised(await _run(chosen, connection, params)))
    connection.feed.hold(followed)
    release = partial(connection.feed.release, followed)
    try:
        result = await _run(chosen, connection, params)
    except BaseException:
        release()
        raise
    return Reply(_serialised(result), then=release)


def parse(chosen: Method, raw: object) -> WireParams:
    """The params as the method's model.

    Raises:
        UsageError: what was wrong, field by field (never the value: it may be secret).
    """
    if raw is not None and not isinstance(raw, dict):
        raise UsageError(f"{chosen.name}: params: expected an object")
    try:
        return chosen.params.model_validate(raw or {})
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        raise UsageError(f"{chosen.name}: {'; '.join(faults[:10])}") from None


async def _run(chosen: Method, connection: Connection, params: WireParams) -> Any:
    if chosen.abortable:
        return await chosen.run(connection, params)
    return await asyncio.shield(connection.spawn_quietly(chosen.run(connection, params)))


def _serialised(result: Any) -> Any:
    """Our models as JSON bytes, once."""
    if isinstance(result, BaseModel):
        return orjson.Fragment(result.__pydantic_serializer__.to_json(result, by_alias=True))
    return result
