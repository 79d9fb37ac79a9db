"""Serves one folder of static files over HTTP. Python 3.9 or newer, standard library only.

    HOST=127.0.0.1 PORT=8080 python3 static_server.py --root FOLDER [--spa]

Self-contained, because its text is what runs on a target that has nothing of ours. No directory listings, no dot files
(but `.well-known`), nothing outside of FOLDER, not even through links. Unknown paths get 404 (with `404.html` where there
is one); with --spa they get `index.html`, unless they name a file such as `/app.js` and no browser asks for a page.
"""

from __future__ import annotations

import argparse
import mimetypes
import os
import shutil
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

TYPES = {
    ".css": "text/css", ".html": "text/html", ".ico": "image/x-icon", ".js": "text/javascript", ".json": "application/json",
    ".mjs": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain", ".wasm": "application/wasm", ".webp": "image/webp",
    ".webmanifest": "application/manifest+json", ".woff": "font/woff", ".woff2": "font/woff2", ".xml": "text/xml",
}  # fmt: skip
"""Ours first: what the system's own table says about these differs from machine to machine."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds until an idle connection is given up
    root: ClassVar[Path]
    spa: ClassVar[bool] = False

    def do_GET(self) -> None:
        url = self.path.split("#")[0].split("?")[0]
        names = [name for name in unquote(url).split("/") if name not in {"", "."}]
        found = self.locate(names)
        if found and found.is_dir() and not url.endswith("/"):
            self.redirect("/" + url.strip("/") + "/" + self.path[len(url) :])
            return
        if found and found.is_dir():
            found = self.locate([*names, "index.html"])
        elif found is None and names:
            found = self.locate([*names[:-1], names[-1] + ".html"])
        self.send_file(200, found) if found and found.is_file() else self.not_found(names)

    def do_HEAD(self) -> None:
        self.do_GET()

    def locate(self, names: list[str]) -> Path | None:
        """The real path of an existing file or folder below the root, or None."""
        if any((name.startswith(".") and name != ".well-known") or "\0" in name for name in names):
            return None
        try:
            path = self.root.joinpath(*names).resolve(strict=True)
        except (OSError, RuntimeError):  # absent, too long, links in a circle
            return None
        return path if path.is_relative_to(self.root) else None

    def not_found(self, names: list[str]) -> None:
        is_page = not names or "." not in names[-1] or "text/html" in self.headers.get("Accept", "")
        name, status = ("index.html", 200) if self.spa and is_page else ("404.html", 404)
        page = self.locate([name])
        self.send_file(status, page) if page and page.is_file() else self.send_error(404)

    def redirect(self, target: str) -> None:
        self.send_response(301)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_file(self, status: int, path: Path) -> None:
        kind = TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        try:
            content = path.open("rb")
        except OSError:
            self.send_error(404)
            return
        with content:
            about = os.fstat(content.fileno())
            changed = self.date_time_string(int(about.st_mtime))
            # Equal, not "not newer": after a roll-back the files are older than what the browser has.
            fresh = status == 200 and self.headers.get("If-Modified-Since") == changed
            self.send_response(304 if fresh else status)
            self.send_header("Last-Modified", changed)
            self.send_header("Cache-Control", "no-cache")
            if not fresh:
                self.send_header("Content-Type", kind + ("; charset=utf-8" if kind.startswith("text/") else ""))
                self.send_header("Content-Length", str(about.st_size))
            self.end_headers()
            if not fresh and self.command == "GET":
                shutil.copyfileobj(content, self.wfile)


class Server(ThreadingHTTPServer):
    request_queue_size = 128

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks the DNS for a name that nobody needs

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        sys.stderr.write(f"{client_address}: {sys.exc_info()[1]!r}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--spa", action="store_true")
    options = parser.parse_args()
    Handler.root, Handler.spa = options.root.resolve(strict=True), options.spa
    host = os.environ.get("HOST", "127.0.0.1")
    Server.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
    Server((host, int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
