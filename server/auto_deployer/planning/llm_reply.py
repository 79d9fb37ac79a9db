"""What the model says when it plans, and the draft that becomes of it.

The reply is a closed form of decisions about this one app. It has no field for checks by command, policy, target, settings or
environment values, so that whatever a repository talks a model into cannot reach them.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, model_validator

from ..model.base import Model
from ..model.facts import Evidence
from ..model.plan import AppSpec, DeploymentStep, FileCheck, HealthSpec, PlannedCommand, Strategy
from ..model.ports import PlanInput
from . import static_server
from .assemble import app_folder
from .overrides import apply_overrides
from .recipe import Draft

_SHOWN_NAME = 80


class ReasonReply(Model):
    """One thing seen that the plan follows from."""

    file: str = Field(default="", description="Path of the file in which it was seen.")
    saw: str = Field(description="What was seen, in a few words.")


class StepReply(Model):
    """Commands that belong together."""

    name: str = Field(description="Short name, such as 'Install dependencies'.")
    category: Literal["setup", "build"] = Field(default="build", description="setup: dependencies and tools; build: all else.")
    commands: list[str] = Field(description="Shell commands, one simple line each, without placeholders.")
    cwd: str = Field(default="", description="Folder they run in, relative to the app's folder; empty for that folder itself.")
    creates: list[str] = Field(
        default_factory=list,
        description="Files or folders, relative to the app's folder, that exist when the step is done. At least one.",
    )
    reason: str = Field(default="", description="Why it is needed.")


class PlanReply(Model):
    """The decisions about one app."""

    reasons: list[ReasonReply] = Field(default_factory=list, description="What the plan follows from, most important first.")
    cannot: str = Field(default="", description="Why it cannot be deployed here; empty when it can. The rest is then ignored.")
    strategy: Strategy = Field(default="traditional", description="How it is deployed.")
    tools: list[str] = Field(default_factory=list, description="Programs that must be on the target, such as 'make'.")
    steps: list[StepReply] = Field(default_factory=list, description="Before the start; empty when nothing has to be done.")
    start: str = Field(default="", description="One command that starts the server in the foreground and keeps running.")
    start_cwd: str = Field(default="", description="Folder it starts in, relative to the app's folder.")
    serve_folder: str = Field(default="", description="Instead of `start`: a folder of finished pages, served by us.")
    health_path: str = Field(default="/", description="Path that answers below 500 when the app is up.")
    fixed_port: int | None = Field(default=None, description="The port it always listens on whatever PORT says; else null.")
    required_env: list[str] = Field(default_factory=list, description="Variables it cannot start without; not PORT or HOST.")
    risks: list[str] = Field(default_factory=list, description="What may go wrong or was suspicious.")
    notes: list[str] = Field(default_factory=list, description="What the user should know.")

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, data: Any) -> Any:
        """Models like to wrap what they were asked for: {"plan": {…}}."""
        inner = data.get("plan") if isinstance(data, dict) else None
        return inner if isinstance(inner, dict) and len(data) == 1 else data


def draft_from(reply: PlanReply, given: PlanInput) -> Draft:
    """The model's decisions as a draft, the user's own (`--install`, `--start`, …) in their place; nothing is checked yet.

    Raises:
        RefusedError: a folder is to be served, and the target has nothing to serve it with.
    """
    root = app_folder(given)
    user = given.overrides
    steps = tuple(_step(step, root) for step in reply.steps)
    if user.install is not None:
        steps = tuple(step for step in steps if step.category != "setup")
    if user.build is not None:
        steps = tuple(step for step in steps if step.category != "build")
    draft = Draft(
        strategy=reply.strategy, app=_app(reply, given), tools=_tools(reply), steps=steps,
        risks=tuple(reply.risks), notes=tuple(reply.notes), required_env=tuple(reply.required_env),
    )  # fmt: skip
    if reply.serve_folder and not reply.start and user.start is None:
        draft = _serving(draft, reply.serve_folder, given)
    return apply_overrides(draft, given, cwd=root)


def reply_problems(reply: PlanReply) -> tuple[str, ...]:
    """What is wrong with the reply that the plan made from it would no longer show."""
    folder = posixpath.normpath(reply.serve_folder) if reply.serve_folder else ""
    if posixpath.isabs(folder) or folder.split("/")[0] == "..":
        return (f"`serve_folder` {reply.serve_folder} lies outside of the app's folder.",)
    return ()


def evidence_from(reply: PlanReply) -> tuple[Evidence, ...]:
    """The model's reasons in the form of a recipe's evidence; they weigh the same."""
    return tuple(Evidence(file=reason.file, saw=reason.saw, weight=1.0) for reason in reply.reasons)


def _app(reply: PlanReply, given: PlanInput) -> AppSpec:
    cwd = posixpath.normpath(posixpath.join(given.repo.source.subdir, reply.start_cwd))
    path = reply.health_path.strip() or "/"
    return AppSpec(
        name=given.app_name, command=reply.start.strip(), cwd="" if cwd == "." else cwd, fixed_port=reply.fixed_port,
        health=HealthSpec(path=path if path.startswith("/") else f"/{path}"),
    )  # fmt: skip


def _serving(draft: Draft, folder: str, given: PlanInput) -> Draft:
    """The draft with our static server on a folder of finished pages."""
    served = posixpath.normpath(folder)
    command = static_server.serve_command(given.paths, given.host, served)
    index = FileCheck(path=_below(app_folder(given), posixpath.join(served, "index.html")))
    prepare = DeploymentStep(
        id=0, name="Prepare to serve", category="build", goal=f"The web server is there, and {served} has a front page.",
        success_criteria=f"{served}/index.html is there.", commands=(static_server.write_program(given.paths),),
        checks=(static_server.written_check(given.paths), index),
    )  # fmt: skip
    return replace(
        draft, strategy="static", app=static_server.site_app(given.app_name, command, given.repo.source.subdir),
        tools=(*draft.tools, static_server.python_program(given.host)), steps=(*draft.steps, prepare),
    )  # fmt: skip


def _step(reply: StepReply, root: str) -> DeploymentStep:
    cwd = _below(root, reply.cwd)
    creates = [path for path in reply.creates if path.strip()]
    return DeploymentStep(
        id=0,
        name=" ".join(reply.name.split())[:_SHOWN_NAME] or "Prepare",
        category=reply.category,
        goal=reply.reason,
        success_criteria=f"Every command ends with 0; there: {', '.join(creates)}." if creates else "",
        commands=tuple(
            PlannedCommand(command=command.strip(), cwd=cwd, reasoning=reply.reason, source="llm") for command in reply.commands
        ),
        checks=tuple(FileCheck(path=_below(root, path)) for path in creates),
    )


def _below(root: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(root, path.strip()))


def _tools(reply: PlanReply) -> tuple[str, ...]:
    """Names of programs only: a weak model writes versions and explanations beside them."""
    words = (tool.split()[0] for tool in reply.tools if tool.split())
    return tuple(word for word in words if posixpath.basename(word) == word and not word.startswith("-"))
