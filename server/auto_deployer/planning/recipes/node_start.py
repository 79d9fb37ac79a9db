"""What starts a Node project: a script, an entry file, a static build, or nothing and why."""

from __future__ import annotations

import posixpath
from typing import Literal

from pydantic import Field

from ...model.base import Model
from ...model.ports import RepoTree
from ...model.reasons import Reason
from .node_built import Built, built
from .node_entry import (
    BUILD_FOLDERS,
    BUILT,
    command_for,
    compile_of,
    listening_entry,
    runs_dev_tool,
    scan_entry,
    serves_by_export,
)
from .node_frameworks import BuildRun, build_run, built_framework, runs_own_server, server_framework, unsupported
from .node_manifest import Manifest, is_workspace
from .node_refusals import nothing_to_start
from .node_scripts import (
    built_before,
    ends_by_itself,
    entry_of,
    env_files,
    is_dev_server,
    is_no_web_app,
    only_builds,
    without_watching,
)
from .node_served import served_site, serves_folder
from .node_source import SourceScan, resolve, scan
from .node_static import StaticBuild, completed_page, static_build

_BUILT_SCRIPTS = ("serve", "preview", "server")
"""Scripts that start a server when what they run is built."""
_PRODUCTION_SCRIPTS = ("start:prod", "start:production", "production", "prod", "serve:prod")
_DEV_SCRIPTS = ("dev", "start:dev", "dev:server", "server", "serve", "develop")
"""Where a server that is only ever started for development is started, the usual place first."""


_NEXT_STANDALONE = ".next/standalone"
_STANDALONE_FILES = f"cp -R .next/static {_NEXT_STANDALONE}/.next/ && {{ [ ! -d public ] || cp -R public {_NEXT_STANDALONE}/; }}"
"""Next leaves files for the browser out of its standalone server (its documentation of `output`)."""


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
    after_build: str = ""
    """Shell text that puts into place what the build leaves elsewhere, run in the manifest's folder."""
    env_files: tuple[str, ...] = ()
    """Files of variables that the start insists on and the repository lacks, relative to the manifest's folder."""
    source: SourceScan | None = None
    """The look at the entry file, where it is in the repository."""
    refusal: Reason | None = None
    notes: tuple[str, ...] = ()


def start_below(root: RepoTree, manifest: Manifest, folder: str) -> Start | None:
    """The start of a folder without a manifest of its own: an entry that listens, or None (it is no app then)."""
    source = listening_entry(root, manifest, folder)
    if source is None:
        return None
    because = f"listens, with the packages of {manifest.path('package.json')}"
    return Start(kind="command", command=command_for(root, manifest, source.entry), because=because, source=source)


def choose_start(root: RepoTree, manifest: Manifest) -> Start:
    """A start script that is fit for production, what the build makes, the main file, or an entry that listens."""
    run = build_run(manifest)
    made = _by_build(root, manifest, run) if run else None
    script = _by_script(root, manifest)
    if run and script and runs_own_server(run.framework, manifest.scripts[script.script], manifest.scripts):
        if made is None or made.kind == "static":
            script = None  # there is nothing to build, or it cannot serve what was exported
        elif not run.script:
            script = script.model_copy(update={"build_command": made.build_command, "build_env": made.build_env})
    if script and script.script and serves_folder(manifest.scripts[script.script], manifest):
        script = None  # our own server does that, on the port that is asked for
    site = _of_site(manifest, static_build(root, manifest))
    if site and script and script.script and _lacks_entry(root, manifest, manifest.scripts[script.script]):
        script = None
    return (
        script
        or site
        or made
        or _by_served_folder(root, manifest)
        or _by_framework(root, manifest)
        or _by_main(root, manifest)
        or _by_entry(root, manifest)
        or _by_dev_script(root, manifest)
        or _of_site(manifest, completed_page(root, manifest))
        or Start(kind="none", refusal=nothing_to_start(root, manifest))
    )


def _by_script(root: RepoTree, manifest: Manifest) -> Start | None:
    scripts = manifest.scripts
    told = [name for name in ("start", *_PRODUCTION_SCRIPTS) if scripts.get(name, "").strip()]
    told = [name for name in told if name == "start" or not ends_by_itself(scripts[name], scripts)]
    told += [name for name in _BUILT_SCRIPTS if _runs_built(root, manifest, entry_of(scripts.get(name, ""), scripts))]
    names = [name for name in told if not only_builds(scripts[name], scripts) and not is_no_web_app(scripts[name], scripts)]
    names = [name for name in names if not runs_dev_tool(root, manifest, entry_of(scripts[name], scripts))]
    fit = next((name for name in names if not is_dev_server(scripts[name], scripts)), None)
    if fit:
        return _of_script(root, manifest, fit)
    for name in names[:1]:
        if command := without_watching(scripts[name], scripts):
            note = f"`{name}` watches files (`{scripts[name]}`): started as `{command}` instead."
            source = scan_entry(root, manifest, entry_of(command, scripts))
            return Start(kind="command", command=command, because=f"script `{name}`: {scripts[name]}", source=source, notes=(note,))
    return None


