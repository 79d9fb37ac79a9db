"""The console for commands that print once: styled at a terminal, plain and unwrapped in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from .text import STYLE, clean

_PIPE_WIDTH = 10_000
"""In a pipe nothing is wrapped or cut."""
_GAP = 2
"""Spaces between columns."""
_INDENT = "    "
"""Before the columns of a row that stand on a further line."""


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
    """Print columns without lines around them; a cell that is a status has its colour.

    Columns that do not fit beside the others go to indented lines below them: no cell is cut or broken, each can be copied.
    """
    cells = [[clean(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = _columns_of_lines(widths, console.width)
    for number, row in enumerate(cells):
        for line in lines:
            text = Text(_INDENT if line.start else "", style="" if number else "bold")
            for column in line:
                padding = " " * (widths[column] - cell_len(row[column]) + _GAP)
                text.append(row[column], STYLE.get(row[column], "") if number else "").append(padding)
            text.rstrip()
            print_lines(console, (text,))


def _columns_of_lines(widths: Sequence[int], available: int) -> list[range]:
    """Which columns stand on which line of a row: as many on each as fit, at least one."""
    lines: list[range] = []
    start, used = 0, 0
    for column, width in enumerate(widths):
        if column > start and used + width > available:
            lines.append(range(start, column))
            start, used = column, len(_INDENT)
        used += width + _GAP
    return [*lines, range(start, len(widths))]
