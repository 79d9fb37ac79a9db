"""What a repository may bring along: a log that looks like one of ours, and a deploy directory whose scripts are not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auto_deployer.apps.keeper import keeper_path
from auto_deployer.apps.layout import mark_of
from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.deploy_log.sweep import this_writer
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.log import CurrentCommand, DeploymentLog, StepResult

LIVE, NEXT = "20260101-000001-aaaa", "20260101-000002-aaaa"


@dataclass(frozen=True)
class Forgery:
    """A workspace that was made to be looked at."""

    workspace: Path

    @property
    def logs(self) -> Path:
        return self.workspace / "agent_logs"

    @property
    def deploy_dir(self) -> Path:
        return self.workspace / "deploy"

    @property
    def ran(self) -> Path:
        """There once the forged script was run."""
        return self.workspace / "ran"

    def make_deploy_dir(self, repo: str = "https://example.org/a/b") -> None:
        """As if its live release had been stopped for a deployment that died: whoever recovers starts it again with the keeper."""
        for folder in ("releases", "run"):
            for release in (LIVE, NEXT):
                (self.deploy_dir / folder / release).mkdir(parents=True)
        (self.deploy_dir / "current").symlink_to(f"releases/{LIVE}")
        (self.deploy_dir / ".auto-deployer.json").write_text(json.dumps({"app": "deploy", "repo": repo}))
        (self.deploy_dir / "shared").mkdir()
        (self.deploy_dir / "shared" / "paths").write_bytes(b"data.db\0")
        run = self.deploy_dir / "run" / LIVE
        for name, text in {"mark": mark_of(str(self.deploy_dir), LIVE), "port": "8000", "stopping": NEXT}.items():
            (run / name).write_text(f"{text}\n")
        keeper = Path(keeper_path(str(self.deploy_dir)))
        keeper.write_text(f"touch '{self.ran}'\nexit 0\n")

    def make_log(self, deployment_id: str = "forged", pgid: int = 0, **fields: object) -> Path:
        """A log whose writer is gone, with host and boot id of this machine: every log that is shared tells them."""
        log = DeploymentLog.model_validate({
            "deployment_id": deployment_id, "writer": this_writer(), "deploy_dir": str(self.deploy_dir), "release": NEXT,
            "repo_url": "https://example.org/a/b", "target": "local", **fields,
        })  # fmt: skip
        recorder = Recorder.create(LogStore(self.logs).reserve("x", datetime.now()), SecretRegistry(), log)
        recorder.record(ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="work")))
        if pgid:
            command = CurrentCommand(id="c1", command="work", pid=pgid, pgid=pgid)
            recorder.record(ev.CommandStarted(step_id=1, command_id="c1", command=command))
        recorder.close()
        return recorder.path

    def make(self) -> Path:
        """All of it; returns the log."""
        self.workspace.mkdir(exist_ok=True)
        self.make_deploy_dir()
        return self.make_log()
