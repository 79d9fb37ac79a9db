"""Python: Flask, Django, FastAPI and other ASGI or WSGI apps, scripts and packages that serve; with pip or uv."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from shlex import quote

from ...model.facts import Detection, Evidence
from ...model.plan import AppSpec, Check, CommandCheck, FileCheck, HealthSpec, PlannedCommand
from ...model.ports import PlanInput, RepoTree
from ..assemble import app_folder
from ..interpreters import pick_python
from ..overrides import apply_overrides
from ..quoting import path_word
from ..recipe import Draft
from ..versions import python_fits
from .python_apps import no_server
from .python_deps import PythonProject, has_any, read_project
from .python_django import DjangoProject, belongs_to_project, find_manage, read_django
from .python_entry import StartOption, start_options
from .python_env import own_secrets, required_env
from .python_era import bounds
from .python_findings import PythonFindings
from .python_first_run import table_command
from .python_imports import modules_found, needed_modules, package_of, undeclared
from .python_install import PYTHON, install_commands, install_notes, installation, installs_own_code
from .python_newest import fitting_pins, newest_minor
from .python_place import belongs_here, only_here
from .python_refusals import no_start, refusal, refuse_missing_services
from .python_services import service_needs
from .python_settings import env_files, settings_env
from .python_source import SourceFile, reachable, scan
from .python_start import BASE_ENV, Start, gunicorn_settings, manage_py, served_app, servers_named, start, start_django
from .python_tables import create_all, create_all_command
from .shell import VENV_PATH, kept_secret

_IMPORTED = {"django": "django", "flask": "flask", "fastapi": "fastapi", "gunicorn": "gunicorn", "uvicorn": "uvicorn"}
"""Declared name to the module whose import proves the installation."""
_PYTHONS_WITH_OLD_PIP = ("3.4.", "3.5.", "3.6.")
"""Their venv brings a pip that knows no wheels of today (manylinux2014 came with pip 19.3)."""


class PythonRecipe:
    """Python projects."""

    name = "python"

    def detect(self, tree: RepoTree) -> Detection | None:
        """Manifests, declared frameworks and entries found in the syntax trees."""
        files = scan(tree)
        project = _nearest_project(tree, files)
        django = _django(tree, project)
        seen = start_options(tree, files, project) if django is None else []
        options = only_here(tree, files, project, seen)
        if project.manager == "none" and not django and not options and not project.unreadable:
            return None
        findings = _findings(tree, files, project, django, options[0] if options else None)
        evidence = _evidence(project, django, options)
        return Detection(
            recipe=self.name,
            project_type="python",
            framework=findings.framework,
            score=sum(item.weight for item in evidence),
            evidence=evidence,
            runnable=django is not None or bool(options),
            refusal=refusal(project, findings, [option.path for option in seen]),
            required_env=findings.required_env,
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Install, build and start from the findings, overrides applied.

        Raises:
            RefusedError: no interpreter fits, a service it cannot do without has no address, or nothing can be started.
        """
        findings = PythonFindings.model_validate(detection.details)
        if given.overrides.start is None:
            refuse_missing_services(findings, given)
        started = _start(findings, told=given.overrides.start)
        draft = _draft(given, findings, started, _interpreter(given, findings))
        return apply_overrides(draft, given, cwd=app_folder(given), prefix=draft.command_prefix)


def _nearest_project(tree: RepoTree, files: Mapping[str, SourceFile]) -> PythonProject:
    """The project of the deployed folder, else the dependencies of the nearest folder above that declares some."""
    project, folder = read_project(tree), tree.subdir
    while project.manager == "none" and not project.unreadable and folder:
        folder = posixpath.dirname(folder)
        place = tree.at_root().below(folder)
        above = read_project(place)
        if above.manager != "none":
            manager = "pip" if above.manager == "pip" else "pip(pyproject)"
            manifest = posixpath.relpath(above.manifest if not folder else f"{folder}/{above.manifest}", tree.subdir)
            package = posixpath.relpath(folder or ".", tree.subdir) if above.packaged and _imports_from(place, files) else ""
            own = {"manager": manager, "manifest": manifest, "above": package, "packaged": False, "scripts": {}}
            return above.model_copy(update=own)
    return project


