"""Records the example exchanges of protocol.md from a real session: `python -m tests.server.record_examples protocol.md`.

A throw-away site is deployed by the real server. Long lists and texts are shortened, and this machine's names replaced;
everything else is as it went over the wire.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.server.raw_client import RawClient

RECORDED = re.compile(r"(<!-- recorded: (?P<name>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_LOG_FIELDS = ("version", "deployment_id", "repo_url", "status", "seq", "summary")
_WIDE = 130
_NEUTRAL = {"hostname": "workstation", "kernel": "6.12.0", "user": "ada", "distribution": "Debian GNU/Linux 13 (trixie)"}


class Recorder(RawClient):
    """Keeps the first successful exchange of each method, and the first of each notification."""

    def __init__(self, root: Path) -> None:
        super().__init__(argv=[sys.executable, "-m", "auto_deployer", "server"])
        self.root = root
        self.examples: dict[str, str] = {}

    def request(self, method: str, params: Any = None) -> dict[str, Any]:
        answer = super().request(method, params)
        if "result" in answer:
            lines = ["→ " + self._shown({"id": 1, "method": method, "params": params or {}})]
            lines.append("← " + self._shown({"id": 1, "result": answer["result"]}))
            self.examples.setdefault(method, "\n".join(lines))
        return answer

    def keep(self, message: dict[str, Any]) -> None:
        shown = {key: value for key, value in message.items() if key not in ("jsonrpc", "id")}
        self.examples.setdefault(message["method"], "← " + self._shown(shown))

    def _shown(self, message: dict[str, Any]) -> str:
        short = _shortened(json.loads(json.dumps(message).replace(str(self.root), "/home/ada")))
        text = json.dumps(short, ensure_ascii=False)
        if len(text) > _WIDE:
            text = json.dumps(short, ensure_ascii=False, indent=2)
        return text


def _shortened(value: Any, key: str = "") -> Any:
    if key == "log" and isinstance(value, dict):
        return {name: value[name] for name in _LOG_FIELDS if name in value}
    if key in _NEUTRAL and isinstance(value, str):
        return _NEUTRAL[key]
    if isinstance(value, dict):
        return {name: _shortened(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part) for part in value[:2]]
    if isinstance(value, str) and len(value) > 120:
        return value[:100] + "…"
    return value


def record(root: Path) -> dict[str, str]:
    """The exchanges, by method."""
    site = root / "site"
    make_site(site)
    os.environ.update(HOME=str(root), PATH="/usr/local/bin:/usr/bin:/bin")
    with Recorder(root) as client:
        client.initialize({"output": "stream", "interaction": ["choice", "confirm", "text", "secret"]}, site)
        _deploy_and_read(client, site)
        _use_the_app(client)
        _go_wrong(client, site)
        _set_up_a_model(client)
        for message in client.received:
            if str(message.get("method", "")).startswith("deploy/"):
                client.keep(message)
        client.finish()
        return client.examples


def _deploy_and_read(client: Recorder, site: Path) -> None:
    client.result("deploy/analyze", {"repo": str(site)})
    client.result("deploy/plan", {"repo": str(site)})
    client.start(str(site), "first")
    client.notification("deploy/finished", deploymentId="first")
    client.start(str(site), "second", overrides={"build": "echo building; sleep 1; echo built"})
    finished = client.notification("deploy/finished", deploymentId="second")
    assert finished["outcome"] == "success", finished
    client.result("deploy/list", {"limit": 1})
    client.result("deploy/get", {"deploymentId": "first"})
    client.result("deploy/subscribe", {"deploymentId": "first", "afterSeq": 40})
    built = next(
        message["params"]["command"] for message in client.received
        if message.get("method") == "deploy/commandExecuted" and "building" in message["params"]["command"]["stdout"]
    )  # fmt: skip
    client.result("deploy/output", {"deploymentId": "second", "commandId": built["id"]})


def _use_the_app(client: Recorder) -> None:
    name = client.result("deploy/apps")["apps"][0]["name"]
    client.result("deploy/setEnv", {"name": name, "set": {"API_KEY": "k-example", "MODE": "demo"}})
    client.result("deploy/env", {"name": name})
    for method in ("deploy/appLog", "deploy/rollback", "deploy/restartApp", "deploy/stopApp", "deploy/startApp", "deploy/stopApp"):
        client.result(method, {"name": name})


def _go_wrong(client: Recorder, site: Path) -> None:
    broken = {"build": "echo broken >&2; exit 3"}
    client.start(str(site), "third", overrides=broken)
    ask = client.receive(lambda message: message.get("method") == "deploy/ask")
    client.keep(ask)
    client.result("deploy/answer", {"deploymentId": "third", "questionId": ask["params"]["questionId"], "optionId": "abort"})
    client.notification("deploy/finished", deploymentId="third")
    client.start(str(site), "fourth", overrides={"build": "sleep 60"})
    running = client.receive(lambda message: "sleep 60" in str(message.get("params", {}).get("command", "")))["params"]
    client.result("deploy/skipStep", {"deploymentId": "fourth", "stepId": running["stepId"]})
    client.notification("deploy/finished", deploymentId="fourth")
    client.start(str(site), "fifth", overrides={"build": "sleep 60"})
    client.receive(lambda message: "sleep 60" in str(message.get("params", {}).get("command", "")))
    client.result("deploy/cancel", {"deploymentId": "fifth"})
    client.notification("deploy/finished", deploymentId="fifth")
    client.result("deploy/retry", {"deploymentId": "fifth", "newDeploymentId": "sixth"})
    client.result("deploy/cancel", {"deploymentId": "sixth"})
    client.notification("deploy/finished", deploymentId="sixth")
    client.result("deploy/delete", {"deploymentId": "sixth"})


def _set_up_a_model(client: Recorder) -> None:
    """Nothing listens at the endpoint: no real key or model belongs into an example."""
    client.result("deploy/setSecret", {"name": "openai", "value": "sk-example"})
    client.result("deploy/testModel", {"provider": "ollama", "model": "qwen3-coder", "endpoint": "http://127.0.0.1:1/v1"})


def make_site(site: Path) -> None:
    site.mkdir()
    (site / "index.html").write_text("<!doctype html><title>Site</title><h1>Hello</h1>\n", encoding="utf-8")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "A page"]):
        subprocess.run(["git", *arguments], cwd=site, check=True)


def main() -> None:
    """Replace every recorded block of the page."""
    page = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="ada-") as root:
        examples = record(Path(root).resolve())
    text = page.read_text(encoding="utf-8")
    recorded = RECORDED.sub(lambda match: f"{match[1]}```\n{examples[match['name']]}\n```\n{match[3]}", text)
    page.write_text(recorded, encoding="utf-8")


if __name__ == "__main__":
    main()
