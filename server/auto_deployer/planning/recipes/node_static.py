"""Node projects whose build is a folder of static files: single-page apps of Vite, Create React App, Vue CLI and webpack."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from pydantic import Field

from ...model.base import Model
from ...model.ports import RepoTree
from ..versions import node_fits
from .node_config import block, config_path, config_text, literal, major_of, operand, option, top_level_literal
from .node_frameworks import build_run, built_framework, server_framework, vite_name
from .node_manifest import Manifest
from .node_scripts import commands_of
from .node_source import strip_comments

_OLD_OPENSSL = {"NODE_OPTIONS": "--openssl-legacy-provider"}
"""Webpack 4 hashes with MD4, which OpenSSL 3 (Node 17 and newer) only has with this switch."""


_WEBPACK_CONFIGS = ("webpack.config", "webpack.prod", "webpack.config.prod", "webpack.common", "config/webpack.prod")


_BUILD_SCRIPTS = ("build", "build:prod", "build:production", "build-prod", "prod", "dist")
"""Where the build of a site stands, the usual place first."""
_SITE_FOLDERS = ("dist", "build", "public", "docs", "")
_TEMPLATE = re.compile(r"%[A-Z_]+%|<%|\{%")


class StaticBuild(Model):
    """How a site is built and where the result is."""

    framework: str
    output: str
    """Relative to the repository's root."""
    env: dict[str, str] = Field(default_factory=dict)
    """For the build command."""
    spa: bool = True
    """Unknown paths get the index page: its script does the routing."""
    old_openssl: bool = False
    """Builds on Node 17 and newer only with `_OLD_OPENSSL`."""
    notes: tuple[str, ...] = ()

    def build_env(self, node_version: str) -> dict[str, str]:
        """The environment of the build on that Node version."""
        return {**self.env, **(_OLD_OPENSSL if self.old_openssl and node_fits(">=17", node_version) else {})}


def static_build(root: RepoTree, manifest: Manifest) -> tuple[StaticBuild, str] | None:
    """The single-page app that a script makes, and the script's name; None when there is none."""
    name = _build_script(manifest)
    build = _single_page(root, manifest, name) if name else None
    return (build, name) if build else None


def completed_page(root: RepoTree, manifest: Manifest) -> tuple[StaticBuild, str] | None:
    """A committed page whose scripts and styles a build makes, and the build's script; None when there is none.

    It is the last thing to think of: servers have such pages too.
    """
    name = _build_script(manifest)
    for folder in _SITE_FOLDERS if name and not manifest.is_published and not server_framework(manifest) else ():
        page = root.read(manifest.path(posixpath.join(folder, "index.html")))
        if page is not None and not _TEMPLATE.search(page):
            return StaticBuild(framework="html", output=manifest.path(folder)), name
    return None


def _build_script(manifest: Manifest) -> str:
    return next((name for name in _BUILD_SCRIPTS if manifest.scripts.get(name, "").strip()), "")


def _single_page(root: RepoTree, manifest: Manifest, script: str) -> StaticBuild | None:
    programs = commands_of(manifest.scripts[script], manifest.scripts)
    verbs = {command.name: command.args for command in programs}
    run = build_run(manifest)
    if not programs or "cd" in verbs or (run and run.script == script):
        return None
    if manifest.depends_on("react-dev-utils") and any("scripts/build.js" in command.args for command in programs):
        return _create_react_app(manifest)  # ejected
    if "hugo" in verbs:  # whatever else is built goes into its pages
        output = option(verbs["hugo"], "-d", "--destination") or "public"
        return StaticBuild(framework="hugo", output=manifest.path(output), spa=False)
    configured = manifest.depends_on("vite") and config_path(root, manifest, "vite.config") and not built_framework(manifest)
    if "build" in verbs.get("vite", ()) or (configured and "rollup" not in verbs):
        return _vite(root, manifest, verbs.get("vite", ()))
    return _by_bundler(root, manifest, verbs)


def _by_bundler(root: RepoTree, manifest: Manifest, verbs: Mapping[str, tuple[str, ...]]) -> StaticBuild | None:
    """The app of a tool chain on webpack, or of webpack itself."""
    for program in ("react-scripts", "craco", "react-app-rewired"):
        if "build" in verbs.get(program, ()):
            return _create_react_app(manifest)
    if "build" in verbs.get("vue-cli-service", ()):
        return _vue_cli(root, manifest, verbs["vue-cli-service"])
    return _webpack(root, manifest, verbs["webpack"]) if "webpack" in verbs else None


def _vite(root: RepoTree, manifest: Manifest, args: tuple[str, ...]) -> StaticBuild | None:
    config = option(args, "--config", "-c")
    text = strip_comments(root.read(manifest.path(config) if config else config_path(root, manifest, "vite.config") or "") or "")
    build = block(text, "build")
    if re.search(r"\blib\s*:", build) or "--ssr" in args:
        return None
    site_root = operand(args, "build") or top_level_literal(text, "root")
    # Without a page, the build only makes the assets of another app (Django, Laravel, Rails).
    if not root.is_file(manifest.path(posixpath.join(site_root, "index.html"))) and not re.search(r"\binput\b[^\n]*\.html", build):
        return None
    output = option(args, "--outDir") or literal(build, "outDir") or "dist"
    base = top_level_literal(text, "base")
    notes = (f"Vite's `base` is {base!r}: the page expects its files below that path.",) if base.strip("./") else ()
    return StaticBuild(framework=vite_name(manifest), output=manifest.path(posixpath.join(site_root, output)), notes=notes)


def _create_react_app(manifest: Manifest) -> StaticBuild:
    # CI=1 turns its warnings into errors.
    env, notes = {"CI": "false"}, ()
    homepage = re.sub(r"^https?://[^/]+", "", manifest.homepage).strip("./")
    if homepage:
        env["PUBLIC_URL"] = "/"
        notes = (f"Built for the path / instead of /{homepage} (package.json `homepage`).",)
    return StaticBuild(
        framework="cra", output=manifest.path("build"), env=env, notes=notes, old_openssl=major_of(manifest, "react-scripts") < 5
    )


def _vue_cli(root: RepoTree, manifest: Manifest, args: tuple[str, ...]) -> StaticBuild:
    text = strip_comments(root.read(manifest.path("vue.config.js")) or "")
    output = option(args, "--dest") or top_level_literal(text, "outputDir") or "dist"
    return StaticBuild(framework="vue-cli", output=manifest.path(output), old_openssl=major_of(manifest, "@vue/cli-service") < 5)


def _webpack(root: RepoTree, manifest: Manifest, args: tuple[str, ...]) -> StaticBuild | None:
    """What webpack makes where it writes the page too; without one, it bundles for something else."""
    if not manifest.depends_on("html-webpack-plugin"):
        return None
    told = option(args, "--config", "-c")
    text = strip_comments(root.read(manifest.path(told)) or "") if told else config_text(root, manifest, *_WEBPACK_CONFIGS)
    output = option(args, "--output-path", "-o") or literal(block(text, "output"), "path") or "dist"
    inside = not manifest.path(output).startswith("..")
    return StaticBuild(framework="webpack", output=manifest.path(output)) if inside else None
