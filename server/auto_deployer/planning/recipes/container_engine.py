"""What a Dockerfile's and a compose file's plan have in common: the engine's client, the names of what is made, the keeper's texts.

Everything that is made in the engine carries the label `LABEL`, which names the release, so that nothing of others is touched.
"""

from __future__ import annotations

import hashlib
import re
from shlex import quote

from ...model.errors import RefusedError
from ...model.facts import ContainerEngine
from ...model.plan import ContainerSpec, PlannedCommand
from ...model.ports import PlanInput
from ...model.reasons import Kind
from ...model.suggestions import suggest

LABEL = "auto-deployer.release"
_COMPOSE_PROJECT = "com.docker.compose.project"
_ON_EVERY_PATH = ("/usr/bin/", "/bin/")
_NAME_CHARACTERS = 40


class Engine:
    """The target's engine, for one app and release.

    Raises:
        RefusedError: no engine answers on the target.
    """

    def __init__(self, given: PlanInput) -> None:
        engine = given.host.engine
        if engine is None:
            raise RefusedError(
                "This runs in containers, and no container engine answers on the target.",
                kind=Kind.DOCKER_ENGINE_MISSING,
                suggestions=(
                    suggest("Start Docker on the target."),
                    suggest("Or deploy without containers", "overrides.recipe", "traditional"),
                ),
            )
        self.facts: ContainerEngine = engine
        self.tool = _program(given, engine.name)
        self.project = project_name(given.app_name, given.paths.deploy_dir)
        self.release = given.paths.release
        self.container = f"{self.project}-{self.release}"

    @property
    def env(self) -> dict[str, str]:
        """What leads its client to it; kept with the app, which may be started from a crontab one day."""
        return dict(self.facts.env)

    def command(self, text: str, cwd: str, why: str) -> PlannedCommand:
        return PlannedCommand(command=text, cwd=cwd, env=self.env, reasoning=why)

    def check(self, text: str) -> str:
        """A text for a check or for the keeper, with the variables in it."""
        return "".join(f"export {name}={quote(value)}; " for name, value in sorted(self.env.items())) + text

    def spec(self, *, stop: str, images: tuple[str, ...], volumes: tuple[str, ...], compose: bool = False) -> ContainerSpec:
        """What the keeper does with the release.

        Args:
            stop: Ends its containers.
            images: Those that were built for it.
            volumes: Names of those that keep its data.
            compose: Compose made containers, networks and volumes for it.
        """
        tool, ours = self.tool, self.selected()
        remove = [_each(f"{tool} ps --all --quiet {ours}", f"{tool} rm --force")]
        remove += [
            f"! {tool} image inspect {quote(image)} > /dev/null 2>&1 || {tool} image rm --force {quote(image)}" for image in images
        ]
        if compose:
            unused = f"{tool} network ls --quiet {self._of_project}"
            remove.append(f"{_each(unused, f'{tool} network rm')} > /dev/null 2>&1 || :")
        data = self._remove_data_of_compose() if compose else []
        if volumes and not compose:
            data = [f"{tool} volume rm --force {' '.join(map(quote, volumes))}"]
        return ContainerSpec(
            tool=tool,
            listening=self.check(f"for id in $({tool} ps --quiet {ours} --filter label={LABEL}.web=yes); do {tool} port $id; done"),
            usage=self.check(f"for id in $({tool} ps --quiet {ours}); do {tool} top $id -eo rss,pcpu,pid | tail -n +2; done"),
            stop=self._when_it_answers(stop),
            remove=self._when_it_answers(*remove),
            remove_data=self._when_it_answers(*data) if data else "",
            volumes=volumes,
        )

    def _remove_data_of_compose(self) -> list[str]:
        """By label, not by name: compose takes a volume of the wanted name that is there already, and that one is another's."""
        return [
            _each(f"{self.tool} ps --all --quiet {self._of_project}", f"{self.tool} rm --force --volumes"),
            _each(f"{self.tool} volume ls --quiet {self._of_project}", f"{self.tool} volume rm --force"),
        ]

    def _when_it_answers(self, *lines: str) -> str:
        """A text that fails when the engine does not answer: what it does not list then is there all the same."""
        return self.check("\n".join((f"{self.tool} version > /dev/null || exit 1", *lines)))

    @property
    def _of_project(self) -> str:
        """Options that choose what compose made for the app, over all releases."""
        return f"--filter label={_COMPOSE_PROJECT}={self.project}"

    def selected(self) -> str:
        """Options of `ps` that choose the containers of this release."""
        return f"--filter label={LABEL}={quote(self.container)}"


def project_name(app: str, deploy_dir: str) -> str:
    """The name of all that the app has in the engine: apps of the same name in different places do not meet."""
    slug = re.sub(r"[^a-z0-9]+", "-", app.lower()).strip("-")[:_NAME_CHARACTERS] or "app"
    return f"{slug}-{hashlib.sha256(deploy_dir.encode()).hexdigest()[:6]}"


def volume_name(project: str, path: str) -> str:
    """The volume that keeps a path of the container over releases."""
    return f"{project}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', path.strip('/'))}"


def _each(listing: str, command: str) -> str:
    """Runs a command on what another lists, when that is anything."""
    return f'ids=$({listing}); [ -z "$ids" ] || {command} $ids'


def _program(given: PlanInput, name: str) -> str:
    """Its name where every PATH has it, else where it is: a crontab's PATH is short."""
    found = given.host.tool(name)
    return name if found is None or found.path.startswith(_ON_EVERY_PATH) else quote(found.path)
