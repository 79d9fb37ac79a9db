"""Why a repository cannot be planned: what was looked for, what was found, and the override or sub-folder that helps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from ..analysis.ecosystems import Ecosystem, ecosystem_named
from ..model.errors import RefusedError
from ..model.facts import Detection
from ..model.ports import PlanInput
from ..model.reasons import Kind, Reason
from ..model.suggestions import Suggestion, suggest

_TELL = (
    suggest("Say how to start it (PORT and HOST are set)", "overrides.start"),
    suggest("And how to build it, if it is built", "overrides.build"),
    suggest("And how to install what it needs", "overrides.install"),
)
_PACKAGING = frozenset({"docker", "shell", "cpp", "r", "lua", "cobol"})
_DOCUMENTATION = frozenset({"docs", "static"})
_POINTS_AT_FOLDER = frozenset({Kind.NO_START_COMMAND, Kind.LIBRARY_NOTHING_TO_RUN, Kind.NO_RUNNABLE_AT_ROOT, Kind.MISSING_TOOL,
                               Kind.UNSUPPORTED_ECOSYSTEM, Kind.DOCKER_ENGINE_MISSING})  # fmt: skip
_DOCUMENTATION_SCORE = 2.0
"""What the static recipe gives to pages in `docs` and `src`."""
_SHOWN_CANDIDATES = 8
_SHOWN_FILES = 12


def empty_repository(given: PlanInput) -> RefusedError:
    where = f" below {given.repo.source.subdir}" if given.repo.source.subdir else ""
    return RefusedError(
        f"The repository has no files{where} at {given.repo.source.commit[:10] or 'this commit'}.",
        kind=Kind.EMPTY_REPOSITORY,
        suggestions=(
            suggest("Commit and push something, or deploy another branch", "ref"),
            suggest("Or deploy the working tree of a folder", "dirty"),
        ),
    )


def raise_if_unreadable(known: Sequence[Detection]) -> None:
    """Refuse when a manifest is broken and no other app is there to start: a site beside it would be that project's sources.

    Raises:
        RefusedError: `manifest_unreadable`.
    """
    broken = next((found.refusal for found in known if found.refusal and found.refusal.kind is Kind.MANIFEST_UNREADABLE), None)
    others = any(found.runnable and not found.refusal and found.project_type not in _DOCUMENTATION for found in known)
    if broken and not others:
        raise RefusedError(broken.message, kind=broken.kind, suggestions=broken.suggestions)


def raise_if_only_documentation(chosen: Detection, known: Sequence[Detection], given: PlanInput) -> None:
    """Refuse when all there is to serve are pages in a library's `docs` or `src`: they are not what the repository is.

    Raises:
        RefusedError: `library_nothing_to_run`, naming the override that serves them all the same.
    """
    reason = next((found.refusal for found in known if found.refusal and found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN), None)
    if reason and chosen.recipe == "static" and chosen.score <= _DOCUMENTATION_SCORE:
        page = chosen.evidence[0].file if chosen.evidence else "its pages"
        ours = suggest(f"To serve {page} all the same, choose the recipe for it", "overrides.recipe", "static")
        raise _refused(reason.kind, reason.message, (*reason.suggestions, ours), given)


def application_ecosystems(given: PlanInput, *, beside: str = "") -> list[Ecosystem]:
    """The ecosystems without a recipe that make apps. Beside a site of plain files, site generators count as well."""
    passed_over = _PACKAGING if beside == "static" else _PACKAGING | _DOCUMENTATION
    rows = [ecosystem_named(name) for name in given.repo.ecosystems]
    return [row for row in rows if row.project_type not in passed_over and not row.recipe]


def lacks_ecosystem(chosen: Detection, given: PlanInput) -> bool:
    """Whether a Procfile stands in an ecosystem that nothing of ours installs or builds, or starts one of its programs."""
    applications = application_ecosystems(given) if chosen.recipe == "procfile" else []
    words = set(re.findall(r"[\w.-]+", str(chosen.details.get("start", ""))))
    programs = {name for row in applications for group in row.tools for name in group}
    return bool(applications) and (chosen.details.get("base") is None or not words.isdisjoint(programs))


def nothing_runnable(known: Sequence[Detection], given: PlanInput) -> RefusedError:
    """Nothing can be started: an ecosystem of its own, a library, an app without a start command, or nothing known at all."""
    applications = application_ecosystems(given)
    if applications and (known or not given.repo.candidates or _is_at_root(applications[0], given)):
        return without_recipe(applications[0], given)
    manual = next((found for found in known if found.project_type == "docs"), None)
    served = (suggest("To serve its documentation, choose the recipe for it", "overrides.recipe", manual.recipe),) if manual else ()
    if refusal := next((found.refusal for found in known if found.refusal), None):
        return _refused(refusal.kind, refusal.message, (*refusal.suggestions, *served), given)
    others = [row for row in map(ecosystem_named, given.repo.ecosystems) if row not in applications]
    if near := [row for row in others if not row.recipe or row.missing_tools(given.host)]:
        return without_recipe(near[0], given)
    found = ", ".join(given.repo.top_level[:_SHOWN_FILES]) or "nothing"
    return _refused(
        Kind.NO_RUNNABLE_AT_ROOT,
        "Nothing to deploy was found here: looked for package.json, requirements.txt, pyproject.toml, Python files that serve, "
        f"a Procfile, index.html and the signs of some thirty other ecosystems; found {found}.",
        (*served, *_TELL),
        given,
    )


def _is_at_root(ecosystem: Ecosystem, given: PlanInput) -> bool:
    """Whether a sign of it lies in the deployed folder itself, not in a folder below."""
    return any(fnmatchcase(name, sign.pattern) for sign in ecosystem.signs for name in given.repo.top_level)


def without_recipe(ecosystem: Ecosystem, given: PlanInput) -> RefusedError:
    """A known ecosystem: its runtime is not here, or we have no recipe for it."""
    missing = ecosystem.missing_tools(given.host)
    if missing:
        message = f"This is a {ecosystem.label} project, and {', '.join(missing)} is not on the target."
        return _refused(Kind.MISSING_TOOL, message, (suggest(f"Install {', '.join(missing)}."), *_TELL), given)
    if ecosystem.docker_engine and not (given.host.docker_engine or given.host.engine):
        message = f"Only a {ecosystem.label} file says how to run this, and no Docker engine answers on the target."
        return _refused(Kind.DOCKER_ENGINE_MISSING, message, (suggest("Start Docker on the target."), *_TELL), given)
    message = f"This is a {ecosystem.label} project; there is no recipe for it. Its tools are on the target."
    return _refused(Kind.UNSUPPORTED_ECOSYSTEM, message, _TELL, given)


def assets_of_another_app(ecosystem: Ecosystem, recipe: str, given: PlanInput) -> RefusedError:
    """Files to serve lie in an app of another ecosystem."""
    error = without_recipe(ecosystem, given)
    ours = suggest(f"To serve only the files that the {recipe} recipe sees, choose it", "overrides.recipe", recipe)
    return RefusedError(error.message, kind=error.kind, suggestions=(*error.suggestions, ours))


def from_reason(reason: Reason, given: PlanInput) -> RefusedError:
    """A detection's refusal, with the sub-folders that look deployable."""
    return _refused(reason.kind, reason.message, reason.suggestions, given)


