"""What is done about a loop, ever stronger: refuse the repeat, make the model reflect, ask the user, give the step up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..model.log import CommandRecord
from ..model.settings import LoopDetectionSettings
from .loops import Attempted, Loop, attempted, find_loop, fruitless_loop, normalised_command

PAUSED_CHECKS = 5
"""Checks for loops that are left out after the user has spoken."""

RungKind = Literal["refuse", "reflect", "ask", "alternative", "give_up"]


@dataclass(frozen=True)
class Rung:
    """One intervention, and the loop that led to it."""

    kind: RungKind
    loop: Loop


class Ladder:
    """Watches what came of each turn and climbs a rung with each loop seen; what the user says brings it back to the ground.

    Args:
        base_temperature: The setting; a raised temperature is never below it.
        interactive: Somebody can be asked.
    """

    def __init__(self, settings: LoopDetectionSettings, *, base_temperature: float, interactive: bool) -> None:
        self._settings, self._base_temperature = settings, base_temperature
        third: RungKind = "ask" if interactive else "alternative"
        self._rungs: Sequence[RungKind] = ("refuse", "reflect", third, "give_up")
        self._climbed = 0
        self._paused = 0
        self._fruitless = 0
        self._history: list[Attempted] = []
        self._refused: dict[str, Loop] = {}
        self._temperature: float | None = None

    def saw_command(self, record: CommandRecord) -> Rung | None:
        """A command ran; the rung to take now, or None."""
        return self.saw(attempted(record))

    def saw(self, result: Attempted) -> Rung | None:
        """Something was tried; the rung to take now, or None."""
        self._fruitless = 0
        self._history.append(result)
        if not result.failed and result.purpose == "change":
            self._refused.clear()  # something is different now: what failed before may succeed
        return self._check(find_loop(self._history, self._settings))

    def saw_nothing(self) -> Rung | None:
        """A reply led to nothing (refused, nobody to ask, done without a change); the rung to take now, or None."""
        self._fruitless += 1
        return self._check(fruitless_loop(self._fruitless, self._settings))

    def refusal_of(self, command: str) -> Loop | None:
        """The loop that running this command would continue; None when it may run."""
        return self._refused.get(normalised_command(command))

    def saw_repeat(self, loop: Loop) -> Rung:
        """A refused command was wanted once more; the next rung."""
        return self._climb(loop)

    def user_spoke(self) -> None:
        """The situation has changed: forget what was seen, and wait a while before looking again."""
        self._climbed, self._paused, self._fruitless = 0, PAUSED_CHECKS, 0
        self._history.clear()
        self._refused.clear()

    def take_temperature(self) -> float | None:
        """Temperature of the next call alone; None: the setting."""
        temperature, self._temperature = self._temperature, None
        return temperature

    def _check(self, loop: Loop | None) -> Rung | None:
        if self._paused:
            self._paused -= 1
            return None
        return None if loop is None else self._climb(loop)

    def _climb(self, loop: Loop) -> Rung:
        rung = self._rungs[min(self._climbed, len(self._rungs) - 1)]
        if levels := self._settings.temperature_boost_levels:
            self._temperature = max(self._base_temperature, levels[min(self._climbed, len(levels) - 1)])
        self._climbed += 1
        self._refused.update(dict.fromkeys(loop.commands, loop))
        # the next rung needs new evidence
        self._history.clear()
        self._fruitless = 0
        return Rung(rung, loop)
