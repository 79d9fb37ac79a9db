"""What an app wrote in its release: which paths are its data, and which belong to the release. Pure text, nothing is looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

NEVER_DATA = frozenset({
    ".git", ".hg", ".svn", "node_modules", "bower_components", "vendor", ".bundle", ".yarn", ".pnpm-store", ".venv", "venv",
    "site-packages", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".ipynb_checkpoints", ".eggs",
    ".cache", ".parcel-cache", ".turbo", ".vite", ".angular", ".sass-cache", ".gradle", ".m2", ".npm", ".next", ".nuxt", ".output",
    ".svelte-kit", ".astro", ".docusaurus", ".webassets-cache", "bootsnap", ".terraform", ".idea", ".vscode",
})  # fmt: skip
"""Folders that hold dependencies, caches or a framework's own files: nothing below them is data."""
BUILD_FOLDERS = frozenset({"build", "dist", "out", "target", "_site", ".build", "coverage", "staticfiles"})
"""Folders that builds write: below them only databases are data."""
DATABASES = ("*.db", "*.db3", "*.sqlite", "*.sqlite2", "*.sqlite3", "*.s3db", "*.duckdb", "*.mdb", "*.rdb", "*.h2.db", "*.mv.db")
DATA_FILES = ("db.json", "database.json", "data.json", "store.json")
"""Files that are data once the app changed them, whoever made them."""
DATA_FOLDERS = ("data", "db", "database", "storage", "var", "instance", "uploads", "media")
"""Below these also changed JSON, CSV and text files are data."""
CHANGEABLE = ("*.json", "*.csv", "*.tsv", "*.txt", "*.yaml", "*.yml", "*.xml")
NOISE = (
    "*.pyc", "*.pyo", "*.log", "*.log.[0-9]*", "*.pid", "*.sock", "*.socket", "*.tmp", "*.temp", "*.swp", "*~", ".DS_Store",
    "nohup.out", "*.tsbuildinfo", "next-env.d.ts", ".coverage", "celerybeat-schedule*",
)  # fmt: skip
"""Files that come and go with a run."""
_SIDES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database: goes where that goes."""

Why = Literal["new", "changed", "declared"]


@dataclass(frozen=True)
class DataPath:
    """A path to keep, relative to the release, and why."""

    path: str
    why: Why


@dataclass(frozen=True)
class ReleaseListing:
    """What a release holds beyond what was there before its first start. Paths are relative to it."""

    new_files: tuple[str, ...] = ()
    new_folders: tuple[str, ...] = ()
    hollow: frozenset[str] = frozenset()
    """Folders that were there, with nothing but placeholders such as .gitkeep below them."""
    changed: tuple[str, ...] = ()
    """Files that were there and were written since, of the kinds in `DATABASES`, `DATA_FILES` and `CHANGEABLE`."""
    venvs: frozenset[str] = frozenset()
    """Folders that are Python environments, whatever their name."""
    links: frozenset[str] = field(default_factory=frozenset[str])
    """Links in it: what lies behind them is not in the release."""


def data_paths(listing: ReleaseListing, declared: Iterable[str] = ()) -> tuple[DataPath, ...]:
    """The paths to keep, none inside another: as few as there can be, whole folders where nothing else is in them.

    Args:
        declared: Paths that are there and that the user named: data whatever they are.
    """
    wanted = {path.strip("/"): "declared" for path in declared}
    files = [path for path in listing.new_files if _counts(path, listing)]
    found: dict[str, Why] = {}
    for path in (*files, *listing.changed):
        base = _database_of(path)
        known = base is not None and base not in listing.new_files  # its database was there before, and is written to
        if known and base is not None and _counts(base, listing):
            found[base] = "changed"
    for path in listing.changed:
        if _counts(path, listing) and is_changeable(path):
            found[path] = "changed"
    whole = _whole_folders(listing, files)
    for path in files:
        if _database_of(path) is None:
            found.setdefault(next((folder for folder in _ancestors(path) if folder in whole), path), "new")
    everything: dict[str, Why] = {**found, **dict.fromkeys(wanted, "declared")}
    outer = (path for path in everything if not any(other in everything for other in _ancestors(path)))
    return tuple(DataPath(path, everything[path]) for path in sorted(outer) if path not in listing.links)


def is_database(path: str) -> bool:
    """Told by its name."""
    return _is_named(path, DATABASES)


def is_changeable(path: str) -> bool:
    """A file of this name is data once the app has written to it."""
    folders = path.split("/")[:-1]
    by_folder = _is_named(path, CHANGEABLE) and any(folder in DATA_FOLDERS for folder in folders)
    return is_database(path) or _is_named(path, DATA_FILES) or by_folder


def never_counts(path: str, venvs: Collection[str] = ()) -> bool:
    """It lies in a folder of dependencies, caches or build output (databases in the latter count), or is noise of a run."""
    folders = path.split("/")[:-1]
    if any(folder in NEVER_DATA or folder.endswith(".egg-info") for folder in folders):
        return True
    if any(folder in venvs for folder in _ancestors(path)):
        return True
    if any(folder in BUILD_FOLDERS for folder in folders):
        return not is_database(path)
    return _is_named(path, NOISE)


def _counts(path: str, listing: ReleaseListing) -> bool:
    behind_link = any(folder in listing.links for folder in _ancestors(path))
    return not behind_link and not never_counts(_database_of(path) or path, listing.venvs)


def _database_of(path: str) -> str | None:
    """The database that a file such as app.db-wal belongs to."""
    for side in _SIDES:
        base = path.removesuffix(side)
        if base != path and is_database(base):
            return base
    return None


def _whole_folders(listing: ReleaseListing, files: Collection[str]) -> set[str]:
    """Folders that can be kept as a whole: new ones (and hollow ones) without anything in them that is not to be kept."""
    candidates = {*listing.new_folders, *listing.hollow}
    above = {folder for path in files for folder in _ancestors(path)}
    mixed: set[str] = set()
    for path in (*listing.new_folders, *listing.hollow):
        if _is_apart(path, listing):
            mixed |= {path, *_ancestors(path)}
    return candidates & above - mixed


def _is_apart(folder: str, listing: ReleaseListing) -> bool:
    """A folder whose content is none of ours."""
    name = folder.rsplit("/", 1)[-1]
    return name in NEVER_DATA or name in BUILD_FOLDERS or folder in listing.venvs or folder in listing.links


def _ancestors(path: str) -> list[str]:
    """The folders above a path, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _is_named(path: str, patterns: Iterable[str]) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)
