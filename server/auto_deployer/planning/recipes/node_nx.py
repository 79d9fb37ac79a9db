"""Applications of an Nx workspace without scripts of their own: their `build` target says what is made, and where."""

from __future__ import annotations

import posixpath
import re
from shlex import quote
from typing import Any

from ...model.ports import RepoTree
from ..quoting import path_word
from .json_texts import as_object, json_object
from .node_config import below, block, config_path, config_text, literal
from .node_frameworks import BUILT
from .node_manifest import Manifest
from .node_start import Start
from .node_static import StaticBuild
from .node_workspace import NAME

_QUIET = {"NX_DAEMON": "false", "NX_NO_CLOUD": "true", "NX_TUI": "false"}
_INFERRED = ("vite.config", "webpack.config", "rsbuild.config", "rspack.config", "next.config")
"""Settings of the tools for which Nx's plugins add a `build` target."""
_NODE_EXECUTORS = re.compile(r"@nx/(?:js|node|esbuild):|@nrwl/(?:js|node|esbuild):")
_OF_ANGULAR_CLI = re.compile(r"(?:application|browser-esbuild|rspack)$")
"""Builders that put the browser's files into a folder of their own."""


def nx_start(root: RepoTree, top: Manifest, folder: str) -> Start | None:
    """How the application in a folder is built and started by its workspace's Nx; None when it is none.

    Args:
        top: manifest of the workspace's root, where commands run.
    """
    project = json_object(root.read(posixpath.join(folder, "project.json")))
    here = Manifest(folder=folder)
    config = config_path(root, here, *_INFERRED) or ""
    if not _is_workspace(root, top) or not (project or config) or project.get("projectType") == "library":
        return None
    name = str(project.get("name") or posixpath.basename(folder))
    if not NAME.fullmatch(name):
        return None
    target = as_object(as_object(project.get("targets")).get("build"))
    made = _by_executor(top, name, target) if target.get("executor") else _by_config(root, top, here, config, target)
    if made is None:
        return None
    has_production = "production" in as_object(target.get("configurations")) and "defaultConfiguration" not in target
    because = f"{posixpath.join(folder, 'project.json') if project else config}: `nx build {name}`"
    build = f"node_modules/.bin/nx run {quote(name)}:build{':production' if has_production else ''}"
    return made.model_copy(update={"because": because, "build_command": build})


def _by_executor(top: Manifest, name: str, target: dict[str, Any]) -> Start | None:
    executor, options = str(target["executor"]), as_object(target.get("options"))
    path = options.get("outputPath")
    folders = path if isinstance(path, dict) else {"base": path}
    base = str(folders.get("base") or f"dist/{name}")
    if executor.endswith(":next"):
        return None
    if executor.startswith(("@nx/next", "@nrwl/next")):
        return _server(top, f'npx next start {path_word(base)} -H "$HOST" -p "$PORT"', "", "next")
    if _NODE_EXECUTORS.search(executor) or options.get("target") == "node":
        stem = posixpath.splitext(posixpath.basename(str(options.get("main") or "main")))[0]
        entry = posixpath.join(base, str(options.get("outputFileName") or f"{stem}.js"))
        return _server(top, f"node {path_word(entry)}", entry, "nx")
    angular = "angular" in executor
    if angular and options.get("ssr") and options.get("outputMode") != "static":
        entry = posixpath.join(base, "server/server.mjs")
        return _server(top, f"node {path_word(entry)}", entry, "angular")
    if angular and _OF_ANGULAR_CLI.search(executor):
        base = posixpath.join(base, str(folders.get("browser", "browser"))).rstrip("/")
    is_site = angular or re.search(r":(?:vite|webpack|rspack|build)$|/(?:web|vite|webpack|rspack|rsbuild):", executor)
    return _site(top, base, "angular" if angular else "nx") if is_site else None


def _by_config(root: RepoTree, top: Manifest, here: Manifest, config: str, target: dict[str, Any]) -> Start | None:
    """What the tool behind an inferred target makes, by its own settings or the target's declared outputs."""
    tool = posixpath.basename(config).partition(".")[0]
    text = config_text(root, here, *_INFERRED)
    if tool == "next":
        return _server(top, f'npx next start {path_word(here.folder)} -H "$HOST" -p "$PORT"', "", "next")
    outputs = target.get("outputs")
    declared = str(outputs[0]) if isinstance(outputs, list) and outputs else ""
    folder = re.sub(r"^\{workspaceRoot\}/", "", declared.replace("{projectRoot}", here.folder))
    if tool == "vite":
        told = literal(block(text, "build"), "outDir")
    else:
        told = literal(block(text, "distPath"), "root") or literal(text, "path")
    folder = folder if folder and "{" not in folder else below(here.folder, told or "dist")
    if tool == "webpack" and re.search(r"target\s*:\s*[\"']node", text):
        return _server(top, f"node {path_word(f'{folder}/main.js')}", f"{folder}/main.js", "nx")
    return _site(top, folder, tool) if config else None


def _server(top: Manifest, command: str, entry: str, framework: str) -> Start:
    env = _QUIET | next((dict(known.env) for known in BUILT if known.name == framework), {})
    return Start(kind="command", command=command, built_entry=top.path(entry) if entry else "", build_env=env)


def _site(top: Manifest, folder: str, framework: str) -> Start:
    return Start(kind="static", build=StaticBuild(framework=framework, output=top.path(folder), env=_QUIET))


def _is_workspace(root: RepoTree, top: Manifest) -> bool:
    return top.depends_on("nx", "@nrwl/workspace", "@nx/workspace") and root.is_file(top.path("nx.json"))
