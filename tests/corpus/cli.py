"""The command line as its users run it, in an environment of its own: the deployer is only ever looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .entries import Entry

AUTO_DEPLOYER = (sys.executable, "-m", "auto_deployer")
PLAN_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60
CANCEL_GRACE_S = 15

_KEPT = {
    "PIP_CONFIG_FILE": ".config/pip/pip.conf",
    "npm_config_userconfig": ".npmrc",
    "CARGO_HOME": ".cargo",
    "RUSTUP_HOME": ".rustup",
    "PYENV_ROOT": ".pyenv",
}
"""What of the user's home counts in the other one, too: settings of registries, and version managers with their toolchains."""


@dataclass(frozen=True)
class Ended:
    """How `deploy` or `plan` ended, as the command line told it."""

    outcome: str
    """"success", "planned", "failed", …; "hung" and "unreadable" when it did not end, or not as its contract says."""
    exit_code: int
    seconds: float
    kind: str = ""
    message: str = ""
    url: str = ""
    recipe: str = ""
    commands: int = 0


@dataclass(frozen=True)
class Place:
    """Where one deployment lives."""

    work: Path
    home: Path
    logs: Path

    @property
    def temporary(self) -> Path:
        """TMPDIR of all that runs: by it they are known (see processes.py)."""
        return self.work / "tmp"

    @property
    def deploy_dir(self) -> Path:
        return self.work / "app"

    def make(self) -> None:
        for folder in (self.home, self.temporary, self.logs):
            folder.mkdir(parents=True, exist_ok=True)


def deploy(entry: Entry, repository: Path, place: Place, timeout_s: float) -> Ended:
    """Deploy with the embedded planner; `seconds` is what a user waits for the URL."""
    arguments = ["deploy", *_source(entry, repository), "--non-interactive", "--deploy-dir", str(place.deploy_dir)]
    arguments += ["--log-dir", str(place.logs)]
    code, stdout, stderr, seconds = _run(arguments, place, timeout_s)
    return _read_events(code, stdout, stderr, seconds)


def plan(entry: Entry, repository: Path, place: Place) -> Ended:
    """Plan only: nothing runs."""
    code, stdout, stderr, seconds = _run(["plan", *_source(entry, repository)], place, PLAN_TIMEOUT_S)
    if code is None:
        return Ended("hung", -1, seconds)
    if code != 0:
        kind, _, message = stderr.partition(":")
        return Ended("failed", code, seconds, kind.strip(), message.strip())
    made = _object(stdout).get("plan", {})
    return Ended("planned" if made else "unreadable", code, seconds, recipe=_recipe_of(made))


def stop(place: Place) -> str:
    """Stop the app; what it said when that failed, else ""."""
    code, _, stderr, _ = _run(["stop", "--deploy-dir", str(place.deploy_dir)], place, STOP_TIMEOUT_S, output=())
    return "" if code == 0 else f"`auto-deployer stop` exits with {code}: {stderr.strip()}"


def _source(entry: Entry, repository: Path) -> list[str]:
    options = ["--repo", f"file://{repository}", "--local", "--planner", "recipe"]
    if entry.subdir:
        options += ["--subdir", entry.subdir]
    return options + [part for name, value in entry.env.items() for part in ("--env", f"{name}={value}")]


def _environment(place: Place) -> dict[str, str]:
    home, real = place.home, Path.home()
    kept = {name: str(real / path) for name, path in _KEPT.items() if name not in os.environ and (real / path).exists()}
    ours = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("DATA", "STATE", "CACHE", "CONFIG")}
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUTO_DEPLOYER_")}
    return {**own, **kept, **ours, "HOME": str(home), "TMPDIR": str(place.temporary)}


def _run(
    arguments: Sequence[str], place: Place, timeout_s: float, *, output: Sequence[str] = ("--output", "json")
) -> tuple[int | None, str, str, float]:
    """Exit code (None: it hung), stdout, stderr and seconds."""
    begun = time.monotonic()
    child = subprocess.Popen(
        [*AUTO_DEPLOYER, *arguments, *output], cwd=place.work, env=_environment(place), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        stdout, stderr = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        stdout, stderr = _end(child)
        return None, stdout, stderr, time.monotonic() - begun
    return child.returncode, stdout, stderr, time.monotonic() - begun


def _end(child: subprocess.Popen[str]) -> tuple[str, str]:
    """Cancel as Ctrl-C does, and end the group of what does not listen."""
    child.send_signal(signal.SIGINT)
    try:
        return child.communicate(timeout=CANCEL_GRACE_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return child.communicate()


def _read_events(code: int | None, stdout: str, stderr: str, seconds: float) -> Ended:
    """The end of a deployment from its events, one a line."""
    if code is None:
        return Ended("hung", -1, seconds, message=f"not done after {seconds:.0f} s")
    events = [_object(line) for line in stdout.splitlines()]
    if not events or events[-1].get("method") != "deploy/finished":
        return Ended("unreadable", code, seconds, message=stderr[-500:])
    finished, plans = events[-1]["params"], [event["params"]["plan"] for event in events if "plan" in event.get("params", {})]
    reason = finished.get("reason") or {}
    return Ended(
        finished["outcome"], code, seconds, reason.get("kind", ""), reason.get("message", ""),
        url=(finished.get("app") or {}).get("url", ""),
        recipe=_recipe_of(plans[-1]) if plans else "",
        commands=sum(event.get("method") == "deploy/commandExecuted" for event in events),
    )  # fmt: skip


def _recipe_of(plan_made: dict[str, Any]) -> str:
    return (plan_made.get("choice") or {}).get("recipe", "")


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
