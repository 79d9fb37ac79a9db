"""The log folder: names for new logs, listing, finding."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..model.errors import AutoDeployerError, InvalidStateError, LogError, NotFoundError
from ..model.log import DeploymentLog
from ..model.suggestions import suggest
from .reader import read_log
from .recorder import files_folder
from .sweep import EndApp, sweep_folder

_PREFIX = "deploy_"
_NAME_LENGTH = 100
"""Bytes of the repository's name: file systems take 255 in all."""
_TIME_IN_NAME = re.compile(r"_(\d{8}_\d{6})(?:_\d+)?\.json$")
_ID = re.compile(rb'"deployment_id"\s*:\s*"([^"]*)"')
_GROUP = re.compile(rb'"group_id"\s*:\s*"([^"]*)"')
_ID_WITHIN = 4096
"""The ids stand among the first fields of our logs."""


@dataclass(frozen=True)
class LogEntry:
    """One log of the folder."""

    path: Path
    log: DeploymentLog


class LogStore:
    """The logs of one folder.

    Args:
        folder: Usually `agent_logs` in the workspace; made (0700) when the first log is reserved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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
        found: list[tuple[str, int, str]] = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # removed meanwhile
                    if _is_log(entry):
                        found.append(_age(entry))
        return [Path(path) for _, _, path in sorted(found, reverse=True)]

    def sweep(self, end_app: EndApp | None = None) -> list[Path]:
        """Give logs whose writer is gone their end (`interrupted`); returns those.

        Args:
            end_app: Ends what the deployment had started as its app, and says so in words ("" for nothing).
        """
        return sweep_folder(self.folder, end_app)

    def entries(self, limit: int | None = None) -> list[LogEntry]:
        """The readable logs, newest first."""
        found: list[LogEntry] = []
        for path in self.paths():
            if limit is not None and len(found) >= limit:
                break
            try:
                found.append(LogEntry(path, read_log(path)))
            except AutoDeployerError:
                continue  # somebody else's JSON file
        return found

    def of_group(self, group_id: str) -> list[DeploymentLog]:
        """The readable logs of a group, newest first. Reads the first bytes only of others."""
        wanted = group_id.encode()
        found: list[DeploymentLog] = []
        for path in self.paths():
            if _first_field(path, _GROUP) == wanted:
                with suppress(AutoDeployerError):
                    found.append(read_log(path))
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
        paths = self.paths()
        found = next((path for path in paths if _first_field(path, _ID) == wanted), None)
        return found or next((path for path in paths if path.stem == deployment_id and not _first_field(path, _ID)), None)

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

    def _make_folder(self) -> None:
        new = not self.folder.exists()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new and _in_work_tree(self.folder):
            (self.folder / ".gitignore").write_text("*\n")


def _fitting(repo_name: str) -> str:
    return repo_name.encode("utf-8", "surrogateescape")[:_NAME_LENGTH].decode("utf-8", "ignore")


def _age(entry: os.DirEntry[str]) -> tuple[str, int, str]:
    modified = entry.stat().st_mtime_ns
    named = _TIME_IN_NAME.search(entry.name)
    begun = named[1] if named else f"{datetime.fromtimestamp(modified / 1e9, UTC).astimezone():%Y%m%d_%H%M%S}"
    return begun, modified, entry.path


def _is_log(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file()


def _first_field(path: Path, field: re.Pattern[bytes]) -> bytes | None:
    try:
        with path.open("rb") as file:
            match = field.search(file.read(_ID_WITHIN))
    except OSError:
        return None
    return match.group(1) if match else None


def _in_work_tree(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in folder.absolute().parents)
