"""One command from planned to recorded: gate, journal, output file, record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from ..apps.build_env import build_environment
from ..deploy_log import CommandOutput, Recorder
from ..deploy_log.output import OutputSummary
from ..deploy_log.recorder import utc_now
from ..deploy_log.sweep import COMMAND_MARK, command_mark
from ..model.actions import Execute
from ..model.errors import AutoDeployerError, LogError
from ..model.events import CommandExecuted, CommandStarted
from ..model.fold import naive_local
from ..model.log import CommandRecord, CurrentCommand, PolicyVerdict
from ..model.ports import CommandOutcome, CommandSpec, Session, Spawned, StepContext

KILLED = 128 + 9
"""Exit code of a command that was cut off: its process group got KILL."""
CONNECTION_LOST = 255
"""Exit code of a command whose target went away (ssh's own)."""

OnCommandExecuted = Callable[[CommandRecord], None]


class CommandExecutor:
    """Runs commands of one deployment, one at a time."""

    def __init__(self, session: Session, recorder: Recorder, on_command_executed: OnCommandExecuted) -> None:
        self._session, self._recorder, self._on_command_executed = session, recorder, on_command_executed
        self._count = 0

    async def execute(self, ctx: StepContext, action: Execute, policy: PolicyVerdict | None = None) -> CommandRecord:
        """Run it to its end. Every started command gets its record, whatever happens.

        Args:
            policy: What the policy or the user said of it, for its record.

        Raises:
            LogError: the log cannot be written: the command did not run, or its record is lost with the disk.
        """
        self._count += 1
        planned = action.command
        current = CurrentCommand(
            id=f"c{self._count}", command=planned.command, cwd=planned.cwd, started_at=utc_now(), source=action.source,
            reasoning=planned.reasoning, policy=policy,
        )  # fmt: skip
        output = self._recorder.open_output(current.id)
        began = time.monotonic()
        try:
            outcome = await self._run(ctx, action, current, output)
        except BaseException:
            summary, duration_ms = output.close(), round((time.monotonic() - began) * 1000)
            if self._is_in_the_log(current):
                with suppress(LogError):
                    self._finish(ctx, _record(current, CommandOutcome(KILLED, duration_ms, stopped=True), summary))
            raise
        recorded = self._finish(ctx, _record(current, outcome, output.close()))
        self._on_command_executed(recorded)
        return recorded

    def _finish(self, ctx: StepContext, record: CommandRecord) -> CommandRecord:
        event = CommandExecuted(step_id=ctx.step.id, attempt=ctx.attempt, command_id=record.id, command=record)
        return self._recorder.record(event).command

    def _is_in_the_log(self, current: CurrentCommand) -> bool:
        """Whether it is told as running there."""
        running = self._recorder.log.steps[-1].current_command
        return running is not None and running.id == current.id

    async def _run(self, ctx: StepContext, action: Execute, current: CurrentCommand, output: CommandOutput) -> CommandOutcome:
        started = False

        def on_spawned(spawned: Spawned) -> None:
            nonlocal started
            command = current.model_copy(update={"pid": spawned.pid, "pgid": spawned.pgid, "output": output.relative})
            self._recorder.record(CommandStarted(step_id=ctx.step.id, attempt=ctx.attempt, command_id=current.id, command=command))
            started = True

        mark = command_mark(ctx.deploy.deployment_id, current.id)
        app_env = await build_environment(ctx.deploy, ctx.step.category)
        spec = CommandSpec(
            command=current.command, cwd=current.cwd, env={**action.command.env, **app_env, COMMAND_MARK: mark},
            idle_timeout_s=action.timeout_s, total_timeout_s=action.timeout_s, mark=f"{COMMAND_MARK}={mark}",
        )  # fmt: skip
        stop = asyncio.Event() if action.cleanup else ctx.stop
        try:
            outcome = await self._session.run(spec, on_spawned=on_spawned, on_output=output.feed, stop=stop)
        except LogError:
            raise
        except (AutoDeployerError, OSError) as error:
            output.feed("stderr", f"{error}\n".encode())
            outcome = CommandOutcome(exit_code=CONNECTION_LOST, duration_ms=0)
        if not started:  # no process could be made: what is executed was started all the same
            on_spawned(Spawned(pid=0, pgid=0))
        return outcome


def _record(current: CurrentCommand, outcome: CommandOutcome, output: OutputSummary) -> CommandRecord:
    return CommandRecord(
        command=current.command, success=outcome.exit_code == 0, exit_code=outcome.exit_code, stdout=output.stdout,
        stderr=output.stderr, timestamp=naive_local(utc_now()), id=current.id, reasoning=current.reasoning, source=current.source,
        cwd=current.cwd, started_at=current.started_at, duration_ms=outcome.duration_ms, policy=current.policy,
        stdout_bytes=output.stdout_bytes,
        stderr_bytes=output.stderr_bytes, stdout_tail=output.stdout_tail, stderr_tail=output.stderr_tail, output=output.output,
        output_capped=output.output_capped, timed_out=outcome.timed_out, stopped=outcome.stopped,
        waiting_for_input=outcome.waiting_for_input, left_running=outcome.left_running,
    )  # fmt: skip
