"""Node.js: servers started by script or entry file, and single-page apps built into static files."""

from __future__ import annotations

import posixpath
import re

from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..interpreters import pick_node
from ..recipe import Draft
from .node_bare import bare_start
from .node_draft import NodeFindings, draft_node
from .node_env import required_env
from .node_frameworks import build_run, built_framework, server_framework
from .node_manifest import FILE_NAME, Manifest, nearest_folder, read_manifest, workspace_folder
from .node_natives import natives_range
from .node_nx import nx_start
from .node_packages import PackageManager, choose_manager
from .node_reuse import reuse_findings
from .node_services import services_of
from .node_start import Start, choose_start, start_below
from .node_workspace import unless_all_members, workspace_findings

_VERSION_FILES = (".nvmrc", ".node-version")
_OTHER_APPS = (
    "composer.json",
    "Gemfile",
    "mix.exs",
    "manage.py",
    "pom.xml",
    "go.mod",
    "Cargo.toml",
    "build.gradle",
    "pubspec.yaml",
    "pyproject.toml",
    "setup.py",
)
"""Manifests of projects that often have a package.json beside them for their assets or tools only."""


class NodeRecipe:
    """Anything with a `package.json`, its own or of a folder above, and programs that need none."""

    name = "node"

    def detect(self, tree: RepoTree) -> Detection | None:
        root = tree.at_root()
        folder = nearest_folder(root, tree.subdir)
        if folder is None:
            bare = bare_start(root, tree.subdir)
            return _detection(root, Manifest(folder=tree.subdir), bare) if bare else None
        try:
            manifest = read_manifest(root, folder)
        except RefusedError as error:
            return _unreadable(error, folder) if folder == tree.subdir else None
        if folder != tree.subdir:
            start = nx_start(root, manifest, tree.subdir) or start_below(root, manifest, tree.subdir)
            return _detection(root, manifest, start) if start else None
        start = unless_all_members(root, manifest, choose_start(root, manifest))
        top = workspace_folder(root, manifest)
        if start.kind == "none" and top != folder and (built := nx_start(root, read_manifest(root, top), folder)):
            return _detection(root, read_manifest(root, top), built)
        return _detection(root, manifest, start)

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        pick_node(given.host, str(detection.details.get("engines", "")))
        bypassed = given.overrides.start is not None or given.overrides.output_dir is not None
        if detection.refusal and not (bypassed and detection.details):
            raise _refused(given, detection.refusal)
        return draft_node(given, NodeFindings.model_validate(detection.details))


def _detection(root: RepoTree, manifest: Manifest, start: Start) -> Detection:
    install_folder = workspace_folder(root, manifest)
    manager = choose_manager(root, install_folder, manifest)
    version_file, wanted = _version_file(root, manifest.folder)
    required = required_env(root, manifest, start.source.entry if start.source else None)
    native, native_range = natives_range(manifest)
    findings = NodeFindings(
        folder=manifest.folder,
        install_folder=install_folder,
        manager=manager,
        has_dependencies=bool(manifest.dependencies or manifest.workspaces) or install_folder != manifest.folder,
        has_build=bool(manifest.scripts.get("build", "").strip()),
        start=start,
        workspace=workspace_findings(root, manifest, install_folder),
        services=services_of(root, manifest, start.source, required),
        engines=manifest.engines.get("node", ""),
        native=native,
        native_range=native_range,
        engine_strict=re.search(r"^engine-strict\s*=\s*true", root.read(manifest.path(".npmrc")) or "", re.MULTILINE) is not None,
        version_file=version_file,
        version_wanted=wanted,
        reuse=reuse_findings(
            root, manifest, manager, install_folder, build_script=start.build_script, build_command=start.build_command
        ),
    )
    evidence = _evidence(root, manifest, start, manager)
    return Detection(
        recipe=NodeRecipe.name,
        project_type="nodejs",
        framework=_framework(manifest, start),
        score=sum(item.weight for item in evidence),
        evidence=evidence,
        runnable=start.kind != "none",
        refusal=start.refusal,
        required_env=required,
        details=findings.model_dump(mode="json"),
    )


def _evidence(root: RepoTree, manifest: Manifest, start: Start, manager: PackageManager) -> tuple[Evidence, ...]:
    """Weights on the common scale: 3 a manifest, 2 a declared framework, 4 a proven start, 1 a hint."""
    path = manifest.path(FILE_NAME)
    found = [Evidence(file=path, saw="package.json", weight=3.0)] if root.is_file(path) else []
    if framework := _framework(manifest, start) if start.refusal is None or built_framework(manifest) else "":
        found.append(Evidence(file=path, saw=f"depends on {framework}", weight=2.0))
    other = next((name for name in _OTHER_APPS if root.is_file(manifest.path(name))), None)
    if start.kind == "none" and other:
        found.append(Evidence(file=manifest.path(other), saw="an app of another kind, whose assets this builds", weight=-3.0))
    if start.kind != "none":
        found.append(Evidence(file=start.source.entry if start.source else path, saw=start.because, weight=4.0))
    if manager.lock:
        found.append(Evidence(file=manager.lock, saw=f"lock file of {manager.label}", weight=1.0))
    return tuple(found)


def _framework(manifest: Manifest, start: Start) -> str:
    if start.build:
        return start.build.framework
    if start.refusal and start.refusal.kind == Kind.LIBRARY_NOTHING_TO_RUN:
        return "library"
    run = build_run(manifest)
    framework = run.framework if run and run.script == "build" else built_framework(manifest)
    return framework.name if framework else server_framework(manifest)


def _unreadable(error: RefusedError, folder: str) -> Detection:
    evidence = Evidence(file=posixpath.join(folder, FILE_NAME), saw="a package.json that cannot be read", weight=3.0)
    return Detection(
        recipe=NodeRecipe.name, project_type="nodejs", score=evidence.weight, evidence=(evidence,), refusal=error.reason
    )


def _refused(given: PlanInput, reason: Reason) -> RefusedError:
    """The detection's refusal, with the sub-folders that look deployable."""
    folders = tuple(suggest(f"Deploy a sub-folder ({found.kind})", "subdir", found.path) for found in given.repo.candidates[:5])
    return RefusedError(reason.message, kind=reason.kind, suggestions=(*reason.suggestions, *folders))


def _version_file(root: RepoTree, folder: str) -> tuple[str, str]:
    """The file that names a Node version, and the version (its first line that is no comment)."""
    for name in _VERSION_FILES:
        lines = (root.read(posixpath.join(folder, name)) or "").splitlines()
        wanted = next((line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()), "")
        if wanted:
            return name, wanted
    return "", ""
