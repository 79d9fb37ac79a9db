"""What can be done with a deployed app: list, start, stop, restart, roll back, read its log, remove, resume."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from ..masking import SecretRegistry, masked_errors
from ..model import requests as rq
from ..model.errors import AppError, InvalidStateError, NotFoundError, UsageError
from ..model.plan import PlannedCommand
from ..model.ports import CommandSpec, Session, StreamName
from ..model.reasons import Kind
from ..model.suggestions import suggest
from ..sessions import system
from . import env_verbs, keeper, layout
from .app_view import app_state, read_app_log
from .changes import CommandResult, must
from .claim import DeployDirLock
from .data import left_in
from .layout import OwnerRecord, ReleaseRecord
from .native import files
from .native.calls import call
from .ours import refuse_foreign
from .port_choice import is_taken, port_in_use
from .registry import AppRegistry
from .release_change import ReleaseChange
from .resuming import Resuming
from .secrets import app_secrets
from .state import DeployDirState, read_state

_LISTED = suggest("See which apps are here", command="auto-deployer apps")
T = TypeVar("T")

LOOKS_AT_ONCE = 8
"""Apps that are looked at at the same time: each look is a few short processes."""


class AppKeeper:
    """Implements `model.ports.AppVerbs` for the apps of one machine."""

    def __init__(self, session: Session, registry: AppRegistry) -> None:
        self._session, self._registry = session, registry

    async def list_apps(self) -> rq.AppsResult:
        """Every app, crashed ones with exit code and last lines. Entries whose directory is gone are dropped."""
        looked = await self._beside([self._look(str(deploy_dir)) for deploy_dir in self._registry.deploy_dirs()])
        return rq.AppsResult(apps=tuple(app for app in looked if app is not None))

    async def _look(self, deploy_dir: str) -> rq.AppState | None:
        state = await read_state(self._session, deploy_dir)
        return await app_state(self._session, state, state.record) if state.record is not None else None

    async def _beside(self, looks: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        """Results in order of looks that run side by side, so that one that takes long delays few others."""
        free = asyncio.Semaphore(LOOKS_AT_ONCE)

        async def bounded(look: Coroutine[Any, Any, T]) -> T:
            async with free:
                return await look

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(bounded(look)) for look in looks]
        return [task.result() for task in tasks]

    async def start(self, params: rq.AppParams) -> rq.AppState:
        """Start the live release and prove that it serves; nothing happens when it runs.

        Raises:
            NotFoundError, TargetLockedError.
            AppError: it has no release, its port is taken, or it does not serve (it is stopped again then).
        """
        async with self._locked(params, "start") as (state, record):
            notes = [] if state.run(state.current).running else await self._bring_up(state, _live(state, record))
            return await self._now(state, notes)

    async def stop(self, params: rq.AppParams) -> rq.AppState:
        """Stop everything that runs of it.

        Raises:
            NotFoundError, TargetLockedError.
            AppError: something of it outlived KILL.
        """
        async with self._locked(params, "stop") as (state, _):
            await self._stop_all(state)
            return await self._now(state)

    async def restart(self, params: rq.AppParams) -> rq.AppState:
        """Stop, then start the live release.

        Raises:
            As `stop` and `start`.
        """
        async with self._locked(params, "restart") as (state, record):
            live = _live(state, record)
            await self._stop_all(state)
            return await self._now(state, await self._bring_up(state, live))

    async def rollback(self, params: rq.RollbackParams) -> rq.AppState:
        """Put a kept release in the place of the live one; when it does not serve, everything is as before.

        Raises:
            NotFoundError: no such release is kept.
            InvalidStateError: it is the live one.
            TargetLockedError.
            AppError: it does not serve.
        """
        async with self._locked(params, "rollback") as (state, record):
            target = _rollback_target(state, record, params.release)
            notes = _Notes()
            change = ReleaseChange(self._session, state.deploy_dir, self._run, tell=notes.tell)
            try:
                await change.prepare(state, target.id, target.spec)
                serving = await change.replace(state, target.id, target.spec)
                await change.make_live(state, record, target.spec, serving)
            except AppError as error:
                aftermath = await change.undo()
                message = f"Rolling back to release {target.id} did not succeed. {error.message}\n{aftermath}".rstrip()
                raise AppError(message, kind=error.kind, suggestions=error.suggestions) from None
            except BaseException:
                await change.undo()
                raise
            return await self._now(state, notes.texts)

    async def resume(self) -> rq.AppsResult:
        """Bring back every app that should run and does not: after a reboot, or when it was given up. Others stay as they are."""
        resuming = Resuming(self._session, self._run, self._locked)
        return rq.AppsResult(apps=await resuming.all_of(self._registry.deploy_dirs()))

    async def log(self, params: rq.AppLogParams) -> rq.OutputResult:
        """A part of the app's own log. An offset beyond its end (it was started anew) reads from the beginning.

        Raises:
            NotFoundError: no such app, or it never ran.
        """
        state, _ = await self._find(params)
        release = state.current or max(state.runs, default=None)
        if release is None:
            raise NotFoundError(f"{state.deploy_dir} has no log: nothing was started there.")
        return await read_app_log(self._session, state.deploy_dir, release, params.offset, params.limit)

    async def env(self, params: rq.AppParams) -> rq.AppEnv:
        """The names in the app's environment, values masked.

        Raises:
            NotFoundError: no such app.
        """
        return await env_verbs.describe(self._session, *await self._find(params))

    async def env_values(self, params: rq.AppParams) -> dict[str, str]:
        """The environment as it is.

        Raises:
            NotFoundError: no such app.
        """
        state, _ = await self._find(params)
        return await env_verbs.read_values(self._session, state.deploy_dir)

    async def set_env(self, params: rq.SetEnvParams) -> rq.AppEnv:
        """Change the environment; what runs learns of it when it is started again.

        Raises:
            NotFoundError, TargetLockedError.
            UsageError: PORT or HOST is to be set.
            AppError: the file cannot be written.
        """
        given = SecretRegistry()
        given.add_given(params.set)
        async with self._locked(params, "env") as (state, record):
            with masked_errors(given):
                unknown = await env_verbs.change(self._session, self._run, state, params)
            now = await env_verbs.describe(self._session, state, record)
            return now.model_copy(update={"restart_needed": unknown})

    async def remove(self, params: rq.AppParams) -> rq.AppState:
        """Stop it and delete its deploy directory; the result is its last state, with the data that went with it.

        Raises:
            NotFoundError, TargetLockedError.
            AppError: it cannot be stopped, or the directory is a link.
        """
        async with self._locked(params, "remove") as (state, record):
            if await self._is_link(state.deploy_dir):
                raise AppError(f"{state.deploy_dir} is a link; name the directory it points at.", kind=Kind.DEPLOY_DIR_NOT_OURS)
            await self._stop_all(state)
            last = await app_state(self._session, await read_state(self._session, state.deploy_dir), record)
            if state.current is not None:
                own = [each.path for each in await left_in(self._session, state.deploy_dir, state.current)]
                last = last.model_copy(update={"data": tuple(sorted({*last.data, *own}))})
            await self._clear_engine(state)
            await must(self._run, _remove_command(state.deploy_dir))
            self._registry.forget(Path(state.deploy_dir))
            return last

    async def _is_link(self, path: str) -> bool:
        if system.is_native(self._session):
            return files.is_link(Path(path))
        return (await self._session.probe(f"[ ! -L {shlex.quote(path)} ]")).exit_code != 0

    async def _clear_engine(self, state: DeployDirState) -> None:
        """What a container engine keeps of the app, its volumes too: they are its data."""
        kept = [name for name, run in state.runs.items() if run.in_engine]
        if kept:
            for release in kept:  # each knows its own volumes only
                await must(self._run, keeper.discard_data_command(state.deploy_dir, release))
            await must(self._run, keeper.discard_command(state.deploy_dir, kept))

    @asynccontextmanager
    async def _locked(self, params: rq.AppParams, verb: str) -> AsyncIterator[tuple[DeployDirState, OwnerRecord]]:
        """The app's state, read while nobody else changes it."""
        state, _ = await self._find(params)
        local = self._session.target == "local"
        with DeployDirLock(Path(state.deploy_dir), verb, note_needed=False) if local else nullcontext():
            state = await read_state(self._session, state.deploy_dir)
            if state.record is None:
                raise NotFoundError(f"{state.deploy_dir} is no deploy directory any more.")
            with masked_errors(await app_secrets(self._session, state.deploy_dir)):
                yield state, state.record

    async def _find(self, params: rq.AppParams) -> tuple[DeployDirState, OwnerRecord]:
        if params.deploy_dir:
            deploy_dir = _absolute(params.deploy_dir)
            self._refuse_foreign(deploy_dir)
            state = await read_state(self._session, str(deploy_dir))
            if state.record is None:
                raise NotFoundError(
                    f"{state.deploy_dir} is not the deploy directory of an app (it has no {layout.RECORD_NAME}).",
                    suggestions=(_LISTED,),
                )
            return state, state.record
        if params.name is None:
            raise UsageError("Name one app, by its name or by its deploy directory.", suggestions=(_LISTED,))
        states = await self._beside([read_state(self._session, str(deploy_dir)) for deploy_dir in self._registry.deploy_dirs()])
        found = [(state, state.record) for state in states if state.record is not None and state.record.app == params.name]
        if len(found) == 1:
            self._refuse_foreign(Path(found[0][0].deploy_dir))
            return found[0]
        raise _no_single_app(params.name, [state.deploy_dir for state, _ in found], [s.record.app for s in states if s.record])

    def _refuse_foreign(self, deploy_dir: Path) -> None:
        if self._session.target == "local":
            refuse_foreign(deploy_dir)

    async def _bring_up(self, state: DeployDirState, live: ReleaseRecord) -> list[str]:
        """Start and prove the live release; tells what was done with its data."""
        if state.run(live.id).waiting:
            await must(self._run, keeper.stop_command(state.deploy_dir, live.id))
        if await is_taken(self._session, live.port):
            raise await port_in_use(
                self._session, live.port, "the app's own", suggest("Deploy the app again: it gets another port.")
            )
        notes = _Notes()
        change = ReleaseChange(self._session, state.deploy_dir, self._run, tell=notes.tell)
        try:
            await change.prepare(state, live.id, live.spec)
            await change.keep_data(live.id, live.spec)
            await change.start(live.id, live.spec, live.requested_port)
            await must(self._run, layout.keep_up_command(state.deploy_dir, live.id))
        except BaseException:
            await change.undo()
            raise
        return notes.texts

    async def _stop_all(self, state: DeployDirState) -> None:
        installed = state.keeper_installed or (await self._run(keeper.install_command(state.deploy_dir))).exit_code == 0
        stop = keeper.stop_command if installed else keeper.stop_without_install_command
        for run in state.runs.values():  # the live one also when it crashed: from now on it counts as stopped
            if run.running or run.release == state.current:
                await must(self._run, stop(state.deploy_dir, run.release))

    async def _now(self, state: DeployDirState, notes: Sequence[str] = ()) -> rq.AppState:
        new = await read_state(self._session, state.deploy_dir)
        if new.record is None:
            raise NotFoundError(f"{state.deploy_dir} is no deploy directory any more.")
        return (await app_state(self._session, new, new.record)).model_copy(update={"notes": tuple(notes)})

    async def _run(self, command: PlannedCommand, *, cleanup: bool = False) -> CommandResult:  # noqa: ARG002 - of RunCommand
        """Implements `RunCommand` without a log. A verb is never stopped halfway, so `cleanup` makes no difference."""
        output = bytearray()

        def keep(_: StreamName, chunk: bytes) -> None:
            output.extend(chunk)

        spec = CommandSpec(command.command, command.cwd, command.env)
        outcome = await self._session.run(spec, on_spawned=lambda _: None, on_output=keep, stop=asyncio.Event())
        return CommandResult(outcome.exit_code, output.decode("utf-8", "replace"))


