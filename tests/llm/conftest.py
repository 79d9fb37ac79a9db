"""A model connected to a scripted server, in an environment without anybody's keys and proxies."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field

from auto_deployer.llm import connect
from auto_deployer.llm.client import ChatModel
from auto_deployer.masking import SecretRegistry
from auto_deployer.model.base import Model
from auto_deployer.model.log import LlmCall
from auto_deployer.model.ports import ChatMessage
from auto_deployer.model.settings import BudgetSettings, LlmSettings
from tests.llm.fixtures import scripted
from tests.llm.scripted_server import ScriptedServer

__all__ = ["scripted"]

KEY = "sk-test-4f9c1e7ab2d84c6f"
MESSAGES = (ChatMessage("system", "You deploy."), ChatMessage("user", "The build failed."))
GOOD = {"action": "execute", "command": "make"}


class Act(Model):
    """What the tests ask for."""

    action: Literal["execute", "done"]
    command: str = Field(default="", max_length=2000)


@dataclass
class Connected:
    """A model with what was recorded of its calls."""

    model: ChatModel
    secrets: SecretRegistry
    calls: list[LlmCall] = field(default_factory=list)

    async def ask(self, **more: Any) -> Act:
        return await self.model.ask(MESSAGES, Act, **{"purpose": "step", "step_id": 3, **more})

    @property
    def errors(self) -> list[str]:
        return [call.error for call in self.calls]


Connect = Callable[..., Connected]


@pytest.fixture(autouse=True)
def nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("OPENAI_", "AUTO_DEPLOYER_")) or name.upper().endswith(("_API_KEY", "_PROXY")):
            monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture
async def connected() -> AsyncIterator[Connect]:
    """Connects to a server; keywords are settings of the model, `budget` its limits."""
    made: list[ChatModel] = []

    def make(server: ScriptedServer | str, *, key: str | None = KEY, budget: BudgetSettings | None = None, **llm: Any) -> Connected:
        url = server if isinstance(server, str) else server.base_url
        settings = LlmSettings(**{"provider": "custom", "model": "scripted-1", "endpoint": url, "timeout_s": 20, **llm})
        secrets, calls = SecretRegistry(), []
        model = connect(settings, budget or BudgetSettings(), key, on_call=calls.append, secrets=secrets)
        made.append(model)
        return Connected(model, secrets, calls)

    yield make
    for model in made:
        await model.aclose()
