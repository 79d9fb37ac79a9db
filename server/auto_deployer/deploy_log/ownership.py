"""Whose files are: what others own, or may write, is text to us and nothing to act on."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_OTHERS_WRITE, _GROUP_WRITES = 0o002, 0o020


def why_not_ours(path: Path) -> str:
    """Why a file or folder is not ours alone, in words; "" when it is.

    Ours is what this user owns and nobody else may write. Of a link, that and what it leads to. Windows has its own ways to keep
    others out, which we do not read: there everything counts as ours.
    """
    if sys.platform == "win32":
        return ""
    try:
        found = path.lstat()
        statuses = (found, path.stat()) if stat.S_ISLNK(found.st_mode) else (found,)
    except OSError as error:
        return f"{path} cannot be looked at ({error.strerror or error})"
    return next(filter(None, (_fault(path, status) for status in statuses)), "")


def owner_if_other(path: Path) -> str:
    """The other user a file or folder belongs to, for people; "" for ours, and for what is not there."""
    if sys.platform == "win32":
        return ""
    try:
        uid = path.stat().st_uid
    except OSError:
        return ""
    return "" if uid == os.geteuid() else _user_name(uid)


def why_replaceable(path: Path) -> str:
    """Why others could put something else into the place of this path, in words; "" when nobody but us and root can."""
    if sys.platform == "win32":
        return ""
    parents = {*path.absolute().parents, *Path(os.path.realpath(path)).parents}
    return next(filter(None, (_fault_of_parent(parent) for parent in parents)), "")


def first_fault(paths: Iterable[Path]) -> str:
    """`why_not_ours` of the first that is not; what is not there does not count."""
    return next(filter(None, (why_not_ours(path) for path in paths if _is_there(path))), "")


def _is_there(path: Path) -> bool:
    """Also where its folder is closed to us: what cannot be looked at is no reason to trust it."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def owner_fault(uid: int, mode: int, gid: int, *, me: int) -> str:
    """The decision itself: what keeps a file of this owner, mode and group from being that of user `me` alone; "" for nothing."""
    if uid != me:
        return f"belongs to {_user_name(uid)}"
    if stat.S_ISLNK(mode):
        return ""  # a link's own mode says nothing
    if mode & _OTHERS_WRITE or (mode & _GROUP_WRITES and not _is_private_group(gid, me)):
        return f"can be written by others (mode {stat.S_IMODE(mode):04o})"
    return ""


def _fault(path: Path, status: os.stat_result) -> str:
    fault = owner_fault(status.st_uid, status.st_mode, status.st_gid, me=os.geteuid()) if sys.platform != "win32" else ""
    return f"{path} {fault}" if fault else ""


def _fault_of_parent(folder: Path) -> str:
    """In a folder with the sticky bit (/tmp) nobody replaces what is not his."""
    try:
        status = folder.stat()
    except OSError as error:
        return f"{folder} cannot be looked at ({error.strerror or error})"
    fault = owner_fault(status.st_uid, status.st_mode, status.st_gid, me=status.st_uid)
    if status.st_uid not in (0, _me()):
        return f"{folder} belongs to {_user_name(status.st_uid)}"
    return f"{folder} {fault}" if fault and not status.st_mode & stat.S_ISVTX else ""


def _me() -> int:
    return os.geteuid() if sys.platform != "win32" else 0


@cache
def _is_private_group(gid: int, uid: int) -> bool:
    """Many systems give each user a group of the same name with nobody else in it, and files that it may write."""
    if sys.platform == "win32":
        return True
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(gid), pwd.getpwuid(uid)
    except KeyError:
        return False
    return group.gr_gid == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _user_name(uid: int) -> str:
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user number {uid}"
