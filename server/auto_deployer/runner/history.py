"""What the log folder tells of deployments, running here or long ended."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
from dataclasses import dataclass
from pathlib import Path

import orjson

from ..deploy_log import LogStore, read_log
from ..deploy_log.descriptors import open_regular
from ..deploy_log.document import render
from ..deploy_log.journal import JOURNAL_NAME, last_seq
from ..deploy_log.recorder import files_folder, replay
from ..model.errors import LogError, NotFoundError
from ..model.events import Finished
from ..model.log import CommandRecord, DeploymentLog
from ..model.ports import Published, Subscriber
from ..model.requests import GetResult, OutputParams, OutputResult, SubscribeResult
from ..model.suggestions import suggest
from .workdir import remove_work_dir, work_dir_of

_COMMAND_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Missed:
    """What an ended deployment has for a subscriber, and what the subscription answers."""

    result: SubscribeResult
    events: tuple[Published, ...] = ()


class History:
    """The deployments of one log folder. What is no coroutine reads the disk: not for an event loop."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    def path_of(self, deployment_id: str) -> Path:
        """The log file of a deployment.

        Raises:
            NotFoundError: no log has this id.
        """
        path = self._store.find_deployment(deployment_id)
        if path is None:
            raise NotFoundError(
                f"There is no deployment {deployment_id} in {self._store.folder}.",
                suggestions=(suggest("See which there are", command="auto-deployer logs --list"),),
            )
        return path

    def get(self, path: Path) -> GetResult:
        """The document as in the file, or as its journal says when the file is behind."""
        log = read_log(path)
        return GetResult(log=orjson.loads(render(log)), last_seq=log.seq)

    async def resend(self, path: Path, after_seq: int, subscriber: Subscriber) -> SubscribeResult:
        """Send the missed events of an ended deployment; without a readable journal, the document instead."""
        missed = await asyncio.to_thread(self._missed, path, after_seq)
        for published in missed.events:
            subscriber(published)
        return missed.result

    def _missed(self, path: Path, after_seq: int) -> Missed:
        last = last_seq(files_folder(path) / JOURNAL_NAME)
        try:
            events = tuple(replay(path, after_seq)) if last else ()
        except LogError:  # of a damaged journal: what the log file says still holds
            last, events = 0, ()
        if last == 0:
            log = self.get(path)
            return Missed(SubscribeResult(last_seq=log.last_seq, resync=True, log=log.log))
        return Missed(SubscribeResult(last_seq=last), events)

    def end_of(self, path: Path) -> Finished:
        """How a deployment ended, from its journal.

        Raises:
            NotFoundError: the journal does not tell.
        """
        ends = [published.item for published in replay(path, 0) if isinstance(published.item, Finished)]
        if not ends:
            raise NotFoundError(f"The log {path} does not tell how its deployment ended.")
        return ends[-1]

    def delete(self, path: Path) -> None:
        """Delete the log of an ended deployment, with its files and what was kept for a retry.

        Raises:
            InvalidStateError, LogError: as `LogStore.delete`.
        """
        work_dir = work_dir_of(read_log(path))
        self._store.delete(path)
        if work_dir is not None and all(row.work_dir != str(work_dir) for row in self._store.rows()):
            remove_work_dir(work_dir)  # a retry that goes on in it keeps it

    def output(self, path: Path, params: OutputParams) -> OutputResult:
        """A part of a command's full output; empty for one that printed nothing, or nothing yet.

        Raises:
            NotFoundError: there is no such command.
        """
        file = files_folder(path) / f"{params.command_id}.log"
        try:
            if not _COMMAND_ID.fullmatch(params.command_id):
                raise FileNotFoundError(params.command_id)
            descriptor = open_regular(file)
        except OSError as error:
            if _is_silent(read_log(path), params.command_id):
                return OutputResult(text="", offset=0, next_offset=0, size=0)
            raise NotFoundError(
                f"There is no output of a command {params.command_id} of {params.deployment_id}.",
                suggestions=(suggest("Ask for the deployment's log: each of its commands has its id there."),),
            ) from error
        with os.fdopen(descriptor, "rb") as stream:
            size = os.fstat(descriptor).st_size
            offset = max(0, size - params.limit) if params.offset is None else min(params.offset, size)
            stream.seek(offset)
            data = stream.read(params.limit)
        if params.offset is None and offset > 0:
            cut = data.find(b"\n") + 1
            offset, data = offset + cut, data[cut:]
        text, read = _whole_characters(data)
        return OutputResult(text=text, offset=offset, next_offset=offset + read, size=size)


def _is_silent(log: DeploymentLog, command_id: str) -> bool:
    """It ran, or runs, and has printed nothing: a command's file begins with its first byte."""
    return any(
        command.id == command_id and not (isinstance(command, CommandRecord) and command.output)
        for step in log.steps
        for command in (*step.commands, *((step.current_command,) if step.current_command else ()))
    )


def _whole_characters(data: bytes) -> tuple[str, int]:
    """The text, and the bytes it takes: a character that is cut at the end is left for the next part."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    left, _ = decoder.getstate()
    return (text, len(data) - len(left)) if text else (decoder.decode(b"", final=True), len(data))
