"""The recorder: the only place where an event becomes part of the log and is then published.

    1. append to the event journal, synced
    2. fold into the log document, put the log file in step
    3. publish to subscribers

So when a client sees `seq` n, the file already contains it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast

import orjson

from ..masking import SecretRegistry, mask_model
from ..model import events as ev
from ..model.errors import InvalidStateError, LogError
from ..model.fold import apply, begin
from ..model.log import DeploymentLog
from ..model.ports import Published, StreamName, Subscriber
from ..model.reasons import Kind
from .exchange import open_writer
from .journal import JOURNAL_NAME, Journal, fold_journal, open_journal, read_event, sync_folder
from .log_file import LogFileWriter, write_file
from .output import CommandOutput

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=ev.BaseEvent)
_RESERVE = ".reserve"
_RESERVE_BYTES = 65_536
"""Space kept aside so that a full disk still takes the end of the deployment."""
_ENDS = (ev.CommandExecuted, ev.StepFinished, ev.QuestionResolved, ev.Finished)
"""What was started is ended, also on a full disk: these may use the reserve."""


class Recorder:
    """Writes one deployment's log and publishes its events. All methods belong to the event loop's thread.

    Args:
        path: The log file, `deploy_<…>.json`; its folder of files lies beside it.
        secrets: What to mask in everything that leaves.
        writer: Keeps the log file in step.
        journal: The open journal, whose lock this recorder now holds.
        log: The document so far; None before `deploy/started`.
    """

    def __init__(
        self, path: Path, secrets: SecretRegistry, *, journal: Journal, writer: LogFileWriter, log: DeploymentLog | None = None
    ) -> None:
        self.path = path
        self.secrets = secrets
        self._journal, self._writer = journal, writer
        self._log = log
        self._subscribers: list[tuple[Subscriber, bool]] = []
        self._failure: LogError | None = None
        self._unpublished: list[Published] = []
        """Events that the journal has and the log file lacks: nobody sees them before it has them."""

    @classmethod
    def create(cls, path: Path, secrets: SecretRegistry, log: DeploymentLog) -> Recorder:
        """Begin the log of a new deployment: `deploy/started` is recorded, the file is there.

        `path` must be reserved by `LogStore.reserve`.

        Raises:
            LogError: the folder cannot be written; of the log nothing is left then.
        """
        files = files_folder(path)
        try:
            journal = Journal(files / JOURNAL_NAME, create=True)
        except LogError:
            with contextlib.suppress(OSError):
                files.rmdir()
            raise
        recorder = cls(path, secrets, journal=journal, writer=open_writer(path))
        try:
            _keep_space(files / _RESERVE)
            recorder.record(ev.Started(deployment_id=log.deployment_id, log=log, log_uri=path.absolute().as_uri()))
        except BaseException:
            recorder.close()
            path.unlink(missing_ok=True)
            shutil.rmtree(files, ignore_errors=True)  # nobody was told of it: the id is free for another try
            raise
        for folder in (files, path.parent):
            sync_folder(folder)
        return recorder

    @classmethod
    def reopen(cls, path: Path, secrets: SecretRegistry) -> Recorder:
        """Take over a log whose writer is gone, brought up to its journal.

        Raises:
            LogError: another process writes it, or the journal cannot be read.
        """
        journal_path = files_folder(path) / JOURNAL_NAME
        journal = Journal(journal_path, create=False)
        try:
            journal.drop_torn_tail()
            log = fold_journal(journal_path)
            writer = open_writer(path)
            writer.sync(log)
        except BaseException:
            journal.close()
            raise
        return cls(path, secrets, journal=journal, writer=writer, log=log)

    @property
    def log(self) -> DeploymentLog:
        """The document as it stands in the file."""
        if self._log is None:
            raise InvalidStateError("The deployment has not been recorded yet.")
        return self._log

    @property
    def log_uri(self) -> str:
        return self.path.absolute().as_uri()

    @property
    def failure(self) -> LogError | None:
        """Set once the disk refused an event: the deployment has to stop."""
        return self._failure

    def record(self, event: E) -> E:
        """Make an event part of the log, then publish it. Returns it with `seq` and `time`, masked.

        Raises:
            LogError: the disk did not take it. What was written before is intact; only ends may follow (of the command, the
                step, the question, the deployment).
            InvalidStateError: the deployment has ended.
            ValueError: the event does not fit what was recorded so far.
        """
        if self._log is not None and self._log.status != "running":
            raise InvalidStateError(f"Deployment {self._log.deployment_id} has ended ({self._log.status}): its log never changes.")
        is_end = isinstance(event, _ENDS)
        if self._failure is not None and not is_end:
            raise self._failure
        stamped = self._stamp(event)
        union = cast("ev.Event", stamped)
        log = begin(union) if self._log is None else apply(self._log, union)
        try:
            self._keep(union, log)
        except LogError as error:
            self._failure = self._failure or error
            self._release_reserve()
            if not is_end:
                raise
            self._keep(union, log)
        self._publish_kept()
        return stamped

    def finish(self, event: ev.Finished) -> ev.Finished:
        """Record the end. When the disk refuses even that, it is published all the same: who follows learns the outcome."""
        try:
            return self.record(event)
        except LogError:
            if self.log.status == "running":  # not even the journal has it
                stamped = self._stamp(event)
                self._unpublished.append(Published(stamped, ev.to_line(stamped)))
            finished = cast("ev.Finished", self._unpublished[-1].item)
            self._publish_kept()
            return finished

    def open_output(self, command_id: str) -> CommandOutput:
        """The side file for the full output of a command; live chunks go to subscribers that want output."""
        folder = files_folder(self.path)
        name = f"{command_id}.log"

        def send(stream: StreamName, offset: int, text: str) -> None:
            self._publish_output(ev.OutputChunk(
                deployment_id=self.log.deployment_id, command_id=command_id, stream=stream, offset=offset, text=text,
            ))  # fmt: skip

        return CommandOutput(folder / name, f"{folder.name}/{name}", self.secrets, send, self._output_is_wanted)

    def subscribe(
        self, subscriber: Subscriber, *, after_seq: int = 0, output: bool = True, read: Replay | None = None
    ) -> int:  # fmt: skip
        """Send the missed events in order, then the live ones. Returns the last `seq` so far.

        The same subscriber again replaces its subscription. Runs without a pause, so that no event slips between; `read` is
        what was read of them beforehand, elsewhere than on the event loop.
        """
        self.unsubscribe(subscriber)
        read = read or Replay()
        rest = replay_from(self.path, after_seq, read.offset)
        for published in (*read.events, *rest.events):
            self._call(subscriber, published)
        self._subscribers.append((subscriber, output))
        return self.log.seq

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; no error when it is unknown."""
        self._subscribers = [entry for entry in self._subscribers if entry[0] is not subscriber]

    def close(self) -> None:
        """Release the lock and the files."""
        self._release_reserve()
        self._writer.close()
        self._journal.close()

    def _stamp(self, event: E) -> E:
        seq = self._log.seq if self._log is not None else 0
        deployment_id = self._log.deployment_id if self._log is not None else event.deployment_id
        stamped = event.model_copy(update={"deployment_id": deployment_id, "seq": seq + 1, "time": utc_now()})
        return mask_model(stamped, self.secrets.mask)

    def _keep(self, event: ev.Event, log: DeploymentLog) -> None:
        """Journal, then log file. A second try for the same event does not put it into the journal twice."""
        if log is not self._log:
            line = ev.to_line(event)
            self._journal.append(line)
            self._log = log
            self._unpublished.append(Published(event, line))
        self._writer.sync(log)

    def _publish_kept(self) -> None:
        kept, self._unpublished = self._unpublished, []
        for published in kept:
            for subscriber, _ in tuple(self._subscribers):
                self._call(subscriber, published)

    def _output_is_wanted(self) -> bool:
        return any(wants for _, wants in self._subscribers)

    def _publish_output(self, chunk: ev.OutputChunk) -> None:
        line = orjson.dumps({"method": "deploy/commandOutput", "params": chunk.model_dump(by_alias=True)})
        for subscriber, output in tuple(self._subscribers):
            if output:
                self._call(subscriber, Published(chunk, line))

    def _call(self, subscriber: Subscriber, published: Published) -> None:
        try:
            subscriber(published)
        except Exception:  # a broken subscriber never delays or fails a deployment
            logger.exception("a subscriber failed and goes on without this event")

    def _release_reserve(self) -> None:
        with contextlib.suppress(OSError):
            (files_folder(self.path) / _RESERVE).unlink()


