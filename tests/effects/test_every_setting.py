"""A setting without a test that shows its effect fails here: that test is run while the setting is ignored, and must fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auto_deployer.runner.settings.keys import settings_fields
from tests.effects.table import EFFECTS

ROOT = Path(__file__).parents[2]
IGNORING = Path(__file__).parent / "ignoring"


def test_every_setting_has_a_test_of_its_effect_and_no_row_is_left_of_one_that_is_gone() -> None:
    assert EFFECTS.keys() == settings_fields().keys()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("key", EFFECTS)
def test_its_test_fails_where_the_setting_is_ignored(key: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = ["-m", "pytest", "-qx", "--timeout", "60", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "t"), EFFECTS[key]]
    ignoring = {**environment, "PYTHONPATH": str(IGNORING), "IGNORED_SETTING": key}
    done = subprocess.run([sys.executable, *words], env=ignoring, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout[-3000:] + done.stderr[-1000:]
