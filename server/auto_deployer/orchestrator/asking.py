"""The questions of a running deployment: about a failed step, a command, a changed plan. Nobody's silence is a yes."""

from __future__ import annotations

from ..model.log import PolicyVerdict, StepResult
from ..model.plan import DeploymentStep, PlannedCommand
from ..model.ports import DeployContext, StepContext
from ..model.questions import Option, Question
from ..model.reasons import Reason

_RETRY = Option(id="retry", label="Retry", description="Try this step again")
_MODEL = Option(id="model", label="Ask the model to repair", description="Try this step again; the model mends what fails")
_OTHERS = (
    Option(id="skip", label="Skip", description="Skip it; steps that need it do not run"),
    Option(id="skip_continue", label="Skip and continue", description="Skip it and run the steps that need it all the same"),
    Option(id="abort", label="Abort", description="End the deployment"),
)
_YES_OR_NO = (Option(id="yes", label="Run it"), Option(id="no", label="Do not run it"))


def about_failure(deploy: DeployContext, step: DeploymentStep, attempt: int, result: StepResult, *, may_retry: bool) -> Question:
    """What becomes of a failed step."""
    again = (_RETRY, _MODEL) if model_is_idle(deploy) else (_RETRY,)
    limit = "" if may_retry else f"\nIt was tried {attempt} times, which is the limit (budget.max_attempts)."
    return Question(
        question_id=f"step-{step.id}-{attempt}", kind="choice", category="error_recovery", timeout_ms=_timeout_ms(deploy),
        message=f"Step {step.id} ({step.name}) failed. What now?", detail=f"{result.error or ''}{limit}".strip(),
        options=(*again, *_OTHERS) if may_retry else _OTHERS,
    )  # fmt: skip


def model_is_idle(deploy: DeployContext) -> bool:
    """There is a model, and it is asked only on the user's word."""
    return deploy.model is not None and deploy.settings.planner == "recipe"


def about_command(ctx: StepContext, number: int, command: PlannedCommand, verdict: PolicyVerdict) -> Question:
    """Whether a command may run."""
    where = f"\nin {command.cwd}" if command.cwd else ""
    return Question(
        question_id=f"command-{ctx.step.id}-{ctx.attempt}-{number}", kind="confirm", category="confirmation", risk="high",
        message=f"Run `{_in_one_line(verdict.part or command.command)}`? {verdict.reason}".strip(),
        detail=f"{command.command}{where}", options=_YES_OR_NO,
        default="no", timeout_ms=_timeout_ms(ctx.deploy),
    )  # fmt: skip


def about_changed_plan(ctx: StepContext, number: int, reason: Reason, changes: str) -> Question:
    """Whether the plan may be changed."""
    return Question(
        question_id=f"plan-{ctx.step.id}-{ctx.attempt}-{number}", kind="confirm", category="confirmation", risk="high",
        message=f"Change the plan? {reason.message}", detail=changes, default="no", timeout_ms=_timeout_ms(ctx.deploy),
        options=(Option(id="yes", label="Change it"), Option(id="no", label="Leave it as it is")),
    )  # fmt: skip


def _timeout_ms(deploy: DeployContext) -> int:
    return round(deploy.settings.interaction.question_timeout_s * 1000)


def _in_one_line(command: str, longest: int = 200) -> str:
    first, _, rest = command.partition("\n")
    return f"{first[:longest]} …" if rest or len(first) > longest else first
