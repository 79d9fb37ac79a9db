from __future__ import annotations

import asyncio

import pytest
import typer

from auto_deployer.cli.errors import ExitCode, code_of, reported
from auto_deployer.model.errors import NotFoundError, RefusedError, UsageError
from auto_deployer.model.reasons import REFUSALS, Kind, Reason
from auto_deployer.model.suggestions import suggest


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("success", None, 0), ("failed", None, 1), ("failed", Kind.COMMAND_FAILED, 1), ("failed", Kind.STEP_SKIPPED, 1),
        ("failed", Kind.TARGET_LOCKED, 1), ("failed", Kind.INVALID_REQUEST, 2), ("aborted", Kind.ABORTED_BY_USER, 4),
        ("aborted", Kind.PLAN_REJECTED, 4), ("cancelled", Kind.CANCELLED_BY_USER, 4), ("interrupted", Kind.PROCESS_DIED, 4),
        *(("failed", kind, 3) for kind in sorted(REFUSALS)),
    ],
)  # fmt: skip
def test_exit_code_of_an_end(status, kind, code: int):
    assert code_of(status, Reason(kind=kind, message="why") if kind else None) == code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("wrong", suggestions=(suggest("right"),)), ExitCode.USAGE, "invalid_request: wrong\n  - right\n"),
        (RefusedError("no", kind=Kind.NO_START_COMMAND), ExitCode.CANNOT_PLAN, "no_start_command: no\n"),
        (NotFoundError("gone"), ExitCode.FAILED, "not_found: gone\n"),
        (KeyboardInterrupt(), ExitCode.ABORTED, ""),
        (asyncio.CancelledError(), ExitCode.ABORTED, ""),
        (typer.Abort(), ExitCode.ABORTED, ""),
    ],
)
def test_what_ends_a_command_becomes_a_code_and_a_message(error, code: int, said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit) as ended, reported():
        raise error
    assert ended.value.exit_code == code
    assert capsys.readouterr().err == said


def test_a_defect_is_one_line_and_the_way_to_its_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    for debug, traceback in (("", False), ("1", True)):
        monkeypatch.setenv("AUTO_DEPLOYER_DEBUG", debug)
        with pytest.raises(typer.Exit) as ended, reported():
            raise RuntimeError("oops")
        said = capsys.readouterr().err
        assert ended.value.exit_code == ExitCode.FAILED
        assert said.startswith("internal_error: RuntimeError: oops\n")
        assert "AUTO_DEPLOYER_DEBUG=1" in said
        assert ("Traceback" in said) is traceback
