"""A keyring backend that keeps its entries in the file FILE_KEYRING, through the library's own interface for backends.

Processes take it with PYTHON_KEYRING_BACKEND=file_keyring.FileKeyring and this folder in PYTHONPATH.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

FOLDER = Path(__file__).parent


def variables(file: Path) -> dict[str, str]:
    """What a process needs to use the keyring in `file`."""
    return {"PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring", "FILE_KEYRING": str(file), "PYTHONPATH": str(FOLDER)}


class FileKeyring(KeyringBackend):
    """Entries as {"service/name": password}."""

    priority = 1  # pyright: ignore[reportAssignmentType]  (the library's own backends do the same)

    @property
    def _file(self) -> Path:
        return Path(os.environ["FILE_KEYRING"])

    def _read(self) -> dict[str, str]:
        return json.loads(self._file.read_text()) if self._file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps({**self._read(), f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        entries = self._read()
        if entries.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError
        self._file.write_text(json.dumps(entries))
