"""Container or not: with an engine on the target a compose file goes before a Dockerfile, and that before everything else.

Unless the user says otherwise: `--recipe traditional`, a recipe by name, or commands of their own. Without an engine, what packages
an app for one is left out, as if it were not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model.errors import RefusedError
from ..model.facts import Detection, HostFacts
from ..model.ports import PlanInput
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .recipe import Draft

TRADITIONAL = "traditional"
"""For `--recipe`: whichever recipe fits, but no container."""
_ALIASES = {"docker": "dockerfile", "docker-compose": "compose"}
"""Strategies as names of recipes."""


def settled(given: PlanInput) -> PlanInput:
    """The input without what packages the app, where that does not count; `--recipe` is a recipe's name or nothing then."""
    wanted = given.overrides
    named = _ALIASES.get(wanted.recipe or "", wanted.recipe)
    told = any(each is not None for each in (wanted.install, wanted.build, wanted.start, wanted.output_dir))
    counts = named not in (None, TRADITIONAL) or (named is None and given.host.engine is not None and not told)
    overrides = wanted.model_copy(update={"recipe": None if named == TRADITIONAL else named})
    if counts:
        return replace(given, overrides=overrides)
    bare = tuple(found for found in given.repo.detections if not found.packaging)
    return replace(given, overrides=overrides, repo=given.repo.model_copy(update={"detections": bare}))


def leader(known: Sequence[Detection], host: HostFacts) -> Detection | None:
    """The packaging that goes before every other recipe: it runs this repository's own code, and the target can run it."""
    fitting = {found.recipe: found for found in known if found.packaging and found.runnable}
    compose = fitting.get("compose")
    if compose is not None and compose.details["leads"] and host.engine is not None and host.engine.compose:
        return compose
    return fitting.get("dockerfile")


def with_alternatives(draft: Draft, chosen: Detection, given: PlanInput) -> Draft:
    """The draft with a note on what could be chosen instead, and on services that a compose file brings."""
    others = [found for found in given.repo.detections if found.runnable and found.recipe != chosen.recipe]
    if chosen.packaging:
        names = " or ".join(f"`--recipe {found.recipe}`" for found in others[:2])
        return replace(draft, notes=(*draft.notes, f"It could be deployed by {names}, too.")) if names else draft
    start = services_command(given)
    return replace(draft, notes=(*draft.notes, f"Its services can be started by `{start}`.")) if start else draft


def with_services(error: RefusedError, given: PlanInput) -> RefusedError:
    """A refusal for want of a service, with the command that starts what the compose file brings."""
    start = services_command(given) if error.kind is Kind.REQUIRED_SERVICE_MISSING else ""
    if not start:
        return error
    return RefusedError(error.message, kind=error.kind, suggestions=(suggest("Start them", command=start), *error.suggestions))


def services_command(given: PlanInput) -> str:
    """Starts the services of a compose file that does not run the app itself; "" when there are none, or no engine."""
    engine = given.host.engine
    found = next((found for found in given.repo.detections if found.recipe == "compose"), None)
    if engine is None or not engine.compose or found is None or found.details["leads"] or not found.details["services"]:
        return ""
    services = " ".join(map(str, found.details["services"]))
    return f"{engine.compose} --file {found.details['file']} up --detach {services}"
