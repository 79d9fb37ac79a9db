"""A log as a row of a list, from the first and the last bytes of its file.

What stands before `steps` in a log of ours never changes once it is known, what changes with every event stands behind it
(`document.py`). So a row costs the same for a log of one command and for one of ten thousand.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from pydantic import Field, ValidationError

from ..model.base import JsonObject, Model
from ..model.errors import AutoDeployerError
from ..model.log import DeploymentLog, DeploymentStatus, Writer
from ..model.requests import DeploymentSummary
from .descriptors import open_regular
from .journal import JOURNAL_NAME, last_seq
from .reader import read_log
from .recorder import files_folder

Stamp = tuple[int, int]
"""When a file was changed last (ns), and its size."""
_BEGINS = b'{\n  "version": "2.'
_HEAD_ENDS, _TAIL_BEGINS = b',\n  "repo": ', b',\n  "writer": '
"""Fields of the document, in its layout: a line of its own for each, indented by two. No text can hold them: line ends in it are
escaped."""
_HEAD_BYTES, _HEAD_MAX, _TAIL_BYTES = 16_384, 1 << 20, 4096


def path_of(log_uri: str) -> Path:
    """The log file of a `file:` URI."""
    return Path(unquote(urlsplit(log_uri).path))


class LogRow(Model):
    """What lists and lookups need of a log."""

    summary: DeploymentSummary
    group_id: str = ""
    retry_of: str = ""
    work_dir: str = ""
    host: str = ""
    """Where it was written; "" for the logs of other programs."""

    @property
    def ended(self) -> bool:
        """An ended log never changes."""
        return self.summary.status != "running"


class _Head(Model):
    """What is read of the first bytes."""

    deployment_id: str = ""
    retry_of: str | None = None
    group_id: str | None = None
    repo_url: str = ""
    target: str = "local"
    start_time: str = ""
    request: JsonObject = Field(default_factory=dict)
    work_dir: str = ""


class _Tail(Model):
    """What is read of the last bytes."""

    writer: Writer | None = None
    end_time: str | None = None
    status: DeploymentStatus
    seq: int


def read_row(path: Path) -> tuple[Stamp, LogRow | None]:
    """The row of a log, and the state of the file that it is from; None for what is no log.

    Raises:
        FileNotFoundError: it is gone.
    """
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        raise
    except OSError:
        return (0, 0), None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        ends = _ends(descriptor, status.st_size)
    del file
    return (status.st_mtime_ns, status.st_size), _row_from_ends(path, *ends) if ends is not None else _row_from_all(path)


def row_of(path: Path, log: DeploymentLog) -> LogRow:
    """The row of a document.

    Raises:
        ValidationError: the request in it was not made by us.
    """
    return _row(path, log, log)


def _row_from_all(path: Path) -> LogRow | None:
    try:
        return row_of(path, read_log(path))
    except (AutoDeployerError, ValidationError):
        return None  # somebody else's JSON file


def _row_from_ends(path: Path, head: _Head, tail: _Tail) -> LogRow | None:
    if tail.status == "running" and last_seq(files_folder(path) / JOURNAL_NAME) > tail.seq:
        return _row_from_all(path)  # the journal knows more, maybe its end
    try:
        return _row(path, head, tail)
    except ValidationError:
        return None


def _row(path: Path, head: _Head | DeploymentLog, tail: _Tail | DeploymentLog) -> LogRow:
    return LogRow(
        summary=DeploymentSummary(
            deployment_id=head.deployment_id or path.stem, repo=head.repo_url, target=head.target, status=tail.status,
            start_time=head.start_time, end_time=tail.end_time, log_uri=path.absolute().as_uri(),
            subdir=head.request.get("subdir"), subdirs=tuple(head.request.get("subdirs", ())),
        ),
        group_id=head.group_id or "", retry_of=head.retry_of or "", work_dir=head.work_dir,
        host=tail.writer.host if tail.writer is not None else "",
    )  # fmt: skip


def _ends(descriptor: int, size: int) -> tuple[_Head, _Tail] | None:
    """First and last fields of a file in our layout; None for any other."""
    head, tail = _head(descriptor), _tail(descriptor, size)
    if head is None or tail is None:
        return None
    try:
        return _Head.model_validate(head), _Tail.model_validate(tail)
    except ValidationError:
        return None


def _head(descriptor: int) -> Any:
    data = os.read(descriptor, _HEAD_BYTES)
    if not data.startswith(_BEGINS):
        return None
    while (end := data.find(_HEAD_ENDS)) < 0 and len(data) < _HEAD_MAX:
        more = os.read(descriptor, len(data))
        if not more:
            return None
        data += more
    return _object(data[:end] + b"}") if end >= 0 else None


def _tail(descriptor: int, size: int) -> Any:
    os.lseek(descriptor, max(0, size - _TAIL_BYTES), os.SEEK_SET)
    data = os.read(descriptor, _TAIL_BYTES)
    begin = data.rfind(_TAIL_BEGINS)
    return _object(b"{" + data[begin + 1 :]) if begin >= 0 else None


def _object(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
