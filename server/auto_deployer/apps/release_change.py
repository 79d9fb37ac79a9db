"""Putting a release in the place of the one that runs, so that it can be undone up to the end.

The order (recipes of the field: start beside, prove, switch, stop the old one):

- nothing runs: start, prove.
- the app reads PORT: prove it on a free port, then stop the old one and start it on its own port.
- the app's port is fixed in its source: stop the old one, start, prove.

Between the two, while neither runs, what the old one wrote is moved to shared/data and linked into both (`data.AppData`).

Each change pushes the command that takes it back; `undo` runs those, last first. Whoever stops a release for another notes that
(`RunState.stopped_for`), so that it is started again even when the process that changes them dies (`recovery.take_back`).
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence

from ..model.errors import AppError
from ..model.plan import AppSpec, PlannedCommand
from ..model.ports import Session
from ..sessions import system
from . import keeper, layout
from .changes import CommandResult, RunCommand, must
from .container import out_of_sight
from .data import DATA_NOTE, AppData, Tell
from .layout import OwnerRecord, ReleaseRecord
from .native import files
from .port_choice import choose_port
from .ports import pick_free
from .startup import ChangeStoppedError, Serving, StartupWatch
from .state import DeployDirState, RunState, read_state

__all__ = ["CommandResult", "ReleaseChange", "RunCommand", "must"]

_Undo = Callable[[int], PlannedCommand]
"""Makes the command that takes a change back, given the grace in seconds for what it stops."""


class ReleaseChange:
    """One change of the running release in one deploy directory."""

    def __init__(
        self, session: Session, deploy_dir: str, run: RunCommand, *, stopping: asyncio.Event | None = None, tell: Tell | None = None
    ) -> None:
        """Nothing is changed yet.

        Args:
            stopping: When it is set, waiting ends.
            tell: Told what was done with the app's data.
        """
        self._tell = tell or _to_nobody
        self._data = AppData(session, deploy_dir, run, self._tell)
        self._session, self._deploy_dir, self._run = session, deploy_dir, run
        self._stopping = stopping
        self._host = keeper.host_on(session.target)
        self._undo: list[_Undo] = []
        self._stopped_old: str | None = None
        self._owed: str | None = None
        self._restarted: ReleaseRecord | None = None

    async def prepare(self, state: DeployDirState, release: str, spec: AppSpec) -> None:
        """Install the keeper where it is missing, write down how the release is started, delete what failed before it."""
        if not state.keeper_installed:
            await self._must(keeper.install_command(self._deploy_dir))
        was_live = state.record is not None and state.record.release(release) is not None
        await self._must(keeper.prepare_command(self._deploy_dir, release, spec, was_live=was_live))
        await self._prune(state, _failed_before(state, release), "Delete releases of earlier deployments that never went live")

    async def replace(self, state: DeployDirState, release: str, spec: AppSpec, *, migrated: bool = False) -> Serving:
        """Start the release with the data of the old one and prove that it serves.

        The old one runs on only where the new one listens elsewhere, whatever PORT says, and the old one has no data to hand over.

        Args:
            migrated: The release's build has brought a database up to date.

        Raises:
            AppError: port_in_use, or why it does not serve. Nothing is undone yet.
            ChangeStoppedError: see `RunCommand`.
        """
        old = state.run(state.current) if state.current != release else RunState("")
        await self._stop_leftovers(state, old)
        before = state.record.release(old.release) if state.record else None
        if old.stopped_for:  # by a change that was interrupted: if this one fails, nobody else starts it again
            self._owe(state, old.release, release)
        port = await choose_port(self._session, state, spec, old, before)
        shared = (*spec.shared, *(before.spec.shared if before else ()))
        if old.running and not port.fixed and not spec.exclusive:
            rehearsed = await self._rehearse(release, spec, port.number)
            if rehearsed is not None and not await self._data.left_in(old.release, shared):
                return rehearsed
            if rehearsed is not None:
                await self._must(keeper.stop_command(self._deploy_dir, release))
        if old.running or old.waiting:
            await self._stop_old(state, old.release, release)
        if old.release:
            await self._data.rescue(old.release, shared)
        kept = (await read_state(self._session, self._deploy_dir)).data if spec.shared or migrated else ()
        await self._data.settle(release, spec.shared, kept, migrated=migrated)
        return await self.start(release, spec, port.number)

    async def keep_data(self, release: str, spec: AppSpec) -> None:
        """Keep what a stopped release wrote."""
        await self._data.rescue(release, spec.shared)

    async def make_live(self, state: DeployDirState, record: OwnerRecord, spec: AppSpec, serving: Serving) -> OwnerRecord:
        """Switch `current`, stop the old release, note it in the owner record, delete what is too old.

        Args:
            record: The owner record so far (made by the caller when the directory has none).

        Raises:
            AppError: a command failed. Nothing is undone yet.
        """
        old = state.current if state.current != serving.release else (state.record.previous if state.record else None)
        await self._switch(state, serving.release)
        if old and (state.run(old).running or state.run(old).waiting) and self._stopped_old != old:
            await self._stop_old(state, old, serving.release)
        entry = self._entry(record, spec, serving)
        new_record = record.gone_live(entry, before=old if record.release(old) else None)
        await self._write_record(state, new_record)
        if old and (before := record.release(old)) is not None:
            await self._tell_out_of_sight(before.spec, spec)
        kept = {each.id for each in new_record.releases}
        older = (name for name in state.releases if name < serving.release)
        too_old = [name for name in older if name not in kept and not state.run(name).running]
        await self._prune(state, too_old, f"Keep the {layout.KEPT_RELEASES} newest releases that went live")
        return new_record

    async def undo(self) -> str:
        """Take everything back, last change first; tells in words what runs again ("" when nothing had to be started)."""
        for take_back in reversed(self._undo):
            await self._run(take_back(self._cleanup_grace_s), cleanup=True)
        self._undo.clear()
        return "" if self._restarted is None else await self._tell_restarted(self._restarted)

    async def go_back(self, state: DeployDirState, release: str) -> str:
        """Take a live release back: the previous one in its place, or nothing where there is none. Tells in words what runs now.

        `current` changes first: cut off after that, the rest is what `recovery.take_back` finds and does.
        """
        record = state.record
        before = record.release(record.previous) if record else None
        if not state.keeper_installed:
            await self._run(keeper.install_command(self._deploy_dir), cleanup=True)
        switch = layout.switch_command(self._deploy_dir, before.id) if before else layout.unlink_current_command(self._deploy_dir)
        await self._run(switch, cleanup=True)
        if record is not None:
            changed = record.without(release)
            await self._run(layout.write_record_command(self._deploy_dir, changed), cleanup=True)
        await self._run(keeper.stop_command(self._deploy_dir, release, grace_s=self._cleanup_grace_s), cleanup=True)
        if before is None:
            return "The app was stopped; there is no earlier release."
        why = f"Start release {before.id} again"
        start = keeper.start_command(self._deploy_dir, before.id, before.requested_port, self._host, proven=True, reasoning=why)
        await self._run(start, cleanup=True)
        return await self._tell_restarted(before)

    async def start(self, release: str, spec: AppSpec, port: int) -> Serving:
        """Start and prove one release.

        Raises:
            AppError: it does not serve.
        """
        why = f"End what was started of release {release}"
        self._undo.append(lambda grace_s: keeper.stop_command(self._deploy_dir, release, grace_s=grace_s, reasoning=why))
        await self._must(keeper.start_command(self._deploy_dir, release, port, self._host))
        return await StartupWatch(self._session, self._deploy_dir, release, spec, port, self._stopping).until_serving()

    @property
    def _cleanup_grace_s(self) -> int:
        return keeper.HURRIED_GRACE_S if self._is_stopping else keeper.CLEANUP_GRACE_S

    @property
    def _is_stopping(self) -> bool:
        return self._stopping is not None and self._stopping.is_set()

    async def _write_record(self, state: DeployDirState, record: OwnerRecord) -> None:
        if state.record is not None:
            write_back = layout.write_record_command(self._deploy_dir, state.record)
            self._undo.append(lambda _: write_back)
        await self._must(layout.write_record_command(self._deploy_dir, record))

    async def _switch(self, state: DeployDirState, release: str) -> None:
        if state.current == release:
            await self._must(layout.keep_up_command(self._deploy_dir, release))
            return
        old = state.current
        back = layout.switch_command(self._deploy_dir, old) if old else layout.unlink_current_command(self._deploy_dir)
        self._undo.append(lambda _: back)
        await self._must(layout.switch_command(self._deploy_dir, release))

    async def _stop_leftovers(self, state: DeployDirState, old: RunState) -> None:
        """What an interrupted deployment left running, an earlier attempt of this one too."""
        for run in state.running:
            if run.release != old.release:
                why = f"Release {run.release} runs although it is not the live one"
                await self._must(keeper.stop_command(self._deploy_dir, run.release, reasoning=why))

    async def _rehearse(self, release: str, spec: AppSpec, final_port: int) -> Serving | None:
        """Prove the release on a free port while the old one runs on. When it listens elsewhere than PORT says, that is final."""
        free = await pick_free(self._session, self._deploy_dir, avoid=(final_port,))
        serving = await self.start(release, spec, free)
        if serving.port != free:
            return serving
        why = f"Release {release} serves on a free port; now it gets the app's port {final_port}"
        await self._must(keeper.stop_command(self._deploy_dir, release, reasoning=why))
        self._undo.pop()  # that was its own stop
        return None

    async def _stop_old(self, state: DeployDirState, old: str, release: str) -> None:
        self._owe(state, old, release)
        self._stopped_old = old
        await self._must(keeper.stop_command(self._deploy_dir, old, stopped_for=release))

    def _owe(self, state: DeployDirState, old: str, release: str) -> None:
        """From now on `undo` starts the old release again."""
        port = state.start_port(old)
        if port is None or self._owed == old:
            return
        self._owed = old
        self._restarted = state.record.release(old) if state.record else None
        self._undo.append(lambda grace_s: keeper.restart_command(
            self._deploy_dir, old, port, self._host, grace_s=grace_s, stopped_for=release, reasoning=f"Start release {old} again",
        ))  # fmt: skip

    async def _prune(self, state: DeployDirState, releases: Sequence[str], why: str) -> None:
        """What cannot be deleted stays, and what holds data that is nowhere else; no change fails on that."""
        free = await self._data.put_aside(releases)
        if free and (in_engine := [name for name in free if state.run(name).in_engine]):
            result = await self._run(keeper.discard_command(self._deploy_dir, in_engine))
            if result.exit_code != 0:  # the engine is down: how to remove what it keeps is told in their folders only
                free = [name for name in free if name not in in_engine]
        if free:
            await self._run(layout.prune_command(self._deploy_dir, free, reasoning=why))
            if await self._has_repository():
                await self._run(layout.forget_snapshots_command(self._deploy_dir))

    async def _has_repository(self) -> bool:
        head = f"{self._deploy_dir}/repo/HEAD"
        if system.is_native(self._session):
            return files.exists(head)
        return (await self._session.probe(f"[ -e {shlex.quote(head)} ]")).exit_code == 0

    def _entry(self, record: OwnerRecord, spec: AppSpec, serving: Serving) -> ReleaseRecord:
        """An app on the port its predecessor had on its own account is taken to ignore PORT still."""
        newest = record.releases[0] if record.releases else None
        inherited = newest is not None and newest.ignores_port and newest.port == serving.port
        return ReleaseRecord(
            id=serving.release, spec=spec, requested_port=serving.requested_port, port=serving.port, url=serving.url,
            live_since=layout.utc_now(),
            ignores_port=serving.port != serving.requested_port or spec.fixed_port is not None or inherited,
        )  # fmt: skip

    async def _tell_restarted(self, entry: ReleaseRecord) -> str:
        if self._is_stopping:
            return f"The previous release {entry.id} was started again."
        watch = StartupWatch(self._session, self._deploy_dir, entry.id, entry.spec, entry.requested_port, self._stopping)
        try:
            serving = await watch.until_serving()
        except ChangeStoppedError:
            return f"The previous release {entry.id} was started again."
        except AppError as error:
            return f"The previous release {entry.id} was started again, but does not serve: {error.message}"
        return f"The previous release {entry.id} serves again at {serving.url}"

    async def _tell_out_of_sight(self, before: AppSpec, after: AppSpec) -> None:
        if before.container == after.container:
            return
        kept = (await read_state(self._session, self._deploy_dir)).data
        if text := out_of_sight(kept, before, after):
            await self._tell(DATA_NOTE, text)

    async def _must(self, command: PlannedCommand) -> None:
        await must(self._run, command)


async def _to_nobody(kind: str, text: str) -> None:
    """Implements `Tell`."""


def _failed_before(state: DeployDirState, release: str) -> list[str]:
    """Older folders that never went live and do not run. The newest one is the release's own, or of a later deployment."""
    live = {entry.id for entry in state.record.releases} if state.record else set[str]()
    older = (name for name in state.releases if name < release)
    return [name for name in older if name not in live and name != state.current and not state.run(name).running]
