"""Repository to `RepoFacts`: safe snapshot, key files, detection with scored evidence. Nothing of the repository is executed.

All git work happens in a bare repository of ours; files are read from git objects, never from a checkout: links lead nowhere.
"""

from .committed_env import know_committed
from .completion import Extras
from .ecosystems import ECOSYSTEMS, Ecosystem, ecosystem_named
from .facts import analyze
from .git_errors import TOKEN_VARIABLE, USERNAME_VARIABLE
from .logins import AskCredentials, GitLogin, Logins, LoginWanted
from .snapshot import Limits, Snapshot, take_snapshot
from .source import Source, parse_source
from .tree import SnapshotTree

__all__ = [
    "ECOSYSTEMS",
    "TOKEN_VARIABLE",
    "USERNAME_VARIABLE",
    "AskCredentials",
    "Ecosystem",
    "Extras",
    "GitLogin",
    "Limits",
    "LoginWanted",
    "Logins",
    "Snapshot",
    "SnapshotTree",
    "Source",
    "analyze",
    "ecosystem_named",
    "know_committed",
    "parse_source",
    "take_snapshot",
]
