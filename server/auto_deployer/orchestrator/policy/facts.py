"""What a script and the scripts inside of it share, and where a shell may be after a command."""

from __future__ import annotations

from dataclasses import dataclass, field

from .calls import Judge
from .places import Places
from .streams import NOTHING, Stream

Cwds = tuple[str, ...]
"""The folders in which a command may run."""
MAX_DEPTH = 12
"""Scripts inside of scripts that are looked at."""


@dataclass
class Facts:
    """What a script and the scripts inside of it share."""

    places: Places
    judge: Judge
    files: dict[str, Stream] = field(default_factory=dict[str, Stream])
    """Files written so far, and what was written."""


@dataclass(frozen=True)
class After:
    """Where a shell may be after a command."""

    succeeded: Cwds
    failed: Cwds
    output: Stream = NOTHING

    @property
    def cwds(self) -> Cwds:
        return union(self.succeeded, self.failed)


def union(*groups: Cwds) -> Cwds:
    """All folders of the groups, each once."""
    return tuple(dict.fromkeys(cwd for group in groups for cwd in group))
