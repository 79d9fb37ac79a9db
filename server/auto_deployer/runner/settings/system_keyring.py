"""Keys in the keyring of the operating system, through the library `keyring`, an optional extra."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from ...model.errors import SettingsError
from ...model.suggestions import suggest

if TYPE_CHECKING:
    from types import ModuleType

logger = logging.getLogger(__name__)

SERVICE = "auto-deployer"
"""The name under which the keyring's own program shows our entries."""
_INSTEAD = suggest("Without a keyring, give the key in the environment: AUTO_DEPLOYER_LLM_API_KEY.")


class KeyStore(Protocol):
    """Where keys are looked for last: by provider, or "llm" for any."""

    def get(self, name: str) -> str | None: ...


class SystemKeyring:
    """The user's keyring. Reading a key never fails: without a keyring there is none."""

    def get(self, name: str) -> str | None:
        """The kept key; None where there is none, or no keyring that can be read (which is logged)."""
        try:
            import keyring
        except ImportError:
            return None
        try:
            return keyring.get_password(SERVICE, name) or None
        except Exception as error:  # noqa: BLE001 - backends talk to other programs and raise what those give them
            if not _is_absent(error):
                logger.warning("the keyring cannot be read: %s: %s", type(error).__name__, error)
            return None

    def set(self, name: str, key: str) -> None:
        """Keep a key.

        Raises:
            SettingsError: there is no keyring, or it refuses.
        """
        with _opened() as keyring:
            keyring.set_password(SERVICE, name, key)

    def remove(self, name: str) -> bool:
        """Forget a key; False when there was none.

        Raises:
            SettingsError: there is no keyring, or it refuses.
        """
        with _opened() as keyring:
            if keyring.get_password(SERVICE, name) is None:
                return False
            keyring.delete_password(SERVICE, name)
            return True

    def problem(self) -> str | None:
        """Why no key can be kept here; None when it can."""
        try:
            with _opened() as keyring:
                keyring.get_password(SERVICE, "llm")
        except SettingsError as error:
            return error.message
        return None


@contextmanager
def _opened() -> Iterator[ModuleType]:
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            "the library that opens the keyring of this machine is not installed",
            suggestions=(suggest("Install what reads the keyring", command="pip install 'auto-deployer[keyring]'"), _INSTEAD),
        ) from None
    try:
        yield keyring
    except Exception as error:
        if _is_absent(error):
            raise SettingsError(
                "this machine has no keyring that can be used (a desktop session has one, a bare server usually not)",
                suggestions=(suggest("Unlock or install one (GNOME Keyring, KWallet, macOS Keychain)."), _INSTEAD),
            ) from None
        raise SettingsError(f"the keyring refused: {type(error).__name__}: {error}", suggestions=(_INSTEAD,)) from error


def _is_absent(error: Exception) -> bool:
    from keyring.errors import InitError, NoKeyringError

    return isinstance(error, NoKeyringError | InitError)
