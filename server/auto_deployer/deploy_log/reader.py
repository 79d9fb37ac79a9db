"""Reads logs of all formats: "2.0" (old and ours) and "1.0", upgraded in memory; a log behind its journal is brought up to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import orjson
from pydantic import ValidationError

from ..model.errors import LogError, NotFoundError
from ..model.log import DeploymentLog
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .descriptors import open_regular
from .journal import JOURNAL_NAME, fold_journal, last_seq
from .recorder import files_folder

Json = dict[str, Any]
_KEPT_1_0 = ("mode", "repo_url", "deploy_dir", "project_type", "framework", "start_time", "end_time", "config")
_STATUS_1_0 = ("running", "success", "failed", "aborted", "cancelled", "interrupted")


def read_log(path: Path) -> DeploymentLog:
    """The log document, whichever format the file has.

    Raises:
        NotFoundError: there is no such file.
        LogError: it is not a log of a format we know.
    """
    log = parse_log(_load(path), path)
    journal = files_folder(path) / JOURNAL_NAME
    if journal.exists() and last_seq(journal) > log.seq:
        with suppress(LogError):  # of a damaged journal: what the file says still holds
            return fold_journal(journal)
    return log


def parse_log(data: Json, path: Path) -> DeploymentLog:
    """A parsed log file as our document.

    Raises:
        LogError: not a log of a format we know.
    """
    version = str(data.get("version", "1.0" if "steps" in data else ""))
    try:
        if version.startswith("2."):
            return DeploymentLog.model_validate(_without_nulls(data))
        if version.startswith("1."):
            return _from_1_0(data)
    except ValidationError as error:
        raise _unreadable(path, f"it is not a valid log of format {version}: {error.errors()[0]['msg']}") from error
    except (ValueError, TypeError) as error:
        raise _unreadable(path, f"it is not a valid log of format {version}: {error}") from error
    raise _unreadable(path, f"format {version or '(none)'} is not known")


def _load(path: Path) -> Json:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            raw = file.read()
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no log {path}.", suggestions=(suggest("See which logs there are", command="auto-deployer logs --list"),)
        ) from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _unreadable(path, f"it is not JSON ({error})") from error
    if not isinstance(data, dict):
        raise _unreadable(path, "it is not a JSON object")
    return cast("Json", data)


def _unreadable(path: Path, why: str) -> LogError:
    return LogError(f"The log {path} cannot be read: {why}.", kind=Kind.LOG_UNREADABLE)


def _without_nulls(value: Any) -> Any:
    """Old writers put null where a field was not known; our fields have defaults."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in cast("Json", value).items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[Any]", value)]
    return value


def _from_1_0(data: Json) -> DeploymentLog:
    """Format 1.0: one flat list of iterations becomes one step."""
    entries = [cast("Json", entry) for entry in cast("list[Any]", data.get("steps") or []) if isinstance(entry, dict)]
    status = data.get("status") if data.get("status") in _STATUS_1_0 else "failed"
    commands = [_command_1_0(entry) for entry in entries if entry.get("command")]
    questions = [_question_1_0(entry) for entry in entries if entry.get("action") == "ask_user"]
    ended = _text(data.get("end_time") or data.get("start_time"))
    step: Json = {
        "step_id": 1, "step_name": "Deployment", "category": "deploy", "commands": commands, "iterations": len(entries),
        "status": status if status != "aborted" else "failed", "user_interactions": questions, "timestamp": ended,
    }  # fmt: skip
    kept = {name: data[name] for name in _KEPT_1_0 if data.get(name) is not None}
    return DeploymentLog.model_validate({
        **kept, "version": "1.0", "status": status, "target": _text(data.get("target")) or "local",
        "steps": [step] if entries else [],
        "summary": {"total_steps": 1, "successful_steps": int(status == "success"), "total_commands": len(commands)},
    })  # fmt: skip


def _question_1_0(entry: Json) -> Json:
    return {"question": _text(entry.get("question") or entry.get("reasoning")), "response": _text(entry.get("result"))}


def _command_1_0(entry: Json) -> Json:
    result = cast("Json", entry["result"]) if isinstance(entry.get("result"), dict) else {}
    code = result.get("exit_code")
    success = bool(result.get("success", code in (None, 0)))
    return {
        "command": str(entry["command"]), "success": success, "exit_code": int(code if code is not None else not success),
        "stdout": _text(result.get("stdout")), "stderr": _text(result.get("stderr")), "timestamp": _text(entry.get("timestamp")),
        "reasoning": _text(entry.get("reasoning")),
    }  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
