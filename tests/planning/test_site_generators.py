"""MkDocs, Sphinx, Hugo and Jekyll: what they are built with, and where the pages land."""

from __future__ import annotations

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Detection
from auto_deployer.model.plan import Overrides
from auto_deployer.model.ports import PlanInput
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes import RECIPES

from .conftest import DictTree, plan_input
from .test_compiled import host

MKDOCS = {"mkdocs.yml": "site_name: x\n", "docs/index.md": "# x\n"}
LIBRARY = {"pyproject.toml": '[project]\nname="lib"\n[build-system]\nrequires=["flit"]\nbuild-backend="flit"\n', "lib.py": ""}
FULL = host(hugo="0.121.0", ruby="3.2.2", bundle="2.4")


def given(files: dict[str, str], overrides: Overrides | None = None) -> PlanInput:
    found = [found for recipe in RECIPES if (found := recipe.detect(DictTree(files)))]
    return plan_input(*sorted(found, key=lambda found: -found.score), host=FULL, overrides=overrides)


def detected(name: str, files: dict[str, str]) -> Detection | None:
    return next(recipe for recipe in RECIPES if recipe.name == name).detect(DictTree(files))


def drafted(name: str, files: dict[str, str]) -> Draft:
    found = detected(name, files)
    assert found is not None
    return next(recipe for recipe in RECIPES if recipe.name == name).draft(plan_input(found, host=FULL), found)


def commands(draft: Draft) -> list[str]:
    """Without the making of the environment and the web server."""
    return [command.command for command in (*draft.install, *draft.build) if "venv " not in command.command][:-1]


class TestMkDocs:
    """mkdocs.yml."""

    @pytest.mark.parametrize(
        ("files", "installed"),
        [
            ({"docs/requirements.txt": "mkdocs\n"}, "-r docs/requirements.txt"),
            (
                {
                    ".readthedocs.yaml": "python:\n  install:\n    - requirements: manual.txt # ours\n",
                    "manual.txt": "mkdocs",
                    "docs/requirements.txt": "mkdocs\n",
                },
                "-r manual.txt",
            ),
            ({"requirements.txt": "mkdocs-material\nmkdocs\n"}, "-r requirements.txt"),
            ({"requirements.txt": "requests\n"}, "mkdocs"),
            ({"pyproject.toml": '[dependency-groups]\ndocs = ["mkdocs~=1.6", {include-group = "x"}]\n'}, "'mkdocs~=1.6'"),
            ({"pyproject.toml": '[tool.poetry.group.docs.dependencies]\nmkdocs = "^1.6"\n'}, "'mkdocs>=1.6,<2'"),
        ],
    )
    def test_what_is_installed(self, files: dict[str, str], installed: str) -> None:
        draft = drafted("mkdocs", MKDOCS | files)
        assert commands(draft)[0] == f".venv/bin/python -m pip install {installed}"
        assert commands(draft)[1].endswith(".venv/bin/python -m mkdocs build")

    def test_packages_by_what_the_settings_name(self) -> None:
        text = (
            "theme:\n  features: [a]\n  name: material\nplugins:\n  - search\n  - minify:\n      minify_html: true\n"
            "  - secret-sauce\nmarkdown_extensions:\n  - toc:\n      permalink: true\n  - pymdownx.superfences\nnav:\n  - x.md\n"
        )
        draft = drafted("mkdocs", {"mkdocs.yml": text})
        assert commands(draft)[0].endswith("install mkdocs mkdocs-material mkdocs-minify-plugin pymdown-extensions")
        assert "secret-sauce" in draft.risks[0]

    @pytest.mark.parametrize(
        ("files", "root"),
        [
            (MKDOCS, "site"),
            ({"mkdocs.yml": "site_dir: public # here\n"}, "public"),
            ({"docs/mkdocs.yml": "docs_dir: .\n"}, "docs/site"),
        ],
    )
    def test_where_the_pages_land(self, files: dict[str, str], root: str) -> None:
        assert drafted("mkdocs", files).app.command.endswith(f"--root {root}")

    async def test_a_small_package_with_a_manual_is_its_manual(self) -> None:
        plan = await RecipePlanner().plan(given(MKDOCS | LIBRARY))
        assert plan.choice is not None
        assert plan.choice.recipe == "mkdocs"

    async def test_the_manual_of_a_library_is_not_what_is_deployed(self) -> None:
        files = MKDOCS | LIBRARY | {f"lib/part{number}.py": "" for number in range(9)}
        with pytest.raises(RefusedError) as caught:
            await RecipePlanner().plan(given(files))
        assert caught.value.kind is Kind.LIBRARY_NOTHING_TO_RUN
        assert any("--recipe mkdocs" in suggestion for suggestion in suggested(caught.value))
        assert (await RecipePlanner().plan(given(files, Overrides(recipe="mkdocs")))).strategy == "static"

    async def test_an_app_outranks_its_manual(self) -> None:
        app = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask('x')\n"}
        plan = await RecipePlanner().plan(given(MKDOCS | app))
        assert plan.choice is not None
        assert (plan.choice.recipe, plan.choice.runner_up) == ("python", "mkdocs")


