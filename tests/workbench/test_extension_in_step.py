"""What the extension takes from the server is current: the wire's types, and the documents its reducer is tested with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from auto_deployer.model.events import EVENT_TYPES
from tests.workbench import record_journals

EXTENSION = Path(__file__).parents[2] / "vscode-extension"
JOURNALS = sorted((EXTENSION / "test" / "journals").glob("*.jsonl"))


def test_types_are_current() -> None:
    script, page = EXTENSION / "scripts" / "gen_protocol.py", EXTENSION / "src" / "protocol.ts"
    done = subprocess.run([sys.executable, script, "--check", page], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda path: path.stem)
def test_documents_are_what_the_fold_makes_of_the_journals(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    record_journals.use_utc()
    assert json.loads(journal.with_suffix(".json").read_text(encoding="utf-8")) == json.loads(record_journals.folded(journal))


def test_journals_have_the_events_a_reducer_must_know() -> None:
    recorded = {json.loads(line)["method"] for journal in JOURNALS for line in journal.read_text(encoding="utf-8").splitlines()}
    rare = {"deploy/planChanged", "deploy/repairApplied", "deploy/note"}  # written by hand in the reducer's own tests
    assert {event.model_fields["method"].default for event in EVENT_TYPES} - rare <= recorded
