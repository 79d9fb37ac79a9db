"""How the end of a command becomes an exit code and, on stderr, a message: `kind: message` and what to do next."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..model.log import DeploymentStatus
    from ..model.reasons import Reason


class ExitCode(IntEnum):
    """Part of the command line's contract: scripts and CI jobs branch on these."""

    SUCCESS = 0
    FAILED = 1
    USAGE = 2
    CANNOT_PLAN = 3
    """The repository cannot be fetched or planned: nothing was installed."""
    ABORTED = 4
    """Aborted or cancelled by the user, or interrupted."""


def code_of(status: DeploymentStatus, reason: Reason | None) -> ExitCode:
    """The exit code for the end of a deployment."""
    if status == "success":
        return ExitCode.SUCCESS
    if status in ("aborted", "cancelled", "interrupted"):
        return ExitCode.ABORTED
    return _code_of_reason(reason) if reason is not None else ExitCode.FAILED


def _code_of_reason(reason: Reason) -> ExitCode:
    from ..model.reasons import REFUSALS, Kind

    if reason.kind in (Kind.INVALID_REQUEST, Kind.SETTINGS_INVALID):
        return ExitCode.USAGE
    return ExitCode.CANNOT_PLAN if reason.kind in REFUSALS else ExitCode.FAILED


@contextmanager
def reported() -> Iterator[None]:
    """Turn whatever ends the block into an exit code.

    Raises:
        typer.Exit: with an `ExitCode`; typer's own usage errors pass through (they exit with 2).
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()  # `| head` has seen enough: that is no failure
        raise typer.Exit(ExitCode.SUCCESS) from None
    except (KeyboardInterrupt, asyncio.CancelledError, typer.Abort):
        raise typer.Exit(ExitCode.ABORTED) from None
    except (typer.Exit, typer.TyperException):
        raise
    except Exception as error:  # noqa: BLE001  (the last resort: a message instead of a traceback)
        reason = reason_of(error)
        print_reason(reason)
        print_traceback(error)
        raise typer.Exit(_code_of_reason(reason)) from None


def reason_of(error: Exception) -> Reason:
    """Any exception as a reason: ours as they are, wrong params as `invalid_request`, others as `internal_error`."""
    from pydantic import ValidationError

    from ..model.errors import AutoDeployerError
    from ..model.reasons import Kind, Reason
    from ..model.suggestions import suggest

    if isinstance(error, AutoDeployerError):
        return error.reason
    if isinstance(error, ValidationError):
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False))
        return Reason(
            kind=Kind.INVALID_REQUEST, message="; ".join(faults), suggestions=(suggest("The command's help tells what it takes."),)
        )
    return Reason(
        kind=Kind.INTERNAL_ERROR,
        message=f"{type(error).__name__}: {error}",
        suggestions=(suggest("Run it again with AUTO_DEPLOYER_DEBUG=1 to get the traceback, and report it."),),
    )


def print_reason(reason: Reason) -> None:
    """Write a reason to stderr, what to do next below it."""
    from .suggestions import worded
    from .text import clean

    lines = [f"{reason.kind}: {clean(reason.message)}", *(f"  - {clean(worded(suggestion))}" for suggestion in reason.suggestions)]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def drop_stdout() -> None:
    """Send what is still written to stdout nowhere: its reader is gone (as the Python docs advise for SIGPIPE)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_traceback(error: Exception) -> None:
    """Write where an error came from to stderr, when AUTO_DEPLOYER_DEBUG is set."""
    if os.environ.get("AUTO_DEPLOYER_DEBUG", "") not in ("", "0"):
        traceback.print_exception(error)
