"""The suite fails when a test leaves a process running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

CONFTEST = """
from tests import leftovers
from tests.leftovers import pytest_sessionfinish, pytest_terminal_summary
leftovers.PATIENCE_S = 0.5
"""
LEAVES = """
import subprocess
def test_leaves_a_process(tmp_path):
    sleeper = subprocess.Popen(["sleep", "600"], cwd=tmp_path, start_new_session=True)
    print("sleeper", sleeper.pid)
"""
ENDS = """
import subprocess
def test_ends_its_process(tmp_path):
    sleeper = subprocess.Popen(["sleep", "600"], cwd=tmp_path)
    sleeper.kill()
    sleeper.wait()
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_what_still_runs_fails_the_run_is_named_and_ended(tmp_path: Path, workers: tuple[str, ...]) -> None:
    done = _pytest(tmp_path, LEAVES, *workers)
    assert done.returncode == 1, done.stdout
    assert "left running by the tests: 1" in done.stdout
    assert "test_leaves_a_process0: sleep 600" in done.stdout
    assert not [process for process in psutil.process_iter(["cwd"]) if str(process.info["cwd"]).startswith(str(tmp_path))]


def test_a_clean_run_passes(tmp_path: Path) -> None:
    done = _pytest(tmp_path, ENDS)
    assert done.returncode == 0, done.stdout
    assert "left running" not in done.stdout


def _pytest(folder: Path, test: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(test)
    root = Path(__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "-q", "--rootdir", str(folder), "--basetemp", str(folder / "temp"), *more, str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
