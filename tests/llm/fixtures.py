"""The scripted server as a fixture; `from tests.llm.fixtures import scripted` makes it known in a conftest or a test module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from auto_deployer.llm import formats
from tests.llm.scripted_server import Responder, ScriptedServer

Scripted = Callable[..., ScriptedServer]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Starts a server for a script: `server = scripted(reply({...}), status(429))`. At the end the script must be fully used."""
    # what is remembered of endpoints goes by their address, and a port may come again
    formats._known.clear()
    with ExitStack() as servers:

        def start(*script: Responder) -> ScriptedServer:
            return servers.enter_context(ScriptedServer(script))

        yield start
