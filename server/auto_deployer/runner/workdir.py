"""A deployment's private working folder: the snapshot repository, the env file handed to the target, request and plan unmasked.

It stays when the deployment does not succeed, so that a retry has the same snapshot; it goes with success, or after a week.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import TypeVar

import platformdirs
from pydantic import BaseModel

from ..deploy_log.descriptors import OWN_FILE
from ..model.errors import LogError
from ..model.log import DeploymentLog
from ..model.suggestions import suggest

M = TypeVar("M", bound=BaseModel)

REQUEST, PLAN, REPO, HOST, SNAPSHOT = "request.json", "plan.json", "repo.json", "host.json", "snapshot.git"
"""Names in the folder."""
_KEPT_S = 7 * 24 * 3600


def work_root() -> Path:
    """Where the working folders lie: the user's cache directory."""
    return Path(platformdirs.user_cache_dir("auto-deployer", appauthor=False)) / "deployments"


def work_dir_of(log: DeploymentLog) -> Path | None:
    """The working folder of a deployment, while it is there (it is only ever one of ours)."""
    folder = Path(log.work_dir) if log.work_dir else None
    return folder if folder is not None and folder.parent == work_root() and folder.is_dir() else None


def make_work_dir(deployment_id: str) -> Path:
    """A fresh private folder (0700) for a deployment.

    Raises:
        LogError: it cannot be made.
    """
    root = work_root()
    folder = root / f"{deployment_id}-{os.urandom(4).hex()}"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def remove_work_dir(folder: Path) -> None:
    """Remove a working folder; only one of ours. A snapshot has many files: not for an event loop."""
    if folder.parent == work_root():
        shutil.rmtree(folder, ignore_errors=True)


def save(folder: Path, name: str, model: BaseModel) -> None:
    """Keep data of the deployment unmasked, for this user alone: a log has `***` for secrets, so no retry can be made from it."""
    write_private(folder / name, model.model_dump_json(by_alias=True))


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read; what was there before stays until all of it is written.

    Raises:
        LogError: the disk does not take it.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | OWN_FILE, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def load(folder: Path | None, name: str, kind: type[M]) -> M | None:
    """What `save` kept; None when the folder is gone."""
    try:
        return kind.model_validate_json((folder / name).read_bytes()) if folder is not None else None
    except OSError:
        return None


def _unwritable(path: Path, error: OSError) -> LogError:
    return LogError(
        f"Cannot write {path}: {error.strerror or error}.",
        suggestions=(suggest("Free some space; the working folders lie in the user's cache directory (XDG_CACHE_HOME)."),),
    )


def remove_old_work_dirs() -> None:
    """Remove the working folders that nobody came back for within a week. Not for an event loop."""
    with contextlib.suppress(OSError):
        for folder in work_root().iterdir():
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _KEPT_S:
                    shutil.rmtree(folder, ignore_errors=True)
