"""Requests about the model: its key, and whether it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from ..model import requests as rq
from ..model.errors import ModelError, SettingsError
from .connection import Connection
from .methods import method


@method("deploy/setSecret", rq.SetSecretParams)
async def set_secret(connection: Connection, params: rq.SetSecretParams) -> None:
    """Hand over a provider's API key from the editor's store of secrets; it counts from the next deployment on.

    It is kept in the server's memory only, wins over environment and keyring, and is never sent back. An editor sends it again
    after each start of the server.
    """
    connection.configuration.set_secret(params.name, params.value)


@method("deploy/testModel", rq.TestModelParams, rq.TestModelResult, abortable=True)
async def test_model(connection: Connection, params: rq.TestModelParams) -> rq.TestModelResult:
    """Make one tiny call of the model that is set, or of the one that is given, and tell whether it can be used.

    A call that fails is a result with `ok: false`, not an error. A given `provider` does not take over what is set for another.
    """
    given = {"llm.provider": params.provider, "llm.model": params.model, "llm.endpoint": params.endpoint}
    return await _tried(connection, {key: value for key, value in given.items() if value is not None})


async def _tried(connection: Connection, trial: Mapping[str, str]) -> rq.TestModelResult:
    from ..llm import test_model as call_model

    begun = time.monotonic()
    name = trial.get("llm.model", "")
    try:
        effective = await asyncio.to_thread(connection.configuration.effective, trial)
        name = effective.settings.llm.model or ""
        answered = await call_model(effective.settings.llm, effective.key)
    except (SettingsError, ModelError) as error:
        return rq.TestModelResult(
            ok=False, model=name, latency_ms=_since(begun), kind=error.kind, message=error.message, suggestions=error.suggestions
        )
    return rq.TestModelResult(
        ok=True, model=answered.model, latency_ms=answered.latency_ms, reply_format=answered.reply_format,
        message=f"{answered.model} ({answered.provider}) answered in {answered.latency_ms} ms.",
    )  # fmt: skip


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
