"""The runner itself, on tiny local repositories; what it deploys needs no package."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from . import cli
from .__main__ import main
from .conftest import MakeEntry
from .judge import Verdict
from .run import Options, run

SITE = {"index.html": "<h1>Hello from the corpus</h1>\n"}
ELSEWHERE = {"apps/site/index.html": "<h1>In a folder</h1>\n", "README.md": "# All of it\n"}


def test_a_site_is_deployed_judged_and_gone_again(entry_of: MakeEntry, mirror: Path, tmp_path: Path) -> None:
    site = entry_of("site", SITE, text="Hello from the corpus")
    wrong = entry_of("wrong", SITE, text="Something else")
    empty = entry_of("empty", {"notes/todo.txt": "x\n"}, expected="no_runnable_at_root", recipe="")
    report = run([site, wrong, empty], Options(tmp_path / "work", mirror, parallel=2))

    assert [row.verdict for row in report.rows] == [Verdict.AS_EXPECTED, Verdict.FALSE_SUCCESS, Verdict.AS_EXPECTED]
    deployed, _, refused = report.rows
    assert (deployed.outcome, deployed.recipe, refused.reason) == ("success", "static", "no_runnable_at_root")
    assert deployed.commands > 3
    assert json.loads(Path(deployed.log).read_bytes())["status"] == "success"
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["home", "logs"]


def test_plan_only_from_the_command_line(
    entry_of: MakeEntry, mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, part = entry_of("whole", ELSEWHERE, subdir="apps/site"), entry_of("part", ELSEWHERE, folder="apps/site")
    other = entry_of("other", SITE, recipe="node")
    listed = tmp_path / "list.toml"
    listed.write_text("".join(
        f'[[entries]]\nid = "{each.id}"\nrepository = "{each.repository}"\ncommit = "{each.commit}"\nkind = "html"\n'
        f'subdir = "{each.subdir}"\nfolder = "{each.folder}"\nrecipe = "{each.recipe}"\n'
        for each in (whole, part, other)
    ))  # fmt: skip
    reports = [tmp_path / "out" / name for name in ("report.json", "report.md")]
    given = ["--list", listed, "--mirror", mirror, "--work", tmp_path / "work", "--plan-only", "--parallel", "2"]
    given += ["--json", reports[0], "--markdown", reports[1]]

    assert main(list(map(str, given))) == 1
    rows = {row["id"]: row for row in json.loads(reports[0].read_text())["rows"]}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "whole": "as expected", "part": "as expected", "other": "different",
    }  # fmt: skip
    assert rows["other"]["why"] == "planned by static, node expected"
    assert "2 of 3 as expected" in reports[1].read_text()
    assert "2 of 3 as expected" in capsys.readouterr().out
    assert main([*map(str, given), "--only", "whole", "part"]) == 0


def test_a_repository_that_cannot_be_had_is_said(entry_of: MakeEntry, mirror: Path, tmp_path: Path) -> None:
    site = entry_of("site", SITE)
    gone = site.model_copy(update={"id": "gone", "repository": "someone/gone"})
    other_commit = site.model_copy(update={"id": "other-commit", "commit": "0" * 40})
    report = run([gone, other_commit], Options(tmp_path / "work", mirror, plan_only=True))
    assert [row.verdict for row in report.rows] == [Verdict.NOT_HAD, Verdict.NOT_HAD]


def test_an_unknown_id_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "no-such-entry"])
    assert "not in the list: no-such-entry" in capsys.readouterr().err


def test_a_deployer_that_does_not_end_is_ended(
    entry_of: MakeEntry, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "AUTO_DEPLOYER", (sys.executable, "-c", "import time; time.sleep(60)"))
    (row,) = run([entry_of("site", SITE)], Options(tmp_path / "work", mirror, timeout_s=0.5)).rows
    assert (row.verdict, row.outcome) == (Verdict.DIFFERENT, "hung")


def test_output_that_breaks_the_contract_is_told(
    entry_of: MakeEntry, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "AUTO_DEPLOYER", (sys.executable, "-c", "print('hello')"))
    (row,) = run([entry_of("site", SITE)], Options(tmp_path / "work", mirror)).rows
    assert (row.verdict, row.outcome) == (Verdict.DIFFERENT, "unreadable")
