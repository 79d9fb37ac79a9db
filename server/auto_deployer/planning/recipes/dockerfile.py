"""Dockerfile: the author says how the app is packed; a container engine on the target builds and runs it."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, EnvVariable, Evidence
from ...model.plan import AppSpec, CommandCheck, HealthSpec
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from .container_engine import LABEL, Engine, volume_name
from .dockerfile_source import Dockerfile, read_dockerfile

NAMES = ("Dockerfile", "Containerfile", "Dockerfile.prod", "Dockerfile.production", "prod.Dockerfile", "production.Dockerfile")
"""In the order in which they are taken; others (.devcontainer/, Dockerfile.dev, examples) are not what is to run."""
UNKNOWN_PORT = 8080
"""Where an app is to listen whose Dockerfile does not say: PORT tells it."""
_START_TIMEOUT_S = 90.0
"""Starting a container takes longer than starting a process."""
_NEVER_ARGS = frozenset({"PATH", "HOME", "USER", "PORT", "HOST"})


class DockerfileFindings(Model):
    """What a plan needs to know."""

    file: str
    port: int | None = None
    volumes: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    own_init: bool = False


class DockerfileRecipe:
    """Folders with a Dockerfile of their own."""

    name = "dockerfile"

    def detect(self, tree: RepoTree) -> Detection | None:
        file = next((name for name in NAMES if tree.is_file(name)), None)
        found = read_dockerfile(tree.read(file) or "") if file else None
        if file is None or found is None:
            return None
        evidence = Evidence(file=file, saw=_in_words(found), weight=0.5)
        runnable = found.starts and found.port is not None
        return Detection(
            recipe=self.name,
            project_type="docker",
            framework="dockerfile",
            score=evidence.weight,
            evidence=(evidence,),
            runnable=runnable,
            refusal=None if runnable else _nothing_serves(file, found),
            required_env=tuple(EnvVariable(name=name, place=file) for name in found.required_args),
            packaging=True,
            details=DockerfileFindings(
                file=file, port=found.port, volumes=found.volumes, args=found.args, images=found.images, own_init=found.own_init
            ).model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Build an image for this release, run it.

        Raises:
            RefusedError: no engine answers, or it does not say what to start and it was not asked for by name.
        """
        findings, engine = DockerfileFindings.model_validate(detection.details), Engine(given)
        if detection.refusal and given.overrides.recipe is None:
            raise RefusedError(detection.refusal.message, kind=detection.refusal.kind, suggestions=detection.refusal.suggestions)
        folder, image = app_folder(given), f"{engine.project}:{engine.release}"
        volumes = {path: volume_name(engine.project, path) for path in findings.volumes}
        app = AppSpec(
            name=given.app_name,
            command=_run(engine, image, findings, volumes, given.overrides.start),
            cwd=given.repo.source.subdir,
            env=engine.env,
            health=HealthSpec(start_timeout_s=_START_TIMEOUT_S),
            container=engine.spec(stop=_end(engine), images=(image,), volumes=tuple(volumes.values())),
            exclusive=bool(volumes),
        )
        inspect = f"{engine.tool} image inspect --format '{{{{.Id}}}}' {quote(image)}"
        draft = Draft(
            strategy="docker",
            app=app,
            tools=(engine.tool,),
            build=(engine.command(_build(engine, image, findings, given), folder, "One image for this release."),),
            build_checks=(CommandCheck(command=engine.check(inspect)),),
            package_manager=engine.facts.name,
            images=findings.images,
            risks=()
            if volumes
            else (f"What the app writes in its container goes with it: data needs a VOLUME in {findings.file}.",),
        )
        own = draft.build
        # What starts in the container is a part of the command; what is to be built before comes before the image.
        draft = apply_overrides(draft, replace(given, overrides=given.overrides.model_copy(update={"start": None})), cwd=folder)
        return draft if given.overrides.build is None else replace(draft, build=(*draft.build, *own))


def _build(engine: Engine, image: str, findings: DockerfileFindings, given: PlanInput) -> str:
    """Values of ARGs come from the environment, so that none stands in a command line."""
    args = [name for name in findings.args if name in given.env_names and name not in _NEVER_ARGS]
    options = "".join(f" --build-arg {name}" for name in args) + (" --no-cache" if given.no_cache else "")
    label = f"--label {LABEL}={engine.container}"
    return f"{engine.tool} build --tag {quote(image)} {label}{options} --file {quote(findings.file)} ."


def _run(engine: Engine, image: str, findings: DockerfileFindings, volumes: dict[str, str], start: str | None) -> str:
    """In the foreground, so that the keeper is its parent: signals reach the app, its output and exit code come back.

    The keeper names the app's variables in AUTO_DEPLOYER_ENV; their values stay in the environment.
    """
    docker, port = engine.facts.name == "docker", findings.port or UNKNOWN_PORT
    init = docker and not findings.own_init  # podman needs a further program for it
    options = [
        "--rm", *(("--init",) if init else ()), f"--name {engine.container}",
        f"--label {LABEL}={engine.container} --label {LABEL}.web=yes", *(("--log-driver none",) if docker else ()),
        f'--publish "$HOST:$PORT:{port}"', *(f"--volume {name}:{quote(path)}" for path, name in volumes.items()),
    ]  # fmt: skip
    names = "$(for name in $AUTO_DEPLOYER_ENV; do printf ' --env %s' \"$name\"; done)"
    inside = f" sh -c {quote(start)}" if start is not None else ""
    return f"exec {engine.tool} run {' '.join(options)} {names} --env PORT={port} --env HOST=0.0.0.0 {quote(image)}{inside}"


def _end(engine: Engine) -> str:
    """A container whose client was killed goes on; one that is being removed is waited for: its name is wanted again."""
    there = f"{engine.tool} container inspect {engine.container} > /dev/null 2>&1"
    return (
        f"tries=50; while [ $tries -gt 0 ] && {there}; do "
        f"{engine.tool} rm --force --volumes {engine.container} > /dev/null 2>&1; tries=$((tries - 1)); sleep 0.1; done; ! {there}"
    )


def _in_words(found: Dockerfile) -> str:
    where = f"serves on port {found.port}" if found.port else "no port is told"
    return f"{where}; starts {found.command}"[:200] if found.command else where


def _nothing_serves(file: str, found: Dockerfile) -> Reason:
    if found.starts:
        what = f"{file} does not say on which port its app listens (looked for EXPOSE, ENV PORT, ports in its command)"
    else:
        what = f"{file} starts nothing that serves ({f'its command is `{found.command}`' if found.command else 'it has no CMD'})"
    return Reason(
        kind=Kind.NO_START_COMMAND,
        message=f"{what}.",
        suggestions=(
            suggest("Add `EXPOSE PORT` and a `CMD`."),
            suggest(f"Or have it listen on PORT, which says {UNKNOWN_PORT}", "overrides.recipe", "dockerfile"),
            suggest("Or say how to start it without the image", "overrides.start"),
        ),
    )
