"""Who plans where an app can be deployed with and without containers."""

from __future__ import annotations

import pytest
from tests.planning.containers import ENGINE, detections, plan_of
from tests.planning.test_dockerfile import NODE

from auto_deployer.analysis.detection import winner
from auto_deployer.model.errors import RefusedError
from auto_deployer.model.plan import Overrides
from auto_deployer.model.reasons import Kind

EXPRESS = {
    "package.json": '{"name": "a", "dependencies": {"express": "4"}, "scripts": {"start": "node server.js"}}',
    "server.js": "require('express')().listen(process.env.PORT)",
}
COMPOSE = "services:\n  web:\n    build: .\n    ports: ['3000:3000']\n"
SERVICES = "services:\n  db:\n    image: postgres:16\n    ports: ['5432:5432']\n  cache:\n    image: redis\n"
PUBLISHED = "services:\n  app:\n    image: ghcr.io/me/app:latest\n    ports: ['80:80']\n"
ALL = {**EXPRESS, "Dockerfile": NODE, "docker-compose.yml": COMPOSE}


async def recipe_of(files: dict[str, str], **more: object) -> str:
    plan = await plan_of(files, **more)  # type: ignore[arg-type]
    assert plan.choice is not None
    return plan.choice.recipe


async def test_with_an_engine_compose_goes_before_dockerfile_before_the_rest() -> None:
    assert await recipe_of(ALL) == "compose"
    assert await recipe_of({**EXPRESS, "Dockerfile": NODE}) == "dockerfile"
    assert await recipe_of(EXPRESS) == "node"


async def test_without_one_it_is_as_if_they_were_not_there() -> None:
    assert await recipe_of(ALL, engine=None) == "node"
    with pytest.raises(RefusedError) as refused:
        await plan_of({"Dockerfile": NODE}, engine=None, ecosystems=("dockerfile",))
    assert refused.value.kind is Kind.DOCKER_ENGINE_MISSING
    with pytest.raises(RefusedError) as refused:
        await plan_of(ALL, engine=None, overrides=Overrides(recipe="compose"))
    assert refused.value.kind is Kind.DOCKER_ENGINE_MISSING


@pytest.mark.parametrize(
    ("overrides", "recipe"),
    [
        (Overrides(recipe="traditional"), "node"),
        (Overrides(recipe="node"), "node"),
        (Overrides(recipe="dockerfile"), "dockerfile"),
        (Overrides(recipe="docker-compose"), "compose"),
        (Overrides(start="node server.js"), "node"),
        (Overrides(build="npm run x"), "node"),
    ],
)
async def test_the_user_says_otherwise(overrides: Overrides, recipe: str) -> None:
    assert await recipe_of(ALL, overrides=overrides) == recipe


async def test_compose_without_its_plugin_leaves_it_to_the_dockerfile() -> None:
    engine = ENGINE.model_copy(update={"compose": ""})
    assert await recipe_of(ALL, engine=engine) == "dockerfile"
    with pytest.raises(RefusedError) as refused:
        await plan_of({"compose.yaml": COMPOSE, "Dockerfile": "FROM a\n"}, engine=engine)
    assert refused.value.kind is Kind.MISSING_TOOL


async def test_services_alone_are_offered_to_the_app() -> None:
    plan = await plan_of({**EXPRESS, "docker-compose.yml": SERVICES})
    assert plan.strategy == "traditional"
    assert "Its services can be started by `docker compose --file docker-compose.yml up --detach db cache`." in plan.notes


async def test_an_image_from_elsewhere_is_not_this_code() -> None:
    assert await recipe_of({**EXPRESS, "compose.yml": PUBLISHED}) == "node"
    assert await recipe_of({"README.md": "x", "compose.yml": PUBLISHED}) == "compose"


@pytest.mark.parametrize("dockerfile", ['FROM node:20\nCMD ["bash"]\n', "FROM node:20\nRUN npm test\n"])
async def test_a_dockerfile_to_work_in_is_passed_over(dockerfile: str) -> None:
    assert await recipe_of({**EXPRESS, "Dockerfile": dockerfile}) == "node"


@pytest.mark.parametrize("path", [".devcontainer/Dockerfile", "Dockerfile.dev", "examples/Dockerfile", "docker-compose.test.yml"])
async def test_files_for_other_purposes_do_not_count(path: str) -> None:
    assert await recipe_of({**EXPRESS, path: COMPOSE if path.endswith("yml") else NODE}) == "node"


def test_packaging_never_says_what_a_repository_is() -> None:
    found = detections(ALL)
    best = winner(found)
    assert best is not None
    assert best.recipe == "node"
    assert winner([each for each in found if each.packaging]) is None
