"""Host facts read by Python agree with what the probe tells."""

from __future__ import annotations

import sys

import pytest

from auto_deployer.sessions.facts_here import facts_here
from auto_deployer.sessions.here import local_session
from auto_deployer.sessions.probe import probe_host


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS shows sockets to root alone, and asks lsof anyway")
async def test_both_ways_see_the_same_machine() -> None:
    here, probed = facts_here(), await probe_host(local_session())
    for name in ("hostname", "os", "kernel", "arch", "user", "home"):
        assert getattr(here, name) == getattr(probed, name), name
    assert here.memory_mb >= probed.memory_mb > 0
    for name in ("git", "node", "python3"):
        mine, theirs = here.tool(name), probed.tool(name)
        assert (mine is None) == (theirs is None), name
        assert mine is None or mine.version, name
    assert here.free_ports
    assert not set(here.free_ports) & set(here.listening_ports or ())
