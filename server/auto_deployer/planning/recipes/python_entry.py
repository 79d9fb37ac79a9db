"""Which file, app object or module a Python project is started by: every way that is seen, each with its score."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ...model.base import Model
from ...model.ports import RepoTree
from .python_apps import (
    SCRIPT_FRAMEWORKS,
    AppObject,
    Framework,
    Sources,
    find_apps,
    find_serving,
    is_command_line,
    no_server,
    serves_from,
)
from .python_deps import PythonProject
from .python_source import SourceFile, local_module, reachable
from .python_ui import page_score, page_server

Way = Literal["app", "script", "module", "console_script", "page"]

ENTRY_STEMS = ("main", "app", "wsgi", "asgi", "server", "application", "run", "start", "bot", "hello", "api", "index", "__main__")
"""File names that say "start here" (nixpacks' and railpack's lists and ours)."""
_PLAIN_SCRIPTS = (
    "main.py",
    "app.py",
    "start.py",
    "bot.py",
    "hello.py",
    "server.py",
    "run.py",
    "application.py",
    "src/main.py",
    "src/app.py",
)
"""Started even when nothing in them shows that they serve."""
_APP_NAMES = ("app", "application", "server", "api", "asgi", "wsgi")


class StartOption(Model):
    """One way to start the project."""

    way: Way
    path: str
    """The file that shows it."""
    target: str
    """ "module:object" for apps, a file for scripts and pages, a module for `-m`, a command name for console scripts."""
    framework: str = ""
    interface: str = "script"
    factory: bool = False
    pythonpath: str = ""
    """Folder (relative to the project) the module is imported from; "" for the project folder."""
    fixed_port: int | None = None
    score: float = 0.0
    why: str = ""


def start_options(tree: RepoTree, files: Mapping[str, SourceFile], project: PythonProject) -> list[StartOption]:
    """Every way seen, best first."""
    apps = find_apps(tree, files)
    options = [
        *_app_options(tree, files, project, apps),
        *_script_options(tree, files, apps),
        *_console_options(tree, files, project, apps),
        *_page_options(files),
    ]
    if not options:
        options = list(_plain_scripts(tree, files, project))
    return sorted(options, key=lambda option: (-option.score, option.path.count("/"), option.path))


def import_place(tree: RepoTree, source: SourceFile) -> tuple[str, str]:
    """(folder for PYTHONPATH, dotted module) under which a file is imported as its own imports expect.

    Two files side by side may import each other as `from db import x` (their folder is the root) or `from app.db import x`
    (the folder above is).
    """
    package = source.folder if source.stem == "__init__" else f"{source.folder}/{source.stem}".lstrip("/")
    top = source.folder
    while top and tree.is_file(f"{top}/__init__.py"):
        top = posixpath.dirname(top)
    has_package = top != source.folder
    names = {name.split(".")[0] for name in source.imports.values() if not name.startswith(".")}
    siblings = {name for name in names if source.folder and _is_here(tree, source.folder, name) and not _is_here(tree, top, name)}
    relative = any(name.startswith(".") for name in source.imports.values())
    if not has_package and source.folder and source.folder.split("/")[0] in names and not siblings:
        top = ""
    elif (siblings and not relative) or (not has_package and source.folder):
        return source.folder, source.stem
    dotted = package.removeprefix(f"{top}/" if top else "").replace("/", ".")
    if not all(part.isidentifier() for part in dotted.split(".")):
        return source.folder, source.stem
    return top, dotted


def _is_here(tree: RepoTree, folder: str, name: str) -> bool:
    place = f"{folder}/{name}" if folder else name
    return tree.is_file(f"{place}.py") or tree.is_file(f"{place}/__init__.py")


def _app_options(
    tree: RepoTree, files: Mapping[str, SourceFile], project: PythonProject, apps: Sequence[AppObject]
) -> Iterator[StartOption]:
    wanted = flask_app(tree)
    for app in apps:
        if app.framework.interface == "script" or app.framework.name == "django" or app.name.startswith("_"):
            continue
        source = files[app.path]
        pythonpath, module = import_place(tree, source)
        if module == "__main__" or source.stem == "__main__":
            continue  # a package's __main__ is started with -m
        score = 4.0 + _place_score(source, project) + (0.5 if app.name in _APP_NAMES else 0.0)
        if app.factory:
            score -= 0.4
        if wanted and wanted.split(":")[0].removesuffix(".py").replace("/", ".") in {module, source.stem}:
            score += 5
        yield StartOption(
            way="app",
            path=app.path,
            target=f"{module}:{app.name}",
            framework=app.framework.name,
            interface=app.framework.interface,
            factory=app.factory,
            pythonpath=pythonpath,
            score=score,
            why=f"{app.framework.name} {'factory' if app.factory else 'app object'} {app.name}",
        )


def _script_options(tree: RepoTree, files: Mapping[str, SourceFile], apps: Sequence[AppObject]) -> Iterator[StartOption]:
    sources = Sources(tree, files)
    for source in files.values():
        serving = find_serving(source, apps, sources) if source.stem != "__init__" else None  # nobody runs a package's __init__.py
        if serving is None:
            continue
        framework = _framework_of(tree, source, apps)
        # An app object can be bound to our port and needs no debug server: running its file is better only when the file does more.
        preference = -1.0 if serving.only else 1.5
        common = {"framework": framework.name if framework else "", "fixed_port": serving.port, "path": source.path}
        score = 4.0 + _place_score(source, None) + preference
        if source.stem == "__main__" and source.folder:
            folder, package = posixpath.split(source.folder)
            why = f"package {package} serves when run"
            yield StartOption(way="module", target=package, pythonpath=folder, score=score + 1, why=why, **common)
        else:
            yield StartOption(way="script", target=source.path, score=score, why="serves when run", **common)


def _console_options(
    tree: RepoTree, files: Mapping[str, SourceFile], project: PythonProject, apps: Sequence[AppObject]
) -> Iterator[StartOption]:
    """Commands of [project.scripts] whose function serves; a command-line tool's do not."""
    for name, target in project.scripts.items():
        module, _, function = target.partition(":")
        source = next((files[path] for path in local_module(tree, "", module) if path in files), None)
        if source is not None and serves_from(source, function, apps, Sources(tree, files)):
            framework = _framework_of(tree, source, apps)
            yield StartOption(
                way="console_script",
                path=source.path,
                target=name,
                framework=framework.name if framework else "",
                score=5.5,
                why=f"[project.scripts] {name} = {target}, which serves",
            )


