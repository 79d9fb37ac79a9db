"""What a Python project declares: packages, manager, Python version. Names are parsed (PEP 508), never searched as text."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pydantic import Field

from ...model.base import Model
from ...model.ports import RepoTree
from .python_locks import locked_versions
from .python_setup import setup_name, setup_requirements, setup_scripts

Manager = Literal["none", "pip", "pip(pyproject)", "uv", "poetry", "pdm", "pipenv"]

REQUIREMENT_FILES = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements-prod.txt",
    "requirements.in",
)
"""In order of preference; the first that exists is installed."""

_EGG = re.compile(r"#egg=([A-Za-z0-9._-]+)")
_OPTION = re.compile(r"\s--(hash|config-settings|global-option)\b.*$")


class PythonProject(Model):
    """The manifests of a Python project, read."""

    manager: Manager = "none"
    manifest: str = ""
    """The file that is installed, relative to the project folder."""
    name: str = ""
    declared: tuple[str, ...] = ()
    """Canonical names of everything it depends on directly."""
    requirements: tuple[str, ...] = ()
    """The dependencies as PEP 508 text, for managers whose own format pip does not read."""
    locked: tuple[str, ...] = ()
    """`name==version` of a lock file whose manager is not used."""
    specs: tuple[str, ...] = ()
    """Ranges the interpreter has to fit (requires-python and its like)."""
    pin: str = ""
    """The Python "major.minor" the project was made for, from .python-version and its like."""
    scripts: dict[str, str] = Field(default_factory=dict)
    """Commands it installs: name to "module:function"."""
    packaged: bool = False
    """It can be installed itself (has a build system)."""
    above: str = ""
    """Where a package that the files import lies, when it is a folder above the deployed one (an example of a library)."""
    unreadable: str = ""
    """Manifest and error, where one cannot be parsed."""


def read_project(tree: RepoTree) -> PythonProject:
    """What the manifests in the deployed folder declare."""
    pyproject, unreadable = _toml(tree, "pyproject.toml")
    pipfile, pipfile_error = _toml(tree, "Pipfile")
    metadata = _table(pyproject, "project")
    poetry = _table(pyproject, "tool", "poetry")
    manager, manifest = _manager(tree, pyproject, poetry)
    requirements = _requirements(tree, manager, manifest, metadata, poetry, pipfile)
    return PythonProject(
        manager=manager,
        manifest=manifest,
        name=str(metadata.get("name") or poetry.get("name") or setup_name(tree)),
        declared=tuple(dict.fromkeys(filter(None, map(requirement_name, requirements)))),
        requirements=tuple(requirements),
        specs=tuple(_specs(metadata, poetry)),
        pin=_pin(tree, pipfile),
        locked=locked_versions(tree, manager),
        scripts=_scripts(pyproject) or setup_scripts(tree),
        packaged=_packaged(tree, pyproject),
        unreadable=unreadable or pipfile_error,
    )


def requirement_name(text: str) -> str:
    """The canonical name in a requirement line; "" when there is none (an option, a path, a bare URL)."""
    if match := _EGG.search(text):
        return canonicalize_name(match[1])
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return ""


def requirement_lines(tree: RepoTree, path: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The requirement lines of a file and of those it includes with `-r`, without comments, options and hashes."""
    if path in seen or len(seen) > 20:
        return
    for line in (tree.read(path) or "").replace("\\\n", " ").splitlines():
        text = _OPTION.sub("", re.sub(r"(^|\s)#(?!egg=).*$", "", line).strip())
        if include := re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", text):
            inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
            yield from requirement_lines(tree, inner, seen | {path})
        elif editable := re.fullmatch(r"(?:-e|--editable)[\s=]*(\S+)", text):
            yield editable[1]
        elif text and not text.startswith("-"):
            yield text


def requirement_groups(tree: RepoTree) -> dict[str, list[str]]:
    """The optional dependencies of pyproject.toml by group (extras, PEP 735 groups, Poetry's), as PEP 508 text."""
    pyproject, _ = _toml(tree, "pyproject.toml")
    groups = _table(pyproject, "project", "optional-dependencies") | _table(pyproject, "dependency-groups")
    found = {name: _words(texts) for name, texts in groups.items() if isinstance(texts, list)}
    poetry = _table(pyproject, "tool", "poetry", "group")
    return found | {name: _words(_tabular(_table(poetry, name, "dependencies"))) for name in poetry}


def _words(listed: Iterable[Any]) -> list[str]:
    """The requirements in a list; what begins with a dash is none: pip would take it for an option."""
    texts = (text.strip() for text in listed if isinstance(text, str))
    return [text for text in texts if text and not text.startswith("-")]


def _manager(tree: RepoTree, pyproject: dict[str, Any], poetry: dict[str, Any]) -> tuple[Manager, str]:
    """The manager and the file it reads: a lock file we can honour beats a plain list, a plain list the rest."""
    if pyproject and tree.is_file("uv.lock"):
        return "uv", "pyproject.toml"
    listed = next((name for name in REQUIREMENT_FILES if tree.is_file(name)), "")
    if listed:
        return "pip", listed
    if pyproject and (poetry or "project" in pyproject or tree.is_file("setup.py") or tree.is_file("setup.cfg")):
        if poetry or tree.is_file("poetry.lock"):
            return "poetry", "pyproject.toml"
        return ("pdm" if tree.is_file("pdm.lock") else "pip(pyproject)"), "pyproject.toml"
    if tree.is_file("Pipfile"):
        return "pipenv", "Pipfile"
    setup = next((name for name in ("setup.py", "setup.cfg") if tree.is_file(name)), "")
    return ("pip(pyproject)", setup) if setup else ("none", "")


