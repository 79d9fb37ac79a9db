"""Exceptions as JSON-RPC errors: `code`, `message` and our `data` {kind, retryable, suggestions}."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from lsprotocol.types import ResponseError
from pygls.exceptions import JsonRpcException

logger = logging.getLogger(__name__)

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
NOT_INITIALIZED: Final = -32002
REQUEST_CANCELLED: Final = -32800


def protocol_error(code: int, message: str) -> ResponseError:
    """A fault of the client's message."""
    kind = "internal_error" if code == INTERNAL_ERROR else "invalid_request"
    return ResponseError(code=code, message=message, data={"kind": kind, "retryable": False, "suggestions": []})


def error_of(exception: BaseException) -> ResponseError:
    """The error for whatever a handler raised. What is not ours is logged here and told without its inner workings."""
    if isinstance(exception, asyncio.CancelledError):
        return ResponseError(code=REQUEST_CANCELLED, message="the request was cancelled")
    if isinstance(exception, JsonRpcException):
        return protocol_error(exception.code or INTERNAL_ERROR, exception.message)
    from ..model.errors import AutoDeployerError

    if isinstance(exception, AutoDeployerError):
        suggestions = [suggestion.model_dump(exclude_none=True) for suggestion in exception.suggestions]
        data = {"kind": str(exception.kind), "retryable": exception.retryable, "suggestions": suggestions}
        return ResponseError(code=exception.code, message=exception.message, data=data)
    logger.error("unexpected error in a request", exc_info=exception)
    name = type(exception).__name__
    return protocol_error(INTERNAL_ERROR, f"unexpected {name} in the server; its standard error has the details")
