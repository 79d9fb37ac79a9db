"""Masking of a byte stream that arrives in chunks, across their borders."""

from __future__ import annotations

from collections.abc import Callable

from .matcher import MASK, Matcher, Span
from .patterns import HEAD_LIMIT


class StreamMasker:
    """Masks one stream. Holds back only what may be the beginning of a secret; everything else passes byte for byte at once.

    Held back are at most the longest form of a known secret minus one byte, or the longest match of a pattern (16 KiB for a
    private key). What was fed and flushed gives the same as masking the whole at once.
    """

    def __init__(self, matcher: Callable[[], Matcher]) -> None:
        """`matcher` gives the current one, so that secrets which become known later count from then on."""
        self._matcher = matcher
        self._kept = b""
        """What was held back, behind a little of what was not (patterns look at it)."""
        self._done = 0
        """How much of `_kept` is in the output already, as it is or as part of a mask."""
        self._first = 0
        """Where a pattern may begin in `_kept`: behind a cut, its first byte has an unknown neighbour."""
        self._in_mask = False
        """The output ends with a mask: an overlapping secret adds no other one."""

    def feed(self, data: bytes) -> bytes:
        """Take the next chunk; returns what is certain now."""
        if not data:
            return b""
        self._kept += data
        matcher = self._matcher()
        return self._release(matcher.spans(self._kept, self._first), matcher.hold_from(self._kept, self._first))

    def flush(self) -> bytes:
        """Return what is still held back, masked as it stands; for the end of the stream, or a pause in it."""
        return self._release(self._matcher().spans(self._kept, self._first), len(self._kept))

    def _release(self, spans: list[Span], until: int) -> bytes:
        parts: list[bytes] = []
        done, in_mask = self._done, self._in_mask
        for start, end in spans:
            if start >= until:
                break
            if end <= done:
                continue
            if start >= done or not in_mask:
                parts += (self._kept[done:start], MASK)
            done, in_mask = end, True
        if done < until:
            parts.append(self._kept[done:until])
            done, in_mask = until, False
        dropped = max(0, until - HEAD_LIMIT)
        if dropped:
            self._kept = self._kept[dropped:]
            self._first = 1
        self._done, self._in_mask = done - dropped, in_mask
        return b"".join(parts)
