"""A server that speaks the OpenAI chat protocol on a real socket and answers by script.

In Python: `with ScriptedServer([status(429, retry_after=1), reply({"action": "step_done"})]) as server: ...`, with
`server.base_url` and `server.requests`; leaving the block fails when a part of the script was not used, or when a call came
that it does not know.

From elsewhere: `python -m tests.llm.scripted_server scenario.json --port-file F`. The scenario is a list of objects: the fields
of `Responder`, or one short form of `{"reply": …}`, `{"sse": […]}`, `{"html": "…"}`, `{"error": "…"}`, `{"status": 429}`,
`{"truncate": …, "keep": 20}`, `{"hang": true}` and `{"drop": true}`, each with `match`, `times` and `headers` if wanted. F gets
the port once the server listens. `GET /script` tells how far it got: `{"requests", "unused", "unexpected"}`. TERM or Ctrl-C ends
it, with exit code 1 unless the script was used exactly.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Self, cast

USAGE = (100, 20)
"""Prompt and completion tokens of a reply, unless told otherwise."""


@dataclass(frozen=True)
class Responder:
    """What one request (or the next `times` ones) gets."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    how: Literal["whole", "drip", "cut", "hang", "drop"] = "whole"
    """drip: in pieces, `pause_s` apart. cut: closed after half of the body. hang: nothing ever comes. drop: closed at once."""
    pause_s: float = 0.0
    match: str | None = None
    """Text that must be in one of the request's messages."""
    times: int = 1


@dataclass(frozen=True)
class Request:
    """What was received."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any

    @property
    def texts(self) -> list[str]:
        """The contents of its messages."""
        return [str(message["content"]) for message in self.body.get("messages", ())]

    @property
    def format(self) -> str:
        """How the reply's form was asked for: json_schema, json_object or text."""
        return self.body.get("response_format", {}).get("type", "text")


def reply(
    content: Any, *, finish_reason: str | None = "stop", usage: tuple[int, int] | None = USAGE, message: Any = None, **more: Any
) -> Responder:
    """A completion; what is no text (or None) is sent as JSON. `message` adds fields to it (refusal, tool_calls)."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": _text(content), **(message or {})},
        "finish_reason": finish_reason,
    }
    return completion({"choices": [choice], **_usage(usage)}, **more)


def completion(fields: Any, **more: Any) -> Responder:
    """A 200 with these fields in the completion object, well-formed or not."""
    return Responder(json.dumps({"id": "c1", "object": "chat.completion", "created": 1, "model": "scripted", **fields}), **more)


def truncate(content: Any, *, keep: int, **more: Any) -> Responder:
    """A completion whose text stops after `keep` characters, as at the model's length limit."""
    return reply((_text(content) or "")[:keep], **{"finish_reason": "length", **more})


def status(number: int, /, *, message: str = "scripted failure", retry_after: float | None = None, **more: Any) -> Responder:
    """An error with OpenAI's error body. The client is told to wait 0 s before it tries again, or `retry_after`."""
    headers = {"retry-after-ms": "1"} if retry_after is None else {"retry-after": str(retry_after)}
    body = json.dumps({"error": {"message": message, "type": "scripted", "param": None, "code": more.pop("code", None)}})
    return Responder(body, status=number, **{"headers": headers, **more})


def error_with_200(message: str, **more: Any) -> Responder:
    """An error body that comes as a success, as some gateways send it."""
    return Responder(json.dumps({"error": {"message": message, "code": more.pop("code", None)}}), **more)


def html(text: str = "<!doctype html><title>Sign in</title>", **more: Any) -> Responder:
    """A web page where an API was expected."""
    return Responder(text, content_type="text/html", **more)


def sse(
    pieces: Sequence[str],
    *,
    finish_reason: str | None = "stop",
    usage: tuple[int, int] | None = USAGE,
    done: bool = True,
    **more: Any,
) -> Responder:
    """A completion sent as server-sent events; without `finish_reason` and `done`: as when the connection is lost."""
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    if finish_reason:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}], **_usage(usage)})
    lines = [
        f"data: {json.dumps({'id': 'c1', 'object': 'chat.completion.chunk', 'model': 'scripted', **chunk})}\n\n" for chunk in chunks
    ]
    return Responder("".join([*lines, "data: [DONE]\n\n"] if done else lines), content_type="text/event-stream", **more)