def _scripts(pyproject: dict[str, Any]) -> dict[str, str]:
    declared = _table(pyproject, "project", "scripts") | _table(pyproject, "tool", "poetry", "scripts")
    return {str(name): target for name, target in declared.items() if isinstance(target, str)}


def _packaged(tree: RepoTree, pyproject: dict[str, Any]) -> bool:
    """Whether `pip install .` builds the project: it says how, and setuptools has not to guess among several packages."""
    if tree.is_file("setup.py") or tree.is_file("setup.cfg"):
        return True
    if "build-system" not in pyproject or _table(pyproject, "tool", "poetry").get("package-mode") is False:
        return False
    backend = str(_table(pyproject, "build-system").get("build-backend", "setuptools"))
    packages = {path.split("/")[0] for path in tree.files if path.count("/") == 1 and path.endswith("/__init__.py")}
    # "Multiple top-level packages discovered in a flat-layout" is an error of setuptools' automatic discovery.
    guessed = backend.startswith("setuptools") and not _table(pyproject, "tool", "setuptools")
    return not guessed or len(packages - {"test", "tests", "docs", "examples"}) <= 1


def _requirements(
    tree: RepoTree, manager: Manager, manifest: str, metadata: dict[str, Any], poetry: dict[str, Any], pipfile: dict[str, Any]
) -> list[str]:
    if manager == "pip":
        return list(requirement_lines(tree, manifest))
    if manager == "pipenv":
        return _words(_tabular(_table(pipfile, "packages")))
    declared = metadata.get("dependencies")
    found = _words([*(declared if isinstance(declared, list) else []), *_tabular(_table(poetry, "dependencies"))])
    return found or _words(setup_requirements(tree))


def _tabular(table: dict[str, Any]) -> Iterator[str]:
    """Poetry's and Pipenv's `name = constraint` as PEP 508."""
    for name, value in table.items():
        entry: dict[str, Any] = value if isinstance(value, dict) else {"version": value}
        if name.lower() == "python" or entry.get("optional"):
            continue
        extras = f"[{','.join(map(str, entry['extras']))}]" if isinstance(entry.get("extras"), list) else ""
        if source := entry.get("git"):
            yield f"{name}{extras} @ git+{source}" + (f"@{entry['rev']}" if "rev" in entry else "")
        elif "path" not in entry:
            marker = f"; {entry['markers']}" if isinstance(entry.get("markers"), str) else ""
            yield f"{name}{extras}{_constraint(str(entry.get('version', '*')))}{marker}"


def _constraint(text: str) -> str:
    """A Poetry or Pipenv constraint in PEP 440 form; `^1.2` is `>=1.2,<2` and `^0.2` is `>=0.2,<0.3`."""
    return ",".join(_constraint_part(part.strip()) for part in text.split(",") if part.strip() not in {"", "*"})


def _constraint_part(part: str) -> str:
    if match := re.fullmatch(r"([\^~])\s*(\d+(?:\.\d+)*)\S*", part):
        numbers = [int(number) for number in match[2].split(".")]
        keep = (
            next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
            if match[1] == "^"
            else min(1, len(numbers) - 1)
        )
        upper = [*numbers[:keep], numbers[keep] + 1]
        return f">={match[2]},<{'.'.join(map(str, upper))}"
    return f"=={part}" if re.match(r"\d", part) else part


def _specs(metadata: dict[str, Any], poetry: dict[str, Any]) -> Iterator[str]:
    if isinstance(spec := metadata.get("requires-python"), str):
        yield spec
    if isinstance(spec := _table(poetry, "dependencies").get("python"), str):
        yield spec


def _pin(tree: RepoTree, pipfile: dict[str, Any]) -> str:
    """The "major.minor" of .python-version, runtime.txt, Pipfile or .tool-versions, comments ignored; else ""."""
    pipfile_requires = _table(pipfile, "requires")
    sources = (
        re.sub(r"#.*", "", tree.read(".python-version") or ""),
        re.sub(r"#.*", "", tree.read("runtime.txt") or ""),
        str(pipfile_requires.get("python_full_version") or pipfile_requires.get("python_version") or ""),
        " ".join(re.findall(r"^\s*python\s+([^#\n]*)", tree.read(".tool-versions") or "", re.MULTILINE)),
    )
    for text in sources:
        if match := re.search(r"(?<![\d.])([23]\.\d+)", text):
            return match[1]
    return ""


def _toml(tree: RepoTree, path: str) -> tuple[dict[str, Any], str]:
    """The table in a file ({} when absent), and what is wrong with it."""
    try:
        return tomllib.loads(tree.read(path) or ""), ""
    except tomllib.TOMLDecodeError as error:
        return {}, f"{path}: {error}"


def _table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        value = data.get(key)
        data = value if isinstance(value, dict) else {}
    return data


def has_any(declared: Iterable[str], *names: str) -> bool:
    """Whether one of these (canonical) names is declared."""
    return not set(names).isdisjoint(declared)