def _imports_from(place: RepoTree, files: Mapping[str, SourceFile]) -> bool:
    """Whether one of the files imports a package that lies in a folder."""
    names = {name.split(".")[0] for source in files.values() for name in (*source.imports.values(), *source.stars)}
    return any(
        place.is_file(f"{top}{name}")
        for top in ("", "src/")
        for module in names
        for name in (f"{module}/__init__.py", f"{module}.py")
    )


def _django(tree: RepoTree, project: PythonProject) -> DjangoProject | None:
    """The Django project of this folder: not one of several below it, nor one with a manifest of its own."""
    found = find_manage(tree)
    if len(found) != 1 or not belongs_here(tree, found[0], "django", project):
        return None
    return read_django(tree, found[0])


def _findings(
    tree: RepoTree,
    files: Mapping[str, SourceFile],
    project: PythonProject,
    django: DjangoProject | None,
    option: StartOption | None,
) -> PythonFindings:
    imported = reachable(tree, files, option.path) if option else []
    if django:
        imported = [files[path] for path in files if belongs_to_project(django, path)]
    framework = "django" if django else option.framework if option else ""
    missing = undeclared(tree, imported, project.declared, django.apps if django else ()) if framework or option else {}
    if project.manager == "none" and (framework or missing):
        # All in one command, so that pip finds versions that fit each other.
        used = (package_of(framework) or framework,) if framework else ()
        named = tuple(dict.fromkeys((*used, *missing)))
        project, missing = project.model_copy(update={"declared": named, "requirements": named}), {}
    committed = _committed_env(tree, imported)
    strict = django.required_env if django else (*required_env(imported), *settings_env(imported))
    strict = (*strict, *required_env(gunicorn_settings(tree, project, django, option)))
    secrets = django.own_secrets if django else own_secrets(imported)
    asked = {variable.name for variable in strict}
    return PythonFindings(
        project=project,
        django=django,
        option=option,
        framework=framework,
        needs=django.needs if django else tuple(service_needs(imported)),
        required_env=tuple({each.name: each for each in strict if each.name not in committed}.values()),
        own_secrets=tuple(name for name in secrets if name not in {*committed, *asked}),
        undeclared=missing,
        page_modules=needed_modules(tree, imported) if option and option.way == "page" else (),
        committed_env=tuple(sorted(committed)),
        bounds={} if project.locked or project.manager == "uv" else bounds(imported, project.requirements),
        flask_migrations=has_any(project.declared, "flask-migrate") and tree.is_file("migrations/env.py"),
        table_command=table_command(tree, imported) if framework == "flask" else "",
        no_server="" if django or option else no_server(files.values()),
        create_all=create_all(tree, imported, option),
    )


def _committed_env(tree: RepoTree, imported: Sequence[SourceFile]) -> frozenset[str]:
    """Names that a committed .env gives, or another file that the settings read."""
    paths = dict.fromkeys((".env", *env_files(imported)))
    inside = [posixpath.normpath(posixpath.join(tree.subdir, path)) for path in paths]
    texts = [tree.at_root().read(path) or "" for path in inside if not path.startswith(("..", "/"))]
    names = (line.removeprefix("export ").partition("=")[0].strip() for text in texts for line in text.splitlines())
    return frozenset(name for name in names if name and not name.startswith("#"))


def _evidence(project: PythonProject, django: DjangoProject | None, options: list[StartOption]) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    if project.manager != "none":
        found.append(Evidence(file=project.manifest, saw=f"dependencies for {project.manager}", weight=3))
    framework = "django" if django else options[0].framework if options else ""
    if framework and framework in project.declared:
        found.append(Evidence(file=project.manifest, saw=f"declares {framework}", weight=2))
    if django:
        found.append(Evidence(file=manage_py(django), saw=f"Django settings {django.settings}", weight=5))
    if options:
        found.append(Evidence(file=options[0].path, saw=options[0].why, weight=round(options[0].score, 2)))
    return tuple(found)


