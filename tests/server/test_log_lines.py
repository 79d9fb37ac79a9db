"""What a plain editor's log window shows: one short line a message, under the app's name."""

from __future__ import annotations

from typing import Any

from lsprotocol.types import LogMessageParams, MessageType

from auto_deployer.lsp.log_lines import LogLines
from auto_deployer.model import events as ev
from auto_deployer.model.log import AppInfo, CommandRecord, DeploymentLog, StepResult
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.model.suggestions import suggest

STARTED = ev.Started(
    log=DeploymentLog(repo_url="https://host/owner/shop.git", deploy_dir="/home/me/deployments/shop"), log_uri="file:///l"
)
CHECKOUT = 'export GIT_DIR=/d/repo GIT_WORK_TREE=/d/releases/r1; rm -f "$GIT_INDEX_FILE"; ' + "git read-tree; " * 40


class Window:
    """The log window of an editor."""

    def __init__(self) -> None:
        self.messages: list[LogMessageParams] = []

    def notify(self, method: str, params: Any) -> None:
        assert method == "window/logMessage"
        self.messages.append(params)


def shown(*events: ev.Event) -> list[str]:
    return [message.message for message in messages(*events)]


def messages(*events: ev.Event) -> list[LogMessageParams]:
    window = Window()
    lines = LogLines(window)  # type: ignore[arg-type]
    for event in events:
        lines.follow(event.model_copy(update={"deployment_id": "20261124-064812-a1b2c3"}))
    assert not [message for message in window.messages if "\n" in message.message or len(message.message) > 320]
    return window.messages


def executed(command: str, *, cwd: str = "/d/releases/r1", reasoning: str = "", **ended: Any) -> ev.CommandExecuted:
    record = CommandRecord(
        command=command, cwd=cwd, reasoning=reasoning, duration_ms=1500, **{"success": True, "exit_code": 0, **ended}
    )
    return ev.CommandExecuted(command=record)


def failed_step(message: str) -> ev.StepFinished:
    reason = Reason(kind=Kind.COMMAND_FAILED, message=message, suggestions=(suggest("Retry."),))
    return ev.StepFinished(step=StepResult(step_id=3, step_name="Build", status="failed", reason=reason, error=message))


def test_lines_begin_with_the_apps_name():
    assert shown(STARTED)[0].startswith("[shop] deploying https://host/owner/shop.git, log: ")
    without_folder = ev.Started(log=DeploymentLog(repo_url="https://host/owner/site.git"), log_uri="file:///l")
    assert shown(without_folder)[0].startswith("[site] ")
    assert shown(ev.Cancelling()) == ["[20261124-064812-a1b2c3] cancelling"], "followed from a later event on"


def test_plumbing_is_told_by_what_it_does():
    assert shown(
        STARTED,
        executed("mkdir -p /d/releases/r1", cwd="", reasoning="Folders of the deployment."),
        executed(CHECKOUT, reasoning="Write its files, with an index of our own."),
        executed("cat > constraints.txt <<'END'\na==1\nEND", reasoning="The versions that poetry.lock names."),
        executed("sh keeper.sh start", cwd="", reasoning="Start release r1 with PORT=8000", success=False, exit_code=1),
    )[1:] == [
        "[shop] Folders of the deployment (exit 0, 1.5 s)",
        "[shop] Write its files, with an index of our own (exit 0, 1.5 s)",
        "[shop] The versions that poetry.lock names (exit 0, 1.5 s)",
        "[shop] Start release r1 with PORT=8000 (exit 1, 1.5 s)",
    ]


def test_the_projects_own_commands_are_shown_and_cut():
    short, long = shown(
        executed("npm ci", reasoning="Exactly what package-lock.json says."), executed("npm run build --\n" + "x" * 500)
    )
    assert short.endswith("] $ npm ci (exit 0, 1.5 s)")
    assert "] $ npm run build -- xxx" in long
    assert len(long.partition("] $ ")[2].partition(" (exit 0")[0]) == 160


def test_how_a_command_ended():
    ended = [{"exit_code": -1, "timed_out": "idle"}, {"exit_code": 143, "stopped": True}, {"exit_code": 2}]
    lines = messages(*(executed("make", success=False, **how) for how in ended))
    assert [line.message.partition(" (")[2] for line in lines] == ["idle time-out, 1.5 s)", "stopped, 1.5 s)", "exit 2, 1.5 s)"]
    assert {line.type for line in lines} == {MessageType.Warning}


def test_a_failure_tells_its_first_lines_once():
    message = "`npm run build` failed with exit code 2.\nIt printed:\n" + "\n".join(f"line {number}" for number in range(30))
    reason = Reason(
        kind=Kind.COMMAND_FAILED,
        message=message,
        suggestions=(suggest("Mend it, then retry from it", command="auto-deployer retry d1 --from-step 3"),),
    )
    blocked = ev.StepFinished(step=StepResult(step_id=4, step_name="Verify", status="blocked", error="It needs step 3."))
    lines = shown(STARTED, failed_step(message), blocked, ev.Finished(outcome="failed", reason=reason))[1:]
    assert lines[:3] == [
        "[shop] step 3: Build: failed: `npm run build` failed with exit code 2.",
        "[shop]   It printed:",
        "[shop]   line 0",
    ]
    assert lines[11:] == [
        "[shop]   line 9",
        "[shop] step 4: Verify: blocked: It needs step 3.",
        "[shop] failed: `npm run build` failed with exit code 2.",
        "[shop]   - Mend it, then retry from it: auto-deployer retry d1 --from-step 3",
    ]


def test_a_refusal_without_a_step_tells_its_lines_at_the_end():
    reason = Reason(
        kind=Kind.NO_START_COMMAND,
        message="Nothing to start.\nLooked at: app.py",
        suggestions=(suggest("Say it", "overrides.start"),),
    )
    assert shown(STARTED, ev.Finished(outcome="failed", reason=reason))[1:] == [
        "[shop] failed: Nothing to start.", "[shop]   Looked at: app.py", "[shop]   - Say it: overrides.start",
    ]  # fmt: skip


def test_the_url_comes_last():
    app = AppInfo(url="http://127.0.0.1:8000/", port=8000, pid=1)
    assert shown(STARTED, ev.Finished(outcome="success", app=app))[-1] == "[shop] success: http://127.0.0.1:8000/"
