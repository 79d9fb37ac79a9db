"""Packages from indexes that want a login: pip, uv and npm find it where they always do, in the user's own settings."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Runs, leaving
from .package_index import GREETING, NAME, PASSWORD, USER, PackageIndex
from .test_attached import get

MakeRepo = Callable[..., Path]
PYTHON = f"""
import http.server, os
import {NAME}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write({NAME}.GREETING.encode())
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
NODE = f"""
const {{ GREETING }} = require("{NAME}");
require("http").createServer((_, reply) => reply.end(GREETING)).listen(process.env.PORT, process.env.HOST);
"""

pytestmark = [pytest.mark.deploy, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def index(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """The index; nothing of the machine's own settings of package managers plays a part."""
    for name in [name for name in os.environ if name.upper().startswith(("PIP_", "UV_", "NPM_CONFIG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    with PackageIndex() as served:
        yield served


def netrc(home: Path) -> None:
    file = home / ".netrc"
    file.write_text(f"machine 127.0.0.1\nlogin {USER}\npassword {PASSWORD}\n")
    file.chmod(0o600)


def settings(home: Path, name: str, text: str) -> None:
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(text)


async def test_pip_with_its_configuration_file_and_netrc(runs: Runs, make_repo: MakeRepo, index: PackageIndex, home: Path) -> None:
    settings(home, ".config/pip/pip.conf", f"[global]\nindex-url = {index.address}/simple\n")
    netrc(home)
    repo = make_repo(requirements__txt=f"{NAME}==1.0\n", main__py=PYTHON)
    finished = await runs.deploy(repo, overrides={"recipe": "python", "start": "python main.py"})
    assert finished.app is not None, finished.reason
    assert get(finished.app.url) == GREETING
    assert index.logins == {f"{USER}:{PASSWORD}"}
    assert PASSWORD.encode() not in leaving(runs)


async def test_pip_with_a_login_in_the_environment(
    runs: Runs, make_repo: MakeRepo, index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.address}/simple".replace("://", f"://{USER}:{PASSWORD}@"))
    repo = make_repo(requirements__txt=f"{NAME}==1.0\n", main__py=PYTHON)
    finished = await runs.deploy(repo, overrides={"recipe": "python", "start": "python main.py"})
    assert finished.app is not None, finished.reason
    assert get(finished.app.url) == GREETING
    assert PASSWORD.encode() not in leaving(runs)


async def test_uv_with_its_configuration_file_and_netrc(runs: Runs, make_repo: MakeRepo, index: PackageIndex, home: Path) -> None:
    if shutil.which("uv") is None:
        pytest.skip("uv is not on PATH")
    settings(home, ".config/uv/uv.toml", f'[[index]]\nurl = "{index.address}/simple"\ndefault = true\n')
    netrc(home)
    repo = make_repo(main__py=PYTHON)
    install = f"uv venv -q .venv && uv pip install -q {NAME}"
    finished = await runs.deploy(repo, overrides={"install": install, "start": ".venv/bin/python main.py"})
    assert finished.app is not None, finished.reason
    assert get(finished.app.url) == GREETING


async def test_npm_with_its_configuration_file(runs: Runs, make_repo: MakeRepo, index: PackageIndex, home: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    registry = f"{index.address}/npm/"
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    settings(home, ".npmrc", f"registry={registry}\n{registry.removeprefix('http:')}:_auth={login}\n")
    manifest = json.dumps({"name": "web", "scripts": {"start": "node server.js"}, "dependencies": {NAME: "^1.0.0"}})
    finished = await runs.deploy(make_repo(package__json=manifest, server__js=NODE))
    assert finished.app is not None, finished.reason
    assert get(finished.app.url) == GREETING
    assert login.encode() not in leaving(runs)
