"""The written forms in which one secret value can turn up: as it is, URL-encoded, base64, JSON-escaped, shell-quoted."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_JS_UNRESERVED = "!'()*"
"""What JavaScript's encodeURIComponent leaves alone and `quote` does not."""
_BASE64_LINE_WIDTHS = (76, 64)
"""Where `base64` and PEM tools break lines."""
_URL_SAFE = str.maketrans("+/", "-_")
_URL_HEX = re.compile(r"%[0-9A-F]{2}")
_SHELL_SPECIAL = re.compile(r"([^\w@%+=:,./-])", re.ASCII)


def forms(value: str) -> set[bytes]:
    """Every form to look for, as bytes."""
    raw = value.encode("utf-8", "surrogateescape")
    found = {value, raw.decode("utf-8", "replace"), *_url_forms(raw), *_quoted_forms(value)}
    for encoded in _base64_forms(raw):
        found.update((encoded, encoded.translate(_URL_SAFE)))
    return {raw, *(form.encode("utf-8", "surrogatepass") for form in found)}


def _url_forms(raw: bytes) -> Iterator[str]:
    for encoded in (quote(raw, safe=""), quote(raw), quote(raw, safe=_JS_UNRESERVED), quote_plus(raw)):
        yield encoded
        yield _URL_HEX.sub(lambda match: match.group().lower(), encoded)


def _quoted_forms(value: str) -> Iterator[str]:
    """The text between the quotes: JSON and double quotes escape with a backslash, single quotes are closed and reopened."""
    for ascii_only in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_only)[1:-1]
    yield json.dumps(value)[1:-1].replace("/", "\\/")
    yield value.replace("'", "'\"'\"'")
    yield value.replace("'", "'\\''")
    yield value.replace("\\", "\\\\").replace("'", "\\'")
    yield re.sub(r'([\\"$`])', r"\\\1", value)
    yield _SHELL_SPECIAL.sub(r"\\\1", value)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The characters that only depend on `raw`, for each of the three ways it can lie in a longer text ("user:password")."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        yield encoded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
    alone = base64.b64encode(raw).decode().rstrip("=")
    for width in _BASE64_LINE_WIDTHS:
        if len(alone) > width:
            yield from (alone[at : at + width] for at in range(0, len(alone) - 7, width))
