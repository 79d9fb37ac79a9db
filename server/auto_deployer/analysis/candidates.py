"""Sub-folders that look deployable, for when the root is not."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Sequence

from ..model.facts import Candidate, Detection
from .detection import Detector, detect, winner
from .tree import SnapshotTree

MAX_DEPTH = 3
MAX_CANDIDATES = 32
MAX_TRIED = 400
"""Folders looked into; a monorepo of thousands must not take minutes."""

_NO_APPS = frozenset({"test", "tests", "__tests__", "spec", "specs", "fixtures", "__mocks__", "locales", "migrations"})


def find_candidates(tree: SnapshotTree, detectors: Sequence[Detector]) -> tuple[Candidate, ...]:
    """Folders at most `MAX_DEPTH` deep for which a recipe finds something to run, the shallow ones first.

    A folder below a candidate is part of it and not listed again.
    """
    children, with_files = _folders(tree)
    found: list[Candidate] = []
    queue = deque(children.get("", ()))
    tried = 0
    while queue and len(found) < MAX_CANDIDATES and tried < MAX_TRIED:
        folder = queue.popleft()
        if folder in with_files:
            tried += 1
            if (best := _best(tree.below(folder), detectors)) is not None:
                found.append(Candidate(path=folder, kind=best.framework or best.project_type))
                continue
        if folder.count("/") + 1 < MAX_DEPTH:
            queue.extend(children.get(folder, ()))
    return tuple(found)


def _best(tree: SnapshotTree, detectors: Sequence[Detector]) -> Detection | None:
    best = winner(detect(tree, detectors)[0])
    return best if best is not None and best.runnable else None


def _folders(tree: SnapshotTree) -> tuple[dict[str, list[str]], set[str]]:
    """The sub-folders of each folder, sorted, and the folders that hold files themselves."""
    with_files = {posixpath.dirname(path) for path in tree.files}
    children: dict[str, list[str]] = {}
    for folder in tree.folders:
        name = posixpath.basename(folder)
        if not name.startswith(".") and name.lower() not in _NO_APPS:
            children.setdefault(posixpath.dirname(folder), []).append(folder)
    return children, with_files
