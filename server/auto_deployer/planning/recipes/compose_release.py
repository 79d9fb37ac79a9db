"""The commands of one release that compose runs: its document, what is built and fetched for it, and how it is brought up."""

from __future__ import annotations

import json
from shlex import quote

from ...apps.layout import run_dir
from ...model.errors import RefusedError
from ...model.plan import ContainerSpec, PlannedCommand
from ...model.ports import PlanInput
from ...model.reasons import Kind
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..versions import at_least
from .compose_document import finished, volume_names
from .compose_findings import ComposeFindings
from .container_engine import LABEL, Engine

_ABORTS = "2.27"
"""The compose that can end all when one container fails."""
_END = "END_OF_COMPOSE"


class ComposeRelease:
    """The commands of one release."""

    def __init__(self, given: PlanInput, engine: Engine, findings: ComposeFindings) -> None:
        if not engine.facts.compose:
            raise RefusedError(
                f"{findings.file} says how to run this, {engine.facts.name} is on the target, and nothing that runs compose files.",
                kind=Kind.MISSING_TOOL,
                suggestions=(
                    suggest("Install the compose plugin (https://docs.docker.com/compose/install)."),
                    suggest("Or deploy by its Dockerfile alone", "overrides.recipe", "dockerfile"),
                ),
            )
        self._given, self._engine, self._findings = given, engine, findings
        self._folder = app_folder(given)
        self._run = run_dir(given.paths.deploy_dir, given.paths.release)
        first, _, rest = engine.facts.compose.partition(" ")
        tool = f"{engine.tool} {rest}" if rest else first
        file = quote(f"{self._run}/compose.json")
        self._compose = f"{tool} --project-name {engine.project} --project-directory {quote(self._folder)} --file {file}"
        self._images = {name: f"{engine.project}-{name.lower()}:{engine.release}" for name in findings.built}

    def build(self) -> tuple[PlannedCommand, ...]:
        engine, findings = self._engine, self._findings
        label = {LABEL: engine.container, f"{LABEL}.web": "yes"}
        logging = "local" if engine.facts.name == "docker" else ""
        document = finished(findings.document, label, findings.web, self._images, folder=self._folder, logging=logging)
        text = json.dumps(document, indent=1, ensure_ascii=False)
        where, run = quote(f"{self._run}/compose.json"), quote(self._run)
        fetch = [
            f"{engine.tool} image inspect {quote(name)} > /dev/null 2>&1 || {engine.tool} pull {quote(name)}"
            for name in findings.images
        ]
        fresh = " --no-cache" if self._given.no_cache else ""
        commands = [
            (f"mkdir -p -m 700 {run} && cat > {where} <<'{_END}'\n{text}\n{_END}\n", f"{findings.file}, with one published port."),
            (f"{self._compose} config --quiet", "Is it whole, with the app's environment?"),
            *((text, "An image that is not here yet.") for text in fetch),
            *([(f"{self._compose} build{fresh}", "The images of this release.")] if findings.built else []),
        ]  # fmt: skip
        return tuple(engine.command(text, self._folder, why) for text, why in commands)

    def up(self) -> str:
        """In the foreground, so that the keeper is its parent; TERM stops all containers.

        The app's services see all of its environment, also what was set since the deployment (see `AUTO_DEPLOYER_ENV`).
        """
        services = ",".join(f'"{name}":{{"environment":[%s]}}' for name in self._findings.apps)
        values = ' "${list#,}"' * len(self._findings.apps)
        environment = quote(f"{self._run}/environment.json")
        listed = 'list=$(for name in $AUTO_DEPLOYER_ENV; do printf \',"%s"\' "$name"; done)'
        write = f"printf '{{\"services\":{{{services}}}}}'{values} > {environment}"
        facts = self._engine.facts
        aborts = " --abort-on-container-failure" if facts.name == "docker" and at_least(facts.compose_version, _ABORTS) else ""
        return f"{listed}; {write} && exec {self._compose} --file {environment} up --no-build --no-color{aborts}"

    def spec(self) -> ContainerSpec:
        engine = self._engine
        stop = f'ids=$({engine.tool} ps --quiet {engine.selected()}); [ -z "$ids" ] || {engine.tool} stop -t "${{GRACE:-10}}" $ids'
        volumes = volume_names(self._findings.document, engine.project)
        return engine.spec(stop=stop, images=tuple(self._images.values()), volumes=volumes, compose=True)
