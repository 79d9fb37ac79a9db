"""What is in a deploy directory and which releases run: one read-only probe."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model.errors import AppError
from ..model.ports import ProbeResult, Session
from ..model.reasons import Kind
from ..sessions import system
from .keeper import keeper_path, processes_script
from .layout import OwnerRecord, log_path, parse_record, record_path, run_dir
from .secrets import app_secrets

LOG_TAIL_LINES = 20
LOG_TAIL_BYTES = 4000


@dataclass(frozen=True)
class Process:
    """A live process of a release."""

    pid: int
    group: int


@dataclass(frozen=True)
class RunState:
    """What the keeper knows of one release, and what lives of it."""

    release: str
    first_pid: int | None = None
    """The pid it was started as."""
    port: int | None = None
    """What PORT said."""
    started_at: str | None = None
    exit_code: int | None = None
    stop_requested: bool = False
    stopped_for: str = ""
    """The release that it was stopped for; "" when somebody wanted it stopped, or when it was started since."""
    processes: tuple[Process, ...] = ()
    restarts: int = 0
    """How often it was started again after a crash."""
    last_exit_code: int | None = None
    """Exit code of the run before this one, when there was one."""
    gave_up: bool = False
    """It crashed so often that it is not started again."""
    in_engine: bool = False
    """A container engine runs it, and keeps something of it."""
    waiting: bool = False
    """Nothing of it runs, but its keeper will start it again in a moment."""

    @property
    def is_wanted(self) -> bool:
        """It was started, and nobody wanted it stopped since."""
        return self.started_at is not None and (not self.stop_requested or bool(self.stopped_for))

    @property
    def running(self) -> bool:
        return bool(self.processes)

    @property
    def pid(self) -> int | None:
        """The live process that speaks for the release: the first one, or what it left behind."""
        pids = [process.pid for process in self.processes]
        if self.first_pid in pids:
            return self.first_pid
        return pids[0] if pids else None


@dataclass(frozen=True)
class DeployDirState:
    """A deploy directory as it is now."""

    deploy_dir: str
    exists: bool
    record: OwnerRecord | None = None
    record_text: str = ""
    current: str | None = None
    """The release that `current` points at."""
    releases: tuple[str, ...] = ()
    """Folders in releases/, newest first."""
    runs: dict[str, RunState] = field(default_factory=dict[str, RunState])
    keeper_installed: bool = False
    data: tuple[str, ...] = ()
    """Paths that are kept in shared/data and linked into releases."""

    def run(self, release: str | None) -> RunState:
        return self.runs.get(release or "", RunState(release or ""))

    def start_port(self, release: str) -> int | None:
        """What PORT says when the release is started again; None when it never ran."""
        live = self.record.release(release) if self.record else None
        return live.requested_port if live else self.run(release).port

    @property
    def running(self) -> tuple[RunState, ...]:
        return tuple(run for run in self.runs.values() if run.running)


async def read_state(session: Session, deploy_dir: str) -> DeployDirState:
    """Probe a deploy directory.

    Raises:
        AppError: it cannot be read.
    """
    if system.is_native(session):
        from .native import reading

        told = await asyncio.to_thread(reading.state_text, deploy_dir)
        result = ProbeResult(_NO_DIRECTORY if told is None else 0, told or "")
    else:
        result = await session.probe(_state_script(deploy_dir))
    if result.exit_code == _NO_DIRECTORY:
        return DeployDirState(deploy_dir, exists=False)
    if result.exit_code != 0:
        raise AppError(f"The state of {deploy_dir} cannot be read: {result.stderr.strip()[-500:]}", kind=Kind.INTERNAL_ERROR)
    sections = split_sections(result.stdout)
    record_text = "\n".join(sections.get("record", []))
    current = next(iter(sections.get("current", [])), "").rsplit("/", 1)[-1]
    runs = [_run_state(name.removeprefix("run "), lines) for name, lines in sections.items() if name.startswith("run ")]
    return DeployDirState(
        deploy_dir,
        exists=True,
        record=parse_record(record_text),
        record_text=record_text,
        current=current or None,
        releases=tuple(sorted(sections.get("releases", []), reverse=True)),
        runs={run.release: run for run in runs},
        keeper_installed="keeper" in sections,
        data=tuple(map(decoded, sections.get("data", []))),
    )


async def read_run(session: Session, deploy_dir: str, release: str) -> RunState:
    """Probe one release."""
    if system.is_native(session):
        from .native import reading

        return run_in(split_sections(await asyncio.to_thread(reading.run_text, deploy_dir, release)), release)
    sections = split_sections((await session.probe(f"{processes_script()}\n{run_script(deploy_dir, release)}")).stdout)
    return run_in(sections, release)


def run_in(sections: Mapping[str, list[str]], release: str) -> RunState:
    """What the output of `run_script` tells."""
    return _run_state(release, sections.get(f"run {release}", []))


async def log_tail(session: Session, deploy_dir: str, release: str) -> tuple[str, ...]:
    """The last lines of the app's own log, masked; the log before it when the app has not written any."""
    path = log_path(deploy_dir, release)
    if system.is_native(session):
        from .native import reading

        size = reading.size_of(path) or 0
        text = reading.part_of(path, max(0, size - LOG_TAIL_BYTES)).decode("utf-8", "replace")
    else:
        text = (await session.probe(f"tail -c {LOG_TAIL_BYTES} {shlex.quote(path)} 2>/dev/null | tail -n {LOG_TAIL_LINES}")).stdout
    secrets = await app_secrets(session, deploy_dir)
    return tuple(line.rstrip() for line in secrets.mask(text).splitlines()[-LOG_TAIL_LINES:])


