"""Where commands run: sessions, what they tell about their host, and the environment and time-outs of commands.

Invariant: a session never hangs, and a command gets neither our stdin nor our stdout nor a variable that is not on the list.
"""

from __future__ import annotations

from .environment import child_environment, git_environment
from .local import LocalSession
from .probe import probe_host
from .timeouts import Limits, limits_for

__all__ = ["Limits", "LocalSession", "child_environment", "git_environment", "limits_for", "probe_host"]
