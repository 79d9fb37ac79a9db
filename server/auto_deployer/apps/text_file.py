"""Reading a small text file of the target."""

from __future__ import annotations

import shlex

from ..model.ports import Session
from ..sessions import system


async def read_text(session: Session, path: str) -> str:
    """Its text; "" when it is not there or may not be read."""
    if system.is_native(session):
        from .native import reading

        return reading.part_of(path).decode("utf-8", "replace")
    return (await session.probe(f"cat {shlex.quote(path)} 2>/dev/null")).stdout
