"""The file that a Node project starts with: where it lies, what it is made of, and what runs it."""

from __future__ import annotations

import posixpath
import re

from ...model.ports import RepoTree
from ..quoting import path_word
from .node_frameworks import server_framework
from .node_manifest import Manifest
from .node_packages import BUN_TYPES
from .node_source import SourceScan, exports_server, resolve, scan, strip_comments

_STEMS = ("index", "server", "app", "main", "src/index", "src/server", "src/app", "src/main", "server/index", "bin/server")
CONVENTIONAL = (
    *(f"{stem}.{suffix}" for suffix in ("js", "mjs", "cjs") for stem in _STEMS),
    "bin/www",
    *(f"{stem}.{suffix}" for suffix in ("ts", "mts") for stem in _STEMS),
)  # fmt: skip
"""Entry files looked for where nothing names one; what is TypeScript, last."""

BUILD_FOLDERS = ("dist", "build", "out", "lib", "es", "cjs", ".output")
BUILT = tuple(f"{folder}/" for folder in BUILD_FOLDERS if folder != "lib")
_TYPESCRIPT = frozenset({".ts", ".mts", ".cts", ".tsx"})
_PROCESS_FILE = re.compile(r"\.json$|(?:ecosystem|pm2|process)[\w.-]*\.c?js$")
_COMPILE_SCRIPTS = (
    "compile", "build:server", "build:prod", "build:production", "build:ts", "build-ts", "build:api", "transpile", "tsc", "bundle",
)  # fmt: skip
"""Where the build of a server stands that has no `build` script, the usual place first."""
_DEV_SERVER = re.compile(r"[\"'](?:webpack-dev-server|webpack-dev-middleware)[\"']|\bWebpackDevServer\b")
_DEV_TOOL = re.compile(r"browser-?sync|\blive-server\b|\blite-server\b", re.IGNORECASE)
_RUN_BY_THEMSELVES = ("prestart", "postinstall", "prepare", "start")


def listening_entry(root: RepoTree, manifest: Manifest, folder: str) -> SourceScan | None:
    """The file by a usual name that listens; of TypeScript, only a program (front ends are written in it too)."""
    for name in CONVENTIONAL:
        path = posixpath.join(folder, name)
        if not root.is_file(path):
            continue
        source = scan(root, path)
        is_program = not is_typescript(path) or source.entry_listens or server_framework(manifest) != ""
        if (source.listens and is_program) or serves_by_export(root, manifest, path):
            return source
    return None


def scan_entry(root: RepoTree, manifest: Manifest, entry: str) -> SourceScan | None:
    """The look at the entry that a script names, or at the source of one that a build makes; None when it is not there."""
    if not entry:
        return None
    path = manifest.path(manifest.main or "index.js") if entry in {".", "./"} else manifest.path(entry)
    if _PROCESS_FILE.search(path):  # pm2's: it names the entry
        named = re.search(r"[\"']?\bscript[\"']?\s*:\s*[\"']([^\"'\n]+)", root.read(path) or "")
        path = manifest.path(named[1]) if named else path
    found = resolve(root, path) or _source_of(root, manifest, path)
    return scan(root, found) if found else None


def runs_dev_tool(root: RepoTree, manifest: Manifest, entry: str) -> bool:
    """Whether a file of the repository only starts a server for development, as that of an ejected Create React App does."""
    source = scan_entry(root, manifest, entry)
    code = strip_comments(root.read(source.entry) or "") if source else ""
    is_server = server_framework(manifest) != ""
    return (
        source is not None
        and not is_server
        and (bool(_DEV_SERVER.search(code)) or (not source.listens and bool(_DEV_TOOL.search(code))))
    )


def compile_of(root: RepoTree, manifest: Manifest, entry: str) -> tuple[str, str]:
    """(script, command) that makes a started entry which is not in the repository; ("", "") where that is not known.

    `build` is run anyway, and some scripts run by themselves.
    """
    scripts = manifest.scripts
    if not entry or scripts.get("build", "").strip() or resolve(root, manifest.path(entry)):
        return "", ""
    name = next((name for name in _COMPILE_SCRIPTS if scripts.get(name, "").strip()), "")
    known = rf"\b(?:run\s+(?:{'|'.join(map(re.escape, scripts))})|tsc)(?![\w:-])" if scripts else r"\btsc\b"
    if any(re.search(known, scripts.get(other, "")) for other in _RUN_BY_THEMSELVES):
        return "", ""
    if name:
        return name, ""
    compiles = manifest.depends_on("typescript") and root.is_file(manifest.path("tsconfig.json"))
    return ("", "npx tsc") if compiles and _source_of(root, manifest, manifest.path(entry)) else ("", "")


def command_for(root: RepoTree, manifest: Manifest, path: str) -> str:
    """Shell text that runs a file of the repository, in the manifest's folder."""
    relative = path_word(posixpath.relpath(path, manifest.folder or "."))
    if serves_by_export(root, manifest, path) or (is_typescript(path) and _runs_on_bun(root, manifest)):
        return f"bun {relative}"
    if not is_typescript(path):
        return f"node {relative}"
    declared = next((name for name in ("tsx", "ts-node") if manifest.depends_on(name)), "")
    return f"{f'npx {declared}' if declared else 'npx --yes tsx'} {relative}"


def serves_by_export(root: RepoTree, manifest: Manifest, path: str) -> bool:
    """Whether a file only exports what answers, and Bun is there to listen for it."""
    return _runs_on_bun(root, manifest) and exports_server(strip_comments(root.read(path) or ""))


def is_typescript(path: str) -> bool:
    return posixpath.splitext(path)[1] in _TYPESCRIPT


def _runs_on_bun(root: RepoTree, manifest: Manifest) -> bool:
    return manifest.depends_on(*BUN_TYPES) or any(root.is_file(manifest.path(lock)) for lock in ("bun.lock", "bun.lockb"))


def _source_of(root: RepoTree, manifest: Manifest, path: str) -> str | None:
    """The TypeScript file that a built entry such as `dist/server.js` is made of."""
    folder, _, name = posixpath.relpath(path, manifest.folder or ".").partition("/")
    if folder not in BUILD_FOLDERS:
        return None
    stem = posixpath.splitext(name.removeprefix("src/"))[0] or "index"
    places = (manifest.path(f"{place}{stem}") for place in ("src/", ""))
    return next((found for place in places if (found := resolve(root, place))), None)
