"""Draws deploy.svg from the journal of a real run: how the terminal looked while it installed, and at the end.

python .github/media/render.py agent_logs/deploy_<…>.files/events.jsonl
"""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from auto_deployer.cli.console import print_lines
from auto_deployer.cli.log_lines import end_lines
from auto_deployer.cli.text import symbols_for
from auto_deployer.cli.view import deployment_tree
from auto_deployer.model import events as ev
from auto_deployer.model.fold import fold

WIDTH = 104
OUTPUT_LINES = 3


def main(journal: Path) -> None:
    """Replay the journal and write the picture beside this script."""
    events = [ev.from_object(json.loads(line)) for line in journal.read_text(encoding="utf-8").splitlines()]
    busiest = max(
        (event for event in events if isinstance(event, ev.CommandExecuted)), key=lambda event: event.command.stdout_bytes
    )
    symbols = symbols_for("utf-8")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), "auto-deployer deploy"))
    output = [line for line in busiest.command.stdout.splitlines() if line.strip()][-OUTPUT_LINES:]
    console.print(deployment_tree(
        fold(events[: busiest.seq - 1]), now=datetime.fromisoformat(busiest.time), symbols=symbols, output=output,
    ))  # fmt: skip
    console.print(Text("\n… a moment later\n", "dim italic"))
    end = fold(events)
    console.print(deployment_tree(end, now=datetime.fromisoformat(events[-1].time), symbols=symbols))
    print_lines(console, end_lines(end, symbols, path=None))
    Path(__file__).with_name("deploy.svg").write_text(
        console.export_svg(title="auto-deployer", unique_id="deploy"), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
