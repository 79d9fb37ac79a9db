"""What the extension takes from the server is current: the wire's types, and the documents its reducer is tested with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.model.events import EVENT_TYPES
from auto_deployer.model.settings import Settings
from tests.workbench import record_journals

EXTENSION = Path(__file__).parents[2] / "vscode-extension"
OF_THE_EXTENSION = {"interpreter", "logDir"}
"""Settings that the server is not told."""
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
    rare = {"deploy/planChanged", "deploy/note", "deploy/historyCompressed"}  # written by hand in the reducer's own tests
    assert {event.model_fields["method"].default for event in EVENT_TYPES} - rare <= recorded


def test_settings_of_the_extension_are_those_of_the_server() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    defaults = Settings().model_dump()
    for key, told in manifest["contributes"]["configuration"]["properties"].items():
        name = key.removeprefix("autoDeployer.")
        if name not in OF_THE_EXTENSION:
            value: Any = defaults
            for part in name.split("."):
                value = value[re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", part)]
            assert told["default"] == value or (told["default"], value) == ("", None), key
