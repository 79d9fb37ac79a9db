"""Plain sites: where they lie, what speaks against them, and how they are served."""

from __future__ import annotations

import json

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts
from auto_deployer.model.plan import Overrides
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.static import StaticRecipe

from .conftest import DictTree, plan_input

PAGE = "<h1>hello</h1>"


def drafted(files: dict[str, str], *, subdir: str = "", overrides: Overrides | None = None) -> Draft:
    detection = StaticRecipe().detect(DictTree(files, subdir))
    assert detection is not None
    return StaticRecipe().draft(plan_input(detection, subdir=subdir, overrides=overrides), detection)


def served(draft: Draft) -> str:
    return draft.app.command.partition("--root ")[2]


@pytest.mark.parametrize("folder", ["public", "dist", "site", "www", "docs", "src"])
def test_the_usual_folders(folder: str) -> None:
    draft = drafted({f"{folder}/index.html": PAGE, "README.md": ""})
    assert served(draft) == folder
    assert draft.build_checks[0].model_dump()["path"] == f"/srv/shop/releases/20261124-064812-a1b2/{folder}/index.html"


def test_the_root_wins_and_an_index_page_must_answer_200() -> None:
    draft = drafted({"index.html": PAGE, "docs/index.html": PAGE})
    assert served(draft) == "."
    assert (draft.strategy, draft.app.kind, draft.app.health.expect) == ("static", "static", "static")
    assert draft.tools == ("/usr/bin/python3",)
    assert draft.install == ()


@pytest.mark.parametrize("neighbour", ["Rakefile", "Makefile", "Dockerfile", "LICENSE.txt", "docker-compose.yml"])
def test_what_lies_beside_a_page_changes_nothing(neighbour: str) -> None:
    alone = StaticRecipe().detect(DictTree({"index.html": PAGE}))
    beside = StaticRecipe().detect(DictTree({"index.html": PAGE, neighbour: "all:\n"}))
    assert alone == beside


@pytest.mark.parametrize(
    "files",
    [
        {"vite.config.ts": ""},
        {"webpack.config.js": ""},
        {"_config.yml": ""},
        {"mkdocs.yml": ""},
        {"package.json": json.dumps({"scripts": {"build": "make-site"}})},
        {"package.json": json.dumps({"devDependencies": {"parcel": "2"}})},
        {"package.json": "{broken"},
    ],
)
def test_never_where_a_tool_builds_the_site(files: dict[str, str]) -> None:
    assert StaticRecipe().detect(DictTree({"index.html": PAGE, **files})) is None


@pytest.mark.parametrize("folder", ["src", "web/src", "public"])
def test_the_source_folder_of_a_built_project_is_no_site_of_its_own(folder: str) -> None:
    parent = folder.rpartition("/")[0]
    files = {f"{folder}/index.html": PAGE, f"{parent}/angular.json".lstrip("/"): "{}"}
    assert StaticRecipe().detect(DictTree(files, folder)) is None


def test_a_package_json_without_a_build_is_no_build_tool() -> None:
    manifest = json.dumps({"devDependencies": {"prettier": "3"}, "scripts": {"format": "prettier ."}})
    assert StaticRecipe().detect(DictTree({"index.html": PAGE, "package.json": manifest})) is not None


@pytest.mark.parametrize("manifest", ["composer.json", "go.mod", "index.php", "manage.py", "config.ru"])
def test_the_page_of_a_program_that_serves_itself_does_not_win(manifest: str) -> None:
    detection = StaticRecipe().detect(DictTree({"public/index.html": PAGE, manifest: ""}))
    assert detection is not None
    assert detection.score <= 0


def test_staticfile_root_and_fallback() -> None:
    draft = drafted({"Staticfile": "# where\nroot: hello\nindex_fallback: true\n", "hello/index.html": PAGE, "index.html": PAGE})
    assert served(draft) == "hello --spa"


