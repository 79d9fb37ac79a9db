"""The environment that an app needs: what its recipe found to be required, with places and with values to begin with.

A variable is required when the app surely fails to start without it (see `Detection.required_env`). What only a sample of
settings names is wanted: it is offered, and nothing is refused for it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from ..model.errors import RefusedError
from ..model.facts import Detection, EnvVariable, RepoFacts
from ..model.plan import MODEL_RECIPE, DeploymentPlan
from ..model.ports import PlanInput
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .recipe import Draft

ALWAYS_SET = frozenset({"PORT", "HOST", "HOME", "PATH", "USER", "LANG", "PWD", "SHELL", "NODE_ENV"})
"""Variables that every app gets from us or from the target."""
_SHOWN = 5


def required_names(draft: Draft, detection: Detection) -> tuple[str, ...]:
    """Names of the required variables, each once."""
    found = (variable.name for variable in detection.required_env)
    return tuple(dict.fromkeys(name for name in (*draft.required_env, *found) if name not in ALWAYS_SET))


def described(names: Iterable[str], repo: RepoFacts) -> tuple[EnvVariable, ...]:
    """The variables with the place where the app reads them, else that of a sample, and the sample's value."""
    read = {variable.name: variable for found in reversed(repo.detections) for variable in found.required_env}
    samples = {variable.name: variable for variable in repo.sample_env}
    return tuple(_described(name, read.get(name), samples.get(name)) for name in names)


def _described(name: str, read: EnvVariable | None, sample: EnvVariable | None) -> EnvVariable:
    places = [found.place for found in (read, sample) if found is not None and found.place]
    return EnvVariable(name=name, place=places[0] if places else "", default=sample.default if sample is not None else None)


def refuse_missing(names: Sequence[str], given: PlanInput) -> None:
    """Refuse when required variables are not set.

    Raises:
        RefusedError: `required_env_missing`, with all of them in `missing_env`.
    """
    missing = described([name for name in names if name not in given.env_names], given.repo)
    if missing and given.overrides.start is None:
        raise _refusal(missing)


def lacking(plan: DeploymentPlan, repo: RepoFacts, names: Container[str]) -> RefusedError | None:
    """Why a model's plan cannot run yet: variables that it needs and that are not set. Recipes refuse before they plan."""
    if plan.choice is None or plan.choice.recipe != MODEL_RECIPE:
        return None
    missing = described([name for name in plan.required_env if name not in names and name not in ALWAYS_SET], repo)
    return _refusal(missing) if missing else None


def _refusal(missing: Sequence[EnvVariable]) -> RefusedError:
    listed = ", ".join(f"{found.name} ({found.place})" if found.place else found.name for found in missing)
    values = [suggest("Give its value, which is kept for the deployments to come", "env", found.name) for found in missing[:_SHOWN]]
    return RefusedError(
        f"The app reads {listed} from the environment when it starts, without a default; not set.",
        kind=Kind.REQUIRED_ENV_MISSING,
        suggestions=(*values, suggest("Or give the values in a file", "envFile")),
        missing_env=tuple(missing),
    )


def with_wanted(draft: Draft, required: Iterable[str], given: PlanInput) -> Draft:
    """The draft with a note on variables that only a sample of settings names and that are not set."""
    known = {*required, *given.env_names, *ALWAYS_SET}
    wanted = [variable for variable in given.repo.sample_env if variable.name not in known]
    if not wanted:
        return draft
    file = wanted[0].place.rpartition(":")[0]
    more = f" and {len(wanted) - _SHOWN} more" if wanted[_SHOWN:] else ""
    names = ", ".join(variable.name for variable in wanted[:_SHOWN]) + more
    note = f"{file} also names {names}, which are not set: `auto-deployer env set {given.app_name} NAME=VALUE` sets them."
    return replace(draft, notes=(*draft.notes, note))
