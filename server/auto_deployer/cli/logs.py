"""`logs`: list deployments, read a log, follow one that another process writes, delete one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote

import typer

from . import backend
from .options import LogDir, Output, OutputFormat, log_dir_of

if TYPE_CHECKING:
    from ..deploy_log import LogStore
    from ..model.log import DeploymentLog

commands = typer.Typer()


@commands.command()
def logs(
    list_: Annotated[bool, typer.Option("--list", "-l", help="List all deployments, newest first.")] = False,
    latest: Annotated[bool, typer.Option("--latest", help="Show the newest log (the default).")] = False,
    file: Annotated[str | None, typer.Option("--file", "-f", help="Show this log: path, bare name or deployment id.")] = None,
    summary: Annotated[bool, typer.Option("--summary", "-s", help="Without the commands' output.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Show each command the moment the log has it, until the end.")] = False,
    delete: Annotated[
        str | None, typer.Option("--delete", help="Delete this log of an ended deployment, with the outputs of its commands.")
    ] = None,
    output: Output = "text",
    log_dir: LogDir = None,
) -> None:
    """List deployments, show the log of one, or delete it (path, bare name or deployment id). The app of a deployment stays.

    With --output json: the list as {"deployments": [...]}, or the log document (with --follow one a line for each change).
    """
    from ..deploy_log import LogStore, read_log
    from ..model.errors import UsageError
    from ..model.suggestions import suggest

    if list_ + latest + (file is not None) + (delete is not None) > 1:
        raise UsageError("--list, --latest, --file and --delete exclude each other", suggestions=(suggest("Give one of them."),))
    store = LogStore(log_dir_of(log_dir))
    if delete is not None:
        _delete(store, delete, output)
        return
    if list_:
        _list(store, output)
        return
    path = store.latest() if file is None else store.find(file)
    path = path.resolve() if path.is_symlink() else path  # who names a link means what it points at
    show = _printer(path, output, summary)
    if follow:
        backend.run(_follow(path, show))
    else:
        show(read_log(path))


def _list(store: LogStore, output: OutputFormat) -> None:
    backend.sweep(store.folder)  # a crashed deployment is shown as interrupted, not as running
    rows = tuple(row.summary for row in store.rows())
    if output == "json":
        from ..model.requests import ListResult

        typer.echo(ListResult(deployments=rows).model_dump_json(by_alias=True))
        return
    from .console import print_lines, print_table, stdout_console
    from .text import one_line

    if not rows:
        print_lines(stdout_console(), (f"There are no logs in {store.folder}.",))
        return
    print_table(stdout_console(), ("#", "Status", "Repository", "Started", "Log"), [
        (str(number), row.status, one_line(row.repo), _minute(row.start_time), unquote(PurePosixPath(row.log_uri).name))
        for number, row in enumerate(rows, 1)
    ])  # fmt: skip


def _delete(store: LogStore, name: str, output: OutputFormat) -> None:
    path = store.find(name)
    backend.sweep(path.parent)  # what crashed has its end before it goes
    backend.delete_log(path)
    typer.echo(json.dumps({"deleted": str(path.absolute())}) if output == "json" else f"Deleted {path.name}.")


def _minute(time: str) -> str:
    """A log's start time for people."""
    return time[:19].replace("T", " ")


async def _follow(path: Path, show: Callable[[DeploymentLog], None]) -> None:
    from ..deploy_log import follow_log

    async for log in follow_log(path):
        show(log)


def _printer(path: Path, output: OutputFormat, summary: bool) -> Callable[[DeploymentLog], None]:
    """Prints what is new in each document it is given."""
    if output == "json":
        return lambda log: typer.echo(log.model_dump_json())
    from .console import print_lines, stdout_console
    from .log_lines import LogLines
    from .text import symbols_for

    console = stdout_console()
    lines = LogLines(symbols_for(console.encoding), detail="none" if summary else "head", path=path)
    return lambda log: print_lines(console, lines.update(log))
