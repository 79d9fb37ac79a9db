"""A recipe's draft becomes a plan: the same steps around every app, each with machine checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from shlex import quote

from ..model.facts import Detection, RepoFacts
from ..model.plan import (
    AppSpec,
    Check,
    CommandCheck,
    DeploymentPlan,
    DeploymentStep,
    FileCheck,
    HttpCheck,
    PlanChoice,
    PortCheck,
    ProcessCheck,
)
from ..model.ports import PlanInput
from .checkout import checkout_commands
from .recipe import Draft


def assemble(
    draft: Draft, given: PlanInput, detection: Detection | None, *, before: Sequence[DeploymentStep] = ()
) -> DeploymentPlan:
    """The plan: check the host, check out, install, build, further steps, start, verify; what has nothing to do is left out.

    `detection` is the one the draft was made from; None when the user's own commands are all there is. `before` are steps that
    come first.
    """
    app = draft.app.model_copy(update={"name": given.app_name, "port": given.port})
    steps = _Steps()
    for step in before:
        steps.add(step)
    _add_prerequisites(steps, draft)
    _add_checkout(steps, given)
    _add_commands(steps, draft)
    for step in draft.steps:
        steps.add(step)
    _add_start(steps, app)
    _add_verify(steps, app)
    return DeploymentPlan(
        strategy=draft.strategy,
        components=(f"{app.name} ({'static site' if app.kind == 'static' else 'web'})",),
        steps=tuple(steps.items),
        risks=(*draft.risks, *_missing_content(given.repo)),
        notes=tuple(dict.fromkeys((*draft.notes, *given.repo.notes))),
        estimated_time=_estimate(draft),
        created_at=datetime.now().isoformat(),  # noqa: DTZ005 (a 2.0 field: naive local time)
        app=app,
        required_env=draft.required_env,
        required_services=draft.required_services,
        dependency_cache=draft.dependency_cache if given.overrides.install is None else "",
        images=draft.images,
        choice=_choice(draft, given, detection),
    )


@dataclass
class _Steps:
    """Steps in order: ids count from 1 and each depends on the one before."""

    items: list[DeploymentStep] = field(default_factory=list[DeploymentStep])

    def add(self, step: DeploymentStep) -> None:
        number = len(self.items) + 1
        estimated = step.estimated_commands or tuple(planned.command for planned in step.commands)
        self.items.append(
            step.model_copy(
                update={"id": number, "depends_on": (number - 1,) if number > 1 else (), "estimated_commands": estimated}
            )
        )


def _add_prerequisites(steps: _Steps, draft: Draft) -> None:
    tools = tuple(dict.fromkeys(("git", *draft.tools)))
    steps.add(
        DeploymentStep(
            id=0,
            name="Check the host",
            category="prerequisite",
            goal=f"The target has what the deployment uses: {', '.join(tools)}.",
            success_criteria=f"Found: {', '.join(tools)}.",
            checks=tuple(CommandCheck(command=f"command -v {quote(tool)}") for tool in tools),
        )
    )


def _add_checkout(steps: _Steps, given: PlanInput) -> None:
    source, paths = given.repo.source, given.paths
    folder = app_folder(given)
    steps.add(
        DeploymentStep(
            id=0,
            name=f"Check out {source.commit[:10]}",
            description=f"{source.repo} {source.ref}".strip(),
            category="setup",
            goal=f"The snapshot's files are in {paths.release_dir}.",
            success_criteria="The commit is in the deployment's repository and the app's folder is there.",
            commands=checkout_commands(given),
            checks=(
                CommandCheck(command=f"git --git-dir={quote(paths.repo)} cat-file -e {quote(source.commit + '^{commit}')}"),
                FileCheck(path=folder),
            ),
        )
    )


def _add_commands(steps: _Steps, draft: Draft) -> None:
    if draft.install:
        manager = f" with {draft.package_manager}" if draft.package_manager else ""
        steps.add(
            DeploymentStep(
                id=0,
                name="Install dependencies",
                category="setup",
                goal=f"The app's dependencies are installed{manager} inside the release.",
                success_criteria=_in_words("Every command ends with 0", draft.install_checks),
                commands=draft.install,
                checks=draft.install_checks,
            )
        )
    if draft.build:
        steps.add(
            DeploymentStep(
                id=0,
                name="Build",
                category="build",
                goal="What the app serves is built and its data is prepared.",
                success_criteria=_in_words("Every command ends with 0", draft.build_checks),
                commands=draft.build,
                checks=draft.build_checks,
            )
        )


def _add_start(steps: _Steps, app: AppSpec) -> None:
    steps.add(
        DeploymentStep(
            id=0,
            name=f"Start {app.name}",
            category="deploy",
            description=f"Waits up to {app.health.start_timeout_s:g} s for it to answer.",
            goal="The new release runs and is the one in service.",
            success_criteria=f"Its process is alive and GET {app.health.path} answers {_expected(app)}.",
            estimated_commands=(app.command,),
            checks=(ProcessCheck(), _http(app)),
            driver="start_app",
        )
    )


def _add_verify(steps: _Steps, app: AppSpec) -> None:
    steps.add(
        DeploymentStep(
            id=0,
            name="Verify",
            category="verify",
            goal="The app that this deployment started answers on its real port.",
            success_criteria=f"Process alive, port open, GET {app.health.path} answers {_expected(app)}.",
            estimated_commands=(f"GET http://127.0.0.1:{app.fixed_port or app.port or '$PORT'}{app.health.path}",),
            checks=(ProcessCheck(), PortCheck(), _http(app)),
            driver="verify_app",
        )
    )


def app_folder(given: PlanInput) -> str:
    """The deployed folder inside the release (absolute)."""
    subdir = given.repo.source.subdir
    return f"{given.paths.release_dir}/{subdir}" if subdir else given.paths.release_dir


def _http(app: AppSpec) -> HttpCheck:
    return HttpCheck(path=app.health.path, expect=app.health.expect)


def _expected(app: AppSpec) -> str:
    return "200" if app.health.expect == "static" else "below 500"


def _in_words(text: str, checks: Iterable[Check]) -> str:
    seen = [check.path for check in checks if isinstance(check, FileCheck)]
    seen += [f"`{check.command}` succeeds" for check in checks if isinstance(check, CommandCheck)]
    return f"{text}; {', '.join(seen)}." if seen else f"{text}."


def _missing_content(repo: RepoFacts) -> Iterator[str]:
    """What the repository only points to: whether the app needs it, nobody can tell from here."""
    if repo.submodules:
        yield f"Without the files of its submodules ({', '.join(repo.submodules[:5])}); --submodules fetches them."
    if repo.lfs_files:
        yield f"{repo.lfs_files} Git LFS file(s) are pointers without their content; --lfs fetches it."


def _estimate(draft: Draft) -> str:
    if not draft.install and not draft.build and not draft.steps:
        return "a few seconds"
    return "1-3 minutes" if draft.build or draft.steps else "about 1 minute"


def _choice(draft: Draft, given: PlanInput, detection: Detection | None) -> PlanChoice:
    if detection is None:
        return PlanChoice(recipe="custom", score=0.0, package_manager=draft.package_manager)
    second = next((other for other in given.repo.detections if other.recipe != detection.recipe), None)
    return PlanChoice(
        recipe=detection.recipe,
        score=detection.score,
        evidence=detection.evidence,
        runner_up=second.recipe if second else "",
        runner_up_score=second.score if second else 0.0,
        package_manager=draft.package_manager,
        framework=detection.framework,
    )
