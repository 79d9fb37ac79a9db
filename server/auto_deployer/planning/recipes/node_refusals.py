"""Why a Node project has nothing to start, with what was looked for and found."""

from __future__ import annotations

import posixpath
import re

from ...model.ports import RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from .node_entry import CONVENTIONAL
from .node_frameworks import server_framework
from .node_manifest import Manifest, is_workspace
from .node_scripts import only_builds
from .node_source import resolve


def _is_required_only(root: RepoTree, manifest: Manifest) -> bool:
    """Whether its entry is there to be required, and nothing runs: no script to start or develop it, no server library."""
    scripts = manifest.scripts
    runs = any(not only_builds(scripts[name], scripts) for name in ("start", "dev", "serve") if name in scripts)
    entry = resolve(root, manifest.path(manifest.main)) if manifest.main else None
    if not manifest.name or entry is None or runs or server_framework(manifest):
        return False
    text = root.read(entry)
    return text is None or posixpath.splitext(entry)[1] == ".css" or re.search(r"\bexports?\b", text) is not None


def nothing_to_start(root: RepoTree, manifest: Manifest) -> Reason:
    """Why a project cannot be started: a library, the root of others, or an app that does not say how."""
    name = manifest.path("package.json")
    if manifest.is_published or _is_required_only(root, manifest):
        return Reason(
            message=f"{name} describes a library ({manifest.name or 'without a name'}): it has no `start` script that serves, "
            f"and its entry{f' {manifest.main}' if manifest.main else ''} starts no server.",
            kind=Kind.LIBRARY_NOTHING_TO_RUN,
            suggestions=(
                suggest("Deploy an app inside it, such as an example", "subdir"),
                suggest("Or say how to start it, such as `node` and a file", "overrides.start"),
            ),
        )
    at_workspace = is_workspace(root, manifest)
    missing = f"`main` is {manifest.main}, which is not there" if manifest.main else "no `main`"
    if manifest.main and resolve(root, manifest.path(manifest.main)):
        missing = f"`main` is {manifest.main}"
    present = [file for file in CONVENTIONAL if root.is_file(posixpath.join(manifest.folder, file))]
    dev = [name for name in ("start", "dev") if name in manifest.scripts]
    found = f"{missing}; scripts: {', '.join(sorted(manifest.scripts)) or 'none'}; entry files: {', '.join(present) or 'none'}"
    example = f"node {present[0]}" if present else "node server.js"
    servers = f" ({', '.join(dev)} only serves for development)" if dev else ""
    framework = server_framework(manifest)
    what = "the root of this workspace" if at_workspace else f"this {framework or 'Node'} project"
    return Reason(
        message=f"Nothing says how to start {what}{servers}: looked in {name} for a `start` script and `main`, "
        f"and for an entry file that listens; found {found}.",
        kind=Kind.NO_RUNNABLE_AT_ROOT if at_workspace else Kind.NO_START_COMMAND,
        suggestions=(suggest("Say how to start it", "overrides.start", example), suggest(f"Or add a `start` script to {name}.")),
    )
