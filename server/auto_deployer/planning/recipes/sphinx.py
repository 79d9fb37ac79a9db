"""Sphinx: documentation in reStructuredText or Markdown, built into a static site."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from ...model.facts import Detection
from ...model.ports import PlanInput, RepoTree
from ..quoting import path_word
from ..recipe import Draft
from .python_docs import DocsFindings, docs_detection, docs_draft, docs_findings, read_the_docs
from .python_source import parse_file

_FOLDERS = ("docs", "docs/source", "doc", "doc/source", "source", "")
_SETTINGS = frozenset({"extensions", "project", "html_theme", "master_doc", "root_doc"})
_PACKAGES = {
    # themes
    "alabaster": "", "classic": "", "basic": "", "nature": "", "sphinxdoc": "", "furo": "furo",
    "sphinx_rtd_theme": "sphinx-rtd-theme",
    "pydata_sphinx_theme": "pydata-sphinx-theme", "sphinx_book_theme": "sphinx-book-theme", "sphinx_material": "sphinx-material",
    "sphinx_immaterial": "sphinx-immaterial", "piccolo_theme": "piccolo-theme", "press": "sphinx-press-theme",
    # extensions
    "myst_parser": "myst-parser", "myst_nb": "myst-nb", "recommonmark": "recommonmark", "nbsphinx": "nbsphinx",
    "numpydoc": "numpydoc",
    "sphinx_copybutton": "sphinx-copybutton", "sphinx_design": "sphinx-design", "sphinx_tabs": "sphinx-tabs",
    "sphinx_click": "sphinx-click", "sphinx_autodoc_typehints": "sphinx-autodoc-typehints", "sphinx_issues": "sphinx-issues",
    "sphinx_togglebutton": "sphinx-togglebutton", "sphinx_inline_tabs": "sphinx-inline-tabs", "autoapi": "sphinx-autoapi",
    "sphinxext": "sphinxext-opengraph", "notfound": "sphinx-notfound-page", "hoverxref": "sphinx-hoverxref",
    "pallets_sphinx_themes": "Pallets-Sphinx-Themes", "sphinx_sitemap": "sphinx-sitemap", "sphinx_argparse": "sphinx-argparse",
    "breathe": "breathe", "sphinx": "",
}  # fmt: skip
"""First parts of the modules named in conf.py to the package on the index; "" for those that come with Sphinx."""


class SphinxRecipe:
    """Folders whose conf.py is Sphinx's."""

    name = "sphinx"

    def detect(self, tree: RepoTree) -> Detection | None:
        config = _config(tree)
        settings = dict(_settings(tree, config)) if config else {}
        if config is None or not settings:
            return None
        folder = posixpath.dirname(config)
        output = posixpath.join(folder, "_build/html")
        extensions = _texts(settings.get("extensions"))
        modules = dict.fromkeys(name.split(".")[0] for name in (*_texts(settings.get("html_theme")), *extensions))
        contributed = {name: name.replace(".", "-") for name in extensions if name.startswith("sphinxcontrib.")}
        findings = docs_findings(
            tree,
            self.name,
            build=f"sphinx -b html {path_word(folder or '.')} {path_word(output)}",
            output=output,
            used=[*(name for name in modules if name != "sphinxcontrib"), *contributed],
            known=_PACKAGES | contributed,
            imports="sphinx.ext.autodoc" in extensions,
        )
        return docs_detection(tree, config, findings)

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        return docs_draft(given, DocsFindings.model_validate(detection.details))


def _config(tree: RepoTree) -> str | None:
    """The conf.py that the documentation host is told, or the one in a usual place."""
    told = re.search(r"sphinx:[^\n]*\n(?:\s+.*\n)*?\s+configuration:\s*[\"']?([\w./-]+)", read_the_docs(tree) + "\n")
    named = [posixpath.normpath(told[1])] if told else []
    usual = (posixpath.join(folder, "conf.py") for folder in _FOLDERS)
    return next((path for path in (*named, *usual) if tree.is_file(path)), None)


def _settings(tree: RepoTree, config: str) -> Iterator[tuple[str, ast.expr]]:
    """Sphinx's settings in conf.py; none when it is another program's file of that name."""
    source = parse_file(tree, config)
    return ((name, value) for name, value in (source.constants if source else {}).items() if name in _SETTINGS)


def _texts(node: ast.expr | None) -> list[str]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
