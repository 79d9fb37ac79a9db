"""What starts a Node project: a script, an entry file, a static build, or nothing and why."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import Literal

from pydantic import Field

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.ports import RepoTree
from ...model.reasons import Kind, Reason
from .node_built import Built, built
from .node_frameworks import BuildRun, build_run, built_framework, runs_own_server, server_framework, unsupported
from .node_manifest import Manifest
from .node_scripts import entry_of, is_dev_server, only_builds, without_watching
from .node_source import SourceScan, resolve, scan
from .node_static import StaticBuild, static_build

CONVENTIONAL = (
    "index.js", "server.js", "app.js", "main.js", "index.mjs", "server.mjs", "app.mjs", "main.mjs", "index.cjs", "server.cjs",
    "src/index.js", "src/server.js", "src/app.js", "src/main.js", "server/index.js", "bin/www",
)  # fmt: skip
"""Entry files looked for where nothing names one."""

_PRODUCTION_SCRIPTS = ("start:prod", "start:production", "production", "prod", "serve:prod")
_BUILD_FOLDERS = ("dist", "build", "out", "lib", "es", "cjs", ".output")


_PROCESS_FILE = re.compile(r"\.json$|(?:ecosystem|pm2|process)[\w.-]*\.c?js$")


class Start(Model):
    """How the project is started."""

    kind: Literal["script", "command", "static", "none"]
    script: str = ""
    """Name of the script to run."""
    command: str = ""
    """Shell text, run in the manifest's folder."""
    because: str = ""
    """What was seen, for the evidence."""
    build: StaticBuild | None = None
    build_script: str = "build"
    """Name of the script that builds, where there is one."""
    build_command: str = ""
    """What builds where no script does; shell text, run in the manifest's folder."""
    build_env: dict[str, str] = Field(default_factory=dict)
    """For the build of a server; a site's is in `build`."""
    built_entry: str = ""
    """File that the build has to make, relative to the repository's root."""
    source: SourceScan | None = None
    """The look at the entry file, where it is in the repository."""
    refusal: Reason | None = None
    notes: tuple[str, ...] = ()


def start_below(root: RepoTree, manifest: Manifest, folder: str) -> Start | None:
    """The start of a folder without a manifest of its own: an entry that listens, or None (it is no app then)."""
    source = _listening_entry(root, folder)
    if source is None:
        return None
    relative = posixpath.relpath(source.entry, manifest.folder or ".")
    because = f"listens, with the packages of {manifest.path('package.json')}"
    return Start(kind="command", command=f"node {shlex.quote(relative)}", because=because, source=source)


def choose_start(root: RepoTree, manifest: Manifest) -> Start:
    """A start script that is fit for production, what the build makes, the main file, or an entry that listens."""
    run = build_run(manifest)
    made = _by_build(root, manifest, run) if run else None
    script = _by_script(root, manifest)
    if (
        run
        and made
        and script
        and made.kind == "static"
        and runs_own_server(run.framework, manifest.scripts[script.script], manifest.scripts)
    ):
        script = None  # it cannot serve what was exported
    return (
        script
        or _by_static_build(root, manifest)
        or made
        or _by_framework(manifest)
        or _by_main(root, manifest)
        or _by_entry(root, manifest)
        or Start(kind="none", refusal=_nothing_to_start(root, manifest).reason)
    )


def _by_script(root: RepoTree, manifest: Manifest) -> Start | None:
    scripts = manifest.scripts
    told = [name for name in ("start", *_PRODUCTION_SCRIPTS) if scripts.get(name, "").strip()]
    names = [name for name in told if not only_builds(scripts[name], scripts)]
    fit = next((name for name in names if not is_dev_server(scripts[name], scripts)), None)
    if fit:
        source = _scan_entry(root, manifest, entry_of(scripts[fit], scripts))
        return Start(kind="script", script=fit, because=f"script `{fit}`: {scripts[fit]}", source=source)
    for name in names[:1]:
        if command := without_watching(scripts[name], scripts):
            note = f"`{name}` watches files (`{scripts[name]}`): started as `{command}` instead."
            source = _scan_entry(root, manifest, entry_of(command, scripts))
            return Start(kind="command", command=command, because=f"script `{name}`: {scripts[name]}", source=source, notes=(note,))
    return None


def _by_static_build(root: RepoTree, manifest: Manifest) -> Start | None:
    build = static_build(root, manifest)
    if build is None:
        return None
    return Start(kind="static", build=build, because=f"script `build`: {manifest.scripts['build']}", notes=build.notes)


def _by_build(root: RepoTree, manifest: Manifest, run: BuildRun) -> Start | None:
    """What the framework's own build makes; the documentation of a library is not what the library is."""
    if manifest.is_published and run.script != "build":
        return None
    found = built(root, manifest, run)
    return _of_build(run, found, manifest) if found else None


def _of_build(run: BuildRun, found: Built, manifest: Manifest) -> Start:
    script = f"script `{run.script}`: {manifest.scripts[run.script]}" if run.script else f"built by `{run.framework.builds[0]}`"
    site = StaticBuild(framework=run.framework.name, output=found.output, env=dict(found.env), spa=found.spa, notes=found.notes)
    return Start(
        kind="command" if found.command else "static",
        command=found.command,
        because=script,
        build=None if found.command else site,
        build_script=run.script,
        build_command="" if run.script else f"npx {run.command}",
        build_env=dict(found.env) if found.command else {},
        built_entry=found.entry,
        notes=found.notes,
    )


