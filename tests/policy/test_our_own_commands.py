"""What recipes plan, what the app keeper makes, and what recorded deployments ran: nobody is asked about any of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from auto_deployer.apps import keeper, layout
from auto_deployer.apps.env_file import env_file_command
from auto_deployer.apps.layout import OwnerRecord, ReleaseRecord
from auto_deployer.drivers.repairs import find_repair
from auto_deployer.model.facts import Tool
from auto_deployer.model.log import CommandRecord
from auto_deployer.model.plan import AppSpec, CommandCheck, DeploymentPlan, PlannedCommand
from auto_deployer.model.ports import DeployPaths
from auto_deployer.model.settings import PolicySettings
from auto_deployer.orchestrator.policy import CommandPolicy
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipes import RECIPES
from tests.planning.conftest import HOST, DictTree, plan_input

from .conftest import DEPLOY_DIR, HOME, RELEASE_DIR, policy

ROOT = Path(__file__).parents[2]
APPS = sorted(path for path in (ROOT / "tests/apps").iterdir() if path.is_dir())
JOURNALS = sorted((ROOT / "vscode-extension/test/journals").glob("*.jsonl"))


TOOLS = {
    "go": "1.23.0", "cargo": "1.83.0", "rustc": "1.83.0", "ruby": "3.3.0", "bundle": "2.5.0", "php": "8.3.0", "composer": "2.8.0",
    "hugo": "0.140.0", "java": "21.0.1", "mvn": "3.9.0", "gradle": "8.10.0", "dotnet": "9.0.0", "deno": "2.1.0", "bun": "1.1.0",
    "docker": "27.0.0", "make": "4.3", "elixir": "1.17.0", "mix": "1.17.0",
}  # fmt: skip
EQUIPPED = HOST.model_copy(update={
    "tools": (*HOST.tools, *(Tool(name=name, path=f"/usr/bin/{name}", version=version) for name, version in TOOLS.items())),
    "docker_engine": True,
})  # fmt: skip
"""A host on which every recipe finds its tools."""


def refused(made: CommandPolicy, command: PlannedCommand) -> str:
    """Why a command would not just run; "" when it would, with no rule speaking."""
    verdict = made.judge(command.command, cwd=command.cwd, env=command.env)
    return "" if (verdict.verdict, verdict.rule) == ("allow", "") else f"{command.command}: {verdict}"


def tree(folder: Path) -> DictTree:
    files = [path for path in folder.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    return DictTree({path.relative_to(folder).as_posix(): path.read_text(errors="replace") for path in files})


def commands_of(plan: DeploymentPlan) -> Iterator[PlannedCommand]:
    for step in plan.steps:
        yield from step.commands
        yield from (
            PlannedCommand(command=check.command, cwd=check.cwd) for check in step.checks if isinstance(check, CommandCheck)
        )
    assert plan.app is not None
    release_dir = plan_input().paths.release_dir
    yield PlannedCommand(command=plan.app.command, cwd=f"{release_dir}/{plan.app.cwd}", env=plan.app.env)


@pytest.mark.parametrize("app", APPS, ids=lambda path: path.name)
async def test_plans_of_recipes(app: Path) -> None:
    files = tree(app)
    found = sorted((found for recipe in RECIPES if (found := recipe.detect(files))), key=lambda each: -each.score)
    plan = await RecipePlanner().plan(plan_input(*found, host=EQUIPPED, file_count=len(files.contents)))
    made = CommandPolicy(PolicySettings(), deploy_dir="/srv/shop", home="/home/ada", log_dir="/home/ada/logs")
    commands = list(commands_of(plan))
    assert len(commands) > 3
    assert not [why for command in commands if (why := refused(made, command))]


def keeper_commands() -> Iterator[PlannedCommand]:
    env = {"KEY": "a 'quoted' value\nwith lines", "TEXT": "$(id) `x` rm -rf /", "NBSP": "a\u00a0b", "WIDE": "größer 漢字"}
    spec = AppSpec(name="site", command="exec .venv/bin/gunicorn --bind \"$HOST:$PORT\" 'app:make()'", env=env, cwd="web")
    entry = ReleaseRecord(id="r2", spec=spec, requested_port=3000, port=3000, url="http://127.0.0.1:3000/")
    record = OwnerRecord(app="site", repo="https://example.org/site.git", releases=(entry,))
    yield keeper.install_command(DEPLOY_DIR)
    yield keeper.prepare_command(DEPLOY_DIR, "r2", spec)
    yield keeper.start_command(DEPLOY_DIR, "r2", 3000, "127.0.0.1")
    yield keeper.stop_command(DEPLOY_DIR, "r1", grace_s=0, stopped_for="r2")
    yield keeper.restart_command(DEPLOY_DIR, "r1", 3000, "0.0.0.0", grace_s=1, stopped_for="r2", reasoning="")
    yield layout.write_record_command(DEPLOY_DIR, record)
    yield layout.switch_command(DEPLOY_DIR, "r2")
    yield layout.unlink_current_command(DEPLOY_DIR)
    yield layout.prune_command(DEPLOY_DIR, ["r0", "r1"], reasoning="")
    yield env_file_command(f"{HOME}/.cache/auto-deployer/deployments/d1/env", DeployPaths(DEPLOY_DIR, "r2"))


@pytest.mark.parametrize("deploy_dir", [DEPLOY_DIR, f"{HOME}/my apps/it's mine", "/srv/ünïcode/site", "/tmp/x/site"])
def test_commands_of_the_app_keeper(deploy_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.DEPLOY_DIR", deploy_dir)
    made = CommandPolicy(PolicySettings(), deploy_dir=deploy_dir, home=HOME)
    assert not [why for command in keeper_commands() if (why := refused(made, command))]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("npm ci --no-audit --no-fund", "npm error `npm ci` can only install packages when … are in sync"),
        ("npm install", "npm error code ERESOLVE"),
        ("pnpm install --frozen-lockfile", "ERR_PNPM_OUTDATED_LOCKFILE"),
        ("yarn install --immutable", "YN0028"),
        ("uv sync --frozen --no-dev", "unable to read uv.lock"),
        (f"/usr/bin/python3 -m venv {RELEASE_DIR}/.venv", "ensurepip is not available"),
        (".venv/bin/python -m pip install -c .venv/constraints.txt .", "ResolutionImpossible"),
        (
            ".venv/bin/python -m pip install -r requirements.txt",
            "Looking in indexes: https://pypi.org/simple\nFailed to establish a new connection",
        ),
        ("npm run build", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
        ("npm run build", "error:0308010C:digital envelope routines::unsupported"),
        ("npm ci", "ECONNRESET"),
    ],
)
def test_repairs_by_rule(command: str, output: str) -> None:
    record = CommandRecord(command=command, success=False, exit_code=1, cwd=RELEASE_DIR)
    repair = find_repair(record, output, frozenset())
    assert repair is not None
    assert not [why for mended in repair.commands if (why := refused(policy(), mended))]


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda path: path.stem)
def test_commands_of_recorded_deployments(journal: Path) -> None:
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    commands = [event["params"]["command"] for event in events if event["method"] == "deploy/commandExecuted"]
    assert commands or journal.stem in ("refused", "rejected")
    made = [PlannedCommand(command=command["command"], cwd=command["cwd"]) for command in commands]
    assert not [why for command in made if (why := refused(policy(), command))]
