"""What the log folder tells of deployments, running here or long ended."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from ..deploy_log import LogStore, read_log
from ..deploy_log.document import render
from ..deploy_log.journal import JOURNAL_NAME, last_seq
from ..deploy_log.recorder import files_folder, replay
from ..model.errors import LogError, NotFoundError
from ..model.log import DeploymentLog
from ..model.ports import Subscriber
from ..model.requests import DeploymentSummary, GetResult, OutputParams, OutputResult, SubscribeResult

_COMMAND_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class History:
    """Read access to the deployments of one log folder."""

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
                suggestions=("Ask deploy/list for those there are.",),
            )
        return path

    def summaries(self, limit: int | None) -> tuple[DeploymentSummary, ...]:
        """Rows of `deploy/list`, newest first."""
        return tuple(_summary(entry.path, entry.log) for entry in self._store.entries(limit))

    def get(self, path: Path) -> GetResult:
        """The document as in the file, or as its journal says when the file is behind."""
        log = read_log(path)
        return GetResult(log=orjson.loads(render(log)), last_seq=log.seq)

    def resend(self, path: Path, after_seq: int, subscriber: Subscriber) -> SubscribeResult:
        """Send the missed events of an ended deployment; without a readable journal, the document instead."""
        last = last_seq(files_folder(path) / JOURNAL_NAME)
        try:
            events = replay(path, after_seq) if last else []
        except LogError:  # of a damaged journal: what the log file says still holds
            last, events = 0, []
        if last == 0:
            log = self.get(path)
            return SubscribeResult(last_seq=log.last_seq, resync=True, log=log.log)
        for published in events:
            subscriber(published)
        return SubscribeResult(last_seq=last)

    def output(self, path: Path, params: OutputParams) -> OutputResult:
        """A part of a command's full output.

        Raises:
            NotFoundError: the command wrote none, or there is no such command.
        """
        file = files_folder(path) / f"{params.command_id}.log"
        if not _COMMAND_ID.fullmatch(params.command_id) or not file.is_file() or file.is_symlink():
            raise NotFoundError(f"Command {params.command_id} of {params.deployment_id} has no output file.")
        size = file.stat().st_size
        with file.open("rb") as stream:
            stream.seek(min(params.offset, size))
            data = stream.read(params.limit)
        return OutputResult(
            text=data.decode("utf-8", "replace"),
            offset=min(params.offset, size),
            next_offset=min(params.offset, size) + len(data),
            size=size,
        )


def _summary(path: Path, log: DeploymentLog) -> DeploymentSummary:
    return DeploymentSummary(
        deployment_id=log.deployment_id or path.stem, repo=log.repo_url, target=log.target, status=log.status,
        start_time=log.start_time, end_time=log.end_time, log_uri=path.absolute().as_uri(),
    )  # fmt: skip