@dataclass(frozen=True)
class Replay:
    """Events of a journal, as they were published, and how far it was read for them."""

    events: tuple[Published, ...] = ()
    offset: int = 0
    """Bytes."""


def replay(path: Path, after_seq: int) -> list[Published]:
    """The journal's events behind `after_seq`, as they were published.

    Raises:
        LogError: it is damaged.
    """
    return list(replay_from(path, after_seq).events)


def replay_from(path: Path, after_seq: int, offset: int = 0) -> Replay:
    """The journal's events behind `after_seq`; none where there is no journal. Long journals take long: not for the event loop.

    Args:
        offset: Where to begin: what an earlier replay has read is not read again.

    Raises:
        LogError: it is damaged.
    """
    journal = files_folder(path) / JOURNAL_NAME
    found: list[Published] = []
    try:
        with open_journal(journal) as file:
            file.seek(offset)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                offset += len(raw)
                line = raw[:-1]
                if line_seq(line) > after_seq:
                    found.append(Published(read_event(line, journal), line))
    except FileNotFoundError:
        return Replay()
    except OSError as error:
        raise LogError(f"The journal {journal} cannot be read: {error.strerror}.", kind=Kind.LOG_UNREADABLE) from error
    return Replay(tuple(found), offset)


_SEQ = re.compile(rb'"seq":(\d+)')


def line_seq(line: bytes) -> int:
    """`seq` of a journal line without parsing all of it: the envelope comes first, and ids hold no quotes."""
    match = _SEQ.search(line)
    return int(match.group(1)) if match else 0


def _keep_space(path: Path) -> None:
    try:
        write_file(path, bytes(_RESERVE_BYTES))
    except OSError as error:
        raise LogError(f"Cannot write {path}: {error.strerror or error}.") from error


FILES_SUFFIX = ".files"


def files_folder(path: Path) -> Path:
    """The folder of a log: journal and output files."""
    return path.with_suffix(FILES_SUFFIX)


def utc_now() -> str:
    """Now, UTC with offset, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
