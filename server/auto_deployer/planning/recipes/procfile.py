"""Procfile: the author says how to start; the ecosystem's recipe still installs and builds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence
from ...model.plan import AppSpec, PlannedCommand
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft, Recipe

_LINE = re.compile(r"^([A-Za-z0-9_-]+)\s*:\s*(\S.*?)\s*$")
_GUNICORN = re.compile(r"\bgunicorn\b")
_STARTABLE = ("web", "worker")
_NOT_BESIDE = frozenset({"release", "console"})
"""Processes that are not to run all the time."""
_PROGRAMS = {
    "python": frozenset({"python", "python3", "gunicorn", "uvicorn", "hypercorn", "daphne", "flask", "waitress-serve"}),
    "node": frozenset({"node", "npm", "npx", "yarn", "pnpm"}),
    "ruby": frozenset({"ruby", "bundle", "rails", "rackup", "puma", "rake"}),
    "php": frozenset({"php"}),
    "java": frozenset({"java", "mvnw", "gradlew"}),
    "deno": frozenset({"deno"}),
}
"""What a command starts tells which ecosystem installs, where several are seen."""
_LIFTED = frozenset({Kind.NO_START_COMMAND, Kind.LIBRARY_NOTHING_TO_RUN, Kind.NO_RUNNABLE_AT_ROOT})
"""Refusals of the ecosystem's recipe that a Procfile answers."""

# Between gunicorn's own default (0.0.0.0:$PORT) or its config file and the command line, where a --bind of the author's wins.
_GUNICORN_BIND = 'export GUNICORN_CMD_ARGS="--bind=$HOST:$PORT ${GUNICORN_CMD_ARGS:-}"; '


class ProcfileRecipe:
    """Repositories with a Procfile.

    Args:
        ecosystems: the recipes that may install and build below a Procfile.
    """

    name = "procfile"

    def __init__(self, ecosystems: Sequence[Recipe]) -> None:
        self._ecosystems = {recipe.name: recipe for recipe in ecosystems}

    def detect(self, tree: RepoTree) -> Detection | None:
        """`web`, else `worker`; the best ecosystem below it gives the type and goes into the details."""
        text = tree.read("Procfile")
        if text is None:
            return None
        processes = parse_procfile(text)
        chosen = next((name for name in _STARTABLE if name in processes), "")
        found = [detection for recipe in self._ecosystems.values() if (detection := recipe.detect(tree))]
        start = processes.get(chosen, "")
        base = max(found, key=lambda detection: (_starts_with(detection.recipe, start), detection.score), default=None)
        saw = f"{chosen}: {processes[chosen]}" if chosen else "neither a web nor a worker process"
        evidence = Evidence(file="Procfile", saw=saw, weight=20.0 if chosen else 0.5)
        return Detection(
            recipe=self.name,
            project_type=base.project_type if base else "unknown",
            framework=base.framework if base else "",
            score=evidence.weight,
            evidence=(evidence, *(base.evidence if base else ())),
            runnable=bool(chosen),
            refusal=None if chosen else _nothing_to_start(list(processes)),
            required_env=base.required_env if base else (),
            details={
                "process": chosen,
                "start": start,
                "beside": {name: text for name, text in processes.items() if name != chosen and name not in _NOT_BESIDE},
                "release": processes.get("release", ""),
                "base": base.model_dump(mode="json") if base else None,
            },
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """The ecosystem's install and build, then `release`, then the Procfile's start command.

        Raises:
            RefusedError: there is no process to start, or the ecosystem's recipe refuses for another reason than that.
        """
        details, folder = detection.details, app_folder(given)
        if not details["start"] and given.overrides.start is None:
            raise _refused(detection)
        base = Detection.model_validate(details["base"]) if details["base"] else None
        draft = self._base_draft(given, base, details["start"]) if base else _bare(given)
        prefix = draft.command_prefix
        if details["release"]:
            release = PlannedCommand(
                command=prefix + details["release"], cwd=folder, reasoning="The Procfile's release command, after the build."
            )
            draft = replace(draft, build=(*draft.build, release))
        bind = _GUNICORN_BIND if _GUNICORN.search(details["start"]) else ""
        command = prefix + _beside(details["beside"]) + bind + details["start"]
        app = draft.app.model_copy(update={"command": command, "cwd": given.repo.source.subdir})
        draft = replace(draft, app=app, notes=(*draft.notes, *_notes(details["process"], details["beside"])))
        return apply_overrides(draft, given, cwd=folder, prefix=prefix)

    def _base_draft(self, given: PlanInput, base: Detection, start: str) -> Draft:
        recipe = self._ecosystems[base.recipe]
        try:
            recipe.draft(given, base)  # for what it refuses: a missing service or runtime is missing under a Procfile too
        except RefusedError as error:
            if error.kind not in _LIFTED:
                raise
        told = given.overrides.model_copy(update={"start": given.overrides.start or start})
        return recipe.draft(replace(given, overrides=told), base)


def parse_procfile(text: str) -> dict[str, str]:
    """Process name to command, as written: shell text."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {match[1]: match[2] for line in lines if (match := _LINE.match(line))}


def _starts_with(recipe: str, start: str) -> bool:
    return not _PROGRAMS.get(recipe, frozenset()).isdisjoint(re.findall(r"[\w-]+", start))


def _beside(processes: Mapping[str, str]) -> str:
    """Shell text that starts the other processes in the app's own group, each with a PORT of its own (100 apart, as foreman's)."""
    return "".join(
        f'(export PORT=$((PORT + {100 * number})); (\n{text}\n); echo "{name} of the Procfile ended with $?" >&2) & '
        for number, (name, text) in enumerate(processes.items(), start=1)
    )


def _notes(main: str, beside: Mapping[str, str]) -> tuple[str, ...]:
    if not beside:
        return ()
    return (f"{', '.join(beside)} of the Procfile runs beside {main}; should it end, the app's log says so and {main} goes on.",)


def _nothing_to_start(names: Sequence[str]) -> Reason:
    found = f"found only {', '.join(names)}" if names else "it names no process"
    return Reason(
        kind=Kind.NO_START_COMMAND,
        message=f"The Procfile has neither a `web` nor a `worker` process ({found}).",
        suggestions=(suggest("Add a `web:` line, or say how to start it (PORT and HOST are set)", "overrides.start"),),
    )


def _refused(detection: Detection) -> RefusedError:
    reason = detection.refusal or _nothing_to_start(())
    return RefusedError(reason.message, kind=reason.kind, suggestions=reason.suggestions)


def _bare(given: PlanInput) -> Draft:
    return Draft(
        strategy="traditional", app=AppSpec(name=given.app_name, command="", cwd=given.repo.source.subdir, port=given.port)
    )
