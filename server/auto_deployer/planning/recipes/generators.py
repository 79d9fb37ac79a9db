"""Site generators that are programs of their own: Hugo and Jekyll."""

from __future__ import annotations

import posixpath
import re

from ...model.base import Model
from ...model.facts import Detection, Evidence
from ...model.ports import PlanInput, RepoTree
from ..recipe import Draft
from .ruby import BUNDLE
from .site_folder import served_folder, site_draft
from .toolchain import toolchain

_HUGO_CONFIGS = (
    "hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.yaml", "config.yml", "config.json",
    "config/_default/hugo.toml", "config/_default/hugo.yaml", "config/_default/config.toml", "config/_default/config.yaml",
)  # fmt: skip
_HUGO_SETTING = re.compile(r"(?im)^[\s\"']*(baseURL|languageCode|theme|publishDir|title)\b[\"']?\s*[:=]")
_JEKYLL_SETTING = re.compile(r"(?m)^(theme|remote_theme|plugins|markdown|permalink|collections|baseurl)\s*:")


class GeneratorFindings(Model):
    """What a plan needs to know of the site."""

    output: str
    theme: str = ""
    """Folder of the theme that the settings name."""
    bundled: bool = False
    """There is a Gemfile."""


class HugoRecipe:
    """Hugo: settings, and a content folder or a theme."""

    name = "hugo"

    def detect(self, tree: RepoTree) -> Detection | None:
        config = next((path for path in _HUGO_CONFIGS if _HUGO_SETTING.search(tree.read(path) or "")), None)
        if config is None or not (
            posixpath.basename(config).startswith("hugo.") or tree.is_dir("content") or tree.is_dir("archetypes")
        ):
            return None
        text = tree.read(config) or ""
        theme = _setting(text, "theme")
        findings = GeneratorFindings(output=_setting(text, "publishDir") or "public", theme=f"themes/{theme}" if theme else "")
        return _detection(self.name, config, findings)

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Build with the target's Hugo, for the path / whatever address the settings name.

        Raises:
            RefusedError: Hugo is not there.
        """
        findings = GeneratorFindings.model_validate(detection.details)
        tools = toolchain(given, "Hugo", ("hugo",))
        build = tools.command(given, "hugo --minify --baseURL /", "The pages.")
        absent = findings.theme in {posixpath.relpath(path, given.repo.source.subdir or ".") for path in given.repo.submodules}
        risks = (f"The theme {findings.theme} is a submodule, which is not fetched: the build will miss it.",) if absent else ()
        start = site_draft(given)
        draft = Draft(strategy="static", app=start.app, tools=tools.tools, build=(build,), command_prefix=tools.prefix, risks=risks)
        return served_folder(given, draft, findings.output)


class JekyllRecipe:
    """Jekyll: its settings, with a Gemfile that names it or without any."""

    name = "jekyll"

    def detect(self, tree: RepoTree) -> Detection | None:
        text = tree.read("_config.yml")
        gemfile = tree.read("Gemfile")
        named = re.search(r"(?m)^\s*gem\s+['\"](?:jekyll|github-pages)['\"]", gemfile or "")
        if text is None or not (named or (gemfile is None and _JEKYLL_SETTING.search(text))):
            return None
        findings = GeneratorFindings(output=_setting(text, "destination") or "_site", bundled=gemfile is not None)
        return _detection(self.name, "_config.yml", findings)

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Bundler's gems where there is a Gemfile; built for the path /.

        Raises:
            RefusedError: Ruby with Bundler, or Jekyll itself, is not there.
        """
        findings = GeneratorFindings.model_validate(detection.details)
        tools = toolchain(given, "Jekyll", ("ruby",), *((("bundle",),) if findings.bundled else ()))
        install = tools.command(given, BUNDLE, "The gems of the Gemfile.")
        words = f"{'bundle exec ' if findings.bundled else ''}jekyll build --baseurl ''"
        build = tools.command(given, words, "The pages.", JEKYLL_ENV="production")
        start = site_draft(given)
        draft = Draft(
            strategy="static",
            app=start.app,
            tools=tools.tools if findings.bundled else (*tools.tools, "jekyll"),
            install=(install,) if findings.bundled else (),
            build=(build,),
            package_manager="bundler" if findings.bundled else "",
            command_prefix=tools.prefix,
        )
        return served_folder(given, draft, findings.output)


def _detection(recipe: str, config: str, findings: GeneratorFindings) -> Detection:
    evidence = (
        Evidence(file=config, saw=f"settings of {recipe.capitalize()}", weight=3.0),
        Evidence(file=config, saw="pages to build", weight=3.0),
    )
    return Detection(
        recipe=recipe,
        project_type="static",
        framework=recipe,
        score=6.0,
        evidence=evidence,
        runnable=True,
        details=findings.model_dump(mode="json"),
    )


def _setting(text: str, key: str) -> str:
    """A plain value at the top level of TOML, YAML or JSON."""
    found = re.search(rf"(?im)^[\s\"']*{key}\b[\"']?\s*[:=]\s*\[?[\"']?([\w./-]+)", text)
    return found[1] if found else ""
