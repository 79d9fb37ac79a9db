"""Repository to `RepoFacts`: safe snapshot, key files, detection with scored evidence. Nothing of the repository is executed.

All git work happens in a bare repository of ours; files are read from git objects, never from a checkout: links lead nowhere.
"""

from .ecosystems import ECOSYSTEMS, Ecosystem, ecosystem_named
from .facts import analyze
from .snapshot import Snapshot, take_snapshot
from .source import Source, parse_source
from .tree import SnapshotTree

__all__ = [
    "ECOSYSTEMS",
    "Ecosystem",
    "Snapshot",
    "SnapshotTree",
    "Source",
    "analyze",
    "ecosystem_named",
    "parse_source",
    "take_snapshot",
]