@pytest.mark.parametrize("root", ["../other", "/etc", "absent"])
def test_a_staticfile_cannot_lead_out_or_nowhere(root: str) -> None:
    assert StaticRecipe().detect(DictTree({"Staticfile": f"root: {root}\n", "index.html": PAGE})) is None


def test_a_sub_folder_is_served_from_its_place_in_the_release() -> None:
    draft = drafted({"sites/a b/public/index.html": PAGE}, subdir="sites/a b")
    assert (served(draft), draft.app.cwd) == ("public", "sites/a b")
    assert draft.build_checks[0].model_dump()["path"].endswith("/sites/a b/public/index.html")


def test_overrides_replace_single_decisions() -> None:
    overrides = Overrides(build="make site", output_dir="_out", health_path="/en/")
    draft = drafted({"index.html": PAGE}, overrides=overrides)
    assert served(draft) == "_out"
    assert draft.build[0].command == "make site"
    assert draft.build[1].command.startswith("mkdir -p /srv/shop/bin")
    assert draft.app.health.path == "/en/"


@pytest.mark.parametrize("folder", ["/etc", "..", "a/../../b"])
def test_an_output_folder_outside_is_refused(folder: str) -> None:
    with pytest.raises(RefusedError) as caught:
        drafted({"index.html": PAGE}, overrides=Overrides(output_dir=folder))
    assert caught.value.kind == Kind.PLAN_INVALID


def test_a_target_without_python_is_refused() -> None:
    detection = StaticRecipe().detect(DictTree({"index.html": PAGE}))
    assert detection is not None
    with pytest.raises(RefusedError) as caught:
        StaticRecipe().draft(plan_input(detection, host=HostFacts()), detection)
    assert caught.value.kind == Kind.MISSING_TOOL


def test_nothing_to_serve() -> None:
    assert StaticRecipe().detect(DictTree({"README.md": "", "pages/index.html": PAGE})) is None


@pytest.mark.parametrize(
    "page",
    [
        '<link rel="icon" href="%PUBLIC_URL%/favicon.ico">',
        '<script type="module" src="/src/main.tsx"></script>',
        "{% extends 'base.html' %}",
        "---\ntitle: x\n---\n<p>",
        "<title><%= htmlWebpackPlugin.options.title %></title>",
    ],
)
def test_a_page_that_has_to_be_built_first_is_no_site(page: str) -> None:
    assert StaticRecipe().detect(DictTree({"public/index.html": page})) is None


@pytest.mark.parametrize("page", ["{{ message }}", "<script type='text/template'><%- title %></script>", "<p>\n---\n", "50% off"])
def test_templates_that_the_browser_fills_are_a_site(page: str) -> None:
    assert StaticRecipe().detect(DictTree({"index.html": page})) is not None


@pytest.mark.parametrize(
    ("files", "is_site"),
    [
        ({"requirements.txt": "fastapi\n"}, False),
        ({"requirements.txt": "pillow\n"}, True),
        ({"Dockerfile": "FROM python:3\nCMD bokeh serve app.py\n"}, False),
        ({"Dockerfile": 'FROM python:3\nCMD ["python", "-m", "http.server"]\n'}, True),
        ({"Dockerfile": "FROM nginx\nCOPY . /usr/share/nginx/html\n"}, True),
        ({"compose.yaml": "services: {api: {build: ./api}, db: {image: postgres}}", "api/Dockerfile": "FROM python"}, False),
        ({"compose.yaml": "services: {web: {build: .}}", "Dockerfile": "FROM nginx"}, True),
        ({"compose.yaml": "services: {web: {image: nginx}}"}, True),
        ({"compose.yaml": "services: ["}, True),
    ],
)
def test_pages_of_a_program_are_no_site(files: dict[str, str], is_site: bool) -> None:
    found = StaticRecipe().detect(DictTree({"index.html": PAGE, **files}))
    assert found is not None
    assert (found.score > 0) is is_site
