"""What a framework's own build leaves behind, by its settings: a server to start, or a site to serve."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Any

from ...model.ports import RepoTree
from ..quoting import path_word
from .json_texts import as_object
from .node_config import below, block, config_text, literal, major_of, operand, option, top_level_literal
from .node_frameworks import BuildRun
from .node_manifest import Manifest

_FOR_CLOUDFLARE = "The project is built for Cloudflare's workers: Vite's preview runs it in their own runtime here."
_NEXT_PAGES = ("app", "pages", "src/app", "src/pages")
_PREVIEW = 'npx vite preview --host "$HOST" --port "$PORT"'


@dataclass(frozen=True)
class Built:
    """The result of a build: `command` starts a server, else `output` is a site's folder."""

    command: str = ""
    entry: str = ""
    """File that the server's build has to make, relative to the repository's root."""
    output: str = ""
    """Relative to the repository's root."""
    spa: bool = False
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """For the build, beside the framework's own."""
    notes: tuple[str, ...] = ()
    build: str = ""
    """What builds it in place of the script; "" for the script."""


def built(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    """What the build makes; None where its settings do not tell."""
    reader = _READERS.get(run.framework.name)
    found = reader(root, manifest, run) if reader else _server(manifest, run) if run.framework.start else _site(manifest, run)
    return found and replace(found, env={**run.framework.env, **found.env})


def _server(manifest: Manifest, run: BuildRun, *, start: str = "", entry: str = "") -> Built:
    """The framework's own server; its entry is a file of the build where `node` runs it."""
    command = start or run.framework.start
    file = entry or command.removeprefix("node ") if command.startswith("node ") else entry
    return Built(command=command, entry=manifest.path(file) if file else "")


def _site(manifest: Manifest, run: BuildRun, *, output: str = "", spa: bool = False) -> Built:
    """Where the site lands: in the folder that the command line names, else in the settings' or the usual one."""
    told = option(run.args, *run.framework.renames_output)
    folder = operand(run.args, run.verb) if run.framework.name in {"vitepress", "vuepress"} else ""
    return Built(output=manifest.path(told or below(folder, output or run.framework.output)), spa=spa or run.framework.spa)


def _next(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    text = config_text(root, manifest, "next.config")
    if not run.script and not any(root.is_dir(manifest.path(folder)) for folder in _NEXT_PAGES):
        return None  # a workspace's root has it for its members
    exports = "next export" in manifest.scripts.get(run.script, "")  # the way before Next 13.3
    if exports or re.search(r"\boutput\s*:\s*[\"']export[\"']", text):
        return _site(manifest, run, output="" if exports else literal(text, "distDir"))
    return _server(manifest, run)


def _nuxt(_root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    is_second = manifest.depends_on("nuxt-edge") or major_of(manifest, "nuxt") == 2
    if run.verb == "generate":
        return _site(manifest, run, output="dist" if is_second else "")
    return _server(manifest, run, start='npx nuxt start --hostname "$HOST" --port "$PORT"' if is_second else "")


def _remix(_root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    entry = "build/server/index.js" if run.verb == "vite:build" else "build/index.js"
    return _server(manifest, run, start=f"npx remix-serve ./{entry}", entry=entry)


def _react_router(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    text = config_text(root, manifest, "react-router.config")
    folder = literal(text, "buildDirectory") or "build"
    if re.search(r"\bssr\s*:\s*false", text):
        return _site(manifest, run, output=f"{folder}/client", spa=True)
    if not manifest.depends_on("@react-router/serve"):
        for_cloudflare = manifest.depends_on("@cloudflare/vite-plugin")
        return Built(command=_PREVIEW, notes=(_FOR_CLOUDFLARE,)) if for_cloudflare else None
    entry = f"{folder}/server/index.js"
    return _server(manifest, run, start=f"npx react-router-serve {quote(f'./{entry}')}", entry=entry)


def _sveltekit(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    text = config_text(root, manifest, "svelte.config") + config_text(root, manifest, "vite.config")  # its plug-in takes them too
    adapter = re.search(r"adapter-([\w-]+)[\"']", text)
    if adapter is None:
        return None
    match adapter[1]:
        case "static":
            return _site(manifest, run, output=literal(text, "pages"), spa=bool(literal(text, "fallback")))
        case "node":
            out = literal(text, "out") or "build"
            return _server(manifest, run, start=f"node {path_word(out)}", entry=f"{out}/index.js")
        case "auto":
            # The adapter for Google Cloud is the one for Node; versions before 3.2 do not know it and build for no platform.
            start = f"if [ -f build/index.js ]; then exec node build; fi; exec {_PREVIEW}"
            return Built(command=start, env={"GCP_BUILDPACKS": "true"}, notes=("SvelteKit's adapter for Node is used.",))
        case platform:
            note = f"The project's adapter builds for {platform}: Vite's preview serves it here. Use adapter-node for production."
            return Built(command=_PREVIEW, notes=(note,))


def _tanstack(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    """Nitro makes a server; without it the build only exports what answers."""
    with_nitro = manifest.depends_on("nitro", "vinxi", "@tanstack/nitro-v2-vite-plugin") or run.verb != "build"
    if with_nitro or "nitro" in config_text(root, manifest, "vite.config"):
        return _server(manifest, run)
    return Built(command=_PREVIEW, notes=("Vite's preview serves it; for many visitors add Nitro to the project.",))


def _qwik(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    for name in ("express", "fastify", "node-server"):
        if root.is_file(manifest.path(f"src/entry.{name}.tsx")):
            return _server(manifest, run, start=f"node server/entry.{name}.js")
    note = "The project has no adapter: Vite's preview serves it. `npm run qwik add express` adds one for production."
    return Built(command=_PREVIEW, build="npx qwik build preview", notes=(note,))


def _astro(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    text = config_text(root, manifest, "astro.config")
    folder = top_level_literal(text, "outDir") or "dist"
    if not re.search(r"\badapter\s*:", text):
        base = top_level_literal(text, "base").strip("/")
        notes = (f"Astro's `base` is /{base}: the pages expect their files below that path.",) if base else ()
        return replace(_site(manifest, run, output=folder), notes=notes)
    if not re.search(r"@astrojs/(?:node|vercel)[/\"']", text) and not re.search(r"\boutput\s*:\s*[\"'](?:server|hybrid)", text):
        return _site(manifest, run, output=folder)  # for a platform that also takes finished pages
    if not re.search(r"@astrojs/node[\"']", text) or literal(text, "mode") == "middleware":
        return None
    entry = below(folder, "server/entry.mjs")
    return _server(manifest, run, start=f"node {path_word(entry)}", entry=entry)


def _angular(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    named = operand(run.args, run.verb)
    name, target = _angular_build(root, manifest, named)
    if not target:
        return None
    options = as_object(target.get("options"))
    path = options.get("outputPath")
    folders = path if isinstance(path, dict) else {"base": path}
    base = option(run.args, "--output-path") or str(folders.get("base") or f"dist/{name}")
    if not str(target.get("builder", "")).endswith(":application"):
        return _site(manifest, run, output=base, spa=True)
    if options.get("ssr") and options.get("outputMode") != "static":
        entry = f"{base}/server/server.mjs"
        return _server(manifest, run, start=f"node {path_word(entry)}", entry=entry)
    return _site(manifest, run, output=posixpath.join(base, str(folders.get("browser", "browser"))), spa=True)


def _angular_build(root: RepoTree, manifest: Manifest, named: str) -> tuple[str, dict[str, Any]]:
    """Name and build target of the application that `ng build` builds; ("", {}) when angular.json does not tell."""
    try:
        workspace = as_object(json.loads(root.read(manifest.path("angular.json")) or "{}"))
    except ValueError:
        return "", {}
    projects = {name: as_object(project) for name, project in as_object(workspace.get("projects")).items()}
    wanted = named or str(workspace.get("defaultProject", ""))
    applications = [name for name, project in projects.items() if project.get("projectType") == "application"]
    name = wanted if wanted in applications else "" if named else next(iter(applications), "")
    project = projects.get(name, {})
    return name, as_object(as_object(project.get("architect") or project.get("targets")).get("build"))


def _eleventy(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    text = config_text(root, manifest, ".eleventy", "eleventy.config")
    return _site(manifest, run, output=literal(text, "output"))


def _hexo(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    named = re.search(r"(?m)^public_dir:\s*['\"]?([\w./-]+)", root.read(manifest.path("_config.yml")) or "")
    return _site(manifest, run, output=named[1] if named else "")


def _docusaurus(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    base = literal(config_text(root, manifest, "docusaurus.config"), "baseUrl").strip("/")
    notes = (f"Docusaurus' `baseUrl` is /{base}/: the pages expect their files below that path.",) if base else ()
    return replace(_site(manifest, run), notes=notes)


def _vuepress(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    folder = operand(run.args, run.verb)
    named = next(
        (text for stem in (".vuepress/config", "docs/.vuepress/config") if (text := config_text(root, manifest, stem))), ""
    )
    told = option(run.args, *run.framework.renames_output) or literal(named, "dest")
    return Built(output=manifest.path(told or below(folder, run.framework.output)))


def _parcel(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    page = operand(run.args, run.verb) or manifest.source
    is_site = page.endswith(".html") and (root.is_file(manifest.path(page)) or "*" in page)
    return _site(manifest, run, spa=True) if is_site else None


def _stencil(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    makes_site = re.search(r"\btype\s*:\s*[\"']www[\"']", config_text(root, manifest, "stencil.config"))
    return _site(manifest, run) if makes_site else None


def _rsbuild(root: RepoTree, manifest: Manifest, run: BuildRun) -> Built:
    return _site(manifest, run, output=literal(block(config_text(root, manifest, "rsbuild.config"), "distPath"), "root"))


def _expo(_root: RepoTree, manifest: Manifest, run: BuildRun) -> Built | None:
    for_web = option(run.args, "-p", "--platform") == "web"
    return _site(manifest, run, spa=True) if for_web else None


_READERS: dict[str, Callable[[RepoTree, Manifest, BuildRun], Built | None]] = {
    "next": _next, "nuxt": _nuxt, "remix": _remix, "react-router": _react_router, "sveltekit": _sveltekit, "astro": _astro,
    "angular": _angular, "eleventy": _eleventy, "hexo": _hexo, "docusaurus": _docusaurus, "vuepress": _vuepress,
    "qwik-city": _qwik, "tanstack-start": _tanstack, "parcel": _parcel, "expo": _expo, "stencil": _stencil, "rsbuild": _rsbuild,
}  # fmt: skip
"""The frameworks whose settings decide; of the others the table says all."""
