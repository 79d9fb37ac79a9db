"""A place to deploy small real apps to: runs drivers the way the step executor does, and ends everything afterwards."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil

from auto_deployer.apps.checks import run_check
from auto_deployer.apps.keeper import stop_command
from auto_deployer.apps.layout import OwnerRecord, mark_of, parse_record
from auto_deployer.apps.state import DeployDirState, read_state
from auto_deployer.model.actions import Action, ChecksFailed, Execute, Observation, Repair, StepDone, StepFailed, Stopped, Tell
from auto_deployer.model.facts import HostFacts, SourceFacts
from auto_deployer.model.log import AppInfo, CommandRecord
from auto_deployer.model.plan import AppSpec, Check, DeploymentPlan, DeploymentStep, HealthSpec, PlannedCommand
from auto_deployer.model.ports import CommandSpec, DeployContext, DeployPaths, Driver, Session, StepContext, StreamName
from auto_deployer.model.reasons import Reason
from tests.leftovers import running_in

T = TypeVar("T")

PYTHON = sys.executable

SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.answer().encode()
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(body)
    status = 200
    def answer(self):
        return os.path.basename(os.getcwd())
    def log_message(self, *args):
        pass
def serve(port=None, handler=Handler, host="127.0.0.1"):
    server = http.server.ThreadingHTTPServer((host, int(port or os.environ["PORT"])), handler)
    print("listening", flush=True)
    server.serve_forever()
"""
"""Importable by apps as `server`: answers with the name of the folder it runs in, its release."""


@dataclass
class StepRun:
    """How a driver's step ended and what it ran."""

    commands: list[str] = field(default_factory=list[str])
    output: list[str] = field(default_factory=list[str])
    left_running: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    app: AppInfo | None = None
    failed: Reason | None = None

    def starts(self) -> list[str]:
        """The keeper's commands, shortened to verb and arguments."""
        return [command.split(".sh ", 1)[1] for command in self.commands if ".sh " in command and "<<" not in command]


@dataclass
class Place:
    """One deploy directory."""

    session: Session
    deploy_dir: Path
    app_name: str = "shop"

    def release(self, name: str, **files: str) -> None:
        """Put a release there, as the checkout would have; `main` becomes main.py."""
        folder = self.deploy_dir / "releases" / name
        folder.mkdir(parents=True)
        for stem, text in {"server": SERVER, **files}.items():
            (folder / f"{stem}.py").write_text(text)

    def spec(self, command: str = f"exec {PYTHON} main.py", **fields: Any) -> AppSpec:
        fields.setdefault("health", HealthSpec(start_timeout_s=20))
        return AppSpec(name=self.app_name, command=command, **fields)

    def context(self, release: str, spec: AppSpec, checks: tuple[Check, ...] = (), app: AppInfo | None = None) -> StepContext:
        step = DeploymentStep(id=1, name="Start", category="deploy", driver="start_app", checks=checks)
        plan = DeploymentPlan(strategy="traditional", steps=(step,), app=spec)
        source = SourceFacts(repo="https://example.org/me/shop")
        paths = DeployPaths(str(self.deploy_dir), release)
        deploy = DeployContext("d1", paths, self.session, plan, HostFacts(), app=app, source=source)
        return StepContext(deploy, step)

    async def deploy(self, driver: Driver, release: str, spec: AppSpec | None = None, **context: Any) -> StepRun:
        return await run_step(driver, self.context(release, spec or self.spec(), **context))

    async def state(self) -> DeployDirState:
        return await read_state(self.session, str(self.deploy_dir))

    def record(self) -> OwnerRecord:
        record = parse_record((self.deploy_dir / ".auto-deployer.json").read_text())
        assert record is not None
        return record

    def run_file(self, release: str, name: str) -> Path:
        return self.deploy_dir / "run" / release / name

    async def run(self, command: PlannedCommand) -> tuple[int, str]:
        """One command; exit code and output."""
        code, output, _ = await run_command(self.session, command, asyncio.Event())
        return code, output

    async def run_keeper_stop(self, release: str) -> None:
        code, output = await self.run(stop_command(str(self.deploy_dir), release))
        assert code == 0, output

    async def observe(self, action: Action) -> CommandRecord:
        """Run one command of a driver that a test drives by hand."""
        assert isinstance(action, Execute)
        code, output = await self.run(action.command)
        return CommandRecord(command=action.command.command, success=code == 0, exit_code=code, stdout=output)

    def processes(self, release: str) -> list[psutil.Process]:
        """Everything that carries the release's mark."""
        return [process for process in psutil.process_iter() if _mark_in(process) == mark_of(str(self.deploy_dir), release)]

    def keepers(self, release: str) -> list[psutil.Process]:
        """The keeper's own processes."""
        mark = mark_of(str(self.deploy_dir), release)
        return [process for process in psutil.process_iter() if _mark_in(process, "AUTO_DEPLOYER_KEEPER") == mark]

    def kill(self, release: str) -> None:
        """As a power cut does it: the app and its keeper, which would start it again."""
        for process in (*self.keepers(release), *self.processes(release)):
            process.kill()

    def end_everything(self) -> None:
        """Kill whatever of this place still runs, keepers first: they would start their apps again."""
        prefix = mark_of(str(self.deploy_dir), "").rstrip("/")
        for process in psutil.process_iter():
            mark = _mark_in(process, "AUTO_DEPLOYER_KEEPER")
            if mark is not None and mark.startswith(prefix):
                process.kill()
        for process in running_in(self.deploy_dir.parent):  # an engine's containers carry no mark
            process.kill()


