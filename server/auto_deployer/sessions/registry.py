"""Whether the package registry that a target's settings name answers: one read-only script, bounded to seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..model.ports import Session
from .system import is_native

RegistryKind = Literal["pypi", "npm"]

_SCRIPT = Path(__file__).with_name("registry.sh")
_TIMEOUT_S = 8.0
"""The script asks for at most 5 s."""


@dataclass(frozen=True)
class RegistryState:
    """What was seen of a registry."""

    kind: RegistryKind
    url: str
    """Without credentials."""
    reachable: bool
    """False only when it was tried and there is no way to it."""
    why: str = ""
    elsewhere: Literal["", "settings", "cache"] = ""
    """Where packages may come from all the same: further sources in the settings, or what the package manager has kept."""


async def probe_registry(session: Session, kind: RegistryKind) -> RegistryState:
    """Try the registry from the target; what cannot be told counts as reachable.

    Raises:
        ConnectionFailedError: the target is gone.
    """
    if is_native(session):
        return RegistryState(kind, "", reachable=True)
    result = await session.probe(f"registry_kind={kind}\n{_SCRIPT.read_text(encoding='utf-8')}", timeout_s=_TIMEOUT_S)
    rows = (line.split("\t") for line in result.stdout.splitlines())
    for row in rows:
        if row[0] == "registry" and len(row) == 5:
            elsewhere = row[4] if row[4] in ("settings", "cache") else ""
            return RegistryState(kind, row[1], row[2] != "unreachable", row[3], elsewhere)
    return RegistryState(kind, "", reachable=True)
