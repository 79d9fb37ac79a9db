"""Repository facts: what the snapshot holds, and what the recipes see in it."""

from __future__ import annotations

import contextlib
import gc
import posixpath
import re
from collections.abc import Iterator, Sequence

from ..model.facts import Detection, RepoFacts, SourceFacts
from .candidates import find_candidates
from .detection import Detector, detect, winner
from .ecosystems import Ecosystem, find_ecosystems
from .env_sample import read_samples
from .fingerprints import content_id, dependencies_id, names_registry
from .lfs import Pointer, find_pointers
from .snapshot import Snapshot
from .source import Source
from .tree import SKIPPED_FOLDERS, SnapshotTree

MAX_TOP_LEVEL = 200
_WORKSPACE_FILES = ("pnpm-workspace.yaml", "turbo.json", "nx.json", "lerna.json")
_WORKSPACES = re.compile(r'"workspaces"\s*:\s*[\[{]')
MAX_KEY_FILES = 100

_KEY_NAMES = frozenset({
    # what people wrote about deploying
    "readme", "readme.md", "readme.rst", "readme.txt", "deploy.md", "deployment.md", "install.md",
    # manifests and locks
    "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock", "bun.lockb",
    "requirements.txt", "pipfile", "pipfile.lock", "pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "setup.py", "setup.cfg",
    "environment.yml", "pom.xml", "build.gradle", "build.gradle.kts", "go.mod", "cargo.toml", "gemfile", "composer.json", "mix.exs",
    "deno.json",
    # versions of runtimes
    ".python-version", "runtime.txt", ".nvmrc", ".node-version", ".tool-versions", "mise.toml", ".mise.toml",
    # containers and platforms
    "dockerfile", "containerfile", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", ".dockerignore",
    "procfile", "staticfile", "app.json", "fly.toml", "render.yaml", "railway.json", "railpack.json", "nixpacks.toml",
    "vercel.json", "netlify.toml", "heroku.yml",
    # settings samples
    ".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults", "env.example", "env.sample", "example.env",
    "sample.env",
    # task runners and process managers
    "makefile", "justfile", "taskfile.yml", "taskfile.yaml", "ecosystem.config.js", "ecosystem.config.cjs", "pm2.config.js",
    "start.sh",
    # entries
    "manage.py", "wsgi.py", "asgi.py", "app.py", "main.py", "server.py", "application.py", "run.py", "streamlit_app.py", "index.js",
    "server.js", "app.js", "main.js", "index.ts", "server.ts", "app.ts", "index.html", "index.php", "config.ru", "main.go",
    # front-end and documentation tools
    "angular.json", "mkdocs.yml", "conf.py", ".readthedocs.yaml", "hugo.toml", "_config.yml", "nx.json", "turbo.json",
})  # fmt: skip
_KEY_PATTERN = re.compile(
    r"^(?:(?:vite|next|nuxt|vue|webpack|svelte|astro|gatsby|remix|docusaurus|gunicorn|rollup|eleventy|\.eleventy)[\w.-]*\.(?:[cm]?[jt]s|py)"
    r"|\.github/workflows/(?:deploy|ci)[\w-]*\.ya?ml|\.gitlab-ci\.yml)$"
)


def analyze(tree: SnapshotTree, snapshot: Snapshot, source: Source, detectors: Sequence[Detector]) -> RepoFacts:
    """All facts about a snapshot. The recipes' detectors are handed in: analysis knows no recipe. Blocks while it reads.

    Candidates are looked for only when the deployed folder itself shows nothing to run, or is the root of a workspace.
    """
    with _no_collection():
        return _facts(tree, snapshot, source, detectors)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """No search for garbage meanwhile: with millions of syntax nodes alive, which all are needed, it takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _facts(tree: SnapshotTree, snapshot: Snapshot, source: Source, detectors: Sequence[Detector]) -> RepoFacts:
    detections, detection_notes = detect(tree, detectors)
    ecosystems = find_ecosystems(tree)
    pointers = find_pointers(tree)
    best = winner(detections)
    samples = read_samples(tree)
    return RepoFacts(
        name=source.name,
        source=_source_facts(snapshot, source, tree.subdir),
        file_count=len(tree.files),
        total_bytes=tree.total_bytes,
        top_level=_top_level(tree),
        key_files=_key_files(tree),
        project_type=_project_type(best, ecosystems),
        framework=best.framework if best else "",
        detections=detections,
        candidates=() if best and best.runnable and not _is_workspace(tree) else find_candidates(tree, detectors),
        ecosystems=tuple(ecosystem.name for ecosystem in ecosystems),
        declared_env=tuple(variable.name for variable in samples),
        sample_env=samples,
        submodules=tree.submodules,
        lfs_files=len(pointers),
        content_id=content_id(tree),
        dependencies_id=dependencies_id(tree),
        names_registry=names_registry(tree),
        notes=(*snapshot.notes, *detection_notes, *_notes(tree, pointers)),
    )


def _source_facts(snapshot: Snapshot, source: Source, subdir: str) -> SourceFacts:
    return SourceFacts(
        repo=source.display,
        ref=snapshot.ref,
        commit=snapshot.commit,
        subdir=subdir,
        kind=snapshot.kind,
        uncommitted=snapshot.uncommitted,
    )


def _is_workspace(tree: SnapshotTree) -> bool:
    """Whether the folder declares that several projects lie below it."""
    return any(map(tree.is_file, _WORKSPACE_FILES)) or _WORKSPACES.search(tree.read("package.json") or "") is not None


def _project_type(best: Detection | None, ecosystems: Sequence[Ecosystem]) -> str:
    if best is not None:
        return best.project_type
    return ecosystems[0].project_type if ecosystems else "unknown"


def _top_level(tree: SnapshotTree) -> tuple[str, ...]:
    names = {path.split("/", 1)[0] + ("/" if "/" in path else "") for path in tree.files}
    return tuple(sorted(names))[:MAX_TOP_LEVEL]


def _key_files(tree: SnapshotTree) -> tuple[str, ...]:
    """Files of telling names at the root, then one and two levels below."""
    near = [path for path in tree.files if path.count("/") <= 2 and _is_key_file(path)]
    return tuple(sorted(near, key=lambda path: (path.count("/"), path)))[:MAX_KEY_FILES]


def _is_key_file(path: str) -> bool:
    name = posixpath.basename(path)
    return name.lower() in _KEY_NAMES or bool(_KEY_PATTERN.match(name) or _KEY_PATTERN.match(path))


def _notes(tree: SnapshotTree, pointers: Sequence[Pointer]) -> list[str]:
    notes: list[str] = []
    if tree.submodules:
        notes.append(f"{len(tree.submodules)} submodule(s) are not fetched (--submodules): {_first(tree.submodules)}")
    if pointers:
        paths = [pointer.path for pointer in pointers]
        notes.append(f"{len(paths)} file(s) are Git LFS pointers, without their content (--lfs): {_first(paths)}")
    if committed := [name for name in sorted(SKIPPED_FOLDERS) if tree.is_dir(name)]:
        notes.append(f"Not looked into: {', '.join(f'{name}/' for name in committed)}")
    if tree.links:
        notes.append(f"{len(tree.links)} symbolic link(s) are not followed: {_first(tree.links)}")
    return notes


def _first(paths: Sequence[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