def hang(**more: Any) -> Responder:
    """No answer at all, until the client goes away."""
    return Responder(how="hang", **more)


def drop(**more: Any) -> Responder:
    """The connection is closed without an answer."""
    return Responder(how="drop", **more)


class ScriptedServer:
    """Answers each request by the first unused responder whose `match` fits; one that nothing fits gets HTTP 418."""

    def __init__(self, script: Sequence[Responder] = ()) -> None:
        self.requests: list[Request] = []
        self.unexpected: list[Request] = []
        self._left = [responder for responder in script for _ in range(responder.times)]
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler, self)
        # a quick poll: otherwise each test waits half a second for the server's end
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def unused(self) -> list[Responder]:
        return list(self._left)

    def add(self, *responders: Responder) -> None:
        """Make the script longer."""
        with self._lock:
            self._left += [responder for responder in responders for _ in range(responder.times)]

    def take(self, request: Request) -> Responder:
        """The responder for a request, which is used by this."""
        with self._lock:
            self.requests.append(request)
            for index, responder in enumerate(self._left):
                if responder.match is None or any(responder.match in text for text in request.texts):
                    return self._left.pop(index)
            self.unexpected.append(request)
        return status(418, message="unexpected call: the script has no answer for it")

    def assert_used(self) -> None:
        """Fail unless every responder was used and no call came that the script does not know."""
        assert not self.unexpected, f"{len(self.unexpected)} unexpected call(s); last message: {self.unexpected[0].texts[-1:]}"
        assert not self._left, f"script not fully used, left: {self._left}"

    def report(self) -> dict[str, Any]:
        """How far the script got, for programs in other languages."""
        return {
            "requests": [{"path": request.path, "body": request.body} for request in self.requests],
            "unused": len(self._left),
            "unexpected": len(self.unexpected),
        }

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close()
        if kind is None:
            self.assert_used()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], scripted: ScriptedServer) -> None:
        self.scripted = scripted
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(data or b"{}"))
        self._answer(self._scripted.take(request))

    def do_GET(self) -> None:
        self._answer(Responder(json.dumps(self._scripted.report())))

    @property
    def _scripted(self) -> ScriptedServer:
        return cast("_Server", self.server).scripted

    def _answer(self, responder: Responder) -> None:
        self.close_connection = responder.how != "whole"
        if responder.how == "hang":
            self._scripted.closing.wait()
        elif responder.how != "drop":
            self._send(responder)

    def _send(self, responder: Responder) -> None:
        data = responder.body.encode()
        self.send_response(responder.status)
        for name, value in {"content-type": responder.content_type, "content-length": str(len(data)), **responder.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if responder.how == "cut":
            data = data[: len(data) // 2]
        size = len(data) if responder.how != "drip" else max(1, len(data) // 40)
        for start in range(0, len(data), max(1, size)):
            self.wfile.write(data[start : start + size])
            if self._scripted.closing.wait(responder.pause_s):
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing: standard error belongs to the test."""


def _text(content: Any) -> str | None:
    return content if content is None or isinstance(content, str) else json.dumps(content)


def _usage(usage: tuple[int, int] | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {"usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}}


_SHORT_FORMS = {"reply": reply, "sse": sse, "html": html, "error": error_with_200, "status": status, "truncate": truncate}


def from_json(entry: Mapping[str, Any]) -> Responder:
    """One entry of a scenario file."""
    rest = dict(entry)
    for name in ("hang", "drop"):
        if rest.pop(name, False):
            return Responder(how=name, **rest)
    for name, make in _SHORT_FORMS.items():
        if name in rest:
            return make(rest.pop(name), **rest)
    return Responder(**rest)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a scenario until told to end."""
    parser = argparse.ArgumentParser(prog="scripted_server", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--port-file", type=Path, required=True)
    options = parser.parse_args(arguments)
    server = ScriptedServer([from_json(entry) for entry in json.loads(options.scenario.read_text())])
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # in one step, so that a reader never sees half a number
    written = options.port_file.with_suffix(".new")
    written.write_text(str(server.port))
    written.replace(options.port_file)
    ended.wait()
    server.close()
    print(json.dumps(server.report()), file=sys.stderr)
    return 1 if server.unused or server.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
