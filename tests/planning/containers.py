"""A host with a container engine, and plans made for it."""

from __future__ import annotations

from typing import Any

from tests.planning.conftest import HOST, DictTree, plan_input

from auto_deployer.model.facts import ContainerEngine, Detection, HostFacts, Tool
from auto_deployer.model.plan import DeploymentPlan, Overrides
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipes import RECIPES

ENGINE = ContainerEngine(name="docker", version="27.3.1", compose="docker compose", compose_version="2.29.7")


def host_with(engine: ContainerEngine | None = ENGINE) -> HostFacts:
    tools = (*HOST.tools, Tool(name="docker", path="/usr/bin/docker", version="27.3.1"))
    return HOST.model_copy(update={"tools": tools, "engine": engine})


def detections(files: dict[str, str]) -> list[Detection]:
    tree = DictTree(files)
    return sorted((found for recipe in RECIPES if (found := recipe.detect(tree))), key=lambda found: -found.score)


async def plan_of(
    files: dict[str, str], *, engine: ContainerEngine | None = ENGINE, overrides: Overrides | None = None, **more: Any
) -> DeploymentPlan:
    return await RecipePlanner().plan(plan_input(*detections(files), host=host_with(engine), overrides=overrides, **more))


def build_commands(plan: DeploymentPlan) -> list[str]:
    return [command.command for step in plan.steps if step.name == "Build" for command in step.commands]
