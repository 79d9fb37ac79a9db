"""The console for commands that print once: styled at a terminal, plain and unwrapped in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .text import STYLE, clean

_PIPE_WIDTH = 10_000
"""In a pipe nothing is wrapped or cut."""


class _StdoutConsole(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to `errors.reported`: rich would exit with 1, and a reader that has seen enough is no failure."""
        raise BrokenPipeError


def stdout_console() -> Console:
    """Writes to stdout; control characters go to terminals only, whatever FORCE_COLOR says."""
    tty = sys.stdout.isatty()
    return _StdoutConsole(force_terminal=tty, width=None if tty else _PIPE_WIDTH, highlight=False)


def print_lines(console: Console, lines: Iterable[Text | str]) -> None:
    """Print lines as they are: the terminal wraps them, not we."""
    for line in lines:
        console.print(line if isinstance(line, Text) else Text(line), soft_wrap=True)


def print_table(console: Console, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns without lines around them; a cell that is a status has its colour."""
    if not console.is_terminal:
        _print_columns(console, [titles, *rows])
        return
    table = Table(*titles, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(clean(cell), STYLE.get(cell, ""), overflow="fold") for cell in row))
    console.print(table)


def _print_columns(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Two spaces between columns, none at the end of a line."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (clean(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        print_lines(console, ("  ".join(cells).rstrip(),))
