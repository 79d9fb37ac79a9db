"""The order of interventions, and what brings the ladder back to the ground."""

from __future__ import annotations

import pytest

from auto_deployer.drivers.ladder import PAUSED_CHECKS, Ladder
from auto_deployer.model.log import CommandRecord
from auto_deployer.model.settings import LoopDetectionSettings


def failing(command: str = "cat missing") -> CommandRecord:
    return CommandRecord(command=command, success=False, exit_code=1, stderr="cat: missing: No such file or directory")


def ladder(*, interactive: bool = False, base: float = 0.0, **settings: object) -> Ladder:
    return Ladder(LoopDetectionSettings.model_validate(settings), base_temperature=base, interactive=interactive)


def climb(of: Ladder, times: int) -> list[str]:
    """The kinds of the next rungs, each reached by new evidence."""
    kinds: list[str] = []
    while len(kinds) < times:
        if (rung := of.saw_command(failing())) is not None:
            kinds.append(rung.kind)
    return kinds


@pytest.mark.parametrize(("interactive", "third"), [(True, "ask"), (False, "alternative")])
def test_the_rungs_come_in_order(interactive: bool, third: str) -> None:
    assert climb(ladder(interactive=interactive), 5) == ["refuse", "reflect", third, "give_up", "give_up"]


def test_each_rung_raises_the_temperature_of_one_call() -> None:
    climbing = ladder(temperature_boost_levels=(0.3, 0.6))
    seen: list[float | None] = []
    for _ in range(3):
        climb(climbing, 1)
        seen += [climbing.take_temperature(), climbing.take_temperature()]
    assert seen == [0.3, None, 0.6, None, 0.6, None]


def test_the_temperature_is_never_lowered_and_without_levels_stays() -> None:
    hot = ladder(base=0.9)
    climb(hot, 1)
    assert hot.take_temperature() == 0.9
    plain = ladder(temperature_boost_levels=())
    climb(plain, 1)
    assert plain.take_temperature() is None


def test_an_exact_repeat_is_refused_until_something_changes() -> None:
    climbing = ladder()
    climb(climbing, 1)
    loop = climbing.refusal_of("cat   missing")
    assert loop is not None
    assert climbing.refusal_of("cat other") is None
    assert climbing.saw_repeat(loop).kind == "reflect"
    climbing.saw_command(CommandRecord(command="ls", success=True, exit_code=0))
    assert climbing.refusal_of("cat missing") is not None, "looking changes nothing"
    climbing.saw_command(CommandRecord(command="touch missing", success=True, exit_code=0))
    assert climbing.refusal_of("cat missing") is None


def test_what_the_user_says_resets_and_pauses() -> None:
    climbing = ladder(interactive=True)
    climb(climbing, 3)
    climbing.user_spoke()
    assert climbing.refusal_of("cat missing") is None
    assert [climbing.saw_command(failing()) for _ in range(PAUSED_CHECKS)] == [None] * PAUSED_CHECKS
    rung = climbing.saw_command(failing())
    assert rung is not None
    assert rung.kind == "refuse"


def test_replies_that_lead_to_nothing_climb_too_and_a_command_ends_the_row() -> None:
    climbing = ladder()
    assert [climbing.saw_nothing() for _ in range(2)] == [None, None]
    climbing.saw_command(failing("other"))
    assert [climbing.saw_nothing() for _ in range(2)] == [None, None]
    rung = climbing.saw_nothing()
    assert rung is not None
    assert (rung.kind, rung.loop.kind) == ("refuse", "fruitless")
