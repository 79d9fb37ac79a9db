"""Package indexes on loopback that want a login: one Python package, one npm package."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.analysis.servers import LoopbackServer

USER, PASSWORD = "dev", "index-passw0rd-value"
NAME = "shopwords"
GREETING = "hello from the private index"
WHEEL = f"{NAME}-1.0-py3-none-any.whl"


def _wheel() -> bytes:
    data = io.BytesIO()
    info = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(f"{NAME}.py", f"GREETING = {GREETING!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{NAME}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return data.getvalue()


def _tarball() -> bytes:
    data = io.BytesIO()
    files = {
        "package.json": json.dumps({"name": NAME, "version": "1.0.0", "main": "index.js"}),
        "index.js": f"exports.GREETING = {json.dumps(GREETING)};\n",
    }
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return data.getvalue()


class _Index(BaseHTTPRequestHandler):
    address: str
    logins: set[str]

    def do_GET(self) -> None:
        login = base64.b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        if login:
            self.logins.add(login)
        page = _PAGES.get(self.path.rstrip("/"))
        if login != f"{USER}:{PASSWORD}":
            self._answer(401, b"", "text/plain")
        elif page is None:
            self._answer(404, b"", "text/plain")
        else:
            content, kind = page
            self._answer(200, content.replace(b"{address}", self.address.encode()) if kind != _BINARY else content, kind)

    def do_HEAD(self) -> None:
        self.do_GET()  # uv asks for a wheel's size first

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name of the base class
        pass


_BINARY = "application/octet-stream"
_PACKAGE = _tarball()
_RELEASE = {
    "name": NAME, "version": "1.0.0", "main": "index.js",
    "dist": {
        "tarball": "{address}/npm/shopwords/-/shopwords-1.0.0.tgz",
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(_PACKAGE).digest()).decode(),
    },
}  # fmt: skip
_PAGES = {
    f"/simple/{NAME}": (f'<!DOCTYPE html><a href="/files/{WHEEL}">{WHEEL}</a>'.encode(), "text/html"),
    f"/files/{WHEEL}": (_wheel(), _BINARY),
    f"/npm/{NAME}": (
        json.dumps({"name": NAME, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": _RELEASE}}).encode(),
        "application/json",
    ),
    f"/npm/{NAME}/-/{NAME}-1.0.0.tgz": (_PACKAGE, _BINARY),
}


class PackageIndex(LoopbackServer):
    """Serves both at http://127.0.0.1:<port>: `/simple` for Python, `/npm` for Node."""

    def __init__(self) -> None:
        self.logins: set[str] = set()
        """Every "user:password" that a request carried."""
        handler = type("Index", (_Index,), {"logins": self.logins})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = handler.address = f"http://127.0.0.1:{self._server.server_address[1]}"
