"""What came of a run: as JSON for programs, as Markdown for people."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, computed_field

from .entries import AppKind
from .judge import Verdict


class Row(BaseModel):
    """What came of one entry."""

    id: str
    kind: AppKind
    repository: str
    expected: str
    verdict: Verdict
    why: str = ""
    outcome: str = ""
    reason: str = ""
    """Kind of the reason of a failure or refusal."""
    recipe: str = ""
    url: str = ""
    seconds: float | None = None
    """Until the URL, or the refusal."""
    commands: int = 0
    log: str = ""
    """The deployment's log file."""


class Totals(BaseModel):
    """Figures over all rows."""

    entries: int
    as_expected: int
    different: int
    false_successes: int
    skipped: int
    not_had: int
    success_rate: float | None
    """Share of those that should succeed and were tried which did."""
    median_seconds: float | None
    """Of those that were brought up, or were planned."""
    commands: int
    refusals: dict[str, int]
    """How often each kind was the reason."""


class Report(BaseModel):
    """One run over the list."""

    started: str
    """UTC with offset."""
    duration_s: float
    version: str
    plan_only: bool = False
    rows: list[Row]

    @computed_field
    @property
    def totals(self) -> Totals:
        return totals_of(self.rows)

    @property
    def ok(self) -> bool:
        """Nothing differs, and something was tried."""
        good = {Verdict.AS_EXPECTED, Verdict.SKIPPED}
        return all(row.verdict in good for row in self.rows) and any(row.verdict is not Verdict.SKIPPED for row in self.rows)


def totals_of(rows: Iterable[Row]) -> Totals:
    rows = list(rows)
    verdicts = Counter(row.verdict for row in rows)
    tried = [row for row in rows if row.verdict not in (Verdict.SKIPPED, Verdict.NOT_HAD)]
    hoped = [row for row in tried if row.expected == "success"]
    seconds = [row.seconds for row in tried if row.outcome in ("success", "planned") and row.seconds is not None]
    return Totals(
        entries=len(rows),
        as_expected=verdicts[Verdict.AS_EXPECTED],
        different=verdicts[Verdict.DIFFERENT],
        false_successes=verdicts[Verdict.FALSE_SUCCESS],
        skipped=verdicts[Verdict.SKIPPED],
        not_had=verdicts[Verdict.NOT_HAD],
        success_rate=round(sum(row.verdict is Verdict.AS_EXPECTED for row in hoped) / len(hoped), 3) if hoped else None,
        median_seconds=round(statistics.median(seconds), 1) if seconds else None,
        commands=sum(row.commands for row in tried),
        refusals=dict(Counter(row.reason for row in tried if row.reason).most_common()),
    )


def markdown(report: Report) -> str:
    """The report as a page: what differs first, then the figures, then every entry."""
    parts = [f"# Corpus: {_headline(report.totals)}", _figures(report), _refusals(report.totals), _table(report.rows)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _headline(totals: Totals) -> str:
    tried = totals.entries - totals.skipped
    return f"{totals.as_expected} of {tried} as expected"


def _figures(report: Report) -> str:
    totals = report.totals
    rate = "-" if totals.success_rate is None else f"{totals.success_rate:.1%}"
    rows = (
        ("Success rate of what should succeed", rate),
        ("False successes", totals.false_successes),
        ("Median seconds until the plan" if report.plan_only else "Median seconds until the URL", totals.median_seconds or "-"),
        ("Commands", totals.commands),
        ("Different", totals.different),
        ("Skipped, not had", f"{totals.skipped}, {totals.not_had}"),
        ("Begun, duration, version", f"{report.started}, {report.duration_s:.0f} s, {report.version}"),
    )
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _refusals(totals: Totals) -> str:
    if not totals.refusals:
        return ""
    rows = (f"| `{kind}` | {number} |" for kind, number in totals.refusals.items())
    return "\n".join(["| Refusals and failures by kind | |", "|---|---|", *rows])


def _table(rows: Iterable[Row]) -> str:
    lines = ["| | Entry | Kind | Expected | Outcome | Recipe | Seconds | Commands | Why |", "|---|---|---|---|---|---|---|---|---|"]
    for row in sorted(rows, key=lambda each: (_SORTED.index(each.verdict), each.kind, each.id)):
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        cells = (
            _MARKS[row.verdict], f"[{row.id}](https://github.com/{row.repository})", row.kind, row.expected,
            row.reason or row.outcome, row.recipe, seconds, row.commands or "", _cell(row.why),
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


_SORTED = (Verdict.FALSE_SUCCESS, Verdict.DIFFERENT, Verdict.NOT_HAD, Verdict.AS_EXPECTED, Verdict.SKIPPED)
_MARKS = {
    Verdict.FALSE_SUCCESS: "FALSE SUCCESS", Verdict.DIFFERENT: "different", Verdict.NOT_HAD: "not had",
    Verdict.AS_EXPECTED: "ok", Verdict.SKIPPED: "skipped",
}  # fmt: skip


def _cell(text: str) -> str:
    """Text of others inside a table: one line, no markup, not too long."""
    flat = " ".join(text.split())
    return re.sub(r"([|<>`*_\[\]\\])", r"\\\1", flat[:200] + ("…" if len(flat) > 200 else ""))