def _runs_built(root: RepoTree, manifest: Manifest, entry: str) -> bool:
    return entry.removeprefix("./").startswith(BUILT) and resolve(root, manifest.path(entry)) is None


def _lacks_entry(root: RepoTree, manifest: Manifest, text: str) -> bool:
    """Whether a script runs a file that is neither in the repository nor where builds put theirs."""
    entry = entry_of(text, manifest.scripts).removeprefix("./")
    return entry != "" and entry.split("/")[0] not in BUILD_FOLDERS and resolve(root, manifest.path(entry)) is None


def _of_script(root: RepoTree, manifest: Manifest, name: str) -> Start:
    """A script that serves; where it begins with the build, which has a step of its own, what follows."""
    text, scripts = manifest.scripts[name], manifest.scripts
    entry = entry_of(text, scripts)
    script, command = compile_of(root, manifest, entry)
    rest = built_before(text) if scripts.get("build", "").strip() else ""
    only_runs = rest.startswith("node ") and "&&" not in rest
    return Start(
        kind="command" if only_runs else "script",
        script="" if only_runs else name,
        command=rest if only_runs else "",
        because=f"script `{name}`: {text}",
        build_script=script or "build",
        build_command=command,
        after_build=_STANDALONE_FILES if _NEXT_STANDALONE in text and _NEXT_STANDALONE not in scripts.get("build", "") else "",
        env_files=tuple(file for file in env_files(text, scripts) if _is_lacking(root, manifest, file)),
        source=scan_entry(root, manifest, entry),
    )


def _is_lacking(root: RepoTree, manifest: Manifest, file: str) -> bool:
    """Whether a file that is to lie in the repository does not; what lies elsewhere is not ours to make."""
    path = posixpath.normpath(posixpath.join(manifest.folder, file))
    return not path.startswith(("..", "/")) and not root.is_file(path)


def _by_dev_script(root: RepoTree, manifest: Manifest) -> Start | None:
    """The server that is only ever started for development: the same entry without its file watcher."""
    scripts = manifest.scripts
    for name in (name for name in _DEV_SCRIPTS if scripts.get(name, "").strip()):
        watches = is_dev_server(scripts[name], scripts)
        command = without_watching(scripts[name], scripts) if watches else ""
        source = scan_entry(root, manifest, entry_of(command or scripts[name], scripts))
        if source is None or not (source.listens or serves_by_export(root, manifest, source.entry)):
            continue
        if not watches:
            return _of_script(root, manifest, name)
        if command:
            note = f"Only `{name}` starts it (`{scripts[name]}`): started as `{command}` instead."
            return Start(kind="command", command=command, because=f"script `{name}`: {scripts[name]}", source=source, notes=(note,))
    return None


def _of_site(manifest: Manifest, found: tuple[StaticBuild, str] | None) -> Start | None:
    if found is None:
        return None
    build, name = found
    because = f"script `{name}`: {manifest.scripts[name]}"
    return Start(kind="static", build=build, because=because, build_script=name, notes=build.notes)


def _by_served_folder(root: RepoTree, manifest: Manifest) -> Start | None:
    found = served_site(root, manifest)
    return found and Start(kind="static", build=found[0], because=f"script `{found[1]}`: {manifest.scripts[found[1]]}")


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
        build_command=found.build or ("" if run.script else f"npx {run.command}"),
        build_env=dict(found.env) if found.command else {},
        built_entry=found.entry,
        notes=found.notes,
    )


def _by_framework(root: RepoTree, manifest: Manifest) -> Start | None:
    framework = None if manifest.is_published or is_workspace(root, manifest) else built_framework(manifest)
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
        return Start(
            kind="command", command=command_for(root, manifest, source.entry), because=f"`main` is {manifest.main}", source=source
        )
    made_of = scan_entry(root, manifest, manifest.main) if not found else None
    serves = server_framework(manifest) != "" or made_of is None or made_of.listens
    is_built = path.removeprefix(manifest.folder).lstrip("/").split("/")[0] in BUILD_FOLDERS
    if not found and is_built and serves and "build" in manifest.scripts and not manifest.is_published:
        built = path if posixpath.splitext(path)[1] else f"{path}.js"
        return Start(
            kind="command",
            command=command_for(root, manifest, built),
            because=f"`main` is {manifest.main}, built",
            built_entry=built,
        )
    return None


def _by_entry(root: RepoTree, manifest: Manifest) -> Start | None:
    source = listening_entry(root, manifest, manifest.folder)
    if source is None or _is_library(manifest, source):
        return None
    return Start(kind="command", command=command_for(root, manifest, source.entry), because="listens", source=source)


def _is_library(manifest: Manifest, source: SourceScan) -> bool:
    """Made to be required: published with an entry that starts no server itself."""
    return manifest.is_published and not source.entry_listens
