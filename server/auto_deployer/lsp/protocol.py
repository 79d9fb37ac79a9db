"""JSON-RPC over pygls: every request with an id gets a result or an error, whatever it holds.

pygls keeps the typed half (LSP requests, capabilities). Its reading, writing and error paths are replaced, because it turns our
params into namedtuples, leaves requests without params, with wrong types and in batches unanswered, and blocks while it writes.
"""

from __future__ import annotations

import asyncio
import contextvars
import enum
import logging
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson
from cattrs import transform_error
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from . import errors
from .capabilities import read_settings
from .catalog import COMMANDS, OFFERS, OPEN_LOG, server_capabilities
from .transport import BadFrame

if TYPE_CHECKING:
    from .server import DeployServer

logger = logging.getLogger(__name__)

MsgId = str | int
_OFFERED = frozenset(offer.method for offer in OFFERS)


class Phase(enum.Enum):
    """Where a connection is in the LSP lifecycle."""

    NEW = "new"
    READY = "ready"
    SHUT_DOWN = "shut down"


@dataclass(frozen=True)
class Reply:
    """A result, and what must happen right behind its response on the wire."""

    result: Any = None
    then: Callable[[], None] = lambda: None


class DeployProtocol(LanguageServerProtocol):
    """The messages of one client."""

    _server: DeployServer  # pyright: ignore[reportIncompatibleVariableOverride]  (the server that made us)

    def __init__(self, server: DeployServer, converter: Any) -> None:
        super().__init__(server, converter)
        self.phase = Phase.NEW
        self._raw_initialize: dict[str, Any] = {}

    # --- in ---

    def handle_frame(self, frame: bytes | BadFrame) -> None:
        """Handle one message, or complain about what is none. Never raises."""
        if isinstance(frame, BadFrame):
            self._refuse(None, errors.PARSE_ERROR, frame.message)
            return
        try:
            message = orjson.loads(frame)
        except orjson.JSONDecodeError as error:
            self._refuse(None, errors.PARSE_ERROR, f"the message is not JSON: {error}")
            return
        if not isinstance(message, dict):
            what = "batches are not part of LSP" if isinstance(message, list) else "a message is an object"
            self._refuse(None, errors.INVALID_REQUEST, what)
        elif "method" in message:
            self._handle_call(message)
        else:
            self._handle_reply(message)

    def _handle_call(self, message: dict[str, Any]) -> None:
        msg_id = message.get("id")
        is_request = "id" in message
        if is_request and not _is_id(msg_id):
            self._refuse(None, errors.INVALID_REQUEST, "id: expected a string or an integer")
            return
        fault = self._fault_of(message, is_request=is_request)
        if fault is None:
            try:
                contextvars.copy_context().run(self._dispatch, message, is_request=is_request)
            except Exception as error:  # noqa: BLE001 - whatever it holds, a request gets an answer
                fault = errors.error_of(error)
        if fault is None:
            return
        if is_request:
            self._send_response(cast("MsgId", msg_id), error=fault)
        else:
            logger.info("notification dropped: %s", fault.message)

    def _fault_of(self, message: dict[str, Any], *, is_request: bool) -> types.ResponseError | None:
        """What is wrong with the message before its method is looked at, or None."""
        method = message["method"]
        if message.get("jsonrpc") != self.VERSION or not isinstance(method, str):
            return errors.protocol_error(errors.INVALID_REQUEST, 'expected "jsonrpc": "2.0" and a method name')
        if not isinstance(message.get("params"), dict | list | None):
            return errors.protocol_error(errors.INVALID_PARAMS, f"{method}: params: expected an object")
        if is_request and message["id"] in self._request_futures:
            return errors.protocol_error(errors.INVALID_REQUEST, "id: a request with this id is being worked on")
        return None if method == types.EXIT else self._phase_fault(method)

    def _phase_fault(self, method: str) -> types.ResponseError | None:
        if self.phase is Phase.NEW and method != types.INITIALIZE:
            return errors.protocol_error(errors.NOT_INITIALIZED, f"{method}: send initialize first")
        if self.phase is Phase.READY and method == types.INITIALIZE:
            return errors.protocol_error(errors.INVALID_REQUEST, "initialize may be sent only once")
        if self.phase is Phase.SHUT_DOWN:
            return errors.protocol_error(errors.INVALID_REQUEST, f"{method}: the server is shutting down")
        return None

    def _dispatch(self, message: dict[str, Any], *, is_request: bool) -> None:
        method, params = message["method"], message.get("params")
        if is_request:
            self._get_handler(method)  # an unknown method is told before its params are looked at
        elif method in _OFFERED:
            raise JsonRpcInvalidParams(f"{method} is a request: it needs an id")
        if method == types.INITIALIZE:
            self._raw_initialize = params if isinstance(params, dict) else {}
        if self.get_message_type(method) is not None:
            params = self._typed_params(message, is_request=is_request)
        if is_request:
            self._handle_request(message["id"], method, params)
        else:
            self._handle_notification(method, params)

    def _typed_params(self, message: dict[str, Any], *, is_request: bool) -> Any:
        """The params of an LSP message as lsprotocol's type.

        Raises:
            JsonRpcInvalidParams: they do not fit.
        """
        method = message["method"]
        message_type = cast("type[Any]", self.get_message_type(method))
        if not is_request and "id" in (field.name for field in message_type.__attrs_attrs__):
            raise JsonRpcInvalidParams(f"{method} is a request: it needs an id")
        try:
            return self._converter.structure({"id": 0, **message}, message_type).params
        except Exception as error:
            raise JsonRpcInvalidParams(f"{method}: {_told(error)}") from error

    def _handle_reply(self, message: dict[str, Any]) -> None:
        """The client's answer to a request of ours."""
        msg_id = message.get("id")
        if not _is_id(msg_id) or msg_id not in self._result_types:
            if not ("error" in message and msg_id is None):
                self._refuse(None, errors.INVALID_REQUEST, "neither a method nor the answer to a request of this server")
            return
        result_type = self._result_types.pop(msg_id)
        future = self._request_futures.pop(msg_id, None)
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(_client_error(message["error"]))
            return
        try:
            future.set_result(self._converter.structure(message, result_type).result if result_type else message.get("result"))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            future.set_exception(JsonRpcInvalidParams(f"the client's answer does not fit: {_told(error)}"))

    # --- out ---

    def send_body(self, body: bytes, *, droppable: bool = False) -> None:
        """Queue one serialised message."""
        self._server.writer.send(body, droppable=droppable)

    def send_published(self, line: bytes, *, droppable: bool = False) -> None:
        """Queue a `{"method", "params"}` line of the journal as the notification that it is, without parsing it again."""
        self.send_body(b'{"jsonrpc":"2.0",' + line[1:], droppable=droppable)

    async def request(self, method: str, params: Any, msg_id: str) -> Any:
        """Ask the client; cancelling this withdraws the request.

        Raises:
            JsonRpcException: the client answered with an error.
        """
        try:
            return await self.send_request_async(method, params, msg_id)
        except asyncio.CancelledError:
            self.notify(types.CANCEL_REQUEST, types.CancelParams(id=msg_id))
            raise

    def cancel_requests(self, *, but: object = None) -> None:
        """Abort what the client asked and we asked the client (never the deployments)."""
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != but and not future.done():
                future.cancel()

    def _execute_handler(self, msg_id: MsgId, handler: Any, callback: Any, args: Any = None, kwargs: Any = None) -> None:
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:  # pygls forgets to forget those of notifications
            future.add_done_callback(lambda done: self._forget(msg_id, done))

    def _forget(self, msg_id: MsgId, future: Future[Any]) -> None:
        if self._request_futures.get(msg_id) is future:
            del self._request_futures[msg_id]

    def _refuse(self, msg_id: MsgId | None, code: int, message: str) -> None:
        self._send_response(cast("MsgId", msg_id), error=errors.protocol_error(code, message))

    def _send_response(self, msg_id: MsgId, result: Any = None, error: types.ResponseError | None = None) -> None:
        outcome = {"result": result} if error is None else {"error": error}
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, **outcome})

    def _send_data(self, data: Any) -> None:
        self.send_body(orjson.dumps(data, default=self._serialize_message))

    def _send_handler_result(self, future: Future[Any], *, msg_id: MsgId) -> None:
        """Answer a request: its result, or the error for whatever its handler raised."""
        self._forget(msg_id, future)
        exception = asyncio.CancelledError() if future.cancelled() else future.exception()
        if exception is not None:
            self._send_response(msg_id, error=errors.error_of(exception))
            return
        result = future.result()
        reply = result if isinstance(result, Reply) else Reply(result)
        self._send_response(msg_id, reply.result)
        reply.then()

    # --- the LSP lifecycle and commands ---

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        self._server.settings = read_settings(self._raw_initialize, self._server.log_dir)
        result = yield from super().lsp_initialize(params)
        result.capabilities.execute_command_provider = types.ExecuteCommandOptions(commands=[*COMMANDS, OPEN_LOG])
        result.capabilities.experimental = {"autoDeployer": server_capabilities(self._server.settings.log_dir)}
        self.phase = Phase.READY
        self._server.client_is_ready(params.process_id)
        return result

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  (pygls runs either kind)
        self.phase = Phase.SHUT_DOWN
        self.cancel_requests(but=self.msg_id)
        await self._server.end_deployments()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        self._server.stop("exit")

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Reply:  # type: ignore[override]
        from .commands import execute

        return await execute(self._server.connection, params.command, list(params.arguments or ()))


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _client_error(error: object) -> JsonRpcException:
    told = error if isinstance(error, dict) else {}
    code = told.get("code")
    return JsonRpcException(str(told.get("message", "")), code if isinstance(code, int) else errors.INTERNAL_ERROR)


def _told(error: Exception) -> str:
    """A cattrs failure in words: which field, and what was expected there."""
    return "; ".join(transform_error(error, path="$"))[:2000]