def _by_framework(manifest: Manifest) -> Start | None:
    framework = None if manifest.is_published else built_framework(manifest)
    if framework is None:
        return None
    scripts = ", ".join(f"{name}: {text}" for name, text in manifest.scripts.items() if name in {"start", "build"})
    return Start(kind="none", refusal=unsupported(framework, f"found {scripts or 'neither a start nor a build script'}").reason)


def _by_main(root: RepoTree, manifest: Manifest) -> Start | None:
    if not manifest.main:
        return None
    path = manifest.path(manifest.main)
    found = resolve(root, path)
    source = scan(root, found) if found else None
    if source and (source.listens or server_framework(manifest)) and not _is_library(manifest, source):
        return Start(kind="command", command=_node(manifest, source.entry), because=f"`main` is {manifest.main}", source=source)
    is_built = path.removeprefix(manifest.folder).lstrip("/").split("/")[0] in _BUILD_FOLDERS
    if not found and is_built and "build" in manifest.scripts and not manifest.is_published:
        built = path if posixpath.splitext(path)[1] else f"{path}.js"
        return Start(kind="command", command=_node(manifest, built), because=f"`main` is {manifest.main}, built", built_entry=built)
    return None


def _by_entry(root: RepoTree, manifest: Manifest) -> Start | None:
    source = _listening_entry(root, manifest.folder)
    if source is None or _is_library(manifest, source):
        return None
    return Start(kind="command", command=_node(manifest, source.entry), because="listens", source=source)


def _listening_entry(root: RepoTree, folder: str) -> SourceScan | None:
    for name in CONVENTIONAL:
        path = posixpath.join(folder, name)
        if root.is_file(path) and (source := scan(root, path)).listens:
            return source
    return None


def _is_library(manifest: Manifest, source: SourceScan) -> bool:
    """Made to be required: published with an entry that starts no server itself."""
    return manifest.is_published and not source.entry_listens


def _is_required_only(root: RepoTree, manifest: Manifest) -> bool:
    """Whether its entry is there to be required, and nothing runs: no script to start or develop it, no server library."""
    scripts = manifest.scripts
    runs = any(not only_builds(scripts[name], scripts) for name in ("start", "dev", "serve") if name in scripts)
    entry = resolve(root, manifest.path(manifest.main)) if manifest.main else None
    if not manifest.name or entry is None or runs or server_framework(manifest):
        return False
    text = root.read(entry)
    return text is None or posixpath.splitext(entry)[1] == ".css" or re.search(r"\bexports?\b", text) is not None


def _nothing_to_start(root: RepoTree, manifest: Manifest) -> RefusedError:
    name = manifest.path("package.json")
    if manifest.is_published or _is_required_only(root, manifest):
        return RefusedError(
            f"{name} describes a library ({manifest.name or 'without a name'}): it has no `start` script that serves, "
            f"and its entry{f' {manifest.main}' if manifest.main else ''} starts no server.",
            kind=Kind.LIBRARY_NOTHING_TO_RUN,
            suggestions=(
                "Deploy an app inside it, such as an example: `--subdir FOLDER`.",
                'Or say what to start: `--start "node FILE"`.',
            ),
        )
    missing = f"`main` is {manifest.main}, which is not there" if manifest.main else "no `main`"
    if manifest.main and resolve(root, manifest.path(manifest.main)):
        missing = f"`main` is {manifest.main}"
    present = [file for file in CONVENTIONAL if root.is_file(posixpath.join(manifest.folder, file))]
    dev = [name for name in ("start", "dev") if name in manifest.scripts]
    found = f"{missing}; scripts: {', '.join(sorted(manifest.scripts)) or 'none'}; entry files: {', '.join(present) or 'none'}"
    example = f"node {present[0]}" if present else "node server.js"
    servers = f" ({', '.join(dev)} only serves for development)" if dev else ""
    framework = server_framework(manifest)
    return RefusedError(
        f"Nothing says how to start this {framework or 'Node'} project{servers}: looked in {name} for a `start` script and `main`, "
        f"and for an entry file that listens; found {found}.",
        kind=Kind.NO_START_COMMAND,
        suggestions=(f'Say how to start it: `--start "{example}"`.', f"Or add a `start` script to {name}."),
    )


def _scan_entry(root: RepoTree, manifest: Manifest, entry: str) -> SourceScan | None:
    if not entry:
        return None
    path = manifest.path(manifest.main or "index.js") if entry in {".", "./"} else manifest.path(entry)
    if _PROCESS_FILE.search(path):  # pm2's: it names the entry
        named = re.search(r"[\"']?\bscript[\"']?\s*:\s*[\"']([^\"'\n]+)", root.read(path) or "")
        path = manifest.path(named[1]) if named else path
    found = resolve(root, path) or _source_of(root, manifest, path)
    return scan(root, found) if found else None


def _source_of(root: RepoTree, manifest: Manifest, path: str) -> str | None:
    """The TypeScript file that a built entry such as `dist/server.js` is made of."""
    folder, _, name = posixpath.relpath(path, manifest.folder or ".").partition("/")
    if folder not in _BUILD_FOLDERS or not name:
        return None
    stem = posixpath.splitext(name)[0]
    places = (manifest.path(f"{place}{stem}") for place in ("src/", ""))
    return next((found for place in places if (found := resolve(root, place))), None)


def _node(manifest: Manifest, path: str) -> str:
    runner = "node"
    if posixpath.splitext(path)[1] in {".ts", ".mts", ".cts"}:
        runner = "npx ts-node" if manifest.depends_on("ts-node") else "npx --yes tsx"
    return f"{runner} {shlex.quote(posixpath.relpath(path, manifest.folder or '.'))}"
