"""Scripts that only serve a folder of files (`serve -s build`, `http-server dist`): the folder is what our own server serves."""

from __future__ import annotations

import posixpath

from ...model.ports import RepoTree
from .node_manifest import Manifest
from .node_scripts import commands_of, only_builds
from .node_static import StaticBuild

_SERVERS = frozenset({
    "serve", "http-server", "http-server-spa", "sirv", "live-server", "lite-server", "static-server", "superstatic", "ws",
    "local-web-server", "spa-http-server", "pushstate-server",
})  # fmt: skip
_TAKES_VALUE = frozenset({
    "-p", "--port", "-l", "--listen", "-a", "--address", "-c", "--config", "-H", "--host", "-P", "--proxy", "-m", "--maxage",
})  # fmt: skip
_SINGLE_PAGE = frozenset({"-s", "--single", "--spa"})
_SCRIPTS = ("start", "serve", "preview", "start:prod", "production", "deploy:serve")


def serves_folder(text: str, manifest: Manifest) -> bool:
    """Whether all a script does, once things are built, is to serve a folder."""
    return _served(text, manifest) is not None


def served_site(root: RepoTree, manifest: Manifest) -> tuple[StaticBuild, str] | None:
    """The site that a script serves, and the script's name; None when there is none, or nothing makes its folder."""
    for name in (name for name in _SCRIPTS if manifest.scripts.get(name, "").strip()):
        served = _served(manifest.scripts[name], manifest)
        if served is None:
            continue
        folder, spa = served
        is_there = root.is_file(posixpath.join(manifest.path(folder), "index.html"))
        outside = manifest.path(folder).startswith("..")
        if not outside and (is_there or (folder != "." and manifest.scripts.get("build", "").strip())):
            return StaticBuild(framework="html" if is_there else "site", output=manifest.path(folder), spa=spa), name
    return None


def _served(text: str, manifest: Manifest) -> tuple[str, bool] | None:
    """(folder, whether unknown paths get the index page)."""
    commands = commands_of(text, manifest.scripts)
    if not commands or commands[-1].name not in _SERVERS:
        return None
    if any(not only_builds(" ".join((each.name, *each.args)), {}) for each in commands[:-1]):
        return None
    args, operands = commands[-1].args, list[str]()
    for before, word in zip(("", *args), args, strict=False):
        if not word.startswith("-") and before not in _TAKES_VALUE:
            operands.append(word)
    return operands[0] if operands else ".", not _SINGLE_PAGE.isdisjoint(args)