class TestSphinx:
    """conf.py."""

    CONF = 'project = "x"\nextensions = ["sphinx.ext.autodoc", "myst_parser", "sphinxcontrib.mermaid"]\nhtml_theme = "furo"\n'

    def test_packages_by_what_the_settings_name(self) -> None:
        draft = drafted("sphinx", LIBRARY | {"docs/conf.py": self.CONF})
        assert commands(draft)[0].endswith("pip install sphinx furo myst-parser sphinxcontrib-mermaid .")
        assert commands(draft)[1].endswith("-m sphinx -b html docs docs/_build/html")
        assert draft.app.command.endswith("--root docs/_build/html")

    def test_the_documentation_host_is_told_where(self) -> None:
        told = {".readthedocs.yaml": "version: 2\nsphinx:\n  configuration: manual/conf.py\n", "manual/conf.py": self.CONF}
        assert drafted("sphinx", told).app.command.endswith("--root manual/_build/html")

    @pytest.mark.parametrize("text", ["HOST = 1\n", "def broken(:\n"])
    def test_another_programs_conf(self, text: str) -> None:
        assert detected("sphinx", {"conf.py": text}) is None


class TestHugo:
    """hugo.toml and its older names."""

    @pytest.mark.parametrize(
        ("files", "root"),
        [
            ({"hugo.toml": 'title = "x"\n'}, "public"),
            ({"config.yaml": "baseURL: https://x.org\npublishDir: docs\n", "content/a.md": ""}, "docs"),
        ],
    )
    def test_build(self, files: dict[str, str], root: str) -> None:
        draft = drafted("hugo", files)
        assert commands(draft) == ["hugo --minify --baseURL /"]
        assert draft.app.command.endswith(f"--root {root}")

    @pytest.mark.parametrize("files", [{"config.toml": 'title = "x"\n'}, {"config.yml": "db: 1\n", "content/a.md": ""}])
    def test_another_programs_config(self, files: dict[str, str]) -> None:
        assert detected("hugo", files) is None

    def test_a_theme_that_is_not_fetched_is_told(self) -> None:
        found = detected("hugo", {"hugo.toml": 'theme = "ananke"\n'})
        assert found is not None
        start = plan_input(found, host=FULL)
        repo = start.repo.model_copy(update={"submodules": ("themes/ananke",)})
        draft = next(recipe for recipe in RECIPES if recipe.name == "hugo").draft(
            PlanInput(**{**vars(start), "repo": repo}),
            found,
        )
        assert "themes/ananke" in draft.risks[0]


class TestJekyll:
    """_config.yml."""

    def test_with_a_gemfile(self) -> None:
        draft = drafted("jekyll", {"_config.yml": "title: x\ndestination: out\n", "Gemfile": 'gem "jekyll"\n'})
        assert commands(draft)[1] == "bundle exec jekyll build --baseurl ''"
        assert draft.app.command.endswith("--root out")

    def test_without_one_jekyll_itself_is_needed(self) -> None:
        draft = drafted("jekyll", {"_config.yml": "theme: minima\n"})
        assert commands(draft) == ["jekyll build --baseurl ''"]
        assert "jekyll" in draft.tools

    @pytest.mark.parametrize(
        "files", [{"_config.yml": "title: x\n"}, {"_config.yml": "theme: landscape\n", "Gemfile": 'gem "x"\n'}]
    )
    def test_another_programs_config(self, files: dict[str, str]) -> None:
        assert detected("jekyll", files) is None
