"""A session and a deploy directory of one's own; whatever a test leaves running is ended."""

from __future__ import annotations

import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auto_deployer.apps import AppRegistry
from auto_deployer.sessions.local import LocalSession
from tests.apps_keeper.harness import Place


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local/share"))
    deploy_dir = home / "deployments" / "shop"
    deploy_dir.mkdir(parents=True)
    AppRegistry().remember(deploy_dir)  # as whoever deploys there does
    made = Place(LocalSession(), deploy_dir)
    yield made
    made.end_everything()


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago, outside the range that is handed out to clients."""
    for port in random.sample(range(15_000, 19_999), 200):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
