"""Which parts of a variable's value are secret: by its name, by the shape of the value, or because it was given to us."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .names import is_secret_name, says_plain, words_of
from .patterns import patterns

_WELL_KNOWN_VALUES = frozenset({
    "enabled", "disabled", "enable", "disable", "required", "require", "optional", "default", "always", "strict", "prefer",
    "production", "development", "staging", "testing", "preview", "localhost", "host.docker.internal", "postgres", "postgresql",
    "mysql", "mariadb", "sqlite", "sqlite3", "mongodb", "rabbitmq", "memcached", "memory", "filesystem", "django", "express",
    "password", "changeme", "example", "verbose", "warning", "critical", "console", "stdout", "stderr", "combined", "simple",
    "latest", "stable", "master", "public", "private", "unicode", "utf8mb4", "english", "german", "french", "spanish", "undefined",
})  # fmt: skip
"""Hiding what everybody would guess protects nothing, and takes ordinary words out of every log."""
_PLAIN_VALUE = re.compile(
    r"""
    [+-]?\d{1,15}(\.\d{1,15})?\ ?([a-z]{1,7}|%)?               # 3000, 0.25, 10mb, 30 seconds
    | v?\d{1,5}(\.\d{1,5}){1,3}(-[a-z]+(\.?\d{1,3})?)?(:\d+)?  # versions, and addresses of IPv4
    | \d{4}-\d\d-\d\d
    | [a-z]{1,3}[_-][a-z]{2,4}(\.utf-?8)?|utf-?8|iso-8859-\d+    # languages and their encodings: en_US.UTF-8
    | (africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific|etc)/[a-z_/+-]{2,30}\d{0,2}
    | ([a-z0-9-]+\.)*localhost(:\d+)?|\[?::1?\]?(:\d+)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ORDINARY = re.compile(r"[*.]{0,2}(?:[A-Za-z]+\d{0,3}|\d{1,5})(?:[ ._/@,-]{1,2}(?:[A-Za-z]+\d{0,3}|\d{1,5})){0,20}(?::\d{1,5})?")
"""Words, as names, hosts and addresses of e-mail have them; nothing in which letters and digits take turns."""
_LOCAL_HOST = re.compile(r"(?:.+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|::1?|", re.IGNORECASE)
_DIGEST_WORDS = frozenset(
    {"sha", "sha1", "sha256", "commit", "revision", "rev", "hash", "digest", "checksum", "id", "uuid", "version"}
)
"""Names whose long hexadecimal values are no secrets, and would be missed in a log."""
_PATH = re.compile(r"(?:(?:~|\.{1,2})(?:/[\w.@+ -]+)+|(?:/[\w.@+ -]+){2,})/?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_URL_IN_TEXT = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>,;|]+")
_RUN = re.compile(r"[A-Za-z0-9]+")
_PAIR = re.compile(r"(?:^|[\s;&?,])([A-Za-z][\w -]{0,40}?)\s?=\s?(\"[^\"]*\"|'[^']*'|[^\s;&]+)")
"""`Password=…` in a connection string."""
_LONG = 20
_LONG_HEX = 32
_BITS_PER_CHARACTER = 3.5
"""English words lie near 3 at this length, random base64 above 4."""


def is_well_known(value: str) -> bool:
    """Whether a value is a word that stands in half of all settings."""
    return value.lower() in _WELL_KNOWN_VALUES


def secrets_in(name: str, value: str) -> tuple[str, ...]:
    """The parts of a variable's value that must not be shown, by its name and the value's shape; () for ordinary settings."""
    if is_well_known(value):
        return ()
    if _URL.fullmatch(value) and value.count("://") == 1:
        return url_secrets(value)
    words = words_of(name)
    if is_secret_name(name) and not _is_path(value):
        return (value, *_inner_secrets(value))
    if _has_token_prefix(value) or (not _DIGEST_WORDS.intersection(words) and _is_random(value)):
        return (value,)
    return tuple(_inner_secrets(value))


def given_secrets(name: str, value: str) -> tuple[str, ...]:
    """The same for a variable that somebody gave us for the app: all of it, unless it `is_plain`."""
    found = secrets_in(name, value)
    return found if is_plain(name, value) else tuple(dict.fromkeys((value, *found)))


def is_plain(name: str, value: str) -> bool:
    """Whether a value may be shown although it was given: anybody would guess it, or it says nothing that is worth hiding.

    Those are well-known words, paths, URLs of this machine and those that are only an origin; if the name is not one of a secret,
    numbers, versions, languages, time zones and local addresses; if the name is one of an ordinary setting (…_HOST, …_USER), words.
    """
    value = value.strip()
    if is_well_known(value) or _is_path(value):
        return True
    if _URL.fullmatch(value):
        return _is_plain_url(value)
    if is_secret_name(name) or _has_token_prefix(value) or _is_random(value):
        return False
    return bool(_PLAIN_VALUE.fullmatch(value) or (says_plain(name) and _ORDINARY.fullmatch(value)))


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
    return tuple(form for form in forms if not is_well_known(form))


def _is_plain_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if url_secrets(url) or parts.query or parts.fragment:
        return False
    return parts.path in ("", "/") or (_LOCAL_HOST.fullmatch(host) is not None and not any(map(_is_random, parts.path.split("/"))))


def _inner_secrets(value: str) -> Iterator[str]:
    """What lies in a longer value and is secret by itself: of JSON, connection strings, and URLs in a text."""
    if value[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):
            yield from _json_secrets("", json.loads(value))
        return
    for found in _URL_IN_TEXT.findall(value):
        yield from url_secrets(found)
    for name, written in _PAIR.findall(value):
        inner = written[1:-1] if written[0] in "\"'" else written
        # a word before it, so that a lone "Pwd" or "Key" counts, too
        if is_secret_name(f"of {name}") and not is_well_known(inner):
            yield inner


def _json_secrets(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from secrets_in(name, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _json_secrets(str(key), item)
    elif isinstance(value, list):
        for item in value:
            yield from _json_secrets(name, item)


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
