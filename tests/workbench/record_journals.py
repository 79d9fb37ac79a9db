"""Journals of real deployments and the log documents they fold to: what the extension's reducer is tested with.

`python -m tests.workbench.record_journals vscode-extension/test/journals` records them from the real server; `--fold` only
writes the documents of the recorded journals anew, after a change of the fold.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from auto_deployer.model.events import from_object
from auto_deployer.model.fold import fold
from tests.llm.scripted_server import ScriptedServer, reply
from tests.server.raw_client import RawClient
from tests.server.record_examples import make_site

_CAPABILITIES = {"output": "stream", "interaction": ["choice", "confirm", "text", "secret"]}
_NEUTRAL = {
    "hostname": "workstation", "host": "workstation", "kernel": "6.12.0", "user": "ada",
    "distribution": "Debian GNU/Linux 13 (trixie)", "boot_id": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip
"""What would tell about the machine they were recorded on."""


def folded(journal: Path) -> str:
    """The log document of a journal, as its `.json` holds it."""
    events = [from_object(json.loads(line)) for line in journal.read_text(encoding="utf-8").splitlines()]
    return json.dumps(fold(events).model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def use_utc() -> None:
    """The fold writes local times: journals are folded in UTC, here and in the extension's tests."""
    os.environ["TZ"] = "UTC"
    time.tzset()


def record(root: Path, into: Path) -> None:
    """Deploy a throw-away site in each way the reducer has to know."""
    site = root / "site"
    make_site(site)
    os.environ.update(HOME=str(root), PATH="/usr/local/bin:/usr/bin:/bin")
    with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server"]) as client:
        client.initialize(_CAPABILITIES, site)
        for scenario in (_success, _failure_and_retry, _skipped, _cancelled, _refused, _rejected, _model):
            scenario(client, str(site))
        client.finish()
        events = [message for message in client.received if "seq" in (message.get("params") or {})]
    for name in dict.fromkeys(event["params"]["deploymentId"] for event in events):
        lines = [_line(event, root) for event in events if event["params"]["deploymentId"] == name]
        (into / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def _success(client: RawClient, site: str) -> None:
    client.start(site, "success", overrides={"build": "printf '\\033[32mbuilt\\033[0m\\n'; echo warning >&2"})
    client.notification("deploy/finished", deploymentId="success")


def _failure_and_retry(client: RawClient, site: str) -> None:
    client.start(site, "failure", overrides={"build": "echo broken >&2; exit 3"})
    for option in ("retry", "abort"):
        ask = client.receive(lambda message: message.get("method") == "deploy/ask")["params"]
        client.result("deploy/answer", {"deploymentId": "failure", "questionId": ask["questionId"], "optionId": option})
    client.notification("deploy/finished", deploymentId="failure")
    client.result("deploy/retry", {"deploymentId": "failure", "newDeploymentId": "retry", "nonInteractive": True})
    client.notification("deploy/finished", deploymentId="retry")


def _skipped(client: RawClient, site: str) -> None:
    client.start(site, "skipped", overrides={"build": "sleep 60"})
    step = _build_running(client, "skipped")
    client.result("deploy/skipStep", {"deploymentId": "skipped", "stepId": step, "satisfiesDependents": True})
    client.notification("deploy/finished", deploymentId="skipped")


def _cancelled(client: RawClient, site: str) -> None:
    client.start(site, "cancelled", overrides={"build": "sleep 60"})
    _build_running(client, "cancelled")
    client.result("deploy/cancel", {"deploymentId": "cancelled"})
    client.notification("deploy/finished", deploymentId="cancelled")


def _refused(client: RawClient, site: str) -> None:
    client.start(site, "refused", subdir="nothing/here")
    client.notification("deploy/finished", deploymentId="refused")


def _rejected(client: RawClient, site: str) -> None:
    client.start(site, "rejected", approval="plan")
    ask = client.receive(lambda message: message.get("method") == "deploy/ask")["params"]
    client.result("deploy/answer", {"deploymentId": "rejected", "questionId": ask["questionId"], "cancelled": True})
    client.notification("deploy/finished", deploymentId="rejected")


def _model(client: RawClient, site: str) -> None:
    """A model is asked to mend a failed step; the policy refuses the first command that it proposes."""
    proposals = (
        {"command": "rm -rf /", "reasoning": "Make room."},
        {"command": "touch shelf", "then_retry": True, "reasoning": "It is missing."},
    )
    with ScriptedServer([reply({"next": {"action": "execute", **proposal}}) for proposal in proposals]) as server:
        llm = {"provider": "custom", "model": "scripted", "endpoint": server.base_url, "inputPrice": 1.0, "outputPrice": 4.0}
        settings = {"planner": "recipe", "llm": llm}
        client.notify("workspace/didChangeConfiguration", {"settings": {"autoDeployer": settings}})
        client.start(site, "model", overrides={"build": "test -f shelf || { echo 'the shelf is missing' >&2; exit 3; }"})
        ask = client.receive(lambda message: message.get("method") == "deploy/ask")["params"]
        client.result("deploy/answer", {"deploymentId": "model", "questionId": ask["questionId"], "optionId": "model"})
        client.notification("deploy/finished", deploymentId="model")


def _build_running(client: RawClient, deployment_id: str) -> int:
    """The step whose command sleeps, once it does."""
    while True:
        started = client.notification("deploy/commandStarted", deploymentId=deployment_id)
        if "sleep 60" in started["command"]["command"]:
            return started["stepId"]


def _line(event: dict[str, Any], root: Path) -> str:
    told = json.dumps({"method": event["method"], "params": event["params"]}, ensure_ascii=False)
    return json.dumps(_neutral(json.loads(told.replace(str(root), "/home/ada"))), ensure_ascii=False) + "\n"


def _neutral(value: Any, key: str = "") -> Any:
    if key in _NEUTRAL and isinstance(value, str):
        return _NEUTRAL[key]
    if key == "tools":
        return value[:2]
    if isinstance(value, dict):
        return {name: _neutral(part, name) for name, part in value.items()}
    return [_neutral(part) for part in value] if isinstance(value, list) else value


def main() -> None:
    """Record, then fold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fold", action="store_true", help="keep the journals")
    options = parser.parse_args()
    use_utc()
    if not options.fold:
        with tempfile.TemporaryDirectory(prefix="ada-") as root:
            record(Path(root), options.folder)
    for journal in sorted(options.folder.glob("*.jsonl")):
        journal.with_suffix(".json").write_text(folded(journal), encoding="utf-8")


if __name__ == "__main__":
    main()
