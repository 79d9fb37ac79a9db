"""Plain static sites: a folder with an index.html that no tool has to build."""

from __future__ import annotations

import posixpath
import re

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence
from ...model.ports import PlanInput, RepoTree
from ..recipe import Draft
from .compose_file import NAMES, build_of, load, services_of
from .node_manifest import FILE_NAME, read_manifest
from .python_deps import read_project
from .site_folder import served_folder, site_draft

_FOLDERS = {"": 4.0, "public": 3.5, "dist": 3.5, "site": 3.5, "www": 3.5, "docs": 2.0, "src": 2.0}
"""Where a site may lie, in this order, and how much an index.html there says (documentation lies beside other things)."""

_BUILDERS = (
    "mkdocs.yml", "mkdocs.yaml", "_config.yml", "hugo.toml", "hugo.yaml", "antora.yml", "book.toml", "conf.py", "angular.json",
    "pubspec.yaml", ".eleventy.js", "gulpfile.js", "gulpfile.mjs", "Gruntfile.js",
)  # fmt: skip
"""Files at the root by which a site is built: what lies in the repository is then its source."""
_BUILDER_CONFIG = re.compile(
    r"(vite|webpack|rollup|astro|next|nuxt|svelte|gatsby|docusaurus|eleventy|vue|parcel|snowpack|rspack|rsbuild)\.config\.\w+"
)
_BUILD_PACKAGES = (
    "vite", "webpack", "parcel", "rollup", "react-scripts", "@vue/cli-service", "@angular/cli", "astro", "next", "nuxt", "gatsby",
    "@11ty/eleventy", "hexo", "gulp", "grunt", "@rspack/cli", "snowpack", "esbuild",
)  # fmt: skip

_SERVERS = (
    "composer.json", "index.php", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "mix.exs", "config.ru",
    "deno.json", "Package.swift", "manage.py",
)  # fmt: skip
"""Files of programs that serve pages themselves: an index.html beside them is a part of theirs."""


_WEB_FRAMEWORKS = frozenset({
    "flask", "django", "fastapi", "starlette", "quart", "sanic", "aiohttp", "tornado", "bottle", "falcon", "litestar", "streamlit",
    "gradio", "dash", "nicegui", "python-fasthtml", "pyramid", "cherrypy", "bokeh", "panel",
})  # fmt: skip
"""Declared by a project whose pages a program completes and serves."""
_RUNS = re.compile(r"\s*(?:CMD|ENTRYPOINT)\b", re.IGNORECASE)
_PROGRAM = re.compile(r"\b(?:python3?|uvicorn|gunicorn|flask|bokeh|streamlit|panel|java|ruby|rails|php|dotnet|deno)\b")
_FILE_SERVER = re.compile(r"http\.server|SimpleHTTPServer|http-server|(?:CMD|ENTRYPOINT)\s+\[?\"?(?:npx\"?,?\s*\"?)?serve\b")
"""In the last line of a Dockerfile that says what runs: a program of its own, and one that only serves files."""

_FALLBACK_SETTINGS = {"index_fallback": "true", "pushstate": "enabled"}
"""Settings of a Staticfile (railpack's, Cloud Foundry's) with which unknown paths get the index page."""


_UNBUILT = re.compile(
    r"%PUBLIC_URL%|%VITE_\w+%|<%=\s*(?:htmlWebpackPlugin|BASE_URL|process\.)|\{%-?\s*(?:extends|block|include|load|if|for)\b"
    r"|<script[^>]*\bsrc=[\"'][^\"':]*\.(?:tsx?|jsx|vue|svelte)[\"']|\A---\s*\n"
)
"""In a page that a build tool or a server has to complete first: placeholders, templates, sources no browser can run."""


class StaticFindings(Model):
    """What a plan needs to know of the site."""

    folder: str
    """Relative to the deployed folder."""
    spa: bool = False
    """Unknown paths get the index page (the Staticfile says so)."""


