"""Deployments of one group: which comes after which, and the addresses of those before as variables for those that follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..deploy_log import LogStore
from ..model.log import DeploymentLog
from ..model.requests import StartParams


def first_of_group(params: StartParams) -> StartParams:
    """The request for several apps as that for the first of them; any other as it is."""
    if not params.subdirs or params.subdir is not None:
        return params
    group_id = params.group_id or params.deployment_id
    return params.model_copy(update={"subdir": params.subdirs[0], "group_id": group_id})


def next_of_group(params: StartParams) -> StartParams | None:
    """The request for the app that comes after this one; None after the last."""
    if params.subdir not in params.subdirs[:-1]:
        return None
    position = params.subdirs.index(params.subdir) + 1
    base = params.deployment_id.removesuffix(f".{position}")
    return params.model_copy(update={"subdir": params.subdirs[position], "deployment_id": f"{base}.{position + 1}"})


def variables_of(store: LogStore, group_id: str | None) -> dict[str, str]:
    """APP_<NAME>_URL of each app that the group has brought up so far.

    NAME is the last folder of the app's path in the repository (the repository's name for its root), in capitals; where two apps
    end alike it is the whole path.
    """
    if group_id is None:
        return {}
    urls: dict[str, str] = {}
    for log in reversed(store.of_group(group_id)):  # the newest of an app counts
        if log.status == "success" and log.app is not None and log.app.url:
            urls[_folder(log)] = log.app.url
    return {name: urls[folder] for folder, name in _names(tuple(urls)).items()}


def _names(folders: Sequence[str]) -> dict[str, str]:
    """Folder to variable."""
    last = Counter(folder.rpartition("/")[2] for folder in folders)
    return {folder: _variable(folder if last[folder.rpartition("/")[2]] > 1 else folder.rpartition("/")[2]) for folder in folders}


def _variable(name: str) -> str:
    return f"APP_{re.sub(r'[^A-Z0-9]+', '_', name.upper()).strip('_')}_URL"


def _folder(log: DeploymentLog) -> str:
    """Where the app lies in its repository; the repository's name for its root."""
    if log.repo is None:
        return Path(log.deploy_dir).name
    return log.repo.source.subdir or log.repo.name
