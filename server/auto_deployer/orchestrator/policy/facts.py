"""What a script and the scripts inside of it share."""

from __future__ import annotations

from dataclasses import dataclass, field

from .calls import Judge
from .places import Places
from .streams import Stream

MAX_DEPTH = 12
"""Scripts inside of scripts that are looked at."""


@dataclass
class Facts:
    """What a script and the scripts inside of it share."""

    places: Places
    judge: Judge
    files: dict[str, Stream] = field(default_factory=dict[str, Stream])
    """Files written so far, and what was written."""
