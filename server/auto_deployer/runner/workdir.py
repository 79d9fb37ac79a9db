"""A deployment's private working folder: the snapshot repository and the env file handed to the target.

It stays when the deployment does not succeed, so that a retry has the same snapshot; it goes with success, or after a week.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

import platformdirs

_KEPT_S = 7 * 24 * 3600


def work_root() -> Path:
    """Where the working folders lie: the user's cache directory."""
    return Path(platformdirs.user_cache_dir("auto-deployer", appauthor=False)) / "deployments"


def make_work_dir(deployment_id: str) -> Path:
    """A fresh private folder (0700) for a deployment; old ones are removed on the way."""
    root = work_root()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _prune(root)
    folder = root / f"{deployment_id}-{os.urandom(4).hex()}"
    folder.mkdir(mode=0o700)
    return folder


def remove_work_dir(folder: Path) -> None:
    """Remove a working folder; only one of ours."""
    if folder.parent == work_root():
        shutil.rmtree(folder, ignore_errors=True)


def _prune(root: Path) -> None:
    for folder in root.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)
