"""Each sample app that is deployed elsewhere is seen as what it is, by the recipe it was made for."""

from __future__ import annotations

from pathlib import Path

import pytest

from auto_deployer.planning.recipes import RECIPES

from .conftest import DictTree

APPS = Path(__file__).parents[1] / "apps"
KINDS = {
    "django": ("python", "django"), "eleventy": ("node", "eleventy"), "express": ("node", "express"),
    "bun": ("node", ""), "deno": ("deno", ""), "fastapi": ("python", "fastapi"), "gradle": ("java", ""), "node_bare": ("node", ""),
    "fasthtml": ("python", "fasthtml"), "flask": ("python", "flask"), "flask_factory": ("python", "flask"), "go": ("go", ""),
    "gradio": ("python", "gradio"), "hugo": ("hugo", "hugo"), "jekyll": ("jekyll", "jekyll"), "mkdocs": ("mkdocs", "mkdocs"),
    "next_export": ("node", "next"), "pdm": ("python", "flask"), "php": ("php", ""), "pipenv": ("python", "flask"),
    "poetry": ("python", "flask"), "procfile": ("procfile", ""), "procfile_workers": ("procfile", ""), "rust": ("rust", ""),
    "sinatra": ("ruby", "sinatra"), "sphinx": ("sphinx", "sphinx"), "static": ("static", "html"),
    "streamlit": ("python", "streamlit"), "vite": ("node", "vite"), "vitepress": ("node", "vitepress"),
}  # fmt: skip
"""App to recipe and framework."""


@pytest.mark.parametrize("app", KINDS)
def test_the_recipe_it_was_made_for_wins(app: str) -> None:
    folder = APPS / app
    texts = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    found = [found for recipe in RECIPES if (found := recipe.detect(DictTree(texts))) and found.runnable]
    best = max(found, key=lambda found: found.score)
    assert (best.recipe, best.framework) == KINDS[app]
    assert best.refusal is None