async def run_step(driver: Driver, ctx: StepContext, *, before: Callable[[str], Awaitable[None] | None] | None = None) -> StepRun:
    """Drive a step to its end. `before` is called with each command before it runs (and may set `ctx.stop`)."""
    run, told = StepRun(), False
    generator = driver.actions(ctx)
    observation: Observation = None
    try:
        while True:
            action = await generator.asend(observation)
            if isinstance(action, Execute) and before is not None and (waiting := before(action.command.command)) is not None:
                await waiting
            if isinstance(action, StepFailed):
                run.failed = action.reason
                return run
            if ctx.stop.is_set() and not (isinstance(action, Execute) and action.cleanup):
                assert not told, "after Stopped only cleanup commands and StepFailed may follow"
                told, observation = True, Stopped()
                continue
            observation = await _observe(action, ctx, run)
            if isinstance(action, StepDone) and observation is None:
                return run
    finally:
        await generator.aclose()


async def _observe(action: Action, ctx: StepContext, run: StepRun) -> Observation:
    if isinstance(action, StepDone):
        ctx.deploy.app = run.app = action.app or ctx.deploy.app
        results = [await run_check(check, ctx.deploy.session, ctx.deploy.app) for check in ctx.step.checks]
        failed = tuple(result for result in results if not result.passed)
        return ChecksFailed(failed) if failed else None
    if isinstance(action, Tell):
        run.notes.append(action.message)
        return None
    if isinstance(action, Repair):
        run.notes.append(action.reason.message)
        return None
    assert isinstance(action, Execute)
    stop = asyncio.Event() if action.cleanup else ctx.stop
    code, output, left = await run_command(ctx.deploy.session, action.command, stop)
    run.commands.append(action.command.command)
    run.output.append(output)
    run.left_running += left
    stopped = stop.is_set()
    return CommandRecord(command=action.command.command, success=code == 0, exit_code=code, stdout=output, stopped=stopped)


async def run_command(session: Session, command: PlannedCommand, stop: asyncio.Event) -> tuple[int, str, tuple[str, ...]]:
    output = bytearray()

    def keep(_: StreamName, chunk: bytes) -> None:
        output.extend(chunk)

    spec = CommandSpec(command.command, command.cwd, command.env)
    outcome = await session.run(spec, on_spawned=lambda _: None, on_output=keep, stop=stop)
    return outcome.exit_code, output.decode(), outcome.left_running


def fetch(url: str) -> str:
    """The body of a page, whatever its status."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def fetch_json(url: str) -> Any:
    return json.loads(fetch(url))


def eventually(look: Callable[[], T], *, seconds: float = 15) -> T:
    """What `look` returns as soon as it is true; fails when it never is."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s")


def _mark_in(process: psutil.Process, name: str = "AUTO_DEPLOYER_APP") -> str | None:
    try:
        return process.environ().get(name)
    except (psutil.Error, OSError):
        return None
