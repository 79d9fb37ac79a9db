"""The files of a snapshot, read from git objects: links lead nowhere, submodules stay closed, nothing is checked out."""

from __future__ import annotations

import asyncio
import codecs
import difflib
import fnmatch
import hashlib
import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from ..model.errors import RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .blobs import BlobReader
from .git import Git

MAX_FILE_BYTES = 524_288
"""A larger file is not read."""
MAX_TOTAL_BYTES = 67_108_864
"""After so much from one snapshot nothing more is read."""

SKIPPED_FOLDERS = frozenset({
    "node_modules", "bower_components", ".venv", "venv", "__pycache__", "vendor", "target", ".next", ".nuxt", ".svelte-kit", ".tox",
    ".git",
})  # fmt: skip
"""Dependency and build folders, which are not among `files` (static sites live in dist and build, so these are)."""

_NOWHERE = "\0"
"""A folder that no repository has: the view of a path that leads out is empty."""
_FILE_MODES = frozenset({b"100644", b"100755", b"100664"})
_LINK_MODE = b"120000"
_SUBMODULE_MODE = b"160000"


@dataclass(frozen=True, slots=True)
class _File:
    object_id: str
    size: int


@dataclass
class _Content:
    """Everything in one commit, with paths from the repository's root."""

    files: dict[str, _File] = field(default_factory=dict[str, _File])
    links: set[str] = field(default_factory=set[str])
    ids: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Mode, type and object id of everything, links and submodules too."""
    submodules: list[str] = field(default_factory=list[str])
    folders: set[str] = field(default_factory=lambda: {""})
    listed: list[str] = field(default_factory=list[str])
    """Sorted paths of files outside `SKIPPED_FOLDERS`."""
    memo: dict[tuple[str, str], object] = field(default_factory=dict[tuple[str, str], object])


def _text(data: bytes) -> str:
    """A file's text; a byte order mark tells UTF-16 (as PowerShell's `>` writes it), and is no part of the text."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf16 else "utf-8-sig", "replace")


class SnapshotTree:
    """A view of one folder of a snapshot (`model.ports.RepoTree`). Close it (or use `with`) when done."""

    def __init__(self, content: _Content, reader: BlobReader, subdir: str) -> None:
        self._content = content
        self._reader = reader
        self._subdir = subdir
        self._prefix = f"{subdir}/" if subdir else ""

    @classmethod
    async def load(cls, git_dir: Path, commit: str, subdir: str = "") -> SnapshotTree:
        """The tree of `commit`, seen from `subdir`.

        Raises:
            RepositoryError: `subdir_not_found`, with the nearest folders; `git_ref_not_found`: the commit is not there.
        """
        listing = await Git(git_dir).local("ls-tree", "-r", "-z", "-l", "--full-tree", commit, check=False)
        if listing.exit_code != 0:
            raise RepositoryError(
                f"The snapshot {commit} is not in {git_dir}: {listing.stderr.strip()}", kind=Kind.GIT_REF_NOT_FOUND,
                suggestions=(suggest("Deploy again from the source."),),
            )  # fmt: skip
        content = await asyncio.to_thread(_parse, listing.stdout)
        if subdir not in content.folders:
            raise _no_subdir(content, subdir)
        return cls(content, BlobReader(git_dir, MAX_TOTAL_BYTES), subdir)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the reading process. All views of the snapshot share it; a later read starts it again."""
        self._reader.close()

    @property
    def subdir(self) -> str:
        return self._subdir

    @property
    def memo(self) -> dict[tuple[str, str], object]:
        return self._content.memo

    @property
    def files(self) -> Sequence[str]:
        return self._files

    @cached_property
    def _files(self) -> tuple[str, ...]:
        listed = self._content.listed
        if not self._prefix:
            return tuple(listed)
        start = bisect_left(listed, self._prefix)
        end = bisect_left(listed, f"{self._subdir}0")  # "0" is the character after "/"
        return tuple(path[len(self._prefix) :] for path in listed[start:end])

    def is_file(self, path: str) -> bool:
        return self._find(path) is not None

    def is_dir(self, path: str) -> bool:
        return self._full(path) in self._content.folders

    def size(self, path: str) -> int:
        found = self._find(path)
        return found.size if found else 0

    def read(self, path: str) -> str | None:
        found = self._find(path)
        if found is None or found.size > MAX_FILE_BYTES:
            return None
        data = self._reader.read(found.object_id, found.size)
        return None if data is None else _text(data)

    def glob(self, pattern: str) -> list[str]:
        matches = re.compile(fnmatch.translate(pattern)).match
        return [path for path in self.files if matches(path)]

    def at_root(self) -> SnapshotTree:
        return self if not self._subdir else SnapshotTree(self._content, self._reader, "")

    def below(self, folder: str) -> SnapshotTree:
        full = self._full(folder)
        return SnapshotTree(self._content, self._reader, _NOWHERE if full is None else full)

    @property
    def submodules(self) -> tuple[str, ...]:
        """Submodules below this folder; their content is not here."""
        return tuple(path[len(self._prefix) :] for path in self._content.submodules if path.startswith(self._prefix))

    @property
    def links(self) -> tuple[str, ...]:
        """Symbolic links below this folder, sorted."""
        return tuple(sorted(path[len(self._prefix) :] for path in self._content.links if path.startswith(self._prefix)))

    @property
    def total_bytes(self) -> int:
        """Size of all of `files`."""
        return sum(self._content.files[self._prefix + path].size for path in self.files)

    def fingerprint(self, counts: Callable[[str], bool]) -> str:
        """A hash of what the repository holds at the paths (from its root) that count; the same content gives the same hash."""
        digest = hashlib.sha256()
        for path, meta in sorted(self._content.ids.items()):
            if counts(path):
                digest.update(b"%b\t%b\0" % (meta, path.encode()))
        return digest.hexdigest()

    @cached_property
    def folders(self) -> Sequence[str]:
        """All folders that hold one of `files`, at any depth, sorted; without this one."""
        found: set[str] = set()
        for path in self.files:
            folder = posixpath.dirname(path)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return sorted(found)

    def _find(self, path: str) -> _File | None:
        full = self._full(path)
        return None if full is None else self._content.files.get(full)

    def _full(self, path: str) -> str | None:
        """`path` from the repository's root; None when it leads out of this folder."""
        normal = posixpath.normpath(path) if path else "."
        if normal == ".":
            return self._subdir
        return None if normal.startswith(("/", "../")) or normal == ".." else self._prefix + normal


