"""The demo tells every event in words."""

from __future__ import annotations

from auto_deployer.cli.event_words import _WORDS, describe
from auto_deployer.model.events import EVENT_TYPES, CommandRefused
from auto_deployer.model.log import PolicyVerdict, RefusedCommand


def test_every_event_has_words() -> None:
    assert set(_WORDS) == set(EVENT_TYPES)


def test_a_refused_command_says_why() -> None:
    refused = RefusedCommand(command="rm -rf /", policy=PolicyVerdict(verdict="deny", rule="r", reason="It deletes the system."))
    assert describe(CommandRefused(command=refused)) == "$ rm -rf /: It deletes the system."
