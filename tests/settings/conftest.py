"""Settings in an environment without anybody's own settings, keys and keyring."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from tests.settings.file_keyring import FileKeyring


@pytest.fixture(autouse=True)
def nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("AUTO_DEPLOYER_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def file_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileKeyring]:
    """An empty keyring in place of the machine's."""
    before = keyring.get_keyring()
    monkeypatch.setenv("FILE_KEYRING", str(tmp_path / "keyring.json"))
    keyring.set_keyring(backend := FileKeyring())
    yield backend
    keyring.set_keyring(before)
