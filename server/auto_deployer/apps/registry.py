"""Which apps were deployed on this machine: one small file each in the user's data directory, and what lies in ~/deployments."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from ..deploy_log.ownership import owner_if_other
from .layout import RECORD_NAME, OwnerRecord, parse_record


class AppRegistry:
    """Finds deploy directories. A directory without an owner record of ours is not an app: its entry is dropped."""

    def __init__(self, folder: Path | None = None, deployments: Path | None = None) -> None:
        """Nothing is read yet.

        Args:
            folder: Where the entries are; default the user's data directory.
            deployments: Where deploy directories lie by default; default ~/deployments.
        """
        self._folder = folder or platformdirs.user_data_path("auto-deployer", appauthor=False) / "apps"
        self._deployments = deployments or Path.home() / "deployments"

    def remember(self, deploy_dir: Path) -> None:
        """Note a deploy directory, so that it is found wherever it lies."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        entry = self._entry(deploy_dir)
        new = entry.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps({"deployDir": str(deploy_dir)}), encoding="utf-8")
        new.replace(entry)

    def forget(self, deploy_dir: Path) -> None:
        """Drop a deploy directory's entry."""
        self._entry(deploy_dir).unlink(missing_ok=True)

    def remembers(self, deploy_dir: Path) -> bool:
        """Whether a deployment of this user has claimed this very path: what only looks like an app of ours was never noted."""
        return _deploy_dir_of(self._entry(deploy_dir)) == deploy_dir

    def deploy_dirs(self) -> tuple[Path, ...]:
        """All deploy directories of apps, sorted, without those of other users; entries whose directory is gone are dropped."""
        found: set[Path] = set()
        for entry in self._folder.glob("*.json"):
            deploy_dir = _deploy_dir_of(entry)
            if deploy_dir is not None and read_record(deploy_dir) is not None:
                found.add(deploy_dir)
            else:
                entry.unlink(missing_ok=True)
        with suppress(OSError):
            found |= {child for child in self._deployments.iterdir() if child.is_dir() and read_record(child) is not None}
        return tuple(sorted(deploy_dir for deploy_dir in found if not owner_if_other(deploy_dir)))

    def _entry(self, deploy_dir: Path) -> Path:
        return self._folder / f"{hashlib.sha256(str(deploy_dir).encode()).hexdigest()[:16]}.json"


def _deploy_dir_of(entry: Path) -> Path | None:
    try:
        return Path(json.loads(entry.read_text(encoding="utf-8"))["deployDir"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_record(deploy_dir: Path) -> OwnerRecord | None:
    """The owner record of a directory on this machine; None when it has none of ours. Links are not followed."""
    path = deploy_dir / RECORD_NAME
    if path.is_symlink():
        return None
    try:
        return parse_record(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
