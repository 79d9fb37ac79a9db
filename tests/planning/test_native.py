"""Plans for Windows: checkout and file server by our own Python, everything else in commands that PowerShell can be given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.plan import CommandCheck, DeploymentPlan, Overrides
from auto_deployer.model.ports import DeployPaths
from auto_deployer.model.reasons import REFUSALS, Kind
from auto_deployer.model.settings import Settings
from auto_deployer.orchestrator.gate import commands_of
from auto_deployer.orchestrator.policy import CommandPolicy
from auto_deployer.planning.planners import plan_by
from auto_deployer.planning.repo_texts import RepoTexts
from auto_deployer.sessions.portable import to_powershell

from .conftest import plan_input
from .containers import detections

PLACE = "C:/Users/It's me/deployments/shop"
RELEASE = f"{PLACE}/releases/20261124-064812-a1b2"
HOST = HostFacts(
    os="windows", arch="x86_64", home="C:/Users/It's me",
    tools=(
        Tool(name="git", path="C:/Program Files/Git/cmd/git.exe", version="2.47.0"),
        Tool(name="python3", path="C:/Python312/python.exe", version="3.12.7"),
        Tool(name="node", path="C:/Program Files/nodejs/node.exe", version="22.11.0"),
        Tool(name="npm", path="C:/Program Files/nodejs/npm.cmd", version="10.9.0"),
    ),
)  # fmt: skip
STATIC = {"index.html": "<h1>Hello</h1>"}
EXPRESS = {
    "package.json": '{"name": "shop", "scripts": {"start": "node server.js"}, "dependencies": {"express": "^4"}}',
    "server.js": "require('express')().listen(process.env.PORT)\n",
}
VITE = {
    "package.json": '{"name": "shop", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "^5"}}',
    "package-lock.json": '{"name": "shop", "lockfileVersion": 3, "packages": {}}',
    "index.html": '<div id="app"></div><script type="module" src="/main.js"></script>',
    "vite.config.js": "export default {}\n",
    "main.js": "document.title = 'x'\n",
}
FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
FASTAPI = {"requirements.txt": "fastapi\nuvicorn\n", "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}


async def planned(files: dict[str, str], **overrides: str) -> DeploymentPlan:
    given = plan_input(*detections(files), host=HOST, overrides=Overrides(**overrides))
    given = replace(given, paths=DeployPaths(PLACE, RELEASE.rsplit("/", 1)[-1]))
    return await plan_by("recipe", given, RepoTexts(), None)


def texts_of(plan: DeploymentPlan) -> list[str]:
    commands = [command.command for command in commands_of(plan, DeployPaths(PLACE, "r"))]
    return [*commands, *(check.command for step in plan.steps for check in step.checks if isinstance(check, CommandCheck))]


@pytest.mark.parametrize("files", [STATIC, EXPRESS, VITE, FLASK, FASTAPI], ids=["static", "express", "vite", "flask", "fastapi"])
async def test_every_command_is_one_for_powershell_and_none_is_asked_about(files: dict[str, str]) -> None:
    plan = await planned(files)
    for text in texts_of(plan):
        assert to_powershell(text)
        assert ".venv/bin" not in text
    policy = CommandPolicy.of(Settings().policy, DeployPaths(PLACE, "r"), HOST, target="local")
    for command in commands_of(plan, DeployPaths(PLACE, RELEASE.rsplit("/", 1)[-1])):
        verdict = policy.judge(command.command, cwd=command.cwd, env=command.env)
        assert verdict.verdict == "allow", (command.command, verdict.reason)


async def test_virtual_environments_are_where_windows_has_them() -> None:
    plan = await planned(FLASK)
    assert ".venv/Scripts/python -m pip install -r requirements.txt" in texts_of(plan)
    assert plan.app is not None
    assert plan.app.command.startswith("exec .venv/Scripts/python -m flask run")
    assert any("not carried over" in note for note in plan.notes)


async def test_a_server_for_posix_systems_is_refused() -> None:
    with pytest.raises(RefusedError, match="gunicorn, which does not run on Windows") as refused:
        await planned({**FLASK, "requirements.txt": "flask\ngunicorn\n"})
    assert refused.value.kind == Kind.SHELL_NOT_SUPPORTED
    assert Kind.SHELL_NOT_SUPPORTED in REFUSALS


async def test_what_is_no_simple_command_is_refused_with_its_part() -> None:
    with pytest.raises(RefusedError, match=r"`\|`") as refused:
        await planned(EXPRESS, start="node server.js | tee log")
    assert refused.value.kind == Kind.SHELL_NOT_SUPPORTED
    assert any("WSL 2" in suggestion for suggestion in suggested(refused.value))
