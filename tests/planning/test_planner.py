"""Choosing among detections, and the order and content of refusals."""

from __future__ import annotations

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Candidate, Detection, Tool
from auto_deployer.model.plan import DeploymentPlan, Overrides
from auto_deployer.model.ports import PlanInput
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipes import RECIPES

from .conftest import HOST, DictTree, plan_input

FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask('x')\n"}
SITE = {"index.html": "<h1>hello</h1>"}
LIBRARY = {"pyproject.toml": '[project]\nname="lib"\n[build-system]\nrequires=["hatchling"]\nbuild-backend="hatchling.build"\n'}


def detections(files: dict[str, str]) -> list[Detection]:
    found = [found for recipe in RECIPES if (found := recipe.detect(DictTree(files)))]
    return sorted(found, key=lambda found: -found.score)


async def plan(files: dict[str, str], **given: object) -> DeploymentPlan:
    return await RecipePlanner().plan(plan_input(*detections(files), **given))  # type: ignore[arg-type]


async def refusal(given: PlanInput) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await RecipePlanner().plan(given)
    assert suggested(caught.value)
    return caught.value


async def test_best_runnable_detection_is_planned_with_its_evidence() -> None:
    made = await plan(FLASK | SITE)
    assert made.choice is not None
    assert (made.choice.recipe, made.choice.runner_up) == ("python", "static")
    assert made.choice.evidence


async def test_detection_that_is_not_runnable_gives_way() -> None:
    made = await plan({"requirements.txt": "x\n", **SITE})
    assert made.choice is not None
    assert made.choice.recipe == "static"


async def test_recipe_override_decides() -> None:
    made = await plan(FLASK | SITE, overrides=Overrides(recipe="static"))
    assert made.strategy == "static"


async def test_close_runner_up_is_noted() -> None:
    node = Detection(recipe="node", project_type="nodejs", score=9.0, runnable=True)
    made = await RecipePlanner().plan(plan_input(*detections(FLASK), node))
    assert any("--recipe" in note for note in made.notes)


async def test_start_override_makes_an_unknown_repository_deployable() -> None:
    given = Overrides(install="make deps", build="make", start="./server --port $PORT", health_path="/up")
    made = await plan({"server.zig": ""}, overrides=given, ecosystems=("zig",))
    assert made.app is not None
    assert made.app.command == "./server --port $PORT"
    assert made.app.health.path == "/up"
    assert [step.name for step in made.steps][2:4] == ["Install dependencies", "Build"]


async def test_start_override_answers_a_library() -> None:
    made = await plan(LIBRARY, overrides=Overrides(start="python -m http.server $PORT"))
    assert made.app is not None
    assert made.app.command.endswith("python -m http.server $PORT")


async def test_empty_repository_comes_first() -> None:
    error = await refusal(plan_input(*detections(FLASK), file_count=0))
    assert error.kind is Kind.EMPTY_REPOSITORY


async def test_broken_manifest_is_not_passed_over_for_a_site() -> None:
    error = await refusal(plan_input(*detections({"package.json": "{", **SITE})))
    assert error.kind is Kind.MANIFEST_UNREADABLE


async def test_broken_manifest_of_another_kind_does_not_stop_an_app() -> None:
    assert (await plan({"package.json": "{", **FLASK})).app is not None


async def test_library_names_its_candidates() -> None:
    error = await refusal(plan_input(*detections(LIBRARY), candidates=(Candidate(path="examples/shop", kind="flask"),)))
    assert error.kind is Kind.LIBRARY_NOTHING_TO_RUN
    assert any("--subdir examples/shop" in suggestion for suggestion in suggested(error))


@pytest.mark.parametrize(
    ("ecosystems", "docker", "kind"),
    [
        (("elixir",), False, Kind.MISSING_TOOL),
        (("shell",), False, Kind.UNSUPPORTED_ECOSYSTEM),
        (("dockerfile",), False, Kind.DOCKER_ENGINE_MISSING),
        (("dockerfile",), True, Kind.UNSUPPORTED_ECOSYSTEM),
        (("dart", "dockerfile"), False, Kind.MISSING_TOOL),
        (("hugo",), False, Kind.MISSING_TOOL),
        ((), False, Kind.NO_RUNNABLE_AT_ROOT),
    ],
)
async def test_ecosystem_without_recipe(ecosystems: tuple[str, ...], docker: bool, kind: Kind) -> None:
    tools = (*HOST.tools, Tool(name="bash", path="/bin/bash", version="5.2"))
    host = HOST.model_copy(update={"docker_engine": docker, "tools": tools})
    error = await refusal(plan_input(ecosystems=ecosystems, host=host, top_level=("README.md",)))
    assert error.kind is kind
    assert any("--start" in suggestion for suggestion in suggested(error))


