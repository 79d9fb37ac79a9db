"""Logs whose process died get their end, and what that process left running is ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..apps.recovery import end_unfinished
from ..deploy_log import LogStore
from ..model.log import DeploymentLog
from ..sessions.local import LocalSession


def sweep(store: LogStore) -> list[Path]:
    """Mark `interrupted` what has lost its writer; returns those logs. Blocks (signals, waits): not for the event loop."""
    return store.sweep(end_app=_end_app)


def _end_app(log: DeploymentLog) -> str:
    if log.target != "local" or not log.deploy_dir or not log.release:
        return ""
    return asyncio.run(end_unfinished(LocalSession(), Path(log.deploy_dir), log.release))
