"""Runs the planned commands in order; a known failure is repaired by rule, once each; anything else fails the step."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from itertools import takewhile

from ..model.actions import Action, ChecksFailed, Execute, Observation, Refused, Repair, StepDone, StepFailed, Stopped
from ..model.log import CommandRecord, PolicyVerdict, StructuredOutputs
from ..model.plan import PlannedCommand
from ..model.ports import StepContext
from ..model.reasons import Kind, Reason
from ..model.suggestions import Suggestion, suggest
from .repairs import classify_failure, find_repair

_FIRST_LINES = 5
_LAST_LINES = 10
_SHOWN_COMMAND = 200


class RecipeDriver:
    """The driver of steps whose commands were planned.

    Args:
        still_to_run: What is left of the step's commands; None: all of them.
    """

    def __init__(self, still_to_run: Sequence[PlannedCommand] | None = None) -> None:
        self._still_to_run = still_to_run

    async def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        """Yield the planned commands, repairs where a rule knows one, then the end."""
        tried: set[str] = set()
        waiting = list(ctx.step.commands if self._still_to_run is None else self._still_to_run)
        while waiting:
            planned = waiting.pop(0)
            record = yield Execute(planned, source=planned.source)
            if isinstance(record, Refused):
                yield StepFailed(refusal(planned.command, record.policy))
                return
            if isinstance(record, Stopped) or not isinstance(record, CommandRecord):
                return
            if record.stopped:
                return  # told to end: whoever did so says why
            if record.success:
                continue
            repair = find_repair(record, known_output(record), frozenset(tried))
            if repair is None:
                yield StepFailed(failure(record))
                return
            tried.add(repair.id)
            yield Repair(repair.reason)
            waiting[:0] = [command.model_copy(update={"env": {**planned.env, **command.env}}) for command in repair.commands]
        checked = yield StepDone(outputs=_outputs(ctx.step.commands))
        if isinstance(checked, ChecksFailed):
            yield StepFailed(checks_reason(checked))


def still_to_run(ctx: StepContext) -> tuple[PlannedCommand, ...]:
    """The planned commands from the first that has not succeeded in this attempt on."""
    succeeded = {record.command for record in ctx.commands if record.success}
    done = takewhile(lambda planned: planned.command in succeeded, ctx.step.commands)
    return ctx.step.commands[len(tuple(done)) :]


def known_output(record: CommandRecord) -> str:
    """What the log keeps of the command's output; tools such as npm and tsc fail on stdout."""
    return "\n".join(text for text in (record.stdout, record.stdout_tail, record.stderr, record.stderr_tail) if text)


def failure(record: CommandRecord) -> Reason:
    """Why a command failed, with the lines it printed: where there are many, the first and the last."""
    shown = "\n".join(
        part for part in (_shown(record.stdout, record.stdout_tail), _shown(record.stderr, record.stderr_tail)) if part
    )
    return Reason(
        kind=classify_failure(record, known_output(record)),
        message=f"`{_in_one_line(record.command)}` {_how_it_ended(record)}."
        + (f"\nIt printed:\n{shown}" if shown else " It printed nothing."),
        suggestions=(suggest("Open the command's output, mend the cause, then retry from this step."),),
    )


def refusal(command: str, policy: PolicyVerdict) -> Reason:
    """Why a planned command was not run."""
    return Reason(
        kind=Kind.POLICY_DENIED,
        message=f"`{_in_one_line(command)}` was not run: {refusal_text(policy)}",
        suggestions=_after_refusal(command, policy),
    )


def _after_refusal(command: str, policy: PolicyVerdict) -> tuple[Suggestion, ...]:
    by_hand = suggest("Run it by hand if you know that it is right, then retry from this step.")
    if policy.rule == "user-deny":
        return (suggest("Take your own rule out of the setting policy.deny, then retry from this step."), by_hand)
    if policy.verdict == "deny":
        return (suggest(f"The rule {policy.rule} is built in and cannot be lifted. {by_hand.text}"),)
    allowed = _in_one_line(policy.part or command)
    rule = f'{{"prefix": "{allowed}"}}'
    return (suggest(f"Allow it in the setting policy.allow, such as {rule}, then retry from this step."), by_hand)


def refusal_text(policy: PolicyVerdict) -> str:
    """Who forbade a command or a changed plan, and why."""
    part = f" (`{policy.part}`)" if policy.part else ""
    return f"{_WHO_REFUSED[policy.decided_by]}{part}. {policy.reason} (rule {policy.rule})".strip()


_WHO_REFUSED = {
    "user": "the user said no",
    "nobody": "it needs the user's word, and nobody can be asked",
    "policy": "the command policy forbids it",
}


def _shown(head: str, tail: str) -> str:
    """Many tools name the cause first and print their help last."""
    first, last = head.strip().splitlines(), tail.strip().splitlines()
    if last:
        return "\n".join([*first[:_FIRST_LINES], "…", *last[-_LAST_LINES:]])
    if len(first) > _FIRST_LINES + _LAST_LINES:
        return "\n".join([*first[:_FIRST_LINES], "…", *first[-_LAST_LINES:]])
    return "\n".join(first)


def _in_one_line(command: str) -> str:
    first, _, rest = command.partition("\n")
    return f"{first[:_SHOWN_COMMAND]} …" if rest or len(first) > _SHOWN_COMMAND else first


def _how_it_ended(record: CommandRecord) -> str:
    if record.waiting_for_input:
        return f"waited for input at {record.waiting_for_input!r} and was ended (commands get no terminal here)"
    if record.timed_out == "idle":
        return "printed nothing for too long and was ended"
    if record.timed_out == "total":
        return "took too long and was ended"
    return f"failed with exit code {record.exit_code}"


def checks_reason(checked: ChecksFailed) -> Reason:
    """Why a step is not done although its commands ran."""
    seen = "; ".join(f"{check.description}: {check.detail or 'not so'}" for check in checked.failed)
    return Reason(kind=Kind.CHECK_FAILED, message=f"The commands ran, but the step's checks do not pass: {seen}.")


def _outputs(commands: tuple[PlannedCommand, ...]) -> StructuredOutputs:
    return StructuredOutputs(summary=f"{len(commands)} command{'s' if len(commands) != 1 else ''} ran" if commands else "Checked")
