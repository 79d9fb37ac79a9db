"""The app keeper: releases, starting, the real port, proof over HTTP, switching, stopping, rolling back.

Builds shell commands and reads their results; nothing of ours has to be installed on the target.
"""

from __future__ import annotations

from .claim import DeployDirClaim
from .registry import AppRegistry
from .verbs import AppKeeper

__all__ = ["AppKeeper", "AppRegistry", "DeployDirClaim"]
