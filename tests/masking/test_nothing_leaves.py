"""Secrets are planted wherever a deployment can meet them; then every byte that left is searched, in every written form."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from tests.llm.scripted_server import ScriptedServer, status

from auto_deployer.masking.forms import forms

GIVEN = "env-S3cret/value+1"
FROM_FILE = 'file\'s "S3cret" value'
FROM_HOST = "host~S3cret~value"
KEPT = "kept-S3cret-value"
COMMITTED = "committed=S3cret%value"
SET_LATER = "later S3cret value"
ALL = (GIVEN, FROM_FILE, FROM_HOST, KEPT, COMMITTED)
IN_URL = "url-S3cret-value"
LOOKS_SECRET = "gh" + "p_0123456789abcdefghijABCDEFGHIJ012345"
END_S = 90.0

LEAK = """
for (const secret of [...JSON.parse(require("fs").readFileSync(process.argv[2])), "LOOKS_SECRET"]) {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify({ secret }), Buffer.from(secret).toString("base64"),
    Buffer.from("user:" + secret).toString("base64"), Buffer.from(secret).toString("base64url")];
  for (const form of forms) {
    console.log("out " + form);
    console.error("err " + form);
  }
  for (const character of secret) require("fs").writeSync(1, character);
}
"""
SERVE = """
require("http").createServer((_, response) => response.end("up")).listen(process.env.PORT, process.env.HOST);
"""


@dataclass
class Sandbox:
    """A repository that leaks what it can, and a user whose variables are secret."""

    folder: Path
    env: dict[str, str]

    @property
    def repo(self) -> Path:
        return self.folder / "leaky"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def run(self, *arguments: str) -> bytes:
        """All bytes that a command writes to the terminal."""
        argv = [sys.executable, "-m", "auto_deployer", *arguments]
        done = subprocess.run(
            argv, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=END_S, check=False
        )
        return done.stdout + done.stderr

    def written(self) -> bytes:
        """All bytes below the log folder, and the names."""
        files = [path for path in sorted(self.logs.rglob("*")) if path.is_file()]
        assert files
        return b"\n".join(os.fsencode(path.name) + b"\n" + path.read_bytes() for path in files)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PGPASSWORD": FROM_HOST,
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    box = Sandbox(tmp_path, env)
    box.repo.mkdir()
    (tmp_path / "secrets.json").write_text(json.dumps(ALL))
    (tmp_path / "app.env").write_text("GREETING=" + json.dumps(FROM_FILE) + "\n")
    (box.repo / ".env.production").write_text(f"# committed\nexport STORE_SECRETKEY='{COMMITTED}'\n")
    (box.repo / "README.md").write_text("\n".join((*ALL, LOOKS_SECRET)))
    leak = f"node leak.js {tmp_path / 'secrets.json'}"
    manifest = {"name": "leaky", "version": "1.0.0", "scripts": {"build": leak, "start": "node server.js"}}
    (box.repo / "package.json").write_text(json.dumps(manifest))
    (box.repo / "leak.js").write_text(LEAK.replace("LOOKS_SECRET", LOOKS_SECRET))
    (box.repo / "server.js").write_text(SERVE)
    subprocess.run(["git", "init", "-q"], cwd=box.repo, env=env, check=True, stdin=subprocess.DEVNULL)
    commit(box)
    yield box
    box.run("remove", "leaky", "--yes")


def commit(box: Sandbox) -> None:
    for command in (["add", "."], ["-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "leaky"]):
        subprocess.run(["git", *command], cwd=box.repo, env=box.env, check=True, stdin=subprocess.DEVNULL)


def assert_clean(data: bytes, *secrets: str) -> None:
    assert LOOKS_SECRET.encode() not in data, "what is known by its look alone is known as it is, not encoded"
    for secret in secrets:
        for form in forms(secret):
            at = data.find(form)
            assert at == -1, f"{secret!r} leaked: …{data[max(0, at - 80) : at + 80]!r}…"


def deploy_options(box: Sandbox) -> list[str]:
    return ["--repo", str(box.repo), "--log-dir", str(box.logs), "--non-interactive", *given_by_options(box)]


def given_by_options(box: Sandbox) -> list[str]:
    """Under names that say nothing."""
    return ["--env", f"FIRST={GIVEN}", "--env", f"ConnectionStrings__Db={KEPT}", "--env-file", str(box.folder / "app.env")]


@pytest.mark.deploy
@pytest.mark.parametrize("output", ["text", "json"])
def test_from_the_terminal(sandbox: Sandbox, output: str) -> None:
    shown = sandbox.run("deploy", *deploy_options(sandbox), "--output", output)
    assert b"success" in shown, shown.decode()
    assert b"out ***" in sandbox.written(), "the build has printed secrets, masked ones"
    assert_clean(shown + sandbox.written(), *ALL)
    assert_clean(sandbox.run("logs", "--log-dir", str(sandbox.logs)), *ALL)
    assert_clean(sandbox.run("apps", "--output", "json"), *ALL)


@pytest.mark.deploy
def test_when_the_app_fails(sandbox: Sandbox) -> None:
    leak = f"node leak.js {sandbox.folder / 'secrets.json'}; exit 3"
    shown = sandbox.run("deploy", *deploy_options(sandbox), "--start", leak)
    assert b"failed" in shown, shown.decode()
    assert b"***" in shown, "the app's last lines are shown, masked"
    assert_clean(shown + sandbox.written(), *ALL)
    again = sandbox.run("retry", "--log-dir", str(sandbox.logs), "--non-interactive")
    assert_clean(again + sandbox.written(), *ALL)


@pytest.mark.parametrize("output", ["text", "json"])
def test_credentials_of_a_repository_that_cannot_be_had(sandbox: Sandbox, httpserver: HTTPServer, output: str) -> None:
    url = f"https://user:{IN_URL}@localhost:{httpserver.port}/owner/repository.git"
    shown = sandbox.run("deploy", "--repo", url, "--log-dir", str(sandbox.logs), "--output", output)
    assert b"localhost" in shown, shown.decode()
    assert_clean(shown + sandbox.written(), IN_URL)


@pytest.mark.deploy
def test_from_the_language_server(sandbox: Sandbox) -> None:
    said = Server(sandbox).deploy({
        "deploymentId": "leaky", "repo": str(sandbox.repo), "env": {"FIRST": GIVEN, "ConnectionStrings__Db": KEPT},
        "envFile": str(sandbox.folder / "app.env"), "nonInteractive": True,
    })  # fmt: skip
    assert b'"outcome":"success"' in said, said[-2000:].decode()
    assert b"deploy/commandOutput" in said
    assert_clean(said + sandbox.written(), *ALL)
    # what the app has kept, and what is set from outside, is known in a deployment that is given nothing
    (sandbox.folder / "secrets.json").write_text(json.dumps([*ALL, SET_LATER]))
    again = Server(sandbox).deploy(
        {"deploymentId": "again", "repo": str(sandbox.repo), "nonInteractive": True, "noCache": True},
        before=("deploy/setEnv", {"name": "leaky", "set": {"GREETING_2": SET_LATER}}),
    )  # fmt: skip
    assert b'"outcome":"success"' in again, again[-2000:].decode()
    assert b"out ***" in again
    assert_clean(again + sandbox.written(), *ALL, SET_LATER)


@dataclass(frozen=True)
class Look:
    """A way out without a log: what is asked for, and the text that tells that it was answered."""

    argv: tuple[str, ...]
    answer: bytes
    knows: tuple[str, ...] = ALL


EVERYTHING = "echo " + " ".join(json.dumps(secret) for secret in ALL)
LOOKS = {
    "plan": Look(("plan", "--start", EVERYTHING), b"echo"),
    "plan as JSON": Look(("plan", "--start", EVERYTHING, "--output", "json"), b'"plan"'),
    "error of plan": Look(("plan", "--subdir", " ".join(ALL)), b"subdir_not_found"),
    "error of plan as JSON": Look(("plan", "--subdir", " ".join(ALL), "--output", "json"), b"subdir_not_found"),
    # it takes no variables, and there is no app yet that has kept any
    "analyze": Look(("analyze",), b"Type: nodejs", (FROM_HOST, COMMITTED)),
    "analyze as JSON": Look(("analyze", "--output", "json"), b'"top_level"', (FROM_HOST, COMMITTED)),
    "error of analyze": Look(("analyze", "--subdir", f"{FROM_HOST} {COMMITTED}"), b"subdir_not_found", (FROM_HOST, COMMITTED)),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_looking(sandbox: Sandbox, look: Look) -> None:
    for secret in (FROM_HOST, COMMITTED):  # `analyze` tells the names at the root
        (sandbox.repo / secret).write_text("")
    commit(sandbox)
    given = given_by_options(sandbox) if look.argv[0] == "plan" else []
    shown = sandbox.run(*look.argv, "--repo", str(sandbox.repo), *given)
    assert look.answer in shown, shown.decode()
    assert b"***" in shown or look.argv == ("analyze",), "it would have told them"
    assert_clean(shown, *look.knows)


def test_to_a_model(sandbox: Sandbox) -> None:
    refused = [status(400, times=1)]
    asked: list[str] = []
    shown = b""
    with contextlib.suppress(AssertionError), ScriptedServer(refused) as server:  # how often it is asked is not looked at here
        settings = ["--provider", "custom", "--model", "scripted", "--endpoint", server.base_url, "--planner", "llm"]
        shown = sandbox.run("plan", "--repo", str(sandbox.repo), *given_by_options(sandbox), *settings)
        asked = [text for request in server.requests for text in request.texts]
    assert any("README.md" in text and "***" in text for text in asked), shown.decode()
    assert_clean("\n".join(asked).encode() + shown, *ALL)


class Server:
    """A language server, and every byte it writes."""

    def __init__(self, box: Sandbox) -> None:
        self._errors = box.folder / "stderr"
        argv = [sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(box.logs)]
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                argv, env=box.env, cwd=box.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._said = b""

    def deploy(self, params: dict[str, Any], before: tuple[str, dict[str, Any]] | None = None) -> bytes:
        """Ask for something first, deploy to the end with everything on, shut down; returns stdout and stderr."""
        ours = {"protocolVersion": 1, "output": "stream"}
        self._send("initialize", {"processId": None, "capabilities": {"experimental": {"autoDeployer": ours}}}, 1)
        self._send("initialized", {})
        if before is not None:
            self._send(*before, 5)
            self._read_until(b'"id":5')
        self._send("deploy/start", params, 2)
        self._read_until(b'"method":"deploy/finished"')
        self._send("deploy/get", {"deploymentId": params["deploymentId"]}, 3)
        self._read_until(b'"id":3')
        self._send("shutdown", None, 4)
        self._send("exit", None)
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.stdout
        self._said += self._process.stdout.read()
        self._process.wait(END_S)
        return self._said + self._errors.read_bytes()

    def _send(self, method: str, params: object, request: int | None = None) -> None:
        assert self._process.stdin
        message = {
            "jsonrpc": "2.0",
            "method": method,
            **({"id": request} if request else {}),
            **({"params": params} if params is not None else {}),
        }
        body = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read_until(self, mark: bytes) -> None:
        assert self._process.stdout
        end = time.monotonic() + END_S
        while mark not in self._said:
            chunk = os.read(self._process.stdout.fileno(), 65_536)
            assert chunk, f"the server ended; {self._said[-2000:]!r}"
            assert time.monotonic() < end, self._said[-2000:]
            self._said += chunk
