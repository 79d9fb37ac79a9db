"""Rows of a log folder that were read before, kept for as long as their files stay as they were.

They lie in the user's cache, one file for a folder of logs, so that nothing in a repository can claim them. A row counts only with
the name, the time of change and the size that its file has now. Any number of processes may keep them: each replaces the file as
a whole, and what another one had read in between is read once more.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import platformdirs
from pydantic import TypeAdapter, ValidationError

from ..model.base import Model
from ..model.requests import DeploymentSummary
from .descriptors import open_regular
from .log_file import replace, write_file
from .rows import LogRow, Stamp, read_row

logger = logging.getLogger(__name__)

_SETTLED_NS = 2_000_000_000
"""Two changes within the tick of a file system's clock look alike (FAT: 2 s): what changed a moment ago is not kept."""
_FORM = ",".join((*LogRow.model_fields, *DeploymentSummary.model_fields))
"""Rows of another version are read anew."""


class LogFile(NamedTuple):
    """A log file as it is now."""

    folder: Path
    name: str
    stamp: Stamp

    @property
    def path(self) -> Path:
        return self.folder / self.name


class _Kept(Model):
    changed_ns: int
    size: int
    row: LogRow | None
    """None: no log."""

    @property
    def stamp(self) -> Stamp:
        return self.changed_ns, self.size


class _File(Model):
    form: str
    folder: str
    rows: dict[str, _Kept]


_FILE = TypeAdapter(_File)


class LogIndex:
    """The rows of one folder of logs. Its methods may be called from any thread, at the same time."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._rows: dict[str, _Kept] | None = None

    def rows(self, files: Iterable[LogFile], limit: int | None = None) -> list[LogRow]:
        """The rows of files that are logs, in their order; what is known is not read again.

        Args:
            files: All logs of the folder.
            limit: Read no further than for so many rows.
        """
        known = self._known()
        found: list[LogRow] = []
        new: dict[str, _Kept] = {}
        for file in files:
            if limit is not None and len(found) >= limit:
                break
            kept = known.get(file.name)
            if kept is None or kept.stamp != file.stamp:
                try:
                    stamp, row = read_row(file.path)
                except FileNotFoundError:  # deleted meanwhile
                    continue
                kept = _Kept(changed_ns=stamp[0], size=stamp[1], row=row)
                if _stays(kept):
                    new[file.name] = kept
            if kept.row is not None:
                found.append(kept.row)
        if new:
            self._keep(known, new)
        return found

    def ended(self, files: Iterable[LogFile]) -> set[str]:
        """Names of those files that are known to be logs of ended deployments, without reading any."""
        known = self._known()
        return {
            file.name for file in files if (kept := known.get(file.name)) is not None and kept.stamp == file.stamp
            and kept.row is not None
        }  # fmt: skip

    def _known(self) -> dict[str, _Kept]:
        if self._rows is None:
            self._rows = self._load()
        return self._rows

    def _keep(self, known: dict[str, _Kept], new: dict[str, _Kept]) -> None:
        self._rows = {**known, **new}
        there = set(os.listdir(self._folder)) if self._folder.is_dir() else set[str]()
        self._rows = {name: kept for name, kept in self._rows.items() if name in there}
        path = index_path(self._folder)
        temporary = path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}.tmp")
        data = _FILE.dump_json(_File(form=_FORM, folder=str(self._folder.absolute()), rows=self._rows), by_alias=True)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_file(temporary, data)
            replace(temporary, path)
        except OSError as error:  # the lists are as right without it
            logger.info("the index of %s cannot be kept: %s", self._folder, error)

    def _load(self) -> dict[str, _Kept]:
        try:
            with os.fdopen(open_regular(index_path(self._folder)), "rb") as file:
                kept = _FILE.validate_json(file.read())
        except (OSError, ValidationError):
            return {}
        return kept.rows if (kept.form, kept.folder) == (_FORM, str(self._folder.absolute())) else {}


def index_path(folder: Path) -> Path:
    """Where the rows of a folder of logs are kept."""
    return cache_name(folder).with_suffix(".json")


def cache_name(folder: Path) -> Path:
    """A name for what is kept about a folder of logs, in the user's cache."""
    digest = hashlib.blake2b(os.fsencode(os.path.realpath(folder)), digest_size=12).hexdigest()
    return Path(platformdirs.user_cache_dir("auto-deployer", appauthor=False)) / "logs" / digest


def _stays(kept: _Kept) -> bool:
    """Whether the file will not change any more: the log of an ended deployment, or no log, and not written a moment ago."""
    return (kept.row is None or kept.row.ended) and time.time_ns() - kept.changed_ns > _SETTLED_NS
