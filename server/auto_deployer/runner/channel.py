"""What a deployment's host and its followers say to each other: JSON lines, one request a connection.

- the request: `{"method", "params"}`
- its answer: `{"result"}` or `{"error": {"name", "fields"}}`, with every field that the error's class declares
- after the answer to `follow`: every event and every chunk of output, each as the recorder publishes it
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, get_origin, get_type_hints

import orjson
from pydantic import TypeAdapter

from ..model.errors import AutoDeployerError
from .rendezvous import find

LINE_BYTES = 256 * 1024 * 1024
"""The longest line that is read: a plan or a log document is one line."""
ANSWER_S = 10.0
"""Seconds a host may take to answer: it is asked for nothing that takes longer than a moment, but it may be stopped."""

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
    fields = {name: kind.dump_python(getattr(error, name), mode="json") for name, kind in _fields(type(error)).items()}
    return line({"error": {"name": type(error).__name__, "fields": fields}})


def result_of(answer: bytes) -> Any:
    """The result of an answer.

    Raises:
        AutoDeployerError: the answer tells of one; of the class that it had, with all that it held.
        ValueError: it is no answer.
    """
    told: dict[str, Any] = orjson.loads(answer)
    if "error" not in told:
        return told["result"]
    raise _rebuilt(told["error"]["name"], told["error"]["fields"])


def _rebuilt(name: str, fields: dict[str, Any]) -> AutoDeployerError:
    """The error as it was raised. Its constructor made the fields once, and may take others: it is not called again."""
    kind_of_error = next((found for found in _classes(AutoDeployerError) if found.__name__ == name), AutoDeployerError)
    error = kind_of_error.__new__(kind_of_error, fields["message"])
    for field, kind in _fields(kind_of_error).items():
        setattr(error, field, kind.validate_python(fields[field], strict=False))
    return error


@cache
def _fields(kind_of_error: type[AutoDeployerError]) -> dict[str, TypeAdapter[Any]]:
    """What a class of errors declares of its instances, with its bases."""
    hints = get_type_hints(kind_of_error)
    return {name: TypeAdapter(hint) for name, hint in hints.items() if get_origin(hint) is not ClassVar and hint is not ClassVar}


def _classes(base: type[AutoDeployerError]) -> list[type[AutoDeployerError]]:
    return [base, *(found for direct in base.__subclasses__() for found in _classes(direct))]
