"""What front ends call to get a runner or the app verbs."""

from __future__ import annotations

import os
from pathlib import Path

from ..model.ports import AppVerbs, DeploymentRunner


def create_runner(log_dir: Path, *, attached: bool = True) -> DeploymentRunner:
    """A runner whose logs go to `log_dir`.

    Args:
        log_dir: Folder of the logs.
        attached: Deployments run in this process and end with it; otherwise in processes of their own, which outlive it (not on
            Windows: there they are always attached).
    """
    if attached or os.name != "posix":
        from .attached import AttachedRunner

        return AttachedRunner(log_dir)
    from .detached import DetachedRunner

    return DetachedRunner(log_dir)


def sweep_logs(log_dir: Path) -> list[Path]:
    """Give deployments whose process died their end (`interrupted`) and end what they left running; returns their logs.

    Blocks for as long as processes take to end: not for the event loop.
    """
    from ..deploy_log import LogStore
    from .recovery import sweep

    return sweep(LogStore(log_dir))


def create_app_verbs() -> AppVerbs:
    """What can be done with the apps on this machine."""
    from ..apps import AppKeeper, AppRegistry
    from ..sessions.local import LocalSession

    return AppKeeper(LocalSession(), AppRegistry())
