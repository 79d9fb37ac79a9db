"""Entries, one by one or side by side, from the repository to the verdict."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import auto_deployer

from . import cli
from .entries import Entry, batches
from .judge import Judgement, Verdict, judge_deploy, judge_end, judge_plan
from .report import Report, Row
from .source import SourceError, make_repository
from .tools import why_skipped


@dataclass(frozen=True)
class Options:
    """How a run goes about it."""

    work: Path
    """Logs stay below `work/logs`; everything else goes once it is judged."""
    mirror: Path | None = None
    parallel: int = 1
    plan_only: bool = False
    timeout_s: float = 900


def run(entries: Sequence[Entry], options: Options, on_row: Callable[[Row], None] = lambda _row: None) -> Report:
    """Try them all. `on_row` is called for each as it is done, never twice at a time."""
    started, begun, told = datetime.now(UTC), time.monotonic(), threading.Lock()

    def one_after_the_other(batch: list[Entry]) -> list[Row]:
        rows: list[Row] = []
        for entry in batch:
            rows.append(run_entry(entry, options))
            with told:
                on_row(rows[-1])
        return rows

    pool = ThreadPoolExecutor(options.parallel)
    try:
        rows = {row.id: row for done in pool.map(one_after_the_other, batches(entries)) for row in done}
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C: what is being deployed is still judged and stopped
    return Report(
        started=started.isoformat(timespec="seconds"), duration_s=round(time.monotonic() - begun, 1),
        version=auto_deployer.__version__, plan_only=options.plan_only, rows=[rows[entry.id] for entry in entries],
    )  # fmt: skip


def run_entry(entry: Entry, options: Options) -> Row:
    """One entry, from its repository to the verdict; nothing but its log stays."""
    if why := why_skipped(entry):
        return _row(entry, Judgement(Verdict.SKIPPED, why))
    work = options.work.resolve() / entry.id
    place = cli.Place(work, options.work.resolve() / "home", options.work.resolve() / "logs" / entry.id)
    place.make()
    try:
        repository = make_repository(entry, work, options.mirror)
    except SourceError as error:
        return _row(entry, Judgement(Verdict.NOT_HAD, str(error)))
    else:
        return (_planned if options.plan_only else _deployed)(entry, repository, place, options)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _planned(entry: Entry, repository: Path, place: cli.Place, _options: Options) -> Row:
    ended = cli.plan(entry, repository, place)
    return _row(entry, judge_plan(entry, ended), ended)


def _deployed(entry: Entry, repository: Path, place: cli.Place, options: Options) -> Row:
    ended = cli.deploy(entry, repository, place, options.timeout_s)
    found = judge_deploy(entry, ended)
    said = cli.stop(place) if ended.outcome == "success" else ""
    found = judge_end(found, place.work, ended.url, said)
    return _row(entry, found, ended, log=next((str(file) for file in sorted(place.logs.glob("*.json"))), ""))


def _row(entry: Entry, found: Judgement, ended: cli.Ended | None = None, log: str = "") -> Row:
    row = Row(
        id=entry.id, kind=entry.kind, repository=entry.repository, expected=entry.expected, verdict=found.verdict, why=found.why,
        log=log,
    )  # fmt: skip
    if ended is None:
        return row
    told = {
        "outcome": ended.outcome, "reason": ended.kind, "recipe": ended.recipe, "url": ended.url,
        "seconds": round(ended.seconds, 1), "commands": ended.commands,
    }  # fmt: skip
    return row.model_copy(update=told)
