"""A process that records commands as fast as it can and acknowledges each on stdout. Arguments: log folder, command count."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.deploy_log.sweep import this_writer
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.errors import LogError
from auto_deployer.model.log import CommandRecord, CurrentCommand, DeploymentLog, StepResult


def main() -> None:
    store = LogStore(Path(sys.argv[1]))
    log = DeploymentLog(deployment_id=sys.argv[3] if len(sys.argv) > 3 else "d1", writer=this_writer())
    recorder = Recorder.create(store.reserve("app", datetime.now()), SecretRegistry(), log)
    print(recorder.path, flush=True)
    try:
        recorder.record(ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="work")))
        for number in range(1, int(sys.argv[2]) + 1):
            recorder.record(ev.CommandStarted(command_id=f"c{number}", command=CurrentCommand(id=f"c{number}", command="true")))
            record = CommandRecord(id=f"c{number}", command="true", success=True, exit_code=0, stdout="x" * 900)
            event = recorder.record(ev.CommandExecuted(command_id=f"c{number}", command=record))
            print(event.seq, flush=True)
    except LogError as error:
        print(f"error {error.kind} {error.message}", flush=True)
        finished = recorder.finish(ev.Finished(outcome="failed", reason=error.reason))
        print(f"finished {finished.outcome}", flush=True)
        recorder.close()


if __name__ == "__main__":
    main()