class _Notes:
    """Gathers what a change tells."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def tell(self, kind: str, text: str) -> None:  # noqa: ARG002 - of Tell
        self.texts.append(text)


def _absolute(deploy_dir: str) -> Path:
    return Path(deploy_dir).expanduser().absolute()


def _live(state: DeployDirState, record: OwnerRecord) -> ReleaseRecord:
    live = record.release(state.current)
    if live is None:
        raise AppError(f"{record.app} has no live release in {state.deploy_dir}.", suggestions=(suggest("Deploy it."),))
    return live


def _rollback_target(state: DeployDirState, record: OwnerRecord, wanted: str | None) -> ReleaseRecord:
    target = record.release(wanted) if wanted else record.older_than(_live(state, record).id)
    kept = ", ".join(entry.id for entry in record.releases) or "none"
    if target is None or target.id not in state.releases:
        what = f"Release {wanted}" if wanted else f"A release before {state.current}"
        raise NotFoundError(
            f"{what} of {record.app} is not kept; kept are: {kept}.", suggestions=(suggest("Deploy that version again", "ref"),)
        )
    if target.id == state.current:
        raise InvalidStateError(f"Release {target.id} of {record.app} is the live one; kept are: {kept}.")
    return target


def _no_single_app(name: str, found: list[str], names: list[str]) -> NotFoundError:
    if found:
        return NotFoundError(
            f"There are {len(found)} apps named {name}: {', '.join(found)}.",
            suggestions=(suggest("Name the directory of the one meant", "deployDir"),),
        )
    here = ", ".join(sorted(set(names))) or "none"
    return NotFoundError(
        f"There is no app named {name} here; known are: {here}.", suggestions=(suggest("Name its directory", "deployDir"),)
    )


def _remove_command(deploy_dir: str) -> PlannedCommand:
    """Refuses a link and a directory without our record; `rm -r` deletes links themselves, never what they point at."""
    path, record = shlex.quote(deploy_dir), shlex.quote(layout.record_path(deploy_dir))
    native = call(deploy_dir, "remove") if system.is_windows_path(deploy_dir) else ""
    return PlannedCommand(
        command=native or f"[ ! -L {path} ] && [ -f {record} ] && [ ! -L {record} ] && rm -rf -- {path}",
        reasoning=f"Delete {deploy_dir}",
    )
