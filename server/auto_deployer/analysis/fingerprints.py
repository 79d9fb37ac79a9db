"""What an installation, and what a build, is made from: a hash of each, so that an unchanged one need not be made again."""

from __future__ import annotations

import posixpath
import re

from .tree import SnapshotTree

_DEPENDENCY_FILE = re.compile(
    r"package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?|"
    r"\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.c?js|[\w.-]*requirements?[\w.-]*\.(?:txt|in)|[\w.-]*constraints?[\w.-]*\.txt|"
    r"pyproject\.toml|setup\.(?:py|cfg)|Pipfile(?:\.lock)?|(?:poetry|pdm|uv)\.lock|uv\.toml|pip\.conf|"
    # what install scripts of packages read: Prisma's client is generated from the schema, patches are applied to packages
    r".*\.(?:prisma|patch)"
)
_DEPENDENCY_FOLDERS = frozenset({"requirements", "patches", ".yarn"})
_IRRELEVANT = frozenset({".github", ".gitlab", ".circleci", ".vscode", ".idea", ".devcontainer"})
"""Folders at the root that no build reads. A README counts: site generators make pages of it."""
_SETTINGS_FILE = re.compile(r"\.npmrc|\.yarnrc(?:\.yml)?|.*require.*\.(?:txt|in)|pip\.conf|uv\.toml|pyproject\.toml")
_SETTINGS_READ = 50
_REGISTRY = re.compile(
    r"(?m)registry\s*=|npmRegistryServer|^\s*(?:-i|-f|--index-url|--extra-index-url|--find-links|--no-index)\b|"
    r"^\s*(?:extra-)?index-url\s*=|^\s*find-links\s*=|tool\.uv\.(?:index|pip)|\[\[index\]\]|tool\.poetry\.source"
)


def dependencies_id(tree: SnapshotTree) -> str:
    """The manifests, lock files and settings of package managers, anywhere in the repository."""
    return tree.fingerprint(_names_dependencies)


def content_id(tree: SnapshotTree) -> str:
    """Everything that a build may read."""
    return tree.fingerprint(lambda path: path.split("/", 1)[0] not in _IRRELEVANT)


def names_registry(tree: SnapshotTree) -> bool:
    """Whether settings in the repository name an index or a registry."""
    root = tree.at_root()
    settings = [path for path in root.files if _SETTINGS_FILE.fullmatch(posixpath.basename(path))][:_SETTINGS_READ]
    return any(_REGISTRY.search(root.read(path) or "") for path in settings)


def _names_dependencies(path: str) -> bool:
    folders = path.split("/")[:-1]
    return _DEPENDENCY_FILE.fullmatch(posixpath.basename(path)) is not None or not _DEPENDENCY_FOLDERS.isdisjoint(folders)
