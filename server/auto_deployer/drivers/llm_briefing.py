"""The first messages of a step's conversation: the rules, and all that is known when the model is asked for the first time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..apps.checks import describe
from ..llm.host_words import host_lines, target_line
from ..llm.prompting import render
from ..llm.untrusted import untrusted, visible
from ..model.log import CommandRecord, StepResult
from ..model.plan import Check, DeploymentStep
from ..model.ports import StepContext
from ..model.reasons import Reason
from .llm_folder import WorkFolder
from .llm_observations import command_line, command_observation, in_one_line

_FAILURE_TOKENS = 1500
_EARLIER_TOKENS = 1500
_RAN_TOKENS = 2000
_SHOWN_PLANNED = 10


def system_message() -> str:
    """The rules of every step."""
    return render("step_system", untrusted_rules=render("untrusted_rules"))


def opening_message(ctx: StepContext, folder: WorkFolder, failure: Reason) -> str:
    """The task: where, what, what was reached before, what ran, and why the model is asked."""
    deploy, step = ctx.deploy, ctx.step
    return render(
        "step_opening", step_id=str(step.id), step_count=str(len(deploy.plan.steps)), step_name=visible(step.name),
        category=step.category, attempt=str(ctx.attempt), goal=visible(step.goal or step.description or step.name),
        criteria=visible(step.success_criteria) or "the checks below", checks=_lines(_checks(step.checks)) or "- none",
        target=target_line(deploy.session.target, deploy.host), host="\n".join(host_lines(deploy.host)),
        deploy_dir=deploy.paths.deploy_dir, release_dir=deploy.paths.release_dir, folder=folder.default, app=_app(ctx),
        env_names=", ".join(sorted(deploy.env_names)) or "none", plan=_lines(_plan(ctx)),
        earlier=untrusted("earlier steps", _lines(_earlier(deploy.previous_results)) or "none", max_tokens=_EARLIER_TOKENS),
        ran=_ran(ctx), failure=untrusted("failure", failure.message, max_tokens=_FAILURE_TOKENS),
        guidance=f"\n{guidance(ctx.guidance)}\n" if ctx.guidance else "",
    )  # fmt: skip


def guidance(text: str) -> str:
    """Words of the user, who may give instructions."""
    return render("step_guidance", text=text.strip())


def _lines(items: Iterator[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _checks(checks: Sequence[Check]) -> Iterator[str]:
    return (in_one_line(describe(check), 500) for check in checks)


def _app(ctx: StepContext) -> str:
    app = ctx.deploy.plan.app
    if app is None:
        return "none"
    names = f"; sets {', '.join(sorted(app.env))}" if app.env else ""
    return f"started in {app.cwd or '.'} by `{in_one_line(app.command, 500)}`, answers at {app.health.path}{names}"


def _plan(ctx: StepContext) -> Iterator[str]:
    ended = {result.step_id: result.status for result in ctx.deploy.previous_results}
    for step in ctx.deploy.plan.steps:
        state = "this step" if step.id == ctx.step.id else ended.get(step.id, "to come")
        yield f"{step.id}. {in_one_line(step.name)} ({state})"


def _earlier(results: Sequence[StepResult]) -> Iterator[str]:
    """What finished steps hand on."""
    for result in results:
        outputs = result.structured_outputs
        info = outputs.key_info
        pairs = info.items() if isinstance(info, dict) else ((item.name, item.value) for item in info)
        facts = "; ".join(f"{name}={value}" for name, value in pairs)
        yield in_one_line(f"{result.step_id}. {result.step_name} ({result.status}): {outputs.summary} {facts}".rstrip(), 600)


def _ran(ctx: StepContext) -> str:
    """The commands that ran without the model, the last one in full when it failed; then those that did not come to run."""
    if not ctx.commands:
        return "No command has run yet." + _not_run(ctx.step, ctx.commands)
    last = ctx.commands[-1]
    lines = _lines(command_line(record) for record in ctx.commands)
    told = untrusted("commands that ran", lines, max_tokens=_RAN_TOKENS)
    if not last.success:
        told += f"\nThe last one: {command_observation(last)}"
    return told + _not_run(ctx.step, ctx.commands)


def _not_run(step: DeploymentStep, records: Sequence[CommandRecord]) -> str:
    ran = {record.command for record in records}
    left = [planned.command for planned in step.commands if planned.command not in ran]
    shown = "".join(f"\n- `{in_one_line(command)}`" for command in left[:_SHOWN_PLANNED])
    return f"\nPlanned, but not run (run them yourself where they are still needed):{shown}" if left else ""
