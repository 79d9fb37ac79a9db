"""Opening and syncing in the ways of other systems: the module is loaded as it is there."""

from __future__ import annotations

import errno
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import auto_deployer.deploy_log
from auto_deployer.deploy_log import descriptors

FOLDER = Path(auto_deployer.deploy_log.__file__).parent


def _loaded(name: str) -> ModuleType:
    loader = SourceFileLoader(f"{name}_elsewhere", str(FOLDER / f"{name}.py"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_link_in_the_place_of_our_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        os.open(tmp_path / "link", os.O_WRONLY | os.O_CREAT | descriptors.OWN_FILE, 0o600)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("refuses", [False, True])
def test_macos_is_asked_for_its_full_sync_and_plain_fsync_stands_in(monkeypatch: pytest.MonkeyPatch, *, refuses: bool) -> None:
    calls: list[str] = []

    def fcntl(descriptor: int, command: int) -> None:
        calls.append(f"fcntl {descriptor} {command}")
        if refuses:
            raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setitem(sys.modules, "fcntl", SimpleNamespace(fcntl=fcntl, F_FULLFSYNC=51))
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append(f"fsync {descriptor}"))
    _loaded("descriptors").sync_data(7)
    assert calls == ["fcntl 7 51", *(["fsync 7"] if refuses else [])]


def test_windows_locks_a_byte_that_nobody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"one line\n")
    descriptor = os.open(file, os.O_RDWR)
    locked: list[tuple[int, int, int]] = []

    def locking(given: int, mode: int, count: int) -> None:
        if locked:
            raise PermissionError(errno.EACCES, "locked")
        locked.append((os.lseek(given, 0, os.SEEK_CUR), mode, count))

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    windows = _loaded("locking")
    try:
        os.lseek(descriptor, 4, os.SEEK_SET)
        assert [windows.try_lock(descriptor), windows.try_lock(descriptor)] == [True, False]
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 4
    finally:
        os.close(descriptor)
    ((at, mode, count),) = locked
    assert (mode, count) == (2, 1)
    assert file.stat().st_size < at < 2**31
