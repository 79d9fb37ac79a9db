"""What a long step costs in prompts, on real output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.bench_prompt import COMMANDS, measure


@pytest.mark.usefixtures("place")
async def test_a_step_of_100_commands_sends_less_than_30_percent_of_the_full_history(tmp_path: Path) -> None:
    sizes = await measure(tmp_path)
    assert COMMANDS == 100
    assert sizes.ratio < 0.30
    assert sizes.compressions > 0
