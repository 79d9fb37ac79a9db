"""Which app is meant when none is named: the one that was deployed from the workspace folder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pygls.uris import to_fs_path

from ..model.errors import NotFoundError, UsageError
from ..model.requests import AppState, ListParams
from ..model.suggestions import Suggestion, suggest

if TYPE_CHECKING:
    from ..model.ports import DeploymentRunner
    from .connection import Connection


async def app_of_folder(connection: Connection) -> AppState:
    """The app of the first workspace folder; of several, the one that its newest deployment (in the log folder) went to.

    Raises:
        UsageError: no folder is open, or several apps are from it and no log tells which one is the newest.
        NotFoundError: no app is from it.
    """
    apps = (await connection.apps.list_apps()).apps
    folder = connection.settings.folder
    if folder is None:
        raise UsageError("no app is named, and no folder is open that it could be deployed from", suggestions=_named(apps))
    found = {app.deploy_dir: app for app in apps if _is_folder(app.repo, folder)}
    if not found:
        raise NotFoundError(f"no app was deployed from {folder}", suggestions=_named(apps))
    if len(found) == 1:
        return next(iter(found.values()))
    newest = await _newest(connection.runner, folder, found)
    if newest is None:
        raise UsageError(f"{len(found)} apps were deployed from {folder}", suggestions=_named(tuple(found.values())))
    return newest


async def _newest(runner: DeploymentRunner, folder: Path, found: dict[str, AppState]) -> AppState | None:
    for row in (await runner.list_deployments(ListParams())).deployments:
        if not _is_folder(row.repo, folder):
            continue
        with suppress(NotFoundError):  # the log of another program has no id to get it by
            deploy_dir = (await runner.get(row.deployment_id)).log.get("deploy_dir")
            if deploy_dir in found:
                return found[deploy_dir]
    return None


def _is_folder(repo: str, folder: Path) -> bool:
    """Whether a repository, as a user gave it, is this folder."""
    path = to_fs_path(repo) if repo.startswith("file:") else repo
    return bool(path) and "://" not in path and Path(path).expanduser().resolve() == folder.resolve()


def _named(apps: Sequence[AppState]) -> tuple[Suggestion, ...]:
    if not apps:
        return (suggest("There is no app here yet: autoDeployer.server.deploy brings one up."),)
    return tuple(suggest(f"Name the one that is meant ({app.name})", "deployDir", app.deploy_dir) for app in apps)