class StaticRecipe:
    """Serves the folder as it is."""

    name = "static"

    def detect(self, tree: RepoTree) -> Detection | None:
        settings = _staticfile(tree)
        if settings is None and (_has_builder(tree) or _is_source_of_parent(tree)):
            return None
        site = _site(tree, settings or {})
        if site is None:
            return None
        server = _server(tree) if settings is None else ""
        evidence = (site, Evidence(file=server, saw="a program that serves pages itself", weight=-4.0)) if server else (site,)
        spa = any((settings or {}).get(key) == value for key, value in _FALLBACK_SETTINGS.items())
        return Detection(
            recipe=self.name,
            project_type="static",
            framework="html",
            score=sum(item.weight for item in evidence),
            evidence=evidence,
            runnable=True,
            details=StaticFindings(folder=posixpath.dirname(site.file), spa=spa).model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        return static_draft(given, StaticFindings.model_validate(detection.details))


def static_draft(given: PlanInput, findings: StaticFindings) -> Draft:
    """A folder served as it is, after the user's own install and build where there are some.

    Raises:
        RefusedError: the folder lies outside of the app, or the target has no Python to serve it with.
    """
    return served_folder(given, site_draft(given), findings.folder, spa=findings.spa)


def _server(tree: RepoTree) -> str:
    """The file by which the folder's pages are a program's; "" when nothing says so."""
    found = next((name for name in _SERVERS if tree.is_file(name)), "")
    if found:
        return found
    project = read_project(tree)
    if not _WEB_FRAMEWORKS.isdisjoint(project.declared):
        return project.manifest
    if compose := _compose_of_parts(tree):
        return compose
    runs = [line for line in (tree.read("Dockerfile") or "").splitlines() if _RUNS.match(line)]
    return "Dockerfile" if runs and _PROGRAM.search(runs[-1]) and not _FILE_SERVER.search(runs[-1]) else ""


def _compose_of_parts(tree: RepoTree) -> str:
    """A compose file that builds folders of the repository: the app is made of those, and a page beside it is about them."""
    for name in (name for name in NAMES if tree.is_file(name)):
        try:
            services = services_of(load(tree.read(name) or ""), tree, {})
        except ValueError:
            continue
        folders = (posixpath.normpath(build_of(service.definition)[0]) for service in services if service.built)
        if any(tree.is_dir(folder) for folder in folders if folder != "."):
            return name
    return ""


def _site(tree: RepoTree, settings: dict[str, str]) -> Evidence | None:
    """The index page of the site; the Staticfile's `root` wins over the usual folders."""
    root = settings.get("root", "")
    if root:
        page = posixpath.normpath(posixpath.join(root, "index.html"))
        named = Evidence(file=page, saw="index.html in the `root` of the Staticfile", weight=6.0)
        return named if not page.startswith(("..", "/")) and tree.is_file(page) else None
    for folder, weight in _FOLDERS.items():
        page = posixpath.join(folder, "index.html")
        if tree.is_file(page) and not _UNBUILT.search(tree.read(page) or ""):
            return Evidence(file=page, saw=f"index.html in {folder or 'the root'}", weight=weight)
    return None


def _staticfile(tree: RepoTree) -> dict[str, str] | None:
    """The settings of the Staticfile, one `key: value` a line; None without one."""
    text = tree.read("Staticfile")
    if text is None:
        return None
    pairs = (line.split("#")[0].partition(":") for line in text.splitlines())
    return {key.strip(): value.strip().strip("'\"") for key, colon, value in pairs if colon}


def _has_builder(tree: RepoTree) -> bool:
    if any(tree.is_file(name) for name in _BUILDERS) or any(_BUILDER_CONFIG.fullmatch(file) for file in tree.files):
        return True
    return tree.is_file(FILE_NAME) and _declares_build(tree)


def _is_source_of_parent(tree: RepoTree) -> bool:
    """The `src` or `public` of a project with a build tool, looked at on its own."""
    parent, name = posixpath.split(tree.subdir)
    return name in {"src", "public"} and _has_builder(tree.at_root().below(parent) if parent else tree.at_root())


def _declares_build(tree: RepoTree) -> bool:
    root = tree.at_root()
    try:
        manifest = read_manifest(root, tree.subdir)
    except RefusedError:
        return True  # what it declares is unknown, and serving sources by mistake would look like a success
    return bool(manifest.scripts.get("build")) or manifest.depends_on(*_BUILD_PACKAGES)
