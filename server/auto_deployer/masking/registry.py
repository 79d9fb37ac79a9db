"""The secret values a deployment knows, and their replacing."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from .detect import given_secrets, is_well_known, secrets_in, url_secrets
from .forms import forms
from .matcher import Matcher
from .names import is_secret_name
from .patterns import patterns
from .stream import StreamMasker

SHORTEST_SECRET = 6
"""Characters. Shorter values turn up in ordinary text too often to be replaced."""


class SecretRegistry:
    """Values that must not leave, replaced by `***` in every form they are commonly written in.

    A few patterns (user and password in a URL, `Authorization` headers, well-known token prefixes, private keys) are replaced
    whether registered or not. Threads may add and mask at the same time.
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._changing = threading.Lock()
        self._matcher: Matcher | None = None

    def add(self, value: str) -> None:
        """Know a secret; one of several lines also line by line. Values shorter than 6 characters are ignored."""
        lines = [line.strip() for line in value.splitlines()]
        parts = (value, value.strip(), *(line for line in lines if len(lines) == 1 or not is_well_known(line)))
        with self._changing:
            new = {part for part in parts if len(part) >= SHORTEST_SECRET} - self._values
            if new:
                self._values |= new
                self._matcher = None

    def add_env(self, env: Mapping[str, str]) -> None:
        """Know those variables that are secret by name (`DB_PASSWORD`) or by shape (a URL with a password, a random key)."""
        for name, value in env.items():
            for secret in secrets_in(name, value):
                self.add(secret)

    def add_given(self, env: Mapping[str, str], shown: Collection[str] = ()) -> None:
        """Know variables that were given for the app, whatever their names; see `is_plain` for the values that stay readable.

        Args:
            shown: Values that stand in every log anyway (the repository's name, the user's): secret only under a secret's name.
        """
        for name, value in env.items():
            known = value in shown and not is_secret_name(name)
            for secret in secrets_in(name, value) if known else given_secrets(name, value):
                self.add(secret)

    def add_url(self, url: str) -> None:
        """Know the credentials in a URL, if it has any."""
        for secret in url_secrets(url):
            self.add(secret)

    def mask(self, text: str) -> str:
        """`text` with every secret replaced; the same object when there is none."""
        if len(text) < SHORTEST_SECRET:
            return text
        data = text.encode("utf-8", "surrogatepass")
        masked = self._current().replace(data)
        return text if masked is data else masked.decode("utf-8", "surrogatepass")

    def mask_bytes(self, data: bytes) -> bytes:
        """The same for bytes of any encoding that has ASCII in it; they need not be valid text."""
        return self._current().replace(data)

    def stream(self) -> StreamMasker:
        """A masker for one stream of output."""
        return StreamMasker(self._current)

    def _current(self) -> Matcher:
        with self._changing:  # a value that comes meanwhile is in the next one
            if self._matcher is None:
                # longest first, so that the usual hit comes early
                literals = sorted({form for value in self._values for form in forms(value)}, key=len, reverse=True)
                self._matcher = Matcher(literals, patterns())
            return self._matcher
