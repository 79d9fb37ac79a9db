"""MkDocs: documentation in Markdown, built into a static site."""

from __future__ import annotations

import posixpath
import re
import textwrap
from shlex import quote

from ...model.facts import Detection
from ...model.ports import PlanInput, RepoTree
from ..recipe import Draft
from .python_docs import DocsFindings, docs_detection, docs_draft, docs_findings

_CONFIGS = ("mkdocs.yml", "mkdocs.yaml", "docs/mkdocs.yml", "docs/mkdocs.yaml")
_PACKAGES = {
    # themes
    "mkdocs": "", "readthedocs": "", "material": "mkdocs-material", "bootstrap": "mkdocs-bootstrap", "cinder": "mkdocs-cinder",
    "windmill": "mkdocs-windmill", "gitbook": "mkdocs-gitbook", "shadcn": "mkdocs-shadcn",
    # plugins
    "search": "", "tags": "", "blog": "", "social": "mkdocs-material[imaging]", "privacy": "", "offline": "",
    "group": "", "meta": "", "info": "", "optimize": "", "typeset": "",
    "mkdocstrings": "mkdocstrings[python]", "autorefs": "mkdocs-autorefs", "gen-files": "mkdocs-gen-files",
    "literate-nav": "mkdocs-literate-nav", "section-index": "mkdocs-section-index", "awesome-pages": "mkdocs-awesome-pages-plugin",
    "awesome-nav": "mkdocs-awesome-nav", "minify": "mkdocs-minify-plugin", "macros": "mkdocs-macros-plugin",
    "redirects": "mkdocs-redirects", "glightbox": "mkdocs-glightbox", "include-markdown": "mkdocs-include-markdown-plugin",
    "git-revision-date": "mkdocs-git-revision-date-plugin",
    "git-revision-date-localized": "mkdocs-git-revision-date-localized-plugin",
    "git-authors": "mkdocs-git-authors-plugin", "mermaid2": "mkdocs-mermaid2-plugin", "i18n": "mkdocs-static-i18n",
    "exclude": "mkdocs-exclude", "monorepo": "mkdocs-monorepo-plugin", "swagger-ui-tag": "mkdocs-swagger-ui-tag",
    "rss": "mkdocs-rss-plugin", "click": "mkdocs-click",
    "typer": "mkdocs-typer", "jupyter": "mkdocs-jupyter", "table-reader": "mkdocs-table-reader-plugin",
    # Markdown extensions
    "pymdownx": "pymdown-extensions", "markdown_include": "markdown-include", "mdx_include": "mdx-include",
    "mdx_truly_sane_lists": "mdx-truly-sane-lists",
}  # fmt: skip
"""Names in mkdocs.yml to the package on the index; "" for those that come with MkDocs or its Material theme."""
_BUILT_IN_EXTENSIONS = frozenset({
    "admonition", "toc", "tables", "footnotes", "attr_list", "md_in_html", "def_list", "abbr", "meta", "codehilite", "fenced_code",
    "extra", "smarty", "sane_lists", "nl2br", "wikilinks", "legacy_attrs", "legacy_em", "markdown",
})  # fmt: skip
"""Extensions of Python-Markdown itself."""


class MkDocsRecipe:
    """Folders with an mkdocs.yml."""

    name = "mkdocs"

    def detect(self, tree: RepoTree) -> Detection | None:
        config = next((path for path in _CONFIGS if tree.is_file(path)), None)
        if config is None:
            return None
        text = tree.read(config) or ""
        output = posixpath.join(posixpath.dirname(config), _value(text, "site_dir") or "site")
        named = "" if config == "mkdocs.yml" else f" --config-file {quote(config)}"
        findings = docs_findings(
            tree,
            self.name,
            build=f"mkdocs build{named}",
            output=output,
            used=_used(text),
            known=_PACKAGES,
            imports=False,  # mkdocstrings reads sources
        )
        return docs_detection(tree, config, findings)

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        return docs_draft(given, DocsFindings.model_validate(detection.details))


def _used(text: str) -> list[str]:
    """Theme, plugins and Markdown extensions, by their names in the settings."""
    theme = re.search(r"(?m)^theme:[ \t]*[\"']?([\w-]*).*\n((?:[ \t]+.*\n|[ \t]*\n)*)", f"{text}\n")
    name = (theme[1] or _value(textwrap.dedent(theme[2]), "name")) if theme else ""
    extensions = [name.split(".")[0] for name in _items(text, "markdown_extensions")]
    return [
        *([name] if name else []),
        *(name.removeprefix("material/") for name in _items(text, "plugins")),
        *(name for name in extensions if name not in _BUILT_IN_EXTENSIONS and name != "material"),
    ]


def _items(text: str, key: str) -> list[str]:
    """The names listed under a top-level key, one a line ("- name" or "- name:" with its settings)."""
    listed = re.search(rf"(?m)^{key}:[ \t]*\n((?:[ \t]*-.*\n?|[ \t]+.*\n?|[ \t]*\n)*)", text)
    lines = listed[1].splitlines() if listed else []
    depths = [len(line) - len(line.lstrip()) for line in lines if line.lstrip().startswith("- ")]
    pattern = re.compile(rf"^ {{{min(depths, default=0)}}}- +[\"']?([\w./-]+)")
    return [match[1] for line in lines if (match := pattern.match(line))]


def _value(text: str, key: str) -> str:
    found = re.search(rf"(?m)^{key}:[ \t]*[\"']?([\w./-]+)", text)
    return found[1] if found else ""
