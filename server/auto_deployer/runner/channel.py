"""What a deployment's host and its followers say to each other: JSON lines, one request a connection.

- the request: `{"method", "params"}`
- its answer: `{"result"}` or `{"error": {"name", "kind", "message", "suggestions"}}`
- after the answer to `follow`: every event and every chunk of output, each as the recorder publishes it
"""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import orjson

from ..model import errors
from ..model.errors import AutoDeployerError
from ..model.reasons import Kind
from ..model.suggestions import Suggestion
from .rendezvous import find

LINE_BYTES = 256 * 1024 * 1024
"""The longest line that is read: a plan or a log document is one line."""
ANSWER_S = 10.0
"""Seconds a host may take to answer: it is asked for nothing that takes longer than a moment, but it may be stopped."""
_KINDS_OF_ERROR = {
    name: found for name, found in vars(errors).items() if inspect.isclass(found) and issubclass(found, AutoDeployerError)
}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HostGoneError(Exception):
    """Nobody listens, or who does gives no answer."""


async def connect(log: Path, deployment_id: str) -> Streams:
    """A connection to the host of a deployment.

    Raises:
        HostGoneError: nobody listens.
    """
    for path in find(log, deployment_id):
        try:
            return await asyncio.open_unix_connection(path, limit=LINE_BYTES)
        except OSError:
            continue
    raise HostGoneError


async def ask(streams: Streams, method: str, params: dict[str, Any]) -> Any:
    """Send a request and wait for its result.

    Raises:
        HostGoneError: the connection ended before the answer, or there was none in time.
        AutoDeployerError: what the host raised.
    """
    reader, writer = streams
    try:
        writer.write(line({"method": method, "params": params}))
        async with asyncio.timeout(ANSWER_S):
            await writer.drain()
            answer = await reader.readline()
    except OSError as error:  # TimeoutError is one
        raise HostGoneError from error
    if not answer.endswith(b"\n"):
        raise HostGoneError
    return result_of(answer)


def line(message: dict[str, Any]) -> bytes:
    """A message ready to send."""
    return orjson.dumps(message) + b"\n"


def error_line(error: AutoDeployerError) -> bytes:
    """The answer to a request that failed."""
    suggestions = [suggestion.model_dump(exclude_none=True) for suggestion in error.suggestions]
    told = {"name": type(error).__name__, "kind": str(error.kind), "message": error.message, "suggestions": suggestions}
    return line({"error": told})


def result_of(answer: bytes) -> Any:
    """The result of an answer.

    Raises:
        AutoDeployerError: the answer tells of one; of the class and the kind that it had.
        ValueError: it is no answer.
    """
    told: dict[str, Any] = orjson.loads(answer)
    if "error" not in told:
        return told["result"]
    error = told["error"]
    kind_of_error = _KINDS_OF_ERROR.get(error["name"], AutoDeployerError)
    raise kind_of_error(
        error["message"], kind=Kind(error["kind"]), suggestions=tuple(map(Suggestion.model_validate, error["suggestions"]))
    )
