"""Repository facts: what the snapshot holds, and what the recipes see in it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from ..model.facts import Detection, RepoFacts, SourceFacts
from .candidates import find_candidates
from .detection import Detector, detect, winner
from .ecosystems import Ecosystem, find_ecosystems
from .snapshot import Snapshot
from .source import Source
from .tree import SKIPPED_FOLDERS, SnapshotTree

MAX_TOP_LEVEL = 200
MAX_KEY_FILES = 100
MAX_ENV_NAMES = 200
MAX_LFS_PROBES = 2000

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
_ENV_SAMPLE = re.compile(r"^(?:\.?env\.(?:example|sample|template|dist|defaults)|(?:example|sample)\.env)$", re.IGNORECASE)
_ENV_NAME = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,127})[ \t]*=")
_LFS_POINTER = "version https://git-lfs.github.com/spec/"
_LFS_POINTER_MAX = 400


def analyze(tree: SnapshotTree, snapshot: Snapshot, source: Source, detectors: Sequence[Detector]) -> RepoFacts:
    """All facts about a snapshot. The recipes' detectors are handed in: analysis knows no recipe. Blocks while it reads.

    Candidates are looked for only when the deployed folder itself shows nothing to run.
    """
    detections, detection_notes = detect(tree, detectors)
    ecosystems = find_ecosystems(tree)
    lfs_files = _count_lfs_pointers(tree)
    best = winner(detections)
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
        candidates=() if best and best.runnable else find_candidates(tree, detectors),
        ecosystems=tuple(ecosystem.name for ecosystem in ecosystems),
        declared_env=_declared_env(tree),
        submodules=tree.submodules,
        lfs_files=lfs_files,
        notes=(*snapshot.notes, *detection_notes, *_notes(tree, lfs_files)),
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


def _declared_env(tree: SnapshotTree) -> tuple[str, ...]:
    """Names in the samples of settings at the folder's top, in their order."""
    samples = [path for path in tree.files if "/" not in path and _ENV_SAMPLE.match(path)]
    names = [match for path in samples for match in _ENV_NAME.findall(tree.read(path) or "")]
    return tuple(dict.fromkeys(names))[:MAX_ENV_NAMES]


def _count_lfs_pointers(tree: SnapshotTree) -> int:
    """Pointer files of Git LFS; looked for only where .gitattributes says that it is used."""
    attributes = [path for path in {".gitattributes", *tree.glob("*.gitattributes")} if tree.is_file(path)]
    attributes_used = any("filter=lfs" in (tree.read(path) or "") for path in attributes)
    root = tree.at_root()
    if not attributes_used and "filter=lfs" not in (root.read(".gitattributes") or ""):
        return 0
    small = [path for path in tree.files if 100 <= tree.size(path) <= _LFS_POINTER_MAX][:MAX_LFS_PROBES]
    return sum(1 for path in small if (tree.read(path) or "").startswith(_LFS_POINTER))


def _notes(tree: SnapshotTree, lfs_files: int) -> list[str]:
    notes: list[str] = []
    if tree.submodules:
        notes.append(f"{len(tree.submodules)} submodule(s) are not fetched: {', '.join(tree.submodules[:5])}")
    if lfs_files:
        notes.append(f"{lfs_files} file(s) are Git LFS pointers; their content is not fetched")
    if committed := [name for name in sorted(SKIPPED_FOLDERS) if tree.is_dir(name)]:
        notes.append(f"Not looked into: {', '.join(f'{name}/' for name in committed)}")
    if tree.links:
        notes.append(f"{len(tree.links)} symbolic link(s) are not followed: {', '.join(tree.links[:5])}")
    return notes