def _parse(listing: bytes) -> _Content:
    """The output of `git ls-tree -r -z -l`."""
    content = _Content()
    for row in listing.split(b"\0"):
        if not row:
            continue
        meta, _, raw_path = row.partition(b"\t")
        mode, _type, object_id, size = meta.split()
        path = raw_path.decode("utf-8", "replace")
        content.ids[path] = b"%b %b" % (mode, object_id)
        if mode in _FILE_MODES:
            content.files[path] = _File(object_id.decode(), int(size))
            _add_folders(content.folders, path)
        elif mode == _LINK_MODE:
            content.links.add(path)
            _add_folders(content.folders, path)
        elif mode == _SUBMODULE_MODE:
            content.submodules.append(path)
    content.listed = sorted(path for path in content.files if SKIPPED_FOLDERS.isdisjoint(path.split("/")[:-1]))
    return content


def _add_folders(folders: set[str], path: str) -> None:
    folder = posixpath.dirname(path)
    while folder not in folders:
        folders.add(folder)
        folder = posixpath.dirname(folder)


def _no_subdir(content: _Content, subdir: str) -> RepositoryError:
    if subdir in content.files or subdir in content.links:
        what = "a file" if subdir in content.files else "a symbolic link, which is not followed"
        why = f"The sub-folder {subdir} is {what}"
    else:
        why = f"The repository has no folder {subdir}"
    hints = _nearest(content.folders, subdir)
    suggestions = [suggest("Deploy a folder that it has", "subdir", hint) for hint in hints]
    root = suggest("Name another folder, or none to deploy the root", "subdir")
    return RepositoryError(why, kind=Kind.SUBDIR_NOT_FOUND, suggestions=tuple(suggestions) or (root,))


def _nearest(folders: set[str], subdir: str) -> list[str]:
    """Up to five folders: those of the same last name, then the similarly written, else those at the top."""
    known = sorted(folder for folder in folders if folder and SKIPPED_FOLDERS.isdisjoint(folder.split("/")))[:5000]
    last = posixpath.basename(subdir).lower()
    same_name = [folder for folder in known if posixpath.basename(folder).lower() == last]
    similar = difflib.get_close_matches(subdir, known, n=5, cutoff=0.6)
    return list(dict.fromkeys([*same_name, *similar]))[:5] or [folder for folder in known if "/" not in folder][:5]
