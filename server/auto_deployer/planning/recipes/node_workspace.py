"""Members of a workspace (npm, pnpm, Yarn, Bun; Turborepo, Nx): what is built before them, and roots that start them all."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from shlex import quote
from typing import Literal

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.ports import RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from .node_manifest import FILE_NAME, Manifest, is_workspace, read_manifest, workspace_folder
from .node_start import Start

MAX_MEMBERS = 500
"""Manifests read in the search for members."""

NAME = re.compile(r"[\w@.][\w@./-]*")
"""The name of a member as a task runner takes it; what has none of these is not built by it."""
_ALL_MEMBERS = re.compile(
    r"\b(?:turbo|lerna)\s+(?:run\s+)?(?:start|dev|serve|preview)\b(?!.*--(?:filter|scope)\b)|\bnx\s+run-many\b"
    r"|\bpnpm\s+(?:.*\s)?(?:-r|--recursive)\b|\bnpm\b.*\s(?:-ws|--workspaces)\b|\byarn\s+workspaces\s+(?:run|foreach)\b"
)
_QUIET: Mapping[str, dict[str, str]] = {
    "turbo": {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"},
    "nx": {"NX_DAEMON": "false", "NX_NO_CLOUD": "true", "NX_TUI": "false"},
}
"""No background process, no account, no screen control."""


class WorkspaceFindings(Model):
    """How a member is built within its workspace. Paths are relative to the repository's root."""

    builds: tuple[str, ...] = ()
    """Folders of the members it depends on that have a build script, in the order in which they are built."""
    runner: Literal["", "turbo", "nx"] = ""
    """The task runner of the workspace: it knows what is to be built first."""
    name: str = ""
    """The member, as the task runner calls it."""

    @property
    def runner_env(self) -> dict[str, str]:
        return dict(_QUIET.get(self.runner, {}))

    def runner_command(self, script: str) -> str:
        """Runs a script of the member after those of its dependencies; for the workspace's folder."""
        if self.runner == "nx":
            return f"node_modules/.bin/nx run {quote(f'{self.name}:{script}')}"
        # without "loose" a build sees only the variables that turbo.json lists, and not the app's
        return f"node_modules/.bin/turbo run {quote(script)} --filter={quote(self.name)} --env-mode=loose"


def workspace_findings(root: RepoTree, manifest: Manifest, install_folder: str) -> WorkspaceFindings:
    """What a member needs of its workspace; nothing for a project of its own."""
    if install_folder == manifest.folder:
        return WorkspaceFindings()
    top = _manifest_of(root, install_folder)
    runner = _runner(root, install_folder, top) if top else ""
    name = _nx_name(root, manifest) if runner == "nx" else manifest.name
    is_safe = NAME.fullmatch(name) is not None
    builds = _builds_before(root, manifest, install_folder) if manifest.dependencies else ()
    return WorkspaceFindings(builds=builds, runner=runner if is_safe else "", name=name if is_safe else "")


def unless_all_members(root: RepoTree, manifest: Manifest, start: Start) -> Start:
    """The start of a project, or why there is none: a script that starts all members of a workspace starts no app."""
    if start.kind != "script" or not is_workspace(root, manifest) or not _ALL_MEMBERS.search(manifest.scripts[start.script]):
        return start
    below = _manifests_below(root, manifest.folder).values()
    members = sorted(member.folder for member in below if member.scripts and workspace_folder(root, member) == manifest.folder)
    return Start(kind="none", refusal=Reason(
        kind=Kind.NO_RUNNABLE_AT_ROOT,
        message=f"{manifest.path(FILE_NAME)} is the root of a workspace, and `{start.script}` ({manifest.scripts[start.script]}) "
        f"starts all of its members: {', '.join(members[:10]) or 'none'}.",
        suggestions=(suggest("Deploy one of them, or several, those that others need first", "subdir"),),
    ))  # fmt: skip


def _builds_before(root: RepoTree, manifest: Manifest, install_folder: str) -> tuple[str, ...]:
    """Folders of what it depends on within the workspace, each behind its own dependencies."""
    known = _manifests_below(root, install_folder)
    order: list[str] = []
    seen: set[str] = {manifest.name}

    def visit(name: str) -> None:
        if name not in known or name in seen:
            return
        seen.add(name)
        member = known[name]
        if workspace_folder(root, member) != install_folder:
            return
        for inner in member.dependencies:
            visit(inner)
        if member.scripts.get("build", "").strip():
            order.append(member.folder)

    for name in manifest.dependencies:
        visit(name)
    return tuple(order)


def _manifests_below(root: RepoTree, folder: str) -> dict[str, Manifest]:
    """Name to manifest of what may be a member of the workspace at a folder."""
    prefix = f"{folder}/" if folder else ""
    paths = [path for path in root.files if path.endswith(f"/{FILE_NAME}") and path.startswith(prefix)][:MAX_MEMBERS]
    found = (_manifest_of(root, posixpath.dirname(path)) for path in paths)
    return {member.name: member for member in found if member and member.name}


def _manifest_of(root: RepoTree, folder: str) -> Manifest | None:
    if not root.is_file(posixpath.join(folder, FILE_NAME)):
        return None
    try:
        return read_manifest(root, folder)
    except RefusedError:  # another app's broken manifest is not this one's matter
        return None


def _runner(root: RepoTree, folder: str, top: Manifest) -> Literal["", "turbo", "nx"]:
    """The task runner that the workspace declares; Turborepo wants to know the package manager from the manifest."""
    if top.depends_on("turbo") and top.package_manager and root.is_file(posixpath.join(folder, "turbo.json")):
        return "turbo"
    return "nx" if top.depends_on("nx") and root.is_file(posixpath.join(folder, "nx.json")) else ""


def _nx_name(root: RepoTree, manifest: Manifest) -> str:
    """The name in `project.json`, else the package's."""
    try:
        told = json.loads(root.read(manifest.path("project.json")) or "{}")
    except (json.JSONDecodeError, RecursionError):
        told = {}
    name = told.get("name") if isinstance(told, dict) else None
    return name if isinstance(name, str) else manifest.name
