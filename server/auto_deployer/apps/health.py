"""An HTTP request made on the target itself, so that it proves the same over SSH as here: curl, else python3, else bash."""

from __future__ import annotations

import asyncio
import http.client
import re
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from ..model.ports import ProbeResult, Session
from ..sessions import system

REQUEST_TIMEOUT_S = 30.0
"""One request; a first page may be compiled when it is asked for."""
MAX_REDIRECTS = 5
"""As many as a page may need (slash, language, login); an app that asks for more sends its visitors in circles."""
HEAD_BYTES = 16_384
BODY_START = 300
"""Characters of a body shown in messages."""

_SERVER_ERROR = 500
_UNAVAILABLE = 503
_STATUS_LINE = re.compile(r"HTTP/[\d.]+ (\d{3})[^\n]*\n(.*)", re.DOTALL)
_LOCATION = re.compile(r"^location:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_HERE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 (names of this machine, nothing is bound)
"""Names by which an app redirects to itself."""
_LISTING = re.compile(r"<title>\s*(?:Directory listing for|Index of) /", re.IGNORECASE)
"""Python's `http.server` and `webfs`; Apache, nginx and their like."""
_DEBUGGER_BODY = "WebSockets request was expected"
"""What the port of `node --inspect` answers: it is not the app."""


@dataclass(frozen=True)
class HttpAnswer:
    """What came back; `status` is None when nothing did."""

    url: str
    status: int | None = None
    body: str = ""
    error: str = ""
    location: str = ""
    """Where a redirect leads, as it is written; "" for other answers."""

    def passes(self, expect: Literal["server", "static"], body_contains: str = "") -> bool:
        """Whether it proves the app: for "server" any status below 500, for "static" 200."""
        if self.status is None or self.is_debugger or self.is_listing:
            return False
        right = self.status == 200 if expect == "static" else self.status < _SERVER_ERROR
        return right and body_contains in self.body

    @property
    def is_server_error(self) -> bool:
        """An answer that waiting seldom mends. 503 is not: it says "not yet", and apps that warm up give it (RFC 9110, 15.6.4)."""
        return self.status is not None and self.status >= _SERVER_ERROR and self.status != _UNAVAILABLE

    @property
    def is_debugger(self) -> bool:
        return self.body.startswith(_DEBUGGER_BODY)

    @property
    def is_listing(self) -> bool:
        """A list of files in place of a page: the web server works, and the site is not there."""
        return self.status == 200 and _LISTING.search(self.body) is not None

    def __str__(self) -> str:
        if self.status is None:
            return f"GET {self.url}: no answer ({self.error or 'the connection was refused'})"
        shown = " ".join(self.body.split())[:BODY_START]
        body = f'body begins "{shown}"' if shown else "empty body"
        return f"GET {self.url}: status {self.status}, {body}"


async def http_get(
    session: Session, hosts: Sequence[str], port: int, path: str = "/", *, timeout_s: float = REQUEST_TIMEOUT_S
) -> HttpAnswer:
    """GET from the target, redirects followed as long as they stay in the app: its last answer counts.

    A redirect to another host, scheme or port is an answer itself, as is the last one of too many.
    """
    until = time.monotonic() + timeout_s
    answer = await _get(session, hosts, port, path, timeout_s)
    for _ in range(MAX_REDIRECTS):
        inside = _path_inside(answer)
        if not inside:
            break
        answer = await _get(session, hosts, port, inside, max(1.0, until - time.monotonic()))
    return answer


def _path_inside(answer: HttpAnswer) -> str:
    """Path and query that a redirect within the app leads to; "" for every other answer."""
    if not answer.location:
        return ""
    try:
        asked, told = urlsplit(answer.url), urlsplit(urljoin(answer.url, answer.location))
        is_inside = told.scheme == "http" and (told.port or 80) == asked.port and told.hostname in {asked.hostname, *_HERE}
    except ValueError:
        return ""
    return told._replace(scheme="", netloc="", fragment="").geturl() or "/" if is_inside else ""


async def _get(session: Session, hosts: Sequence[str], port: int, path: str, timeout_s: float) -> HttpAnswer:
    """One GET; of several addresses (IPv4, IPv6) the first that answers."""
    path = path if path.startswith("/") else f"/{path}"
    first_failure: HttpAnswer | None = None
    for host in hosts:
        if system.is_native(session):
            result = await asyncio.to_thread(_request, host, port, path, timeout_s)
        else:
            result = await session.probe(_request_script(host, port, path, timeout_s), timeout_s=timeout_s + 5)
        answer = parse_answer(url_of(host, port, path), result.stdout, result.stderr)
        if answer.status is not None:
            return answer
        first_failure = first_failure or answer
    return first_failure or HttpAnswer(url_of("127.0.0.1", port, path))


def url_of(host: str, port: int, path: str = "/") -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def parse_answer(url: str, text: str, errors: str) -> HttpAnswer:
    """The answer from a response's text; interim responses (1xx) are passed over."""
    rest = text.replace("\r\n", "\n")
    while (found := _STATUS_LINE.match(rest)) and found[1].startswith("1"):
        rest = found[2].partition("\n\n")[2]
    if not found:
        return HttpAnswer(url, error=errors.strip()[-200:] or ("an answer that is not HTTP" if text else ""))
    headers, _, body = f"\n{found[2]}".partition("\n\n")
    told = _LOCATION.search(headers) if found[1].startswith("3") else None
    return HttpAnswer(url, int(found[1]), body, location=told[1] if told else "")


def _request(host: str, port: int, path: str, timeout_s: float) -> ProbeResult:
    """What `_request_script` prints, by our own process."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"User-Agent": "auto-deployer", "Accept": "*/*"})
        answer = connection.getresponse()
        head = f"HTTP/1.1 {answer.status} {answer.reason}\n{answer.headers.as_string()}"
        return ProbeResult(0, head + answer.read(HEAD_BYTES).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as error:
        return ProbeResult(0, "", f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def _request_script(host: str, port: int, path: str, timeout_s: float) -> str:
    """Prints status line, headers and the start of the body. Redirects are not followed here."""
    seconds = max(1, round(timeout_s))
    url = shlex.quote(url_of(host, port, path))
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    request = shlex.quote(f"GET {path} HTTP/1.0\r\nHost: {authority}\r\nUser-Agent: auto-deployer\r\nAccept: */*\r\n\r\n")
    python = shlex.quote(_PYTHON_GET)
    return f"""
show() {{ tr -d '\\000' | head -c {HEAD_BYTES}; }}
if command -v curl > /dev/null 2>&1; then
  curl -sS -i -g --noproxy '*' -A auto-deployer -m {seconds} {url} | show
elif command -v python3 > /dev/null 2>&1; then
  python3 -c {python} {shlex.quote(host)} {port} {shlex.quote(path)} {seconds} | show
else
  get() {{ exec 3<> /dev/tcp/{host}/{port} && printf '%s' {request} >&3 && cat <&3; }}
  get | show
fi
exit 0
"""


_PYTHON_GET = """
import http.client, sys
host, port, path, seconds = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=float(seconds))
try:
    connection.request("GET", path, headers={"User-Agent": "auto-deployer"})
    answer = connection.getresponse()
    sys.stdout.write(f"HTTP/1.1 {answer.status} {answer.reason}\\n{answer.headers.as_string()}")
    sys.stdout.write(answer.read(16384).decode("utf-8", "replace"))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
