"""The sessions under contract, and a way to run one command and keep everything it did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from auto_deployer.model.ports import CommandOutcome, CommandSpec, Session, Spawned, StreamName
from auto_deployer.sessions.local import LocalSession

PROMPT_QUIET_S = 0.3


def local_session() -> Session:
    return LocalSession(prompt_quiet_s=PROMPT_QUIET_S)


FACTORIES: dict[str, Callable[[], Session]] = {"local": local_session}
"""Every kind of session; each runs the whole contract."""


@pytest.fixture(params=sorted(FACTORIES))
async def session(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    monkeypatch.setenv("HOME", str(tmp_path))
    opened = FACTORIES[request.param]()
    yield opened
    await opened.close()


@dataclass
class Ran:
    """One command and what was seen of it."""

    spawned: list[Spawned] = field(default_factory=list[Spawned])
    chunks: list[tuple[StreamName, bytes]] = field(default_factory=list[tuple[StreamName, bytes]])
    outcome: CommandOutcome = field(default_factory=lambda: CommandOutcome(exit_code=-99, duration_ms=0))

    @property
    def stdout(self) -> bytes:
        return b"".join(chunk for stream, chunk in self.chunks if stream == "stdout")

    @property
    def stderr(self) -> bytes:
        return b"".join(chunk for stream, chunk in self.chunks if stream == "stderr")


Run = Callable[..., Awaitable[Ran]]


def runner(session: Session, longest_s: float = 20.0) -> Run:
    """`await run(command, **spec)`; `stop_when` sets `stop` once that text was printed on stdout."""

    async def run_command(command: str, *, stop_when: bytes = b"", within_s: float = longest_s, **spec: object) -> Ran:
        ran, stop = Ran(), asyncio.Event()

        def on_output(stream: StreamName, chunk: bytes) -> None:
            ran.chunks.append((stream, chunk))
            if stop_when and stop_when in ran.stdout:
                stop.set()

        call = session.run(CommandSpec(command, **spec), on_spawned=ran.spawned.append, on_output=on_output, stop=stop)  # type: ignore[arg-type]
        ran.outcome = await asyncio.wait_for(call, within_s)
        return ran

    return run_command


@pytest.fixture
def run(session: Session) -> Run:
    """See `runner`."""
    return runner(session)


@pytest.fixture
def alive(session: Session) -> Callable[[int], Awaitable[bool]]:
    """Whether a process of the target lives (a zombie does not)."""

    async def is_alive(pid: int) -> bool:
        state = (await session.probe(f"ps -o stat= -p {pid}")).stdout.strip()
        return bool(state) and not state.startswith("Z")

    return is_alive
