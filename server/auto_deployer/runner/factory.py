"""What front ends call to get a runner or the app verbs."""

from __future__ import annotations

import os
from pathlib import Path

from ..model.ports import AppVerbs, DeploymentRunner
from .settings import SettingsSource, effective_settings


def create_runner(
    log_dir: Path, *, attached: bool = True, settings: SettingsSource = effective_settings, recovers: bool = True
) -> DeploymentRunner:
    """A runner whose logs go to `log_dir`.

    Args:
        log_dir: Folder of the logs.
        attached: Deployments run in this process and end with it; otherwise in processes of their own, which outlive it (not on
            Windows: there they are always attached).
        settings: Asked once for each deployment; default: the environment and the user's file.
        recovers: Give deployments whose process died their end, and end what they left running; False where the workspace is not
            trusted.
    """
    if attached or os.name != "posix":
        from .attached import AttachedRunner

        return AttachedRunner(log_dir, settings, recovers=recovers)
    from .detached import DetachedRunner

    return DetachedRunner(log_dir, settings, recovers=recovers)


def sweep_logs(log_dir: Path) -> list[Path]:
    """Give deployments whose process died their end (`interrupted`) and end what they left running; returns their logs.

    Blocks for as long as processes take to end: not for the event loop.
    """
    from ..deploy_log import LogStore
    from .recovery import sweep

    return sweep(LogStore(log_dir))


def delete_log(path: Path) -> None:
    """Delete the log of a deployment that has ended, with its journal, its output files and what was kept for a retry.

    Raises:
        InvalidStateError: the deployment runs, or it is none of our logs.
    """
    from ..deploy_log import LogStore
    from .history import History

    History(LogStore(path.parent)).delete(path)


def resume_unit() -> str:
    """The systemd user unit that runs `auto-deployer apps resume`, with this Python and this user's PATH."""
    import sys

    from ..apps.systemd import unit_text

    command = (sys.executable, "-m", "auto_deployer", "apps", "resume")
    return unit_text(command, [("PATH", os.environ.get("PATH", os.defpath))])


def install_resume_unit(text: str) -> Path:
    """Write that unit and enable it.

    Raises:
        AppError: no user manager answers.
    """
    from ..apps.systemd import install_unit

    return install_unit(text)


def create_app_verbs() -> AppVerbs:
    """What can be done with the apps on this machine."""
    from ..apps import AppKeeper, AppRegistry
    from ..sessions.here import local_session

    return AppKeeper(local_session(), AppRegistry())
