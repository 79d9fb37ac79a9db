"""The app keeper: releases, starting, the real port, proof over HTTP, switching, stopping, rolling back.

Builds shell commands and reads their results; nothing of ours has to be installed on the target. `native` is for machines without
a POSIX shell: there our own Python is the program that the commands call.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .claim import DeployDirClaim
    from .registry import AppRegistry
    from .verbs import AppKeeper

__all__ = ["AppKeeper", "AppRegistry", "DeployDirClaim"]

_MODULES = {"AppKeeper": "verbs", "AppRegistry": "registry", "DeployDirClaim": "claim"}


def __getattr__(name: str) -> object:
    """Loads what is asked for: the programs of `native` need none of it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
