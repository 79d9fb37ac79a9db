"""The log folder: names for new logs, listing, finding."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ..model.errors import AutoDeployerError, InvalidStateError, LogError, NotFoundError
from ..model.log import DeploymentLog
from ..model.suggestions import suggest
from .descriptors import open_regular
from .index import LogFile, LogIndex
from .reader import read_log
from .recorder import files_folder
from .rows import LogRow, Stamp
from .sweep import EndApp, sweep_folder

_PREFIX = "deploy_"
_NAME_LENGTH = 100
"""Bytes of the repository's name: file systems take 255 in all."""
_TIME_IN_NAME = re.compile(r"_(\d{8}_\d{6})(?:_\d+)?\.json$")
_ID = re.compile(rb'"deployment_id"\s*:\s*"([^"]*)"')
_GROUP = re.compile(rb'"group_id"\s*:\s*"([^"]*)"')
_ID_WITHIN = 4096
"""The ids stand among the first fields of our logs."""


class LogStore:
    """The logs of one folder. All methods read the disk: with thousands of logs they are not for an event loop.

    Args:
        folder: Usually `agent_logs` in the workspace; made (0700) when the first log is reserved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = LogIndex(folder)
        self._fields: dict[tuple[str, re.Pattern[bytes]], tuple[Stamp, bytes | None]] = {}
        """What was read of the first bytes of files, with the state that they had."""

    def reserve(self, repo_name: str, when: datetime) -> Path:
        """A fresh log path; its folder of files exists afterwards, which is what reserves the name.

        Raises:
            LogError: the folder cannot be made or written.
        """
        base = f"{_PREFIX}{_fitting(repo_name)}_{when:%Y%m%d_%H%M%S}"
        try:
            self._make_folder()
            for number in range(1, 10_000):
                path = self.folder / (f"{base}.json" if number == 1 else f"{base}_{number}.json")
                if path.exists():
                    continue
                try:
                    files_folder(path).mkdir(mode=0o700)
                except FileExistsError:
                    continue
                return path
        except OSError as error:
            raise LogError(
                f"Cannot write logs in {self.folder}: {error.strerror or error}.",
                suggestions=(suggest("Make the folder writable, or choose another one", "initializationOptions.logDir"),),
            ) from error
        raise LogError(f"{self.folder} holds too many logs named {base}.")

    def paths(self) -> list[Path]:
        """All log files, newest first: by the time in the name (a sweep modifies old logs), then by modification."""
        return [file.path for file in self._files()]

    def _files(self) -> list[LogFile]:
        found: list[tuple[str, Stamp, str]] = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(".json") and not name.startswith(".") and entry.is_file(follow_symlinks=False):
                    try:
                        found.append(_age(name, entry.stat(follow_symlinks=False)))
                    except FileNotFoundError:  # removed meanwhile
                        continue
        found.sort(reverse=True)
        return [LogFile(self.folder, name, stamp) for _, stamp, name in found]

    def sweep(self, end_app: EndApp | None = None) -> list[Path]:
        """Give logs whose writer is gone their end (`interrupted`); returns those.

        Args:
            end_app: Ends what the deployment had started as its app, and says so in words ("" for nothing).
        """
        return self._swept(self._files(), end_app)

    def rows(self, limit: int | None = None, *, swept: bool = False, end_app: EndApp | None = None) -> list[LogRow]:
        """A row for each log, newest first. Of a log of ours only its ends are read, and those of an ended one once.

        Args:
            limit: No more than so many.
            swept: After a `sweep` (with `end_app`), for which the folder is not looked through twice.
        """
        files = self._files()
        if swept and self._swept(files, end_app):
            files = self._files()
        return self._index.rows(files, limit)

    def _swept(self, files: Sequence[LogFile], end_app: EndApp | None) -> list[Path]:
        return sweep_folder(self.folder, end_app, self._index.ended(files))

    def of_group(self, group_id: str) -> list[DeploymentLog]:
        """The readable logs of a group, newest first. Reads the first bytes only of others."""
        wanted = group_id.encode()
        found: list[DeploymentLog] = []
        for file in self._files():
            if self._first_field(file, _GROUP) == wanted:
                with suppress(AutoDeployerError):
                    found.append(read_log(file.path))
        return found

    def latest(self) -> Path:
        """The newest log.

        Raises:
            NotFoundError: there is none.
        """
        paths = self.paths()
        if not paths:
            raise NotFoundError(
                f"There are no logs in {self.folder}.",
                suggestions=(
                    suggest("Deploy something.", command="auto-deployer deploy"),
                    suggest("Or look in another folder", "initializationOptions.logDir"),
                ),
            )
        return paths[0]

    def find(self, name: str) -> Path:
        """A log by path, file name (with or without ".json") or deployment id.

        Raises:
            NotFoundError: no such log.
        """
        for path in (Path(name).expanduser(), self.folder / name, self.folder / f"{name}.json"):
            if path.is_file():
                return path
        found = self.find_deployment(name)
        if found is None:
            raise NotFoundError(
                f"There is no log {name} in {self.folder}.",
                suggestions=(suggest("See which logs there are", command="auto-deployer logs --list"),),
            )
        return found

    def find_deployment(self, deployment_id: str) -> Path | None:
        """The log of a deployment id, or None. Reads the first bytes of each file only.

        The logs of other programs have none: their file name without ".json" stands for it.
        """
        wanted = deployment_id.encode()
        named: Path | None = None
        for file in self._files():
            own = self._first_field(file, _ID)
            if own == wanted:
                return file.path
            if not own and file.name.removesuffix(".json") == deployment_id:
                named = named or file.path
        return named

    def delete(self, path: Path) -> None:
        """Delete the log of a deployment that has ended, with its journal and the output files.

        Raises:
            InvalidStateError: it runs, or the file is no log of this folder.
            LogError: the disk does not let it go.
        """
        if path.resolve().parent != self.folder.resolve() or not path.name.startswith(_PREFIX) or path.is_symlink():
            raise InvalidStateError(f"{path} is not deleted: it is not one of the logs in {self.folder}.")
        if read_log(path).status == "running":
            raise InvalidStateError(
                f"{path} is not deleted: its deployment is running.", suggestions=(suggest("Cancel it first."),)
            )
        files = files_folder(path)
        try:
            path.unlink()
            if files.is_symlink():
                files.unlink()
            elif files.is_dir():
                shutil.rmtree(files)
        except OSError as error:
            raise LogError(f"Cannot delete {path}: {error.strerror or error}.") from error

    def _first_field(self, file: LogFile, field: re.Pattern[bytes]) -> bytes | None:
        key = (file.name, field)
        known = self._fields.get(key)
        if known is None or known[0] != file.stamp:
            known = self._fields[key] = (file.stamp, _first_field(file.path, field))
        return known[1]

    def _make_folder(self) -> None:
        new = not self.folder.exists()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new and _in_work_tree(self.folder):
            (self.folder / ".gitignore").write_text("*\n")


def _fitting(repo_name: str) -> str:
    return repo_name.encode("utf-8", "surrogateescape")[:_NAME_LENGTH].decode("utf-8", "ignore")


def _age(name: str, status: os.stat_result) -> tuple[str, Stamp, str]:
    modified = status.st_mtime_ns
    named = _TIME_IN_NAME.search(name)
    begun = named[1] if named else f"{datetime.fromtimestamp(modified / 1e9, UTC).astimezone():%Y%m%d_%H%M%S}"
    return begun, (modified, status.st_size), name


def _first_field(path: Path, field: re.Pattern[bytes]) -> bytes | None:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            match = field.search(file.read(_ID_WITHIN))
    except OSError:
        return None
    return match.group(1) if match else None


def _in_work_tree(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in folder.absolute().parents)
