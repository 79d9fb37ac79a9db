"""The log folder: names for new logs, listing, finding."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..model.errors import AutoDeployerError, LogError, NotFoundError
from ..model.log import DeploymentLog
from .reader import read_log
from .recorder import files_folder
from .sweep import EndApp, sweep_folder

LOG_FOLDER = "agent_logs"
_PREFIX = "deploy_"
_ID = re.compile(rb'"deployment_id"\s*:\s*"([^"]*)"')
_ID_WITHIN = 4096
"""The id stands among the first fields of our logs."""


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
        base = f"{_PREFIX}{repo_name}_{when:%Y%m%d_%H%M%S}"
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
                suggestions=("Make the folder writable, or choose another one with --log-dir.",),
            ) from error
        raise LogError(f"{self.folder} holds too many logs named {base}.")

    def paths(self) -> list[Path]:
        """All log files, newest first by name's time and then by modification."""
        try:
            found = [entry for entry in os.scandir(self.folder) if _is_log(entry)]
        except OSError:
            return []
        return [Path(entry.path) for entry in sorted(found, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)]

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

    def latest(self) -> Path:
        """The newest log.

        Raises:
            NotFoundError: there is none.
        """
        paths = self.paths()
        if not paths:
            raise NotFoundError(f"There are no logs in {self.folder}.", suggestions=("auto-deployer deploy", "--log-dir FOLDER"))
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
            raise NotFoundError(f"There is no log {name} in {self.folder}.", suggestions=("auto-deployer logs --list",))
        return found

    def find_deployment(self, deployment_id: str) -> Path | None:
        """The log of a deployment id, or None. Reads the first bytes of each file only."""
        wanted = deployment_id.encode()
        return next((path for path in self.paths() if _id_of(path) == wanted), None)

    def _make_folder(self) -> None:
        new = not self.folder.exists()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new and _in_work_tree(self.folder):
            (self.folder / ".gitignore").write_text("*\n")


def _is_log(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file()


def _id_of(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            match = _ID.search(file.read(_ID_WITHIN))
    except OSError:
        return None
    return match.group(1) if match else None


def _in_work_tree(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in folder.absolute().parents)
