"""Node projects whose build is a folder of static files: Vite, Create React App and Vue CLI single-page apps."""

from __future__ import annotations

import posixpath
import re

from pydantic import Field

from ...model.base import Model
from ...model.ports import RepoTree
from ..versions import node_fits
from .node_frameworks import built_framework, vite_name
from .node_manifest import Manifest
from .node_scripts import commands_of
from .node_source import strip_comments

_LITERAL = (
    r"""(?:(?:path\.)?(?:resolve|join)\s*\(\s*(?:__dirname|import\.meta\.dirname|process\.cwd\(\))\s*,\s*)?["'`]([^"'`$\n]+)["'`]"""
)
_CONFIG_SUFFIXES = ("ts", "js", "mjs", "mts", "cjs", "cts")
_OLD_OPENSSL = {"NODE_OPTIONS": "--openssl-legacy-provider"}
"""Webpack 4 hashes with MD4, which OpenSSL 3 (Node 17 and newer) only has with this switch."""


class StaticBuild(Model):
    """How a single-page app is built and where the result is."""

    framework: str
    output: str
    """Relative to the repository's root."""
    env: dict[str, str] = Field(default_factory=dict)
    """For the build command."""
    old_openssl: bool = False
    """Builds on Node 17 and newer only with `_OLD_OPENSSL`."""
    notes: tuple[str, ...] = ()

    def build_env(self, node_version: str) -> dict[str, str]:
        """The environment of the build on that Node version."""
        return {**self.env, **(_OLD_OPENSSL if self.old_openssl and node_fits(">=17", node_version) else {})}


def static_build(root: RepoTree, manifest: Manifest) -> StaticBuild | None:
    """The static build that the `build` script makes, or None."""
    programs = commands_of(manifest.scripts.get("build", ""), manifest.scripts)
    verbs = {command.name: command.args for command in programs}
    if not programs or "cd" in verbs or built_framework(manifest):
        return None
    if "build" in verbs.get("vite", ()) or (manifest.depends_on("vite") and vite_config(root, manifest) and "rollup" not in verbs):
        return _vite(root, manifest, verbs.get("vite", ()))
    for program in ("react-scripts", "craco", "react-app-rewired"):
        if "build" in verbs.get(program, ()):
            return _create_react_app(manifest)
    return _vue_cli(root, manifest, verbs["vue-cli-service"]) if "build" in verbs.get("vue-cli-service", ()) else None


def vite_config(root: RepoTree, manifest: Manifest) -> str | None:
    """Path of the Vite configuration, or None."""
    paths = (posixpath.join(manifest.folder, f"vite.config.{suffix}") for suffix in _CONFIG_SUFFIXES)
    return next((path for path in paths if root.is_file(path)), None)


def _vite(root: RepoTree, manifest: Manifest, args: tuple[str, ...]) -> StaticBuild | None:
    config = _option(args, "--config", "-c")
    text = strip_comments(root.read(manifest.path(config) if config else vite_config(root, manifest) or "") or "")
    build = _block(text, "build")
    if re.search(r"\blib\s*:", build) or "--ssr" in args:
        return None
    operand = (
        next((word for word in args[args.index("build") + 1 :][:1] if not word.startswith("-")), "") if "build" in args else ""
    )
    site_root = operand or _top_level_literal(text, "root")
    # Without a page, the build only makes the assets of another app (Django, Laravel, Rails).
    if not root.is_file(manifest.path(posixpath.join(site_root, "index.html"))) and not re.search(r"\binput\b[^\n]*\.html", build):
        return None
    output = _option(args, "--outDir") or _literal(build, "outDir") or "dist"
    base = _top_level_literal(text, "base")
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
        framework="cra", output=manifest.path("build"), env=env, notes=notes, old_openssl=_major(manifest, "react-scripts") < 5
    )


def _vue_cli(root: RepoTree, manifest: Manifest, args: tuple[str, ...]) -> StaticBuild:
    text = strip_comments(root.read(manifest.path("vue.config.js")) or "")
    output = _option(args, "--dest") or _top_level_literal(text, "outputDir") or "dist"
    return StaticBuild(framework="vue-cli", output=manifest.path(output), old_openssl=_major(manifest, "@vue/cli-service") < 5)


def _major(manifest: Manifest, package: str) -> int:
    number = re.search(r"\d+", manifest.dependencies.get(package, ""))
    return int(number.group()) if number else 999


def _option(args: tuple[str, ...], *names: str) -> str:
    """The value of `--name value` or `--name=value`."""
    for index, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else "".join(args[index + 1 : index + 2])
    return ""


def _block(text: str, key: str) -> str:
    """The inside of the first `key: { … }`, braces balanced; "" when there is none."""
    start = re.search(rf"\b{key}\s*:\s*\{{", text)
    if not start:
        return ""
    depth = 1
    for index in range(start.end(), len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return text[start.end() : index]
    return text[start.end() :]


def _literal(text: str, key: str) -> str:
    found = re.search(rf"\b{key}\s*:\s*{_LITERAL}", text)
    return found[1] if found else ""


def _top_level_literal(text: str, key: str) -> str:
    """A literal of the configuration object itself: nested objects have keys of the same names."""
    inner = re.search(r"\{(?=[^{}]*(?:\{|\w+\s*:))", text[_config_start(text) :])
    if not inner:
        return ""
    body, depth, kept = text[_config_start(text) + inner.end() :], 0, []
    for char in body:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            break
        kept.append(char if depth == 0 else " ")
    return _literal("".join(kept), key)


def _config_start(text: str) -> int:
    found = re.search(r"export\s+default|module\.exports\s*=", text)
    return found.end() if found else 0
