"""Procfile: its start command over the ecosystem's install and build."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Detection, Tool
from auto_deployer.model.ports import PlanInput
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes import RECIPES
from auto_deployer.planning.recipes.procfile import parse_procfile

from .conftest import HOST, DictTree, plan_input

FLASK = {"requirements.txt": "flask\ngunicorn\n", "app.py": "from flask import Flask\napp = Flask('x')\n"}
RECIPE = next(recipe for recipe in RECIPES if recipe.name == "procfile")


def drafted(files: dict[str, str]) -> tuple[Detection, Draft, PlanInput]:
    found = RECIPE.detect(DictTree(files))
    assert found is not None
    given = plan_input(found)
    return found, RECIPE.draft(given, found), given


def test_web_starts_what_the_ecosystem_installs() -> None:
    found, plan, _ = drafted(FLASK | {"Procfile": "worker: rq\nweb: flask db upgrade; gunicorn app:app\n"})
    assert (found.project_type, found.framework) == ("python", "flask")
    assert plan.app.command.endswith("flask db upgrade; gunicorn app:app")
    assert plan.app.command.startswith('export PATH="$PWD/.venv/bin:$PATH"; ')
    assert any("pip install -r requirements.txt" in planned.command for planned in plan.install)


def test_other_processes_run_beside_the_chosen_one(tmp_path: Path) -> None:
    procfile = "release: true\nclock: echo clock on $PORT\nweb: sleep 0.3; echo web on $PORT\nworker: exit 3 # at once\n"
    _, plan, _ = drafted(FLASK | {"Procfile": procfile})
    assert any(note.startswith("clock, worker of the Procfile runs beside web") for note in plan.notes)
    env = {"PATH": os.environ["PATH"], "PORT": "8000"}
    run = subprocess.run(["bash", "-c", plan.app.command], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert sorted(run.stdout.splitlines()) == ["clock on 8100", "web on 8000"]
    assert "worker of the Procfile ended with 3" in run.stderr


def test_procfile_outranks_every_other_detection() -> None:
    files = FLASK | {"Procfile": "web: gunicorn app:app\n", "manage.py": "", "index.html": "<p>"}
    scores = {found.recipe: found.score for recipe in RECIPES if (found := recipe.detect(DictTree(files)))}
    assert max(scores, key=lambda name: scores[name]) == "procfile"


def test_release_runs_after_the_build() -> None:
    _, plan, _ = drafted(FLASK | {"Procfile": "release: flask init-db\nweb: gunicorn app:app\n"})
    assert plan.build[-1].command == 'export PATH="$PWD/.venv/bin:$PATH"; flask init-db'


def test_node_programs_are_on_the_path() -> None:
    files = {"package.json": '{"name": "x", "dependencies": {"express": "4"}}', "Procfile": "web: nodemon server.js\n"}
    found, plan, _ = drafted(files)
    assert found.project_type == "nodejs"
    assert plan.app.command == 'export PATH="$PWD/node_modules/.bin:$PATH"; nodemon server.js'
    assert any("npm" in planned.command for planned in plan.install)


def test_a_node_that_is_not_on_the_path_is_put_there() -> None:
    files = {
        "package.json": '{"name": "x", "dependencies": {"express": "4"}}',
        "Procfile": "web: node server.js\nrelease: npm run seed\n",
    }
    found = RECIPE.detect(DictTree(files))
    assert found is not None
    tools = (
        Tool(name="node", path="/home/u/.nvm/v20/bin/node", version="20.1.0"),
        Tool(name="npm", path="/usr/bin/npm", version="10"),
    )
    plan = RECIPE.draft(plan_input(found, host=HOST.model_copy(update={"tools": tools})), found)
    prefix = 'export PATH=/home/u/.nvm/v20/bin:"$PATH"; export PATH="$PWD/node_modules/.bin:$PATH"; '
    assert plan.app.command == f"{prefix}node server.js"
    assert plan.build[-1].command == f"{prefix}npm run seed"


def test_worker_is_started_without_web_and_a_library_below_is_no_obstacle() -> None:
    library = {"pyproject.toml": '[project]\nname="x"\n[build-system]\nrequires=["hatchling"]\nbuild-backend="hatchling.build"'}
    _, plan, _ = drafted(library | {"Procfile": "# web: old\nworker: python -m bot\n"})
    assert plan.app.command.endswith("python -m bot")


async def test_procfile_without_a_process_to_start_is_refused() -> None:
    found = RECIPE.detect(DictTree({"Procfile": "release: x\nclock: y\n"}))
    assert found is not None
    with pytest.raises(RefusedError) as caught:
        await RecipePlanner().plan(plan_input(found))
    assert caught.value.kind is Kind.NO_START_COMMAND
    assert "release, clock" in caught.value.message


def test_missing_service_of_the_app_below_is_refused() -> None:
    files = FLASK | {
        "Procfile": "web: gunicorn app:app\n",
        "app.py": FLASK["app.py"] + "from redis import Redis\nRedis(host='redis')\n",
    }
    with pytest.raises(RefusedError) as caught:
        drafted(files)
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING


async def test_a_program_of_an_ecosystem_without_recipe_is_refused_beside_one_with() -> None:
    found = RECIPE.detect(DictTree({"package.json": '{"name": "x"}', "Procfile": "web: mix phx.server\n"}))
    assert found is not None
    with pytest.raises(RefusedError) as caught:
        await RecipePlanner().plan(plan_input(found, ecosystems=("elixir",), top_level=("mix.exs", "Procfile", "package.json")))
    assert caught.value.kind is Kind.MISSING_TOOL


async def test_what_is_started_tells_which_ecosystem_installs() -> None:
    files = {"package.json": '{"name": "x", "scripts": {"build": "webpack"}}', "Gemfile": 'gem "sinatra"\n'}
    found = RECIPE.detect(DictTree(files | {"Procfile": "web: bundle exec ruby hello.rb -p $PORT\n"}))
    assert found is not None
    assert found.project_type == "ruby"
    with pytest.raises(RefusedError) as caught:
        await RecipePlanner().plan(plan_input(found))
    assert caught.value.kind is Kind.MISSING_TOOL


async def test_procfile_of_an_ecosystem_without_recipe_is_refused() -> None:
    found = RECIPE.detect(DictTree({"Procfile": "web: bin/app\n", "mix.exs": ""}))
    assert found is not None
    with pytest.raises(RefusedError) as caught:
        await RecipePlanner().plan(plan_input(found, ecosystems=("elixir",)))
    assert caught.value.kind is Kind.MISSING_TOOL


@pytest.mark.parametrize(
    ("start", "bound"),
    [
        ("gunicorn app:app", "--bind=127.0.0.1:8123 "),
        ("a; b; gunicorn -b 0.0.0.0:$PORT app:app", "--bind=127.0.0.1:8123 "),
        ("python app.py", None),
    ],
)
def test_gunicorn_is_bound_to_our_port_unless_the_author_binds_it(tmp_path: Path, start: str, bound: str | None) -> None:
    """A stand-in for gunicorn tells what it was given: its command line outranks GUNICORN_CMD_ARGS."""
    _, plan, _ = drafted(FLASK | {"Procfile": f"web: {start}\n"})
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("gunicorn", "python", "a", "b"):
        (programs / name).write_text('#!/bin/sh\necho "$(basename $0) $*|${GUNICORN_CMD_ARGS-unset}"\n')
        (programs / name).chmod(0o755)
    env = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": "8123"}
    run = subprocess.run(["sh", "-c", plan.app.command], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    last = run.stdout.splitlines()[-1]
    assert last == f"{start.rsplit('; ', maxsplit=1)[-1].replace('$PORT', '8123')}|{bound or 'unset'}"


def test_parsing_keeps_shell_text_as_it_is() -> None:
    text = "# comment\nweb:   FOO=1 a && b | c   \r\n\nbad line\nworker : x: y\n"
    assert parse_procfile(text) == {"web": "FOO=1 a && b | c", "worker": "x: y"}


def test_plan_of_a_procfile_is_complete() -> None:
    found, _, given = drafted(FLASK | {"Procfile": "web: gunicorn app:app\n"})
    plan = asyncio.run(RecipePlanner().plan(given))
    assert plan.choice is not None
    assert (plan.choice.recipe, plan.choice.package_manager, found.score) == ("procfile", "pip", 20.0)
