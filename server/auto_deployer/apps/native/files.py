"""Changes of files in a deploy directory, each seen whole or not at all where the system can do that."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE_S = 5.0
"""How long Windows may hold a file for somebody who reads it (a virus scanner, say) before we give up."""
_NEW = ".new"


def write(path: Path, text: str) -> None:
    """Replace a private file: readers see the old text or the new one."""
    new = path.with_name(path.name + _NEW)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    _patiently(lambda: new.replace(path))


def point(link: Path, folder: Path) -> None:
    """Make `link` lead to a folder: a symbolic link, on Windows a junction (which needs no privilege).

    A junction cannot be replaced in one step: between the two, `link` with `.new` behind its name leads there (see `pointed`).
    """
    new = link.with_name(link.name + _NEW)
    unlink(new)
    if os.name == "nt":
        _junction(new, folder)
        unlink(link)
        _patiently(lambda: new.rename(link))
    else:
        new.symlink_to(os.path.relpath(folder, link.parent))
        new.replace(link)


def pointed(link: Path) -> Path | None:
    """Where a link made by `point` leads."""
    for each in (link, link.with_name(link.name + _NEW)):
        if is_link(each):
            return Path(os.path.realpath(each))
    return None


def exists(path: str) -> bool:
    """Whether something is there."""
    return Path(path).exists()


def is_link(path: Path) -> bool:
    """Whether it is a symbolic link or a junction."""
    try:
        path.readlink()
    except (OSError, ValueError):
        return False
    return True


def unlink(link: Path) -> None:
    """Remove a link, never what it leads to; nothing happens when it is not there."""
    if is_link(link):
        _patiently(link.rmdir if os.name == "nt" else link.unlink)


def remove(folder: Path) -> None:
    """Delete a folder with all in it; links in it are removed themselves. Files that are read-only (as git's objects) too."""

    def writable(function: Callable[..., object], path: str, _: object) -> None:
        Path(path).chmod(stat.S_IWRITE | stat.S_IREAD)
        function(path)

    _patiently(lambda: shutil.rmtree(folder, onerror=writable))


def _junction(link: Path, folder: Path) -> None:
    """`mklink` is a command of cmd.exe's own; it wants backslashes."""
    words = [os.environ.get("COMSPEC", "cmd.exe"), "/d", "/c", "mklink", "/J", str(link), str(folder)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise OSError(f"no junction could be made at {link}: {done.stderr.decode(errors='replace').strip()}")


def _patiently(work: Callable[[], object]) -> None:
    """Again and again while Windows refuses because somebody has a file open."""
    until = time.monotonic() + (_PATIENCE_S if os.name == "nt" else 0)
    while True:
        try:
            work()
        except PermissionError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.05)
        else:
            return