def _page_options(files: Mapping[str, SourceFile]) -> Iterator[StartOption]:
    """Scripts that a framework's own command serves, such as Streamlit's."""
    for source in files.values():
        if server := page_server(source):
            score = page_score(source)
            why = f"a page of {server.name}"
            yield StartOption(way="page", path=source.path, target=source.path, framework=server.name, score=score, why=why)


def _plain_scripts(tree: RepoTree, files: Mapping[str, SourceFile], project: PythonProject) -> Iterator[StartOption]:
    if tree.is_file("__init__.py"):
        return  # the inside of a package
    # Not only the parsed ones: Python 2 is to be refused for its version, not for having no entry.
    for rank, path in enumerate(_PLAIN_SCRIPTS):
        if tree.is_file(path) and not (path in files and (is_command_line(files[path]) or no_server(reachable(tree, files, path)))):
            yield StartOption(
                way="script",
                path=path,
                target=path,
                score=1.5 - rank * 0.05,
                why="entry by its name; nothing in it shows that it serves",
            )
    if project.scripts:
        return  # a published package's __main__ is its command-line tool
    for source in (source for source in files.values() if source.stem == "__main__" and not is_command_line(source)):
        folder, package = posixpath.split(source.folder)
        if package and folder in {"", "src"}:
            yield StartOption(
                way="module", path=source.path, target=package, pythonpath=folder, score=1.0, why=f"package {package} can be run"
            )


def _place_score(source: SourceFile, project: PythonProject | None) -> float:
    depth = source.path.count("/") - (1 if source.path.startswith("src/") else 0)
    score = -0.5 * depth
    if source.stem in ENTRY_STEMS:
        score += 1.0 - ENTRY_STEMS.index(source.stem) * 0.02
    if source.stem in {"wsgi", "asgi"}:
        score += 1.0
    name = project.name.lower().replace("-", "_") if project else ""
    if name and name in {source.stem, posixpath.basename(source.folder)}:
        score += 0.5
    return score


def _framework_of(tree: RepoTree, source: SourceFile, apps: Sequence[AppObject]) -> Framework | None:
    """The framework of an app in the file, else in a file it imports."""
    places = [source.path, *(path for dotted in source.imports.values() for path in local_module(tree, source.folder, dotted))]
    made = next((app.framework for place in places for app in apps if app.path == place), None)
    imported = (SCRIPT_FRAMEWORKS.get(name.split(".")[0]) for name in source.imports.values())
    return made or next(filter(None, imported), None)


def flask_app(tree: RepoTree) -> str:
    """FLASK_APP of a committed .flaskenv; "" when it names none."""
    for line in (tree.read(".flaskenv") or "").splitlines():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        if name.strip() == "FLASK_APP":
            return value.strip().strip("\"'")
    return ""
