"""`python -m tests.corpus`: deploy the repositories of the list and report. Exit code 1: something is not as expected."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import get_args

from .entries import LIST, AppKind, load_entries, select
from .report import Report, Row, markdown
from .run import Options, run

MIRROR_VARIABLE = "AUTO_DEPLOYER_CORPUS_MIRROR"


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 all as expected, 1 something differs, 2 wrong options."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        entries = select(load_entries(given.list), only=given.only, kinds=given.kind)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    work = given.work or Path(tempfile.mkdtemp(prefix="corpus-"))
    options = Options(work, given.mirror, given.parallel, given.plan_only, given.timeout)
    report = run(entries, options, _print_row)
    _write(report, given.json, given.markdown)
    totals = report.totals
    print(f"{totals.as_expected} of {totals.entries - totals.skipped} as expected, {totals.false_successes} false successes, "
          f"{totals.skipped} skipped; logs are in {work / 'logs'}")  # fmt: skip
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    add, mirror = parser.add_argument, os.environ.get(MIRROR_VARIABLE)
    add("--only", nargs="+", default=[], metavar="ID", help="only these entries")
    add("--kind", nargs="+", default=[], choices=get_args(AppKind), metavar="KIND", help=f"of {', '.join(get_args(AppKind))}")
    add("--parallel", type=_at_least_one, default=1, metavar="N", help="so many at a time (default: 1); fixed ports in turn")
    add("--json", type=Path, metavar="FILE", help="write the report as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write the report as Markdown")
    add("--mirror", type=Path, default=Path(mirror) if mirror else None, metavar="DIR",
        help=f"bare repositories at OWNER+NAME/repo or OWNER+NAME instead of GitHub (default: ${MIRROR_VARIABLE})")  # fmt: skip
    add("--plan-only", action="store_true", help="plan, do not deploy: seconds instead of minutes")
    add("--timeout", type=float, default=900, metavar="S", help="seconds for one deployment (default: 900)")
    add("--work", type=Path, metavar="DIR", help="where to work; logs stay there (default: a new temporary folder)")
    add("--list", type=Path, default=LIST, metavar="FILE", help="another list of the same form")
    return parser


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _print_row(row: Row) -> None:
    seconds = f"{row.seconds:6.1f} s" if row.seconds is not None else " " * 8
    print(f"{row.verdict:13} {row.id:32} {seconds}  {row.why[:200]}", flush=True)


def _write(report: Report, as_json: Path | None, as_markdown: Path | None) -> None:
    for file, text in ((as_json, report.model_dump_json(indent=2) + "\n"), (as_markdown, markdown(report))):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
