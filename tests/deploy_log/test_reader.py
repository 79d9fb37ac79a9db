"""Logs of all formats are read; what is no log is refused with a reason."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from auto_deployer.deploy_log import LogStore, follow_log, read_log
from auto_deployer.deploy_log.journal import JOURNAL_NAME
from auto_deployer.deploy_log.log_file import ReplacingWriter
from auto_deployer.deploy_log.recorder import files_folder
from auto_deployer.model import events as ev
from auto_deployer.model.errors import InvalidStateError, LogError, NotFoundError

from .conftest import new_recorder, run_command, start_step

OLD_2_0: dict[str, Any] = {
    "version": "2.0", "mode": "orchestrator", "repo_url": "https://example.invalid/x.git", "deploy_dir": "~/x",
    "project_type": "nodejs", "framework": None, "host_info": {"os": "Linux", "tools": {"git": True}},
    "start_time": "2025-12-01T10:00:00.000001", "end_time": None, "status": "aborted",
    "config": {"model": "gpt-4o", "temperature": 0.0, "max_iterations_per_step": 30},
    "plan": {
        "strategy": "docker-compose", "components": ["web", "db"],
        "steps": [{"id": 1, "name": "Install", "description": "d", "category": "setup", "estimated_commands": ["npm ci"],
                   "success_criteria": "node_modules exists", "depends_on": []}],
        "risks": ["r"], "notes": [], "estimated_time": "5 minutes", "created_at": "2025-12-01T10:00:00",
    },
    "steps": [{
        "step_id": 1, "step_name": "Install", "category": "setup", "status": "failed", "iterations": 2, "compressed": True,
        "compressed_history": "did things",
        "compression_events": [{"iteration": 3, "commands_before": 10, "trigger_reason": "tokens"}],
        "commands": [{"command": "npm ci", "success": False, "exit_code": 1, "stdout": "", "stderr": "ERR",
                      "timestamp": "2025-12-01T10:01:00"}],
        "user_interactions": [{"question": "q", "response": "a"}],
        "structured_outputs": {"summary": "s", "key_info": {"port": 3000}}, "error": "boom", "timestamp": "2025-12-01T10:01:00",
    }],
    "execution_summary": {"project_name": "x", "deploy_dir": "~/x", "strategy": "docker-compose", "environment": {"A": "1"},
                          "completed_actions": ["cloned"], "configurations": {},
                          "resolved_issues": [{"issue": "i", "resolution": "r"}], "last_updated": "2025-12-01T10:01:00"},
    "summary": {"total_steps": 1, "successful_steps": 0, "total_commands": 1, "duration_seconds": 61.5},
}  # fmt: skip

OLD_1_0: dict[str, Any] = {
    "version": "1.0", "repo_url": "https://example.invalid/x.git", "target": {"host": "h", "user": "u"}, "context": {"a": 1},
    "status": "success", "start_time": "2025-01-01T00:00:00", "end_time": "2025-01-01T00:10:00",
    "steps": [
        {"iteration": 1, "timestamp": "2025-01-01T00:01:00", "action": "execute", "command": "ls", "reasoning": "look",
         "result": {"success": True, "exit_code": 0, "stdout": "a", "stderr": ""}},
        {"iteration": 2, "timestamp": "2025-01-01T00:02:00", "action": "ask_user", "reasoning": "which port?",
         "result": {"answer": "80"}},
        {"iteration": 3, "timestamp": "2025-01-01T00:03:00", "action": "execute", "command": "false", "result": {"success": False}},
    ],
}  # fmt: skip


def _file(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "deploy_x_20250101_000000.json"
    path.write_bytes(data if isinstance(data, bytes) else orjson.dumps(data))
    return path


def test_an_old_2_0_log_keeps_every_field(tmp_path: Path) -> None:
    log = read_log(_file(tmp_path, OLD_2_0))
    assert (log.status, log.project_type, log.config.model) == ("aborted", "nodejs", "gpt-4o")
    assert log.plan is not None
    assert log.plan.strategy == "docker-compose"
    step = log.steps[0]
    assert (step.status, step.compressed_history, step.commands[0].stderr) == ("failed", "did things", "ERR")
    assert step.structured_outputs.key_info == {"port": 3000}
    assert log.execution_summary is not None
    assert log.execution_summary.resolved_issues[0].resolution == "r"
    assert log.summary.duration_seconds == 61.5


def test_a_1_0_log_is_upgraded_in_memory(tmp_path: Path) -> None:
    log = read_log(_file(tmp_path, OLD_1_0))
    assert (log.version, log.status) == ("1.0", "success")
    commands = log.steps[0].commands
    assert [(command.command, command.success, command.exit_code) for command in commands] == [("ls", True, 0), ("false", False, 1)]
    assert log.steps[0].user_interactions[0].question == "which port?"


def test_our_new_log_has_every_field_of_format_2_0(store: LogStore) -> None:
    recorder = new_recorder(store)
    start_step(recorder)
    run_command(recorder, 1)
    written = orjson.loads(recorder.path.read_bytes())
    assert set(OLD_2_0) <= set(written)
    assert set(OLD_2_0["steps"][0]) <= set(written["steps"][0])
    assert set(OLD_2_0["steps"][0]["commands"][0]) <= set(written["steps"][0]["commands"][0])
    assert set(OLD_2_0["summary"]) == set(written["summary"])
    recorder.close()


def test_a_log_behind_its_journal_is_brought_up_to_it(store: LogStore) -> None:
    recorder = new_recorder(store)
    start_step(recorder)
    behind = recorder.log
    run_command(recorder, 1)
    ReplacingWriter(recorder.path).sync(behind)  # as if killed between journal and log file
    assert read_log(recorder.path) == recorder.log
    recorder.close()


def test_a_log_whose_folder_is_gone_is_still_complete(store: LogStore) -> None:
    import shutil

    recorder = new_recorder(store)
    start_step(recorder)
    run_command(recorder, 1)
    log = recorder.log
    recorder.close()
    shutil.rmtree(files_folder(recorder.path))
    assert read_log(recorder.path) == log


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not JSON"),
        (b'{"version": "2.0", "steps": [', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"version": "3.0"}', "3.0 is not known"),
        (b'{"name": "package"}', "not known"),
        (b'{"version": "2.0", "steps": [{"step_id": "x"}]}', "not a valid log"),
        (b'{"version": "2.0", "status": "exploded"}', "not a valid log"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_what_is_no_log_is_refused_with_a_reason(tmp_path: Path, content: bytes, match: str) -> None:
    with pytest.raises(LogError, match=match):
        read_log(_file(tmp_path, content))


def test_a_missing_log_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_log(tmp_path / "none.json")


def test_the_store_lists_newest_first_finds_by_name_and_id_and_skips_foreign_files(store: LogStore) -> None:
    for deployment_id in ("one", "two"):
        new_recorder(store, deployment_id).close()
    (store.folder / "package.json").write_text('{"name": "x"}')
    assert [row.summary.deployment_id for row in store.rows()] == ["two", "one"]
    assert [row.summary.deployment_id for row in store.rows(limit=1)] == ["two"]
    path = store.find_deployment("one")
    assert path is not None
    assert store.find(path.name) == store.find(path.stem) == store.find("one") == store.find(str(path)) == path
    with pytest.raises(NotFoundError):
        store.find("three")


@pytest.mark.parametrize("damage", [b"[]\n", b"rubbish\n", b'{"method":"deploy/note","params":{"seq":99}}\n', b'{"params":7}\n'])
def test_a_log_with_a_damaged_journal_is_read_from_its_file(store: LogStore, damage: bytes) -> None:
    recorder = new_recorder(store)
    start_step(recorder)
    recorder.close()
    with (files_folder(recorder.path) / JOURNAL_NAME).open("ab") as journal:
        journal.write(damage)
    assert read_log(recorder.path) == recorder.log
    assert [row.summary.log_uri for row in store.rows()] == [recorder.log_uri]


@pytest.mark.parametrize("data", [{"steps": 5}, {"steps": [{"command": "ls", "result": {"exit_code": "x"}}]}])
def test_a_foreign_file_that_only_looks_like_a_1_0_log_does_not_spoil_the_list(store: LogStore, data: object) -> None:
    new_recorder(store).close()
    (store.folder / "other.json").write_bytes(orjson.dumps(data))
    assert "d1" in [row.summary.deployment_id for row in store.rows()]


def test_a_sweep_of_an_old_log_does_not_make_it_the_newest(store: LogStore) -> None:
    old, new = (store.folder / f"deploy_x_2026010{day}_000000.json" for day in (1, 2))
    store.folder.mkdir()
    for path in (new, old):  # the older one is modified last
        path.write_text("{}")
    assert store.paths() == [new, old]


async def test_following_a_log_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        async with asyncio.timeout(20):
            await anext(follow_log(tmp_path / "none.json"))


def test_what_is_no_log_of_the_folder_or_still_runs_is_not_deleted(store: LogStore, tmp_path: Path) -> None:
    recorder = new_recorder(store)
    elsewhere = tmp_path / "deploy_b_20250101_000000.json"
    elsewhere.write_text('{"version": "2.0", "status": "success", "steps": []}')
    foreign = store.folder / "package.json"
    foreign.write_text("{}")
    link = store.folder / "deploy_link_20250101_000000.json"
    link.symlink_to(elsewhere)
    for path in (recorder.path, elsewhere, foreign, link):
        with pytest.raises(InvalidStateError):
            store.delete(path)
        assert path.exists()
    recorder.finish(ev.Finished(outcome="failed"))
    recorder.close()
    store.delete(recorder.path)
    assert recorder.path not in store.paths()
    assert not files_folder(recorder.path).exists()


def test_a_log_of_another_program_is_found_by_its_name(store: LogStore) -> None:
    new_recorder(store).close()
    other = store.folder / "deploy_old_20250101_000000.json"
    other.write_text('{"version": "2.0", "status": "success", "steps": []}')
    assert store.find_deployment("deploy_old_20250101_000000") == other
    assert store.find_deployment(store.latest().stem) is None
