"""The versions that a lock file of Poetry, PDM or Pipenv names: pip takes them as constraints."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from packaging.utils import canonicalize_name

from ...model.ports import RepoTree

LOCKS = {"poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}
"""Lock files of managers that are not installed for a deployment: pip installs what they locked."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")


def locked_versions(tree: RepoTree, manager: str) -> tuple[str, ...]:
    """`name==version` for each package that the lock has in one version from an index; () without a lock that can be read."""
    text = tree.read(LOCKS[manager]) if manager in LOCKS else None
    if text is None:
        return ()
    try:
        packages = _pipenv(json.loads(text)) if manager == "pipenv" else _toml(tomllib.loads(text))
    except ValueError:
        return ()
    versions: dict[str, set[str]] = {}
    for name, version in packages:
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version):  # each becomes a line of a file that pip reads
            versions.setdefault(canonicalize_name(name), set()).add(version)
    # Several versions of one package differ by markers, which pip's own resolution has to decide.
    return tuple(f"{name}=={found.pop()}" for name, found in versions.items() if len(found) == 1)


def _toml(content: dict[str, Any]) -> Iterable[tuple[str, str]]:
    packages = content.get("package")
    for package in packages if isinstance(packages, list) else []:
        if not isinstance(package, dict):
            continue
        name, version = package.get("name"), package.get("version")
        elsewhere = any(key in package for key in ("source", "git", "path", "url"))
        if isinstance(name, str) and isinstance(version, str) and not elsewhere:
            yield name, version


def _pipenv(content: Any) -> Iterable[tuple[str, str]]:
    packages = content.get("default") if isinstance(content, dict) else None
    for name, entry in packages.items() if isinstance(packages, dict) else ():
        version = entry.get("version") if isinstance(entry, dict) else None
        if isinstance(version, str) and version.startswith("=="):
            yield name, version.removeprefix("==")
