"""Whether an entry belongs to the deployed folder, or to a project of its own below it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from ...model.ports import RepoTree
from .python_deps import REQUIREMENT_FILES, PythonProject
from .python_entry import ENTRY_STEMS, StartOption
from .python_source import SourceFile, reachable

_MANIFESTS = (*REQUIREMENT_FILES, "pyproject.toml", "setup.py", "setup.cfg", "Pipfile")
_FOREIGN = (
    "package.json",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "composer.json",
    "Gemfile",
    "mix.exs",
    "pubspec.yaml",
)
"""Manifests of other projects, to which Python files below may be a helper or an example."""
_TRIAL = re.compile(
    r"sandbox|playground|dev|benchmarks|(?:example|sample|demo|test)s?(?:[-_]?(?:apps?|applications?|projects?|sites?|server))?"
)
_EQUAL = 0.3
"""Scores this close say nothing about which of two entries is meant."""


def project_below(tree: RepoTree, path: str) -> str:
    """The nearest folder at or above a file, and below the deployed one, that has a manifest of its own; "" when none has."""
    folder = posixpath.dirname(path)
    while folder and not any(tree.is_file(f"{folder}/{name}") for name in _MANIFESTS):
        folder = posixpath.dirname(folder)
    return folder


def belongs_here(tree: RepoTree, path: str, framework: str, project: PythonProject) -> bool:
    """Whether a file is the deployed folder's: its manifest installs what the file needs, or the file lies alone in it.

    Without a Python manifest here, an app in a sub-folder is a part of another project's, or one of several parts; a script at the
    top that has no usual name is a stray one when there are several parts. What a library serves for its own trials, or with an
    extra only, is not what it is for.
    """
    if _is_trial(path, project):
        return False
    if framework in project.declared:
        return True
    if project.packaged and project.scripts and framework and project.declared and not _brings(framework, project):
        return False
    top = path.split("/", maxsplit=1)[0] if "/" in path else ""
    if project_below(tree, path):
        return False
    if project.manager != "none":
        return True
    return not _has_others(tree, top) if top else _is_entry(path) or not _has_parts(tree)


def _is_trial(path: str, project: PythonProject) -> bool:
    """Whether an app lies in a folder that a packaged project has only to try itself out."""
    return project.packaged and any(_TRIAL.fullmatch(folder) for folder in path.lower().split("/")[:-1])


def _brings(framework: str, project: PythonProject) -> bool:
    """Whether a declared package is the framework's or an extension of it, which brings it along ("flask-restx", "apiflask")."""
    return any(framework in name.replace("-", "") for name in project.declared)


def _is_entry(path: str) -> bool:
    return posixpath.basename(path).removesuffix(".py").lower() in ENTRY_STEMS


def _has_parts(tree: RepoTree) -> bool:
    """Whether several folders below have a manifest of their own: a collection."""
    tops = {
        path.split("/")[0]
        for path in tree.files
        if path.count("/") == 1 and path.endswith(tuple(f"/{name}" for name in _MANIFESTS))
    }
    return len(tops) > 1


def _has_others(tree: RepoTree, folder: str) -> bool:
    """Whether the root is another kind of project's, or another top folder has a manifest."""
    if any(tree.is_file(name) for name in _FOREIGN):
        return True
    manifests = [path.split("/") for path in tree.files if path.count("/") == 1]
    return any(top != folder and name in (*_MANIFESTS, "package.json") for top, name in manifests)


def only_here(
    tree: RepoTree, files: Mapping[str, SourceFile], project: PythonProject, options: Sequence[StartOption]
) -> list[StartOption]:
    """The ways to start (best first) that are this folder's; none when several apps lie side by side below it."""
    own = [
        option
        for option in options
        if belongs_here(tree, option.path, option.framework, project) and not _is_module_of_tool(tree, option, project)
    ]
    return [] if own and _has_rival(tree, files, own) else own


def _is_module_of_tool(tree: RepoTree, option: StartOption, project: PythonProject) -> bool:
    """Whether a file that serves by the standard library alone lies inside a package whose commands are something else."""
    inside = tree.is_file(posixpath.join(posixpath.dirname(option.path), "__init__.py")) and "/" in option.path
    return option.way == "script" and not option.framework and project.packaged and bool(project.scripts) and inside


def _has_rival(tree: RepoTree, files: Mapping[str, SourceFile], options: Sequence[StartOption]) -> bool:
    """Whether another folder, at the same depth, holds an app as good as the best that has nothing to do with it."""
    best = options[0]
    depth = best.path.count("/")
    equals = [
        option
        for option in options[1:]
        if option.score > best.score - _EQUAL
        and option.path.count("/") == depth
        and posixpath.dirname(option.path) != posixpath.dirname(best.path)
    ]
    if not depth or not equals:
        return False
    used = {source.path for source in reachable(tree, files, best.path)}
    return any(
        option.path not in used and best.path not in {source.path for source in reachable(tree, files, option.path)}
        for option in equals
    )