def _interpreter(given: PlanInput, findings: PythonFindings) -> str:
    """Path of the Python to use. A pin ("3.11") excludes older ones; a newer one is used when the pinned is not here."""
    project = findings.project
    if given.overrides.install is not None:
        return "python3"
    specs = list(project.specs)
    if project.pin:
        specs.append(f">={project.pin}" if project.pin.startswith("3.") else f"=={project.pin}.*")
    limit = newest_minor((*project.requirements, *project.locked))
    if limit and fitting_pins(given.host.tools, specs, limit[0]):
        specs.append(f"<3.{limit[0] + 1}")
    return pick_python(given.host, specs, prefer=project.pin).path


def _start(findings: PythonFindings, *, told: str | None) -> Start:
    """How to start; when the user or a Procfile tells, the environment of what was found remains, and the programs they name."""
    declared = frozenset(findings.project.declared)
    found = (
        start_django(findings.django, declared)
        if findings.django
        else start(findings.option, declared)
        if findings.option
        else None
    )
    if told is not None:
        return Start("", found.env if found else {}, servers_named(told, declared))
    if found is None:
        raise no_start()
    return found


def _draft(given: PlanInput, findings: PythonFindings, started: Start, interpreter: str) -> Draft:
    project, folder = findings.project, app_folder(given)
    secrets = "".join(kept_secret(given, name) for name in findings.own_secrets)
    # Programs of the environment (pybabel, celery, alembic) are on PATH, as if it were activated.
    prefix = VENV_PATH + secrets
    uv = given.host.tool("uv")
    whole = findings.option is not None and findings.option.way == "console_script"
    make = partial(
        install_commands,
        project,
        uv=uv.path if uv else "",
        added=started.added,
        undeclared=findings.undeclared,
        bounds=tuple(findings.bounds),
        whole=whole,
        old_pip=_version_of(given, interpreter).startswith(_PYTHONS_WITH_OLD_PIP),
    )
    own_code = installs_own_code(project, whole=whole)
    installed = installation(given, interpreter, make, local=own_code, made_from=project.requirements)
    proof = next((module for name, module in _IMPORTED.items() if name in project.declared), "")
    checks: tuple[Check, ...] = (FileCheck(path=f"{folder}/{PYTHON}"),)
    if findings.page_modules:
        checks = (*checks, CommandCheck(command=modules_found(PYTHON, findings.page_modules), cwd=folder))
    return Draft(
        strategy="traditional",
        app=AppSpec(
            name=given.app_name,
            command=f"{prefix}exec {started.command}",
            cwd=given.repo.source.subdir,
            env={**BASE_ENV, **started.env, **_hosts(given, findings)},
            port=given.port,
            fixed_port=started.fixed_port,
            health=HealthSpec(),
        ),
        tools=(interpreter,),
        install=installed.commands,
        dependency_cache=installed.cache,
        install_checks=(*checks, installed.imports(proof, folder)) if proof else checks,
        build=tuple(planned.model_copy(update={"command": secrets + planned.command}) for planned in _build(given, findings)),
        package_manager=project.manager,
        command_prefix=prefix,
        risks=_risks(findings),
        notes=(*started.notes, *install_notes(project), *_notes(given, findings, interpreter)),
        required_env=tuple(variable.name for variable in findings.required_env),
        required_services=tuple(dict.fromkeys(need.service for need in findings.needs)),
    )


