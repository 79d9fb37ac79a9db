"""One deployment (or verb) at a time in a deploy directory, and none in a directory that is not ours. For the local target."""

from __future__ import annotations

import errno
import getpass
import json
import os
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from ..deploy_log.descriptors import OWN_FILE
from ..deploy_log.locking import try_lock
from ..deploy_log.ownership import owner_if_other
from ..model.errors import TargetLockedError, UsageError
from ..model.ports import DeployPaths
from ..model.reasons import Kind
from ..model.suggestions import suggest
from . import keeper
from .layout import LOCK_NAME, RECORD_NAME, OwnerRecord, utc_now
from .ours import close_to_others, refuse_foreign
from .registry import AppRegistry, read_record

_DISK_IS_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_CANNOT_UNLINK = (PermissionError,) if sys.platform == "win32" else ()
"""Windows keeps the name of an open file: the next holder takes the same file then."""


class DeployDirLock:
    """An exclusive lock on a deploy directory that exists; children do not inherit it, and it ends with the process."""

    def __init__(self, deploy_dir: Path, purpose: str, *, note_needed: bool = True) -> None:
        """Nothing is locked yet.

        Args:
            purpose: Deployment id or the verb, told to whoever finds the directory locked.
            note_needed: Lock only when that can be written down. A verb goes on without: a full disk must not keep an app from
                being stopped.
        """
        self._deploy_dir, self._purpose = deploy_dir, purpose
        self._note_needed = note_needed
        self._path = deploy_dir / LOCK_NAME
        self._locked = self._path
        """What is locked: the file, or the directory itself where a full disk takes no file."""
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock and write down who has it; when that cannot be written, though needed, nothing is locked.

        What lies there under our keeper's name and is another script is removed: from now on it would be run.

        Raises:
            TargetLockedError: somebody else works there; the holder is named.
            OSError: the directory is gone, cannot be written, or its disk is full.
        """
        while self._fd < 0:
            self._fd = self._try_to_lock()
        try:
            self._write_note()
            keeper.drop_foreign(str(self._deploy_dir))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others in; again: nothing."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            if self._locked == self._path and self._is_the_file(
                fd
            ):  # not when the directory was removed, or made anew, while we had it
                self._unlink()
        finally:
            os.close(fd)  # what gives the lock back: in any case

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _write_note(self) -> None:
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            os.write(self._fd, json.dumps(_holder(self._purpose)).encode())
        except OSError:
            if self._note_needed:
                raise

    def _unlink(self) -> None:
        with suppress(*_CANNOT_UNLINK):
            self._path.unlink()

    def _try_to_lock(self) -> int:
        """The locked descriptor; -1 when the file was removed by its holder between our opening and locking."""
        fd = self._open()
        with ExitStack() as undo:
            undo.callback(os.close, fd)
            if not try_lock(fd):
                raise self._locked_by(_read_holder(fd))
            if not self._is_the_file(fd):
                return -1
            undo.pop_all()
            return fd

    def _open(self) -> int:
        self._locked = self._path
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | OWN_FILE, 0o600)
        except OSError as error:
            if self._note_needed or error.errno not in _DISK_IS_FULL:
                raise
        self._locked = self._deploy_dir
        return os.open(self._deploy_dir, os.O_RDONLY | OWN_FILE)

    def _is_the_file(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self._locked.stat(follow_symlinks=self._locked == self._deploy_dir))
        except FileNotFoundError:
            return False

    def _locked_by(self, holder: dict[str, Any]) -> TargetLockedError:
        who = f"process {holder.get('pid')} of {holder.get('user')} on {holder.get('host')}" if holder else "another process"
        what = f" ({holder.get('deploymentId')}, since {holder.get('since')})" if holder else ""
        return TargetLockedError(
            f"{who}{what} works in {self._deploy_dir}.",
            suggestions=(suggest("Wait until it has ended, or cancel it."), suggest("Use another deploy directory", "deployDir")),
        )


class DeployDirClaim:
    """Makes a deploy directory ours for one deployment: checks whose it is, locks it, writes the owner record.

    A directory that the claim made and that nothing was put into is removed again at the end.
    """

    def __init__(
        self, paths: DeployPaths, *, repo: str, subdir: str = "", deployment_id: str = "", registry: AppRegistry | None = None
    ) -> None:
        """Nothing is claimed yet.

        Args:
            repo: URL or folder without credentials.
            registry: Where the app is noted; default the user's.
        """
        self._deploy_dir = Path(paths.deploy_dir)
        self._wanted = OwnerRecord(app=self._deploy_dir.name, repo=repo, subdir=subdir, created=utc_now())
        self._lock = DeployDirLock(self._deploy_dir, deployment_id)
        self._registry = registry or AppRegistry()
        self._made_directory = False
        self._made_record = False

    def acquire(self) -> None:
        """Check, lock, and write the owner record.

        Raises:
            TargetLockedError: the directory is locked, not ours, another user's or another app's.
            UsageError: it cannot be made or written.
        """
        try:
            self._made_directory = not self._deploy_dir.exists()
            self._deploy_dir.mkdir(parents=True, exist_ok=True)
            if owner_if_other(self._deploy_dir):
                refuse_foreign(self._deploy_dir)
            self._check_owner()
            close_to_others(self._deploy_dir)
            refuse_foreign(self._deploy_dir)
            self._lock.acquire()
            self._check_owner()  # again: until now somebody else may have made it theirs
            self._write_record()
        except OSError as error:
            self.release()
            raise _unusable(self._deploy_dir, error) from None
        except BaseException:
            self.release()
            raise
        with suppress(OSError):  # a registry that cannot be written hides the app from lists, no more
            self._registry.remember(self._deploy_dir)

    def release(self) -> None:
        """Let others in; again: nothing."""
        if self._made_record and self._holds_nothing():
            (self._deploy_dir / RECORD_NAME).unlink(missing_ok=True)
            with suppress(OSError):
                self._registry.forget(self._deploy_dir)
        self._made_record = False
        self._lock.release()
        if self._made_directory:
            with suppress(OSError):  # not empty: it is used
                self._deploy_dir.rmdir()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _holds_nothing(self) -> bool:
        try:
            return {entry.name for entry in self._deploy_dir.iterdir()} <= {RECORD_NAME, LOCK_NAME}
        except OSError:  # it was removed meanwhile
            return False

    def _check_owner(self) -> None:
        names = {entry.name for entry in self._deploy_dir.iterdir()} - {LOCK_NAME}
        if not names:
            return
        record = read_record(self._deploy_dir)
        if record is None:
            raise TargetLockedError(
                f"{self._deploy_dir} is not empty and was not made by a deploy (it has no {RECORD_NAME}); it holds {_some(names)}.",
                kind=Kind.DEPLOY_DIR_NOT_OURS,
                suggestions=(suggest("Choose another directory", "deployDir"), suggest("Move what is in it elsewhere.")),
            )
        if not _same_source(record, self._wanted):
            raise TargetLockedError(
                f"{self._deploy_dir} is the deploy directory of {record.app}, made from {source_text(record)}, not from "
                f"{source_text(self._wanted)}.",
                kind=Kind.DEPLOY_DIR_NOT_OURS,
                suggestions=(
                    suggest("Choose another directory", "deployDir"),
                    suggest("Remove that app first", command=f"auto-deployer remove {record.app}"),
                ),
            )

    def _write_record(self) -> None:
        path = self._deploy_dir / RECORD_NAME
        if path.exists():
            return
        self._made_record = True
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(self._wanted.model_dump_json(exclude_defaults=True) + "\n")


def source_text(record: OwnerRecord) -> str:
    """Repository and sub-folder, for people."""
    return f"{record.repo or 'an unknown repository'}{f', folder {record.subdir}' if record.subdir else ''}"


def _same_source(first: OwnerRecord, second: OwnerRecord) -> bool:
    return (_repository_key(first.repo), first.subdir.strip("/")) == (_repository_key(second.repo), second.subdir.strip("/"))


def _repository_key(repo: str) -> str:
    """The same for all spellings of one repository: with and without ".git", by https, ssh or git@host:path, as file: or folder."""
    text = repo.rstrip("/")
    parts = urlsplit(text)
    if parts.scheme == "file":
        return os.path.realpath(parts.path)
    if parts.scheme and parts.netloc:
        return _host_and_path(parts.netloc, parts.path)
    host, colon, path = text.partition(":")
    if colon and "/" not in host:
        return _host_and_path(host, path)
    return str(Path(text).expanduser().resolve()) if text else ""


def _host_and_path(host: str, path: str) -> str:
    return f"{host.rpartition('@')[2].lower()}/{path.strip('/').removesuffix('.git').rstrip('/')}"


def _holder(purpose: str) -> dict[str, Any]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "user": _user(), "since": utc_now(), "deploymentId": purpose}


def _read_holder(fd: int) -> dict[str, Any]:
    try:
        os.lseek(fd, 0, os.SEEK_SET)
        holder = json.loads(os.read(fd, 4096))
    except (ValueError, OSError):  # none was written, or the directory itself is locked
        return {}
    return holder if isinstance(holder, dict) else {}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no name for this user
        getuid = getattr(os, "getuid", None)  # Windows has none
        return "an unknown user" if getuid is None else str(getuid())


def _some(names: set[str]) -> str:
    shown = sorted(names)[:5]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _unusable(deploy_dir: Path, error: OSError) -> UsageError:
    return UsageError(
        f"The deploy directory {deploy_dir} cannot be used: {error.strerror or error}.",
        suggestions=(suggest("Choose a directory that you may write", "deployDir"),),
    )
