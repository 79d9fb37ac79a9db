"""What the documentation of a project is built with: packages by requirement file, by dependency group, or by what it uses."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from ...model.base import Model
from ...model.facts import Detection, Evidence
from ...model.plan import FileCheck, PlannedCommand
from ...model.ports import PlanInput, RepoTree
from ..assemble import app_folder
from ..interpreters import pick_python
from ..recipe import Draft
from .python_deps import read_project, requirement_groups, requirement_lines, requirement_name
from .python_install import PYTHON, Environment, installation
from .shell import VENV_PATH
from .site_folder import served_folder, site_draft

_REQUIREMENT_FILES = (
    "docs/requirements.txt", "doc/requirements.txt", "docs/source/requirements.txt", "requirements-docs.txt",
    "docs-requirements.txt", "requirements/docs.txt", "requirements/doc.txt", "requirements_docs.txt", "requirements.txt",
)  # fmt: skip
_GROUPS = ("docs", "doc", "documentation", "rtd")
_READ_THE_DOCS = (".readthedocs.yaml", ".readthedocs.yml")
_CODE = (".py", ".js", ".ts", ".go", ".rs", ".java", ".kt", ".rb", ".php", ".c", ".cc", ".cpp", ".cs", ".swift", ".scala", ".ex")
_PAGES_CODE = frozenset(
    {"docs", "doc", "overrides", "hooks", "theme", "themes", "templates", "static", "source", "macros", "includes"}
)
"""Folders whose code belongs to the pages."""
_MAX_CODE = 5
"""More files of code than this, and the pages are about the repository, not what it is."""
_ABOUT_SCORE = 1.0


class DocsFindings(Model):
    """What a plan needs to know of the documentation."""

    generator: str
    """Module that builds it: "mkdocs" or "sphinx"."""
    build: str
    """Its command line, after `python -m`."""
    output: str
    """Relative to the deployed folder."""
    requirements: tuple[str, ...] = ()
    """Files to install from."""
    packages: tuple[str, ...] = ()
    """Packages to install where no file names them."""
    project: bool = False
    """The project itself is imported by its documentation."""
    specs: tuple[str, ...] = ()
    """Ranges the interpreter has to fit."""
    unknown: tuple[str, ...] = ()
    """What it uses of packages whose names are not known."""


def docs_findings(
    tree: RepoTree, generator: str, *, build: str, output: str, used: Iterable[str], known: Mapping[str, str], imports: bool
) -> DocsFindings:
    """The findings for documentation in this folder.

    Args:
        used: plugins, extensions and themes that the settings name.
        known: which package each of them is in; "" for those that come with the generator.
        imports: the generator imports the documented project.
    """
    project = read_project(tree)
    told = read_the_docs(tree)
    files = [path for path in re.findall(r"(?m)^\s*-?\s*requirements:\s*[\"']?([\w./-]+)", told) if tree.is_file(path)]
    files = files or [path for path in _REQUIREMENT_FILES if _declares(tree, path, generator)][:1]
    grouped = [text for name, texts in requirement_groups(tree).items() if name in _GROUPS for text in texts]
    named = [] if files else grouped
    if not files and generator not in map(requirement_name, named):
        named = [*named, generator, *(package for name in used if (package := known.get(name, "")))]
    unknown = () if files or grouped else tuple(name for name in used if name not in known)
    installed = imports or re.search(r"(?m)^\s*-?\s*path:\s*[\"']?\.[\"']?\s*$", told) is not None
    return DocsFindings(
        generator=generator,
        build=build,
        output=output,
        requirements=tuple(files),
        packages=tuple(dict.fromkeys(named)),
        project=installed and project.packaged,
        specs=project.specs,
        unknown=unknown,
    )


def read_the_docs(tree: RepoTree) -> str:
    """The settings of the documentation host, without comments; "" when there are none."""
    text = next((text for name in _READ_THE_DOCS if (text := tree.read(name))), "")
    return re.sub(r"(?m)(^|\s)#.*$", "", text)


def docs_detection(tree: RepoTree, config: str, findings: DocsFindings) -> Detection:
    """Documentation stays below any app; what is about the code beside it is only served when the user says so."""
    evidence = [Evidence(file=config, saw=f"settings of {findings.generator}", weight=3.0)]
    evidence += [Evidence(file=path, saw=f"names {findings.generator}", weight=1.0) for path in findings.requirements[:1]]
    evidence.append(Evidence(file=config, saw="pages to build", weight=2.5))
    code = [path for path in tree.files if path.endswith(_CODE) and path != config and _PAGES_CODE.isdisjoint(path.split("/")[:-1])]
    if is_about := len(code) > _MAX_CODE:
        weight = _ABOUT_SCORE - sum(item.weight for item in evidence)
        evidence.append(Evidence(file=code[0], saw=f"code that this documents, {len(code)} files", weight=weight))
    return Detection(
        recipe=findings.generator,
        project_type="docs",
        framework=findings.generator,
        score=sum(item.weight for item in evidence),
        evidence=tuple(evidence),
        runnable=not is_about,
        details=findings.model_dump(mode="json"),
    )


def docs_draft(given: PlanInput, findings: DocsFindings) -> Draft:
    """Install into the release's own environment, build, and serve the result.

    Raises:
        RefusedError: no interpreter fits, or the folder to serve is not inside the app.
    """
    python, folder = pick_python(given.host, findings.specs), app_folder(given)
    interpreter = python.path
    wanted = [*(word for path in findings.requirements for word in ("-r", path)), *findings.packages]
    if findings.project:
        wanted.append(".")
    why = f"What {', '.join(findings.requirements) or 'the documentation'} needs."

    def made(environment: Environment) -> tuple[PlannedCommand, ...]:
        return (environment.created(), environment.pip(wanted, why))

    local = findings.project or any(not requirement_name(text) for text in findings.packages)
    dependencies = installation(given, interpreter, made, local=local or bool(findings.requirements), made_from=())
    build = PlannedCommand(command=f"{VENV_PATH}{PYTHON} -m {findings.build}", cwd=folder, reasoning="The pages.")
    draft = site_draft(given)
    unknown = f"No file names the packages of {', '.join(findings.unknown)}; the build may miss them."
    installed = (
        FileCheck(path=f"{folder}/{PYTHON}"),
        dependencies.imports(findings.generator, folder),
    )
    return served_folder(
        given,
        Draft(
            strategy="static",
            app=draft.app,
            tools=(interpreter,),
            install=dependencies.commands,
            dependency_cache=dependencies.cache,
            install_checks=installed,
            build=(build,),
            package_manager="pip",
            command_prefix=VENV_PATH,
            risks=(unknown,) if findings.unknown else (),
        ),
        findings.output,
        made_with=(python.version,),
    )


def _declares(tree: RepoTree, path: str, generator: str) -> bool:
    """Whether a requirement file exists and is the documentation's: it lies with it, or names the generator."""
    if not tree.is_file(path):
        return False
    return posixpath.dirname(path) != "" or generator in map(requirement_name, requirement_lines(tree, path))
