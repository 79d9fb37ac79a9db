from __future__ import annotations

import json

from .judge import Verdict
from .report import Report, Row, markdown


def row(id_: str, verdict: Verdict = Verdict.AS_EXPECTED, **fields: object) -> Row:
    told = {"kind": "python", "repository": "someone/shop", "expected": "success", "outcome": "success", **fields}
    return Row.model_validate({"id": id_, "verdict": verdict, **told})


def report(*rows: Row) -> Report:
    return Report(started="2026-01-01T00:00:00+00:00", duration_s=61.2, version="1.0", rows=list(rows))


MIXED = report(
    row("quick", seconds=2.0, commands=5),
    row("slow", seconds=40.0, commands=7),
    row("wrong", Verdict.DIFFERENT, outcome="failed", reason="command_failed", seconds=9.0, commands=3, why="a | b <i>"),
    row("refused", expected="missing_tool", outcome="failed", reason="missing_tool", seconds=1.0),
    row("lied", Verdict.FALSE_SUCCESS, expected="missing_tool", seconds=6.0, commands=4),
    row("absent", Verdict.SKIPPED, outcome="", why="needs php"),
    row("unreachable", Verdict.NOT_HAD, outcome=""),
)


def test_totals() -> None:
    totals = MIXED.totals
    assert (totals.entries, totals.as_expected, totals.different, totals.false_successes) == (7, 3, 1, 1)
    assert (totals.skipped, totals.not_had) == (1, 1)
    assert totals.success_rate == 0.667
    assert totals.median_seconds == 6.0
    assert totals.commands == 19
    assert totals.refusals == {"command_failed": 1, "missing_tool": 1}


def test_what_makes_a_run_good() -> None:
    good, skipped = row("good"), row("skipped", Verdict.SKIPPED)
    assert report(good, skipped).ok
    assert not report(skipped).ok
    assert not report().ok
    assert not any(
        report(good, row("other", verdict)).ok for verdict in (Verdict.DIFFERENT, Verdict.FALSE_SUCCESS, Verdict.NOT_HAD)
    )


def test_markdown_begins_with_what_differs_and_shows_every_entry() -> None:
    page = markdown(MIXED)
    assert page.startswith("# Corpus: 3 of 6 as expected\n")
    assert [page.index(f"[{each.id}]") for each in MIXED.rows] != sorted(page.index(f"[{each.id}]") for each in MIXED.rows)
    assert page.index("[lied]") < page.index("[wrong]") < page.index("[quick]") < page.index("[absent]")
    assert "| `missing_tool` | 1 |" in page
    assert r"a \| b \<i\>" in page
    assert "| 66.7% |" in page


def test_json_holds_totals_and_rows_and_reads_back() -> None:
    written = json.loads(MIXED.model_dump_json())
    assert written["totals"]["false_successes"] == 1
    assert [each["id"] for each in written["rows"]] == [each.id for each in MIXED.rows]
    assert Report.model_validate(written) == MIXED