def _build(given: PlanInput, findings: PythonFindings) -> tuple[PlannedCommand, ...]:
    """Commands that bring files and database up to date for the release."""
    folder = app_folder(given)
    if findings.django:
        return tuple(_django_build(findings.django, folder))
    option = findings.option
    if option is None or option.way != "app":
        return ()
    # What is done to the database is done as the app that serves, which may choose its settings by its module.
    path = {"PYTHONPATH": option.pythonpath} if option.pythonpath else {}
    env = {"FLASK_APP": served_app(given.overrides.start or "") or option.target, "FLASK_DEBUG": "0", **path}
    flask = f"{PYTHON} -m flask"
    if findings.flask_migrations:
        why = "Flask-Migrate keeps migrations in migrations/."
        return (PlannedCommand(command=f"{flask} db upgrade", cwd=folder, env=env, reasoning=why),)
    if findings.table_command:
        # Such a command may begin with dropping the tables: never where an earlier release left data.
        command = f"[ -s {quote(f'{given.paths.shared}/paths')} ] || {flask} {quote(findings.table_command)}"
        why = "The README says that this makes the tables; only as long as there is no data."
        return (PlannedCommand(command=command, cwd=folder, env=env, reasoning=why),)
    if findings.create_all:
        why = "Nothing in the app makes the tables of its models; those that are there stay as they are."
        command = create_all_command(PYTHON, findings.create_all)
        return (PlannedCommand(command=command, cwd=folder, env=env, reasoning=why),)
    return ()


def _django_build(django: DjangoProject, folder: str) -> Iterator[PlannedCommand]:
    manage = f"{PYTHON} {path_word(manage_py(django))}"
    if django.static_root:
        collect = f"{manage} collectstatic --noinput"
        yield PlannedCommand(command=collect, cwd=folder, reasoning="STATIC_ROOT is set: static files are gathered there.")
    yield PlannedCommand(command=f"{manage} migrate --noinput", cwd=folder, reasoning="Bring the database up to date.")


def _version_of(given: PlanInput, interpreter: str) -> str:
    return next((tool.version for tool in given.host.tools if tool.path == interpreter), "")


def _hosts(given: PlanInput, findings: PythonFindings) -> dict[str, str]:
    """This machine's names for ALLOWED_HOSTS, where a variable gives them and nobody has set it."""
    wanted = findings.django.hosts_env if findings.django else {}
    return {name: value for name, value in wanted.items() if name not in {*given.env_names, *findings.committed_env}}


def _risks(findings: PythonFindings) -> tuple[str, ...]:
    risks = [
        f"It needs {need.service} at {need.host or ' or '.join(need.env)} ({need.place}), which is not checked before the start."
        for need in findings.needs
    ]
    if (django := findings.django) and django.foreign_hosts:
        risks.append(f"ALLOWED_HOSTS names only {', '.join(django.foreign_hosts)}: requests to this machine get 400.")
    if findings.option and findings.option.fixed_port:
        risks.append(f"The source fixes port {findings.option.fixed_port}: old and new release cannot run side by side.")
    return tuple(risks)


def _notes(given: PlanInput, findings: PythonFindings, interpreter: str) -> tuple[str, ...]:
    project = findings.project
    notes: list[str] = []
    used = _version_of(given, interpreter)
    if project.pin and used and not python_fits(f"=={project.pin}.*", used):
        notes.append(f"The project was made for Python {project.pin}; {used} is used.")
    limit = newest_minor((*project.requirements, *project.locked))
    usual = given.host.tool("python3")
    if limit and used and not project.pin and usual and usual.version != used:
        notes.append(f"Python {used} is used: {limit[1]} was made for none that is newer.")
    if findings.undeclared:
        notes.append(
            f"{', '.join(findings.undeclared)} is installed: the source imports it, and {project.manifest} does not name it."
        )
    if findings.own_secrets:
        notes.append(f"{', '.join(findings.own_secrets)} gets a random value that the releases share, unless you give one.")
    notes += [f"{bound} is installed, as no version is named and {why}." for bound, why in findings.bounds.items()]
    if project.manager == "none" and project.requirements:
        notes.append(f"No dependencies are declared: {', '.join(project.requirements)} is installed because the source imports it.")
    return tuple(notes)