def unknown_recipe(name: str, known: Sequence[str]) -> RefusedError:
    return RefusedError(
        f"There is no recipe {name!r}; there are {', '.join(known)}.",
        kind=Kind.INVALID_REQUEST,
        suggestions=(suggest(f"Leave the recipe out, or name one of {', '.join(known)}."),),
    )


def forced_recipe_sees_nothing(name: str, given: PlanInput) -> RefusedError:
    found = ", ".join(given.repo.top_level[:_SHOWN_FILES]) or "nothing"
    message = f"The {name} recipe was asked for and sees nothing of its kind here; found {found}."
    return _refused(Kind.NO_RUNNABLE_AT_ROOT, message, (suggest("Leave the recipe out."), *_TELL), given)


def _refused(kind: Kind, message: str, suggestions: Sequence[Suggestion], given: PlanInput) -> RefusedError:
    candidates = given.repo.candidates[:_SHOWN_CANDIDATES]
    told = any(suggestion.option == "subdir" and suggestion.value for suggestion in suggestions)
    if candidates and not told and kind in _POINTS_AT_FOLDER:
        folders = [suggest(f"Deploy a sub-folder ({found.kind})", "subdir", found.path) for found in candidates]
        more = len(given.repo.candidates) - len(candidates)
        others = [suggest(f"Or one of {more} more", "subdir")] if more > 0 else []
        suggestions = (*folders, *others, *suggestions)
    return RefusedError(message, kind=kind, suggestions=tuple(suggestions))
