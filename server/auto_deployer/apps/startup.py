"""Waiting until a started release serves: alive, a real port found, an HTTP answer that passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from ..model.errors import AppError
from ..model.plan import AppSpec
from ..model.ports import Session
from ..model.reasons import Kind
from ..model.suggestions import Suggestion, suggest
from ..sessions import system
from .container import published
from .health import REQUEST_TIMEOUT_S, HttpAnswer, http_get
from .keeper import processes_script
from .layout import log_path
from .ports import Listener, listeners_in, listeners_of, sockets_script
from .state import RunState, log_tail, read_run, run_in, run_script, split_sections

T = TypeVar("T")

POLL_S = 0.15
QUICK_POLL_S = 0.03
"""Where the target itself waits for the port."""
EXIT_CODE_READS = 10
ANSWER_WINDOW_S = 15.0
"""Once a port is open the app has at least this long to answer, however late it was opened."""
STEADY_ERROR_S = 15.0
"""An app that answers with nothing but server errors for this long is not waited for any longer."""
OTHER_PORT_SETTLE_S = 2.0
"""A port other than PORT is taken for the app's only after this long: `node --inspect` opens its own port first (measured)."""


_THEIR_PIDS = '$(live_processes "$folder" "$mark" | cut -d" " -f1)'


class ChangeStoppedError(Exception):
    """The step is being cancelled or skipped while it waits. Stays inside the package and its drivers."""


@dataclass(frozen=True)
class Serving:
    """Proof that a release serves."""

    release: str
    requested_port: int
    port: int
    pid: int
    url: str
    answer: HttpAnswer


@dataclass
class _Seen:
    """What was seen so far."""

    started: float
    first_port_at: float | None = None
    other_port_at: float | None = None
    answer: HttpAnswer | None = None
    errors_since: float | None = None
    """Since when it has answered with nothing but server errors."""
    ports: tuple[int, ...] = ()

    def note(self, answer: HttpAnswer, now: float) -> None:
        """Keep an answer that does not prove the app."""
        self.answer = answer
        self.errors_since = (self.errors_since or now) if answer.is_server_error else None


