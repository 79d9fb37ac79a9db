"""Git servers on loopback: `git http-backend` behind TLS, and sshd."""

from __future__ import annotations

import base64
import getpass
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

USER, PASSWORD = "dev", "s3cret-t0ken-value"


class _Backend(BaseHTTPRequestHandler):
    """CGI for `git http-backend`, and Git LFS objects of any repository; paths below /private/ want a login."""

    root: Path
    arguments: set[str]
    logins: set[str]
    lfs_objects: dict[str, bytes]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _serve(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        self.arguments.update(arguments_of_children())  # git waits for this answer: what it was called with shows now
        login = base64.b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        if login:
            self.logins.add(login)
        if path.startswith("/private/") and login != f"{USER}:{PASSWORD}":
            self._answer(401, b"", ("WWW-Authenticate", 'Basic realm="git"'))
        elif path.endswith("/info/lfs/objects/batch"):
            self._answer(200, self._lfs_batch(json.loads(body)), ("Content-Type", "application/vnd.git-lfs+json"))
        elif "/lfs-object/" in path:
            self._answer(200, self.lfs_objects[path.rpartition("/")[2]])
        else:
            self._git(path, query, body)

    def _answer(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _lfs_batch(self, wanted: dict[str, Any]) -> bytes:
        base = f"https://{self.headers['Host']}{self.path.removesuffix('.git/info/lfs/objects/batch')}/lfs-object"
        objects: list[dict[str, Any]] = []
        for given in wanted["objects"]:
            known = given["oid"] in self.lfs_objects
            download = {"actions": {"download": {"href": f"{base}/{given['oid']}"}}}
            objects.append({**given, **(download if known else {"error": {"code": 404, "message": "gone"}})})
        return json.dumps({"transfer": "basic", "objects": objects}).encode()

    def _git(self, path: str, query: str, body: bytes) -> None:
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "REQUEST_METHOD": self.command, "QUERY_STRING": query, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_USER": "x",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        answer = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self._answer(int(headers.pop("Status", "200").split()[0]), content, *headers.items())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name of the base class
        pass


def arguments_of_children() -> set[str]:
    found: set[str] = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            found.update(process.cmdline())
    return found


class LoopbackServer:
    """Answers in threads of its own from `with` to its end."""

    _server: ThreadingHTTPServer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class HttpsGitServer(LoopbackServer):
    """Serves the bare repositories below `root` at https://localhost:<port>/."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "https-root"
        self.arguments: set[str] = set()
        """Every argument of a process of ours that was seen during a request."""
        self.logins: set[str] = set()
        """Every "user:password" that a request carried."""
        self.lfs_objects: dict[str, bytes] = {}
        """Contents by their SHA-256."""
        self.root.mkdir(parents=True)
        self.certificate, key = folder / "server.pem", folder / "server.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(self.certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        shared = {"root": self.root, "arguments": self.arguments, "logins": self.logins, "lfs_objects": self.lfs_objects}
        handler = type("Backend", (_Backend,), shared)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"localhost:{self._server.server_address[1]}"

    def publish(self, work_tree: Path, name: str) -> None:
        subprocess.run(["git", "clone", "-q", "--bare", str(work_tree), str(self.root / name)], check=True, capture_output=True)


def new_ssh_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


class SshGitServer:
    """An sshd of our own with keys of our own; the running user may log in."""

    def __init__(self, sshd: Path, folder: Path) -> None:
        self._sshd = sshd
        self._folder = folder / "ssh"
        self._folder.mkdir(mode=0o700)
        for name in ("host_key", "user_key"):
            new_ssh_key(self._folder / name)
        (self._folder / "authorized_keys").write_text((self._folder / "user_key.pub").read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.user = getpass.getuser()
        self.known_hosts = self._folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {(self._folder / 'host_key.pub').read_text()}")

    @property
    def fingerprint(self) -> str:
        listing = subprocess.run(
            ["ssh-keygen", "-lf", str(self._folder / "host_key.pub")], check=True, capture_output=True, text=True
        )  # fmt: skip
        return listing.stdout.split()[1]

    def add_key_to_agent(self) -> None:
        subprocess.run(["ssh-add", "-q", str(self._folder / "user_key")], check=True, capture_output=True)

    @property
    def ssh_command(self) -> str:
        return self.command_with_key(self._folder / "user_key")

    def command_with_key(self, key: Path) -> str:
        return f"ssh -F /dev/null -i {key} -oIdentitiesOnly=yes -oUserKnownHostsFile={self.known_hosts}"

    def url(self, path: Path) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(parents=True, exist_ok=True)  # sshd as root wants it
        self._process = subprocess.Popen(
            [str(self._sshd), "-D", "-e", "-f", "/dev/null", "-p", str(self.port), "-h", str(self._folder / "host_key"),
             "-oListenAddress=127.0.0.1", f"-oAuthorizedKeysFile={self._folder / 'authorized_keys'}", "-oStrictModes=no",
             "-oUsePAM=no", "-oPasswordAuthentication=no", "-oPidFile=none", "-oPermitRootLogin=yes"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(self._folder / "sshd.log").open("w"),
        )  # fmt: skip
        self._wait_until_it_listens()
        return self

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"sshd does not listen: {(self._folder / 'sshd.log').read_text()}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def https_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpsGitServer]:
    """A server whose certificate git accepts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the server's certificate and is not installed")
    with HttpsGitServer(tmp_path) as server:
        monkeypatch.setenv("GIT_SSL_CAINFO", str(server.certificate))
        monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
        yield server
