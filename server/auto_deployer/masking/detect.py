"""Which variables hold secrets: by their name, or by the shape of their value."""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import parse_qsl, unquote, urlsplit

from .patterns import patterns

_SECRET_WORDS = frozenset({
    "password", "passwd", "pass", "passphrase", "pw", "secret", "secrets", "token", "apikey", "credential", "credentials", "dsn",
})  # fmt: skip
_SECRET_LAST_WORDS = frozenset({"key", "auth", "pwd", "pat", "salt", "pin", "jwt", "cookie", "signature", "sig"})
_PLAIN_LAST_WORDS = frozenset({
    "file", "path", "dir", "sock", "name", "user", "username", "email", "domain", "host", "port", "url", "uri", "endpoint",
    "region", "type", "mode", "method", "format", "algorithm", "strategy", "policy", "backend", "provider", "handler",
    "template", "class", "enabled", "required", "length", "size", "limit", "count", "level", "version", "header", "issuer",
    "audience", "ttl", "timeout", "expiry", "expires", "days", "hours", "minutes", "seconds", "age", "public",
})  # fmt: skip
_WELL_KNOWN_VALUES = frozenset({
    "enabled", "disabled", "required", "optional", "default", "production", "development", "staging", "testing", "localhost",
    "postgres", "mysql", "mongodb", "rabbitmq", "password", "changeme", "django", "example",
})  # fmt: skip
"""Hiding what everybody would guess protects nothing, and takes ordinary words out of every log."""
_DIGEST_WORDS = frozenset(
    {"sha", "sha1", "sha256", "commit", "revision", "rev", "hash", "digest", "checksum", "id", "uuid", "version"}
)
"""Names whose long hexadecimal values are no secrets, and would be missed in a log."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PATH = re.compile(r"(?:~|\.{0,2})(?:/[\w.@+ -]+)+/?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_RUN = re.compile(r"[A-Za-z0-9]+")
_DSN_PASSWORD = re.compile(r"(?i)(?:^|[\s;&])(?:password|pwd|pass)=([^\s;&]+)")
_LONG = 20
_LONG_HEX = 32
_BITS_PER_CHARACTER = 3.5
"""English words lie near 3 at this length, random base64 above 4."""


def secrets_in(name: str, value: str) -> tuple[str, ...]:
    """The parts of a variable's value that must not be shown; () for ordinary settings."""
    if value.lower() in _WELL_KNOWN_VALUES:
        return ()
    if _URL.fullmatch(value):
        return url_secrets(value)
    words = _words(name)
    if _secret_by_name(words) and not _is_path(value):
        return (value, *_DSN_PASSWORD.findall(value))
    if _has_token_prefix(value) or (not _DIGEST_WORDS.intersection(words) and _is_random(value)):
        return (value,)
    return ()


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret (`DB_PASSWORD`, `STRIPE_API_KEY`)."""
    return _secret_by_name(_words(name))


def url_secrets(url: str) -> tuple[str, ...]:
    """Password of a URL (or the user, where it stands alone over HTTP: a token), and query values that are secret by name."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    userinfo, at, _ = parts.netloc.rpartition("@")
    user, colon, password = userinfo.partition(":")
    found = [password] if password else []
    if at and (_is_random(user) or _has_token_prefix(user) or (not password and (colon or parts.scheme in ("http", "https")))):
        found.append(user)
    found += [value for name, value in parse_qsl(parts.query) if is_secret_name(name)]
    forms = dict.fromkeys(form for value in found for form in (value, unquote(value)))
    return tuple(form for form in forms if form.lower() not in _WELL_KNOWN_VALUES)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _secret_by_name(words: list[str]) -> bool:
    if not words or words[-1] in _PLAIN_LAST_WORDS or "public" in words:
        return False
    return not _SECRET_WORDS.isdisjoint(words) or (len(words) > 1 and words[-1] in _SECRET_LAST_WORDS)


def _is_path(value: str) -> bool:
    return bool(_PATH.fullmatch(value)) and not any(_is_random(part) for part in value.split("/"))


def _has_token_prefix(value: str) -> bool:
    raw = value.encode("utf-8", "replace")
    return any(raw.startswith(pattern.triggers) and pattern.full.match(raw) for pattern in patterns())


def _is_random(value: str) -> bool:
    """A long run of mixed characters that no one would type: a key, not a name, a version or a path."""
    if len(value) < _LONG or any(char.isspace() for char in value):
        return False
    run = max(_RUN.findall(value), key=len, default="")
    if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", run):
        return len(run) >= _LONG_HEX and len(set(run)) > len("0123")
    mixed = all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return mixed and len(run) >= _LONG * 3 // 4 and _entropy(value) >= _BITS_PER_CHARACTER


def _entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())
