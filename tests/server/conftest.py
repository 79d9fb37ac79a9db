"""Real server processes over the scripted runner: a pytest-lsp client for manners, a raw one for the lack of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import make_test_lsp_client
from tests.server.raw_client import WAIT_S, RawClient, command

from auto_deployer.lsp.catalog import COMMAND_OUTPUT, EVENTS


class DeployClient(LanguageClient):
    """A client that knows our notifications and keeps them in the order of arrival."""

    notifications: list[tuple[str, Any]]
    arrived: asyncio.Condition

    async def deploy(self, method: str, params: dict[str, Any] | None = None) -> Any:
        return await self.protocol.send_request_async(method, params or {})

    async def wait_for(self, wanted: Callable[[str, Any], bool]) -> Any:
        """Params of the first notification that is wanted, past or to come."""

        def found() -> Any:
            return next((params for method, params in self.notifications if wanted(method, params)), None)

        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(found), WAIT_S)
        return found()

    async def finished(self, deployment_id: str = "d1") -> Any:
        return await self.wait_for(lambda method, params: method == "deploy/finished" and params.deploymentId == deployment_id)

    def seqs(self, deployment_id: str = "d1") -> list[int]:
        return [
            params.seq for method, params in self.notifications if params.deploymentId == deployment_id and hasattr(params, "seq")
        ]


def _make_client() -> DeployClient:
    client = make_test_lsp_client()
    client.__class__ = DeployClient
    assert isinstance(client, DeployClient)
    client.notifications = []
    client.arrived = asyncio.Condition()
    for method in (*EVENTS, COMMAND_OUTPUT):
        client.feature(method)(_collector(client, method))
    return client


def _collector(client: DeployClient, method: str) -> Callable[[Any], Any]:
    async def collect(params: Any) -> None:
        client.notifications.append((method, params))
        async with client.arrived:
            client.arrived.notify_all()

    return collect


def initialize_params(folder: Path, ours: dict[str, Any] | None, **window: Any) -> types.InitializeParams:
    return types.InitializeParams(
        capabilities=types.ClientCapabilities(
            window=types.WindowClientCapabilities(**window),
            experimental=None if ours is None else {"autoDeployer": ours},
        ),
        workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name=folder.name)],
    )


@pytest_lsp.fixture(config=ClientServerConfig(server_command=command(), client_factory=_make_client))
async def client(lsp_client: DeployClient, tmp_path: Path):
    """A client with our capability, for events and questions, without live output."""
    await lsp_client.initialize_session(
        initialize_params(tmp_path, {"protocolVersion": 1, "interaction": ["choice", "confirm", "text", "secret"]})
    )
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=ClientServerConfig(server_command=command(), client_factory=_make_client))
async def editor(lsp_client: DeployClient, tmp_path: Path):
    """A plain LSP editor: nothing of ours declared, progress bars drawn."""
    await lsp_client.initialize_session(initialize_params(tmp_path, None, work_done_progress=True))
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RawClient]:
    """A raw connection to a fresh server, not yet initialised."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    with RawClient() as connection:
        yield connection