def decoded(line: str) -> str:
    """A path as data.sh prints it: a line break in it arrives as the character 1."""
    return line.replace("\x01", "\n")


def split_sections(text: str) -> dict[str, list[str]]:
    """The lines below each "== name" line."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("== "):
            lines = sections.setdefault(line[3:], [])
        else:
            lines.append(line)
    return sections


_NO_DIRECTORY = 3


def _state_script(deploy_dir: str) -> str:
    return f"""{processes_script()}
cd {shlex.quote(deploy_dir)} 2>/dev/null || exit {_NO_DIRECTORY}
echo '== current'; readlink current
echo '== releases'; ls -1 releases 2>/dev/null
[ ! -e {shlex.quote(keeper_path(deploy_dir))} ] || echo '== keeper'
echo '== data'; [ ! -f shared/paths ] || tr '\\n\\0' '\\001\\n' < shared/paths
see_processes
for folder in run/*/; do
  release=${{folder#run/}} release=${{release%/}}
  [ -e "$folder/mark" ] || continue
  {_RUN_LINES}
done
echo '== record'; cat {shlex.quote(record_path(deploy_dir))} 2>/dev/null
exit 0
"""


_RUN_LINES = """echo "== run $release"
  for name in pid port started exit restarts last_exit gave_up; do
    { read -r value < "$folder/$name"; } 2>/dev/null && echo "$name $value"
  done
  [ ! -e "$folder/engine_stop" ] || echo 'engine yes'
  [ ! -e "$folder/stopping" ] || echo "stopping $(cat "$folder/stopping")"
  { read -r mark < "$folder/mark"; } 2>/dev/null && live_processes "$folder" "$mark" |
    while read -r line; do echo "live $line"; done
  [ -z "$(waiting_keeper "$folder")" ] || echo 'keeper lives'"""


def run_script(deploy_dir: str, release: str, *, before: str = ":") -> str:
    """Tells of one release; goes behind `processes_script`, and leaves `folder` and `mark` behind for what follows.

    Args:
        before: Runs first, when `folder` (what the keeper knows of the release) is set already.
    """
    folder = shlex.quote(run_dir(deploy_dir, release))
    return f"release={shlex.quote(release)} folder={folder} mark=\n{before}\n{_RUN_LINES}"


def _run_state(release: str, lines: list[str]) -> RunState:
    values: dict[str, str] = {}
    processes: list[Process] = []
    for line in lines:
        name, _, value = line.partition(" ")
        if name == "live":
            pid, group = value.split()
            processes.append(Process(int(pid), int(group)))
        else:
            values[name] = value
    return RunState(
        release,
        first_pid=_first_number(values.get("pid")),
        port=_first_number(values.get("port")),
        started_at=values.get("started"),
        exit_code=_first_number(values.get("exit")),
        stop_requested="stopping" in values,
        stopped_for=values.get("stopping", ""),
        processes=tuple(processes),
        restarts=_first_number(values.get("restarts")) or 0,
        last_exit_code=_first_number(values.get("last_exit")),
        gave_up="gave_up" in values,
        in_engine="engine" in values,
        waiting=not processes and "keeper" in values and "exit" in values and "stopping" not in values,
    )


def _first_number(text: str | None) -> int | None:
    first = (text or "").split(" ", 1)[0]
    return int(first) if first.isdecimal() else None