async def test_files_inside_an_app_of_another_ecosystem_are_not_its_success() -> None:
    given = plan_input(*detections(SITE), ecosystems=("elixir",))
    error = await refusal(given)
    assert error.kind is Kind.MISSING_TOOL
    assert any("--recipe static" in suggestion for suggestion in suggested(error))
    forced = plan_input(*detections(SITE), ecosystems=("elixir",), overrides=Overrides(recipe="static"))
    assert (await RecipePlanner().plan(forced)).strategy == "static"


@pytest.mark.parametrize("beside", ["dockerfile", "shell", "cmake", "sphinx"])
async def test_what_is_no_app_of_its_own_does_not_stop_a_site(beside: str) -> None:
    assert (await plan(SITE, ecosystems=(beside,))).strategy == "static"


async def test_missing_variables_are_refused_and_given_ones_are_not() -> None:
    files = FLASK | {"app.py": "import os\nkey = os.environ['API_KEY']\n" + FLASK["app.py"]}
    error = await refusal(plan_input(*detections(files)))
    assert error.kind is Kind.REQUIRED_ENV_MISSING
    assert "API_KEY" in error.message
    assert (await plan(files, env_names=frozenset({"API_KEY"}))).required_env == ("API_KEY",)


async def test_missing_service_comes_before_missing_variables() -> None:
    source = "import os\nfrom redis import Redis\nkey = os.environ['API_KEY']\nRedis(host='redis')\n"
    error = await refusal(plan_input(*detections(FLASK | {"app.py": source + FLASK["app.py"]})))
    assert error.kind is Kind.REQUIRED_SERVICE_MISSING


async def test_unknown_recipe_lists_the_known_ones() -> None:
    error = await refusal(plan_input(*detections(FLASK), overrides=Overrides(recipe="cobol")))
    assert error.kind is Kind.INVALID_REQUEST
    assert all(recipe.name in error.message for recipe in RECIPES)


async def test_forced_recipe_that_sees_nothing_is_refused() -> None:
    error = await refusal(plan_input(*detections(FLASK), overrides=Overrides(recipe="node")))
    assert error.kind is Kind.NO_RUNNABLE_AT_ROOT


async def test_same_facts_give_the_same_plan() -> None:
    first, second = await plan(FLASK), await plan(FLASK)
    assert first.model_copy(update={"created_at": ""}) == second.model_copy(update={"created_at": ""})


@pytest.mark.parametrize("recipe", [None, "node"])
@pytest.mark.parametrize("framework", ["nuxt", "astro", "@sveltejs/kit", "next"])
async def test_a_folder_to_serve_lifts_the_refusal_that_suggests_it(framework: str, recipe: str | None) -> None:
    files = {"package.json": f'{{"scripts": {{"build": "x build"}}, "dependencies": {{"{framework}": "1"}}}}'}
    error = await refusal(plan_input(*detections(files)))
    assert error.kind is Kind.UNSUPPORTED_ECOSYSTEM
    made = await plan(files, overrides=Overrides(output_dir="out", recipe=recipe))
    assert made.app is not None
    assert (made.strategy, made.app.command.endswith("--root out")) == ("static", True)
    assert [step.name for step in made.steps][2:4] == ["Install dependencies", "Build"]


@pytest.mark.parametrize("recipe", [None, "static"])
@pytest.mark.parametrize("files", [{"README.md": ""}, LIBRARY])
async def test_a_folder_to_serve_needs_no_recipe(files: dict[str, str], recipe: str | None) -> None:
    made = await plan(files, overrides=Overrides(build="make html", output_dir="_site", recipe=recipe))
    assert made.app is not None
    assert made.app.command.endswith("--root _site")
    assert made.steps[2].commands[0].command == "make html"


async def test_a_start_command_lifts_an_unsupported_framework_of_a_named_recipe() -> None:
    files = {"package.json": '{"scripts": {"build": "next build"}, "dependencies": {"next": "1"}}'}
    made = await plan(files, overrides=Overrides(start="npx next start", recipe="node"))
    assert made.app is not None
    assert made.app.command.endswith("npx next start")


async def test_documentation_of_a_library_is_not_what_is_deployed() -> None:
    files = LIBRARY | {"docs/index.html": "<h1>lib</h1>"}
    error = await refusal(plan_input(*detections(files)))
    assert error.kind is Kind.LIBRARY_NOTHING_TO_RUN
    assert any("--recipe static" in suggestion for suggestion in suggested(error))
    assert (await plan(files, overrides=Overrides(recipe="static"))).strategy == "static"


async def test_an_ecosystem_that_is_only_seen_below_gives_way_to_the_candidates() -> None:
    folders = (Candidate(path="vote", kind="flask"),)
    error = await refusal(plan_input(ecosystems=("dotnet",), candidates=folders, top_level=("vote/", "worker/")))
    assert error.kind is Kind.NO_RUNNABLE_AT_ROOT
    error = await refusal(plan_input(ecosystems=("dotnet",), candidates=folders, top_level=("shop.csproj", "vote/")))
    assert error.kind is Kind.MISSING_TOOL
