"""Compose files: the author says which containers make the app; a container engine on the target builds and runs them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import replace

from ...analysis.env_sample import parse_samples
from ...model.errors import RefusedError
from ...model.facts import Detection, EnvVariable, Evidence
from ...model.plan import AppSpec, HealthSpec
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Reason
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from .compose_document import keep_data, reduced, with_sample_values
from .compose_file import NAMES, Json, Service, choose_web, env_files, load, mounts, required_variables, services_of, web_port
from .compose_findings import ComposeFindings, no_port, only_services, unfit, unreadable
from .compose_release import ComposeRelease
from .container_engine import Engine

_START_TIMEOUT_S = 180.0
"""Databases are set up at the first start, and what depends on them waits."""
_MAX_CHARACTERS = 100_000


class ComposeRecipe:
    """Folders with a compose file."""

    name = "compose"

    def detect(self, tree: RepoTree) -> Detection | None:
        file = next((name for name in NAMES if tree.is_file(name)), None)
        if file is None:
            return None
        try:
            document = load(tree.read(file) or "")
        except ValueError as error:
            return _seen(ComposeFindings(file=file), "unreadable", refusal=unreadable(file, str(error)))
        values = {each.name: each.default or "" for each in parse_samples([(".env", tree.read(".env") or "")])}
        services = services_of(document, tree, values)
        findings = ComposeFindings(file=file, services=tuple(each.name for each in services if each.known and each.known.data))
        web = choose_web(services)
        if not any(each.is_app for each in services):
            return _seen(findings, f"only services: {', '.join(each.name for each in services)}")
        if web is None:
            return _seen(findings, "no service listens on a port", refusal=no_port(file, services))
        if problem := unfit(file, document, services):
            return _seen(findings, problem.message, refusal=problem)
        return self._detected(findings, document, services, web, tree, values)

    def _detected(
        self, findings: ComposeFindings, document: Json, services: tuple[Service, ...], web: Service, tree: RepoTree,
        values: Mapping[str, str],
    ) -> Detection:  # fmt: skip
        port, file = web_port(web), findings.file
        result, notes = reduced(document, services, web, port)
        required = _settle_env_files(result, services, tree)
        lines = (tree.read(file) or "").splitlines()
        named = dict.fromkeys(name for name, _ in required_variables(result["services"], {**values, "PORT": "", "HOST": ""}))
        required += [EnvVariable(name=name, place=_place(name, file, lines)) for name in named]
        keep_data(result, services)
        findings = findings.model_copy(update={
            "document": result, "web": web.name, "notes": notes,
            "apps": tuple(each.name for each in services if each.built or each is web),
            "built": tuple(each.name for each in services if "build" in each.definition),
            "images": tuple(each.image for each in services if each.is_fetched),
            "data_folders": tuple(_data_folders(services, tree)), "leads": any(each.built for each in services),
        })  # fmt: skip
        if len(json.dumps(result)) > _MAX_CHARACTERS:
            return _seen(findings.model_copy(update={"document": {}}), "too large", refusal=unreadable(file, "it is too large"))
        saw = f"{len(services)} service(s), {web.name} serves on port {port}"
        return _seen(findings, saw, runnable=True, required=required)

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Write the release's own document, build and fetch what it names, bring it up.

        Raises:
            RefusedError: no engine answers, nothing here runs compose files, or this one cannot be run.
        """
        findings, engine = ComposeFindings.model_validate(detection.details), Engine(given)
        if detection.refusal or not findings.document:
            reason = detection.refusal or only_services(findings)
            raise RefusedError(reason.message, kind=reason.kind, suggestions=reason.suggestions)
        release = ComposeRelease(given, engine, findings)
        app = AppSpec(
            name=given.app_name,
            command=release.up(),
            cwd=given.repo.source.subdir,
            env=engine.env,
            health=HealthSpec(start_timeout_s=_START_TIMEOUT_S),
            shared=tuple(posixpath.join(given.repo.source.subdir, f"{each}/") for each in findings.data_folders),
            container=release.spec(),
            exclusive=True,
        )
        draft = Draft(
            strategy="docker-compose",
            app=app,
            tools=(engine.tool,),
            build=release.build(),
            package_manager=engine.facts.name,
            images=findings.images,
            notes=findings.notes,
        )
        own = draft.build
        told = replace(given, overrides=given.overrides.model_copy(update={"start": None}))
        draft = apply_overrides(draft, told, cwd=app_folder(given))
        return draft if given.overrides.build is None else replace(draft, build=(*draft.build, *own))


def _seen(
    findings: ComposeFindings, saw: str, *, runnable: bool = False, refusal: Reason | None = None,
    required: list[EnvVariable] | None = None,
) -> Detection:  # fmt: skip
    return Detection(
        recipe=ComposeRecipe.name,
        project_type="docker",
        framework="compose",
        score=0.6 if runnable else 0.3,
        evidence=(Evidence(file=findings.file, saw=saw[:200], weight=0.6 if runnable else 0.3),),
        runnable=runnable,
        refusal=refusal,
        required_env=tuple(required or ()),
        packaging=True,
        details=findings.model_dump(mode="json"),
    )


def _settle_env_files(document: Json, services: tuple[Service, ...], tree: RepoTree) -> list[EnvVariable]:
    """Env files that are not in the repository are left out; what a sample of them names is given, or required without a value."""
    required: dict[str, EnvVariable] = {}
    for service in services:
        absent = [path for path, _ in env_files(service.definition) if "$" not in path and not tree.is_file(path)]
        if not absent:
            continue
        definition = document["services"][service.name]
        given = [each for each in _listed(definition.pop("env_file")) if _path_of(each) not in absent]
        if given:
            definition["env_file"] = given
        named = [each for path in absent for each in parse_samples(_samples(path, tree))]
        usable = {each.name: each.default for each in named if each.default and not set("}$") & set(each.default)}
        with_sample_values(definition, usable)
        required |= {each.name: each for each in named if each.name not in usable}
    return list(required.values())


def _samples(path: str, tree: RepoTree) -> list[tuple[str, str]]:
    names = [f"{path}{mark}{kind}" for kind in ("example", "sample", "template", "dist") for mark in (".", "-")]
    return [(name, text) for name in names if (text := tree.read(name)) is not None][:1]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]  # type: ignore[arg-type]


def _path_of(each: object) -> str:
    return str(each.get("path")) if isinstance(each, dict) else str(each)  # type: ignore[union-attr]


def _data_folders(services: tuple[Service, ...], tree: RepoTree) -> dict[str, None]:
    """Mounted folders that are there for data only: the repository does not have them."""
    found: dict[str, None] = {}
    for service in services:
        for source, _ in mounts(service.definition):
            path = posixpath.normpath(source) if source.startswith("./") else ""
            last = path.rpartition("/")[2]
            if path and path != "." and "." not in last and "$" not in path and not tree.is_dir(path) and not tree.is_file(path):
                found[path] = None
    return found


def _place(name: str, file: str, lines: list[str]) -> str:
    at = next((number for number, line in enumerate(lines, 1) if f"${{{name}" in line or f"${name}" in line), 0)
    return f"{file}:{at}" if at else file
