"""Secrets known by their look.

Each pattern begins with a fixed text, its trigger, so that ordinary output costs one plain search per trigger.
Only the secret part (group 1) is replaced; its head stays ("ghp_***", "https://***@host"), and may therefore be shown before the
rest has arrived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

HEAD_LIMIT = 128
"""Longest text before the secret part that a pattern looks at."""


@dataclass(frozen=True)
class CompiledPattern:
    """A pattern ready for use on raw output."""

    triggers: tuple[bytes, ...]
    full: re.Pattern[bytes]
    """Matched at a trigger; group 1 is the secret."""
    unfinished: re.Pattern[bytes]
    """Matched at a trigger up to the end of the text: group 1 may still grow into a secret."""
    reach: int
    """Longest match, so that a stream never holds back more."""
    multiline: bool


@dataclass(frozen=True)
class _Pattern:
    triggers: tuple[str, ...]
    head: str
    """What precedes the secret, from the trigger on."""
    body: str
    """Character class of the secret."""
    shortest: int
    longest: int
    tail: str = ""
    guard: str = ""
    """Look-ahead that a complete body must satisfy."""
    multiline: bool = False


_NOT_IN_A_WORD = r"(?<![A-Za-z0-9])"
_USERINFO = r"[^\s/?#\"'<>\\]"
_QUOTES = r"[\"'\\]{0,3}"


def _token(*prefixes: str, body: str = "[A-Za-z0-9]", shortest: int = 20, longest: int = 255, guard: str = "") -> _Pattern:
    head = _NOT_IN_A_WORD + "(?:" + "|".join(map(re.escape, prefixes)) + ")"
    return _Pattern(prefixes, head, body, shortest, longest, guard=guard)


_PATTERNS = (
    _token("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    _token("github_pat_", body="[A-Za-z0-9_]"),
    _token("glpat-", "gldt-", "glrt-", body="[A-Za-z0-9_.-]"),
    _Pattern(("xox",), _NOT_IN_A_WORD + "xox[a-z]-", "[A-Za-z0-9-]", 10, 255),
    _token("xapp-", body="[A-Za-z0-9-]"),
    _token("hooks.slack.com/services/", body="[A-Za-z0-9/]"),
    # without a digit it is a name with dashes, such as a package's
    _token("sk-", body="[A-Za-z0-9_-]", guard="(?=[A-Za-z_-]{0,64}[0-9])"),
    _Pattern(("k_live_", "k_test_"), "k_(?:live|test)_", "[A-Za-z0-9]", 16, 255),
    _token("whsec_", shortest=16),
    _token("AKIA", "ASIA", body="[A-Z0-9]", shortest=16, longest=16),
    _token("AIza", body="[A-Za-z0-9_-]", shortest=35, longest=35),
    _token("npm_", shortest=30, longest=64),
    _token("pypi-AgE", body="[A-Za-z0-9_-]", longest=512),
    # user and password in a URL of any scheme; a user alone is a token only over HTTP (ssh://git@host names an account)
    _Pattern(("://",), "://", _USERINFO, 2, 512, tail="@", guard=r"(?=[^\s/@:]{0,256}:)"),
    _Pattern(("://",), "(?:(?<=http)|(?<=https))://", _USERINFO, 1, 512, tail="@"),
    _Pattern(
        ("uthorization", "UTHORIZATION"),
        rf"(?i:uthorization){_QUOTES}[ \t]{{0,8}}[:=,][ \t]{{0,8}}{_QUOTES}(?i:bearer|basic|token)[ \t]{{1,8}}",
        r"[A-Za-z0-9._~+/=|:-]",
        6,
        4096,
    ),
    # the old encrypted form ("Proc-Type: …" lines) is left alone: its body is no use without the passphrase
    _Pattern(
        ("-----BEGIN ",),
        r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----",
        r"[A-Za-z0-9+/=\s\\]",
        16,
        16_384,
        multiline=True,
    ),
)


@cache
def patterns() -> tuple[CompiledPattern, ...]:
    """All patterns; compiled when first used."""
    return tuple(_compile(pattern) for pattern in _PATTERNS)


def _compile(pattern: _Pattern) -> CompiledPattern:
    body = f"{pattern.guard}{pattern.body}{{{pattern.shortest},{pattern.longest}}}"
    growing = f"{pattern.body}{{0,{pattern.longest}}}"
    return CompiledPattern(
        triggers=tuple(trigger.encode() for trigger in pattern.triggers),
        full=re.compile(f"{pattern.head}({body}){pattern.tail}".encode()),
        unfinished=re.compile(f"{pattern.head}({growing})\\Z".encode()),
        reach=HEAD_LIMIT + pattern.longest + len(pattern.tail),
        multiline=pattern.multiline,
    )
