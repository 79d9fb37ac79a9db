"""How a running deployment is shown: JSON lines, plain lines, or a live tree."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..deploy_log import path_of
from ..model.events import Event, Finished, OutputChunk, Started, to_line
from . import errors
from .line_writer import LineWriter
from .text import last_lines, symbols_for

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..model.log import DeploymentLog
    from .log_lines import LogLines
    from .options import OutputFormat

_TAIL_LINES = 3
"""Last lines of the running command in the live tree."""
_TAIL_CHARACTERS = 2000
_REFRESH_PER_SECOND = 8


@dataclass(frozen=True)
class Progress:
    """An event, its wire form, and the document with it folded in."""

    event: Event
    line: bytes
    log: DeploymentLog


class FrontEnd(Protocol):
    """Shows one deployment. All but `close` is called on the event loop and returns at once."""

    def show(self, progress: Progress) -> None: ...

    def show_output(self, chunk: OutputChunk) -> None:
        """Live output of the running command."""
        ...

    def not_started(self, finished: Finished) -> None:
        """The deployment did not begin."""
        ...

    def pause(self) -> None:
        """Leave the terminal to a question."""
        ...

    def resume(self) -> None: ...

    def close(self) -> None:
        """Show the end; returns when everything is written."""
        ...


def front_end(output: OutputFormat) -> FrontEnd:
    """The front end for this stdout: no control characters unless it is a terminal that obeys them."""
    if output == "json":
        return JsonLines()
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        if not console.is_dumb_terminal:
            return LiveTree(console)
    return PlainLines()


class _WithoutTerminal:
    """What a front end that does not draw need not do."""

    def show_output(self, chunk: OutputChunk) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class JsonLines(_WithoutTerminal):
    """The wire's events as they are, one JSON object a line; nothing else on stdout. Live output is not among them."""

    def __init__(self) -> None:
        self._writer = LineWriter()

    def show(self, progress: Progress) -> None:
        self._writer.put(progress.line)

    def not_started(self, finished: Finished) -> None:
        self._writer.put(to_line(finished))

    def close(self) -> None:
        self._writer.close()


class PlainLines(_WithoutTerminal):
    """Lines for a pipe or a CI log: each command as it finishes."""

    def __init__(self) -> None:
        self._writer = LineWriter()
        self._lines: LogLines | None = None
        self._end: Finished | None = None

    def show(self, progress: Progress) -> None:
        if isinstance(progress.event, Finished):
            self._end = progress.event
        if self._lines is None:
            from .log_lines import LogLines

            path = path_of(progress.event.log_uri) if isinstance(progress.event, Started) else None
            self._lines = LogLines(symbols_for(sys.stdout.encoding), detail="failures", path=path, reason=False)
        for text in self._lines.update(progress.log):
            self._writer.put(text.plain.encode(sys.stdout.encoding or "utf-8", "replace"))

    def not_started(self, finished: Finished) -> None:
        self._end = finished

    def close(self) -> None:
        self._writer.close()
        _print_reason(self._end)


class LiveTree:
    """The step tree, redrawn by a thread of rich's while the deployment runs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._symbols = symbols_for(console.encoding)
        self._log: DeploymentLog | None = None
        self._log_path: Path | None = None
        self._tail = ""
        self._tail_of = ""
        """Id of the command that `_tail` belongs to."""
        self._end: Finished | None = None
        self.resume()

    def show(self, progress: Progress) -> None:
        self._log = progress.log
        if isinstance(progress.event, Started):
            self._log_path = path_of(progress.event.log_uri)
        elif isinstance(progress.event, Finished):
            self._end = progress.event

    def show_output(self, chunk: OutputChunk) -> None:
        before = self._tail if chunk.command_id == self._tail_of else ""
        self._tail_of = chunk.command_id
        self._tail = (before + chunk.text)[-_TAIL_CHARACTERS:]

    def not_started(self, finished: Finished) -> None:
        self._end = finished

    def pause(self) -> None:
        self._live.transient = True  # the question tells what it is about; the tree comes back below the answer
        self._stop()

    def resume(self) -> None:
        from rich.live import Live

        # The thread asks for the tree when it draws: events never wait for the terminal.
        self._live = Live(
            console=self._console, get_renderable=self._draw, refresh_per_second=_REFRESH_PER_SECOND, redirect_stdout=False
        )
        with suppress(OSError):
            self._live.start()

    def _stop(self) -> None:
        with suppress(OSError):  # the terminal may be gone: the deployment goes on
            self._live.stop()

    def close(self) -> None:
        self._stop()
        with suppress(OSError):
            self._print_end()
        _print_reason(self._end)

    def _print_end(self) -> None:
        if self._log is None:
            return
        from .console import print_lines
        from .log_lines import end_lines

        print_lines(self._console, end_lines(self._log, self._symbols, path=self._log_path))

    def _draw(self) -> RenderableType:
        log = self._log
        if log is None:
            return ""
        from .view import deployment_tree

        height = self._console.height if log.status == "running" else None
        output = last_lines(self._tail, _TAIL_LINES) if _runs(log, self._tail_of) else ()
        return deployment_tree(log, now=datetime.now(UTC), symbols=self._symbols, output=output, height=height)


def _runs(log: DeploymentLog, command_id: str) -> bool:
    current = log.steps[-1].current_command if log.steps else None
    return current is not None and current.id == command_id


def _print_reason(end: Finished | None) -> None:
    """Why it did not succeed, to stderr as all errors, after everything on stdout."""
    if end is not None and end.reason is not None and end.outcome != "success":
        errors.print_reason(end.reason)