class StartupWatch:
    """Watches one start of one release."""

    def __init__(
        self, session: Session, deploy_dir: str, release: str, spec: AppSpec, port: int, stopping: asyncio.Event | None = None
    ) -> None:
        """The clock starts now.

        Args:
            port: What PORT said.
            stopping: When it is set the waiting ends.
        """
        self._session, self._deploy_dir, self._release = session, deploy_dir, release
        self._spec, self._port, self._stopping = spec, port, stopping or asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._seen = _Seen(self._clock())

    async def until_serving(self) -> Serving:
        """Poll until the app serves.

        Raises:
            AppError: process_exited_no_port, process_exited, no_listening_port or health_check_failed, with the log's last lines.
            ChangeStoppedError: `stopping` was set.
        """
        while True:
            run, listeners = await self._unless_stopped(self._look())
            if not run.running:
                run = await self._with_exit_code(run)
            if not run.running:
                raise await self._exited(run)
            serving = await self._try_ports(run, listeners)
            if serving is not None:
                return serving
            if self._clock() > self._deadline():
                raise await self._not_serving()
            await self._unless_stopped(asyncio.sleep(QUICK_POLL_S if self._target_waits else POLL_S))

    @property
    def _target_waits(self) -> bool:
        """Whether looking waits there for PORT. An engine, and a target without a shell, are only asked."""
        only_asked = self._spec.container is not None or system.is_native(self._session)
        return self._seen.first_port_at is None and not only_asked

    async def _look(self) -> tuple[RunState, tuple[Listener, ...]]:
        """What lives of the release and where it listens, in one probe; before a port is open it waits there for PORT."""
        if self._spec.container is not None:
            state = await read_run(self._session, self._deploy_dir, self._release)
            return state, await published(self._session, self._spec)
        if system.is_native(self._session):
            state = await read_run(self._session, self._deploy_dir, self._release)
            return state, await listeners_of(self._session, [process.pid for process in state.processes])
        wait = f'await_port {self._port} "$folder"' if self._target_waits else ":"
        run = run_script(self._deploy_dir, self._release, before=f"{wait}\nsee_processes")
        script = f"{processes_script()}\n{run}\n{sockets_script(_THEIR_PIDS)}"
        sections = split_sections((await self._session.probe(script)).stdout)
        state = run_in(sections, self._release)
        return state, listeners_in(sections, [process.pid for process in state.processes])

    async def _with_exit_code(self, run: RunState) -> RunState:
        """The keeper notes the exit code a moment after the process is gone."""
        for _ in range(EXIT_CODE_READS):
            if run.exit_code is not None or run.running:
                break
            await self._unless_stopped(asyncio.sleep(POLL_S))
            run = await self._unless_stopped(read_run(self._session, self._deploy_dir, self._release))
        return run

    async def _try_ports(self, run: RunState, listeners: Sequence[Listener]) -> Serving | None:
        if not listeners:
            return None
        now = self._clock()
        self._seen.first_port_at = self._seen.first_port_at or now
        self._seen.ports = tuple(sorted({entry.port for entry in listeners}))
        for port in self._candidates(now):
            answer = await self._unless_stopped(self._ask(port, listeners))
            if answer.passes(self._spec.health.expect):
                return Serving(self._release, self._port, port, run.pid or 0, _app_url(answer), answer)
            if not answer.is_debugger:
                self._seen.note(answer, self._clock())
        return None

    def _candidates(self, now: float) -> Sequence[int]:
        """PORT where it is open; else the port that the source is known to hard-code; else, after a while, any other."""
        ports = self._seen.ports
        for known in (self._port, self._spec.fixed_port):
            if known in ports:
                return (known,)
        self._seen.other_port_at = self._seen.other_port_at or now
        return ports if now - self._seen.other_port_at >= OTHER_PORT_SETTLE_S else ()

    async def _ask(self, port: int, listeners: Sequence[Listener]) -> HttpAnswer:
        hosts = list(dict.fromkeys(host for entry in listeners if entry.port == port for host in entry.hosts))
        left = self._deadline() - self._clock()
        timeout_s = max(1.0, min(REQUEST_TIMEOUT_S, left))
        return await http_get(self._session, hosts, port, self._spec.health.path, timeout_s=timeout_s)

    def _deadline(self) -> float:
        limit = self._spec.health.start_timeout_s
        opened = self._seen.first_port_at
        by_port = 0.0 if opened is None else opened + min(limit, ANSWER_WINDOW_S)
        latest = max(self._seen.started + limit, by_port)
        errors_since = self._seen.errors_since
        return latest if errors_since is None else min(latest, errors_since + STEADY_ERROR_S)

    async def _unless_stopped(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ChangeStoppedError
        finally:
            stopped.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _exited(self, run: RunState) -> AppError:
        code = "an unknown exit code" if run.exit_code is None else f"exit code {run.exit_code}"
        after = f"{self._clock() - self._seen.started:.1f} s after its start"
        if self._seen.first_port_at is None:
            return await self._error(
                Kind.PROCESS_EXITED_NO_PORT,
                f"The app's process ended with {code} {after}, before it opened any port.",
                suggest("A web app has to listen on the port in the environment variable PORT and to keep running."),
            )
        return await self._error(
            Kind.PROCESS_EXITED,
            f"The app's process ended with {code} {after}; it had listened on {_listed(self._seen.ports)}.",
            suggest("Its last log lines tell why; fix that and deploy again."),
        )

    async def _not_serving(self) -> AppError:
        limit = self._spec.health.start_timeout_s
        if self._seen.first_port_at is None:
            return await self._error(
                Kind.NO_LISTENING_PORT,
                f"The app's process runs, but none of its processes listened on a port within {limit:g} s (PORT was {self._port}).",
                suggest("A web app has to listen on the port in the environment variable PORT."),
            )
        if self._spec.container is not None and (self._seen.answer is None or self._seen.answer.status is None):
            return await self._error(
                Kind.NO_LISTENING_PORT,
                f"The app's container runs, but nothing in it answered within {limit:g} s on the port that is published.",
                suggest("In its container an app has to listen on 0.0.0.0 (not on localhost), at the port that its image exposes."),
            )
        expected = "status 200" if self._spec.health.expect == "static" else "a status below 500"
        saw = str(self._seen.answer) if self._seen.answer else f"no HTTP answer on {_listed(self._seen.ports)}"
        if self._seen.errors_since is not None:
            saw += f"; nothing but server errors for {self._clock() - self._seen.errors_since:.0f} s"
        return await self._error(
            Kind.HEALTH_CHECK_FAILED,
            f"The app listens, but did not answer as it should ({expected} expected): {saw}.",
            suggest("Choose another path if this one is not meant to answer", "overrides.healthPath"),
        )

    async def _error(self, kind: Kind, message: str, suggestion: Suggestion) -> AppError:
        shown = await quoted_log(self._session, self._deploy_dir, self._release)
        where = suggest(f"See its log: {log_path(self._deploy_dir, self._release)}")
        return AppError(f"{message}\n{shown}", kind=kind, suggestions=(suggestion, where))


async def quoted_log(session: Session, deploy_dir: str, release: str) -> str:
    """The app's last log lines as a part of a message."""
    lines = await log_tail(session, deploy_dir, release)
    if not lines:
        return "Its log is empty."
    return "Last lines of its log:\n" + "\n".join(f"  {line}" for line in lines)


def _app_url(answer: HttpAnswer) -> str:
    """The app's address without the path that was asked for."""
    return f"http://{urlsplit(answer.url).netloc}/"


def _listed(ports: Sequence[int]) -> str:
    return f"port {', '.join(map(str, ports))}"
