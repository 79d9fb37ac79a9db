"""Deploy directories of other users, or that others may write: nothing is run there, and nothing of theirs is believed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shlex import quote

from ..deploy_log.ownership import first_fault, owner_if_other, why_not_ours, why_replaceable
from ..model.errors import TargetLockedError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .layout import PRIVATE_FOLDERS, RECORD_NAME


def refuse_foreign(deploy_dir: Path) -> None:
    """Let only a deploy directory through that is ours alone, or not there yet.

    Raises:
        TargetLockedError: `deploy_dir_not_ours`: somebody else owns it, or what we keep in it, or may write there.
    """
    fault = first_fault(_judged(deploy_dir))
    if not fault:
        return
    owner = owner_if_other(deploy_dir)
    suggestions = (suggest("Choose another directory", "deployDir"),)
    if owner:
        suggestions = (suggest(f"Do this as {owner}."), *suggestions)
    elif "can be written" in fault:
        suggestions = (suggest("If you trust what is in it", command=f"chmod -R go-w {quote(str(deploy_dir))}"), *suggestions)
    raise TargetLockedError(
        f"{deploy_dir} is not used: {fault}, and what lies in a deploy directory is run.",
        kind=Kind.DEPLOY_DIR_NOT_OURS, suggestions=suggestions,
    )  # fmt: skip


def why_not_recovered(deploy_dir: Path) -> str:
    """Why nothing is to be recovered in a deploy directory, in words; "" when it is ours alone and stays in its place."""
    return why_not_ours(deploy_dir) or first_fault(_judged(deploy_dir)) or why_replaceable(deploy_dir)


def close_to_others(deploy_dir: Path) -> None:
    """What a deploy of ours made before, and left open: nobody else may write in the directory, nor enter the folders below it.

    Raises:
        OSError: a mode cannot be changed.
    """
    if sys.platform == "win32" or owner_if_other(deploy_dir):
        return
    deploy_dir.chmod(deploy_dir.stat().st_mode & ~0o022)
    for folder in _folders(deploy_dir):
        if not folder.is_symlink() and not owner_if_other(folder):
            folder.chmod(0o700)


def _judged(deploy_dir: Path) -> Iterator[Path]:
    """What somebody else must not have made: the directory, its record, our folders, and what the keeper knows of releases."""
    yield deploy_dir
    yield deploy_dir / RECORD_NAME
    yield from _folders(deploy_dir)
    with suppress(OSError):
        yield from (entry for entry in (deploy_dir / "run").iterdir() if entry.is_dir())


def _folders(deploy_dir: Path) -> tuple[Path, ...]:
    return tuple(folder for folder in (deploy_dir / name for name in PRIVATE_FOLDERS) if folder.is_dir())
