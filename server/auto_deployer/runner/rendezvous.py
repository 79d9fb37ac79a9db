"""Where a deployment's host and those who follow it meet: a unix socket in a folder that only this user can enter."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import platformdirs

_PATH_BYTES = 107
"""What a unix socket's path may have on Linux; macOS takes 103, which our names leave room for in the last folder."""
_LISTENING, _BINDING = ".sock", ".bind"
"""A socket gets its final name once it listens, so that a name that refuses connections belongs to a host that died."""
_ID_SHOWN = 20


def listen(log: Path, deployment_id: str) -> tuple[socket.socket, Path]:
    """A listening socket for the deployment of this log, and its path.

    Only the holder of the journal's lock may call this: whatever has the name is left over.

    Raises:
        OSError: there is no private folder for it, or it cannot be made there.
    """
    name = _name(log, deployment_id)
    for path in (folder / name for folder in _folders()):
        if len(os.fsencode(path)) <= _PATH_BYTES and _make_private(path.parent):
            _remove_left_over(path.parent)
            with suppress(OSError):  # a network file system, say, takes none
                return _bind(path), path
    raise OSError("no folder of this user can take a socket: XDG_RUNTIME_DIR, the cache directory and /tmp were tried")


def find(log: Path, deployment_id: str) -> Iterator[Path]:
    """Where the host of a deployment may listen: another process may have been given other folders than we were."""
    name = _name(log, deployment_id)
    for folder in _folders():
        if is_private(folder) and (folder / name).is_socket():
            yield folder / name


def is_private(folder: Path) -> bool:
    """Whether it is a real folder, ours, and closed to everybody else."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _folders() -> Iterator[Path]:
    """Candidates, best first. The last is there because paths of sockets are short."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if runtime.is_absolute():
        yield runtime / "auto-deployer"
    yield Path(platformdirs.user_cache_dir("auto-deployer", appauthor=False)) / "run"
    yield Path(f"/tmp/auto-deployer-{os.geteuid()}")  # noqa: S108 - used only when it is ours and private


def _name(log: Path, deployment_id: str) -> str:
    """The id for the reader, the log's path for being unique: ids are made by clients, and may be the same in two log folders."""
    digest = hashlib.blake2b(os.fsencode(os.path.realpath(log)), digest_size=8).hexdigest()
    return f"{deployment_id[:_ID_SHOWN]}-{digest}{_LISTENING}"


def _make_private(folder: Path) -> bool:
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    return is_private(folder)


def _bind(path: Path) -> socket.socket:
    temporary = path.with_suffix(_BINDING)
    temporary.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(temporary))
        temporary.chmod(0o600)
        listening.listen(64)
        listening.settimeout(0)
        temporary.replace(path)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_left_over(folder: Path) -> None:
    """Sockets of hosts that were killed refuse connections."""
    for path in folder.glob(f"*{_LISTENING}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.settimeout(0)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
