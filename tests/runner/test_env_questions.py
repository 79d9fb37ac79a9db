"""Variables that an app needs: asked for before anything is installed, kept, given to build and run, refused without anyone."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import EnvVariable
from auto_deployer.model.plan import DeploymentPlan
from auto_deployer.model.questions import Answer, Question
from auto_deployer.model.reasons import Kind
from auto_deployer.runner.env_questions import plan_asking
from auto_deployer.runner.environment import AppEnvironment

from .conftest import Runs, leaving
from .test_attached import get

MakeRepo = Callable[..., Path]
TOKEN = "b7x2-not-to-be-seen"
PREFIX = "sk-"
NAMES = ("SECRET_KEY", "API_TOKEN", "MODE")
APP = """
import http.server
import os

SECRET_KEY = os.environ["SECRET_KEY"]
TOKEN = os.environ["API_TOKEN"]
MODE = os.getenv("MODE")
if not MODE:
    raise ValueError("MODE is not set")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        built = open("built.txt").read().strip()
        self.wfile.write(f"{MODE} {len(SECRET_KEY)} {len(TOKEN)} {built}".encode())


if __name__ == "__main__":
    http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
BUILD = {
    "install": "python3 -m venv --without-pip .venv",
    "build": 'test -n "$API_TOKEN" && printf "built %s" "${#API_TOKEN}" > built.txt; echo "with $API_TOKEN"',
}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Path:
    return make_repo(app__py=APP, __env__example="MODE=demo\nAPI_TOKEN=your-token-here\nTITLE=Shop\n")


class Answering:
    """Answers the questions of a deployment as they come."""

    def __init__(self, runs: Runs, answers: dict[str, dict[str, Any]]) -> None:
        self._runs, self._answers = runs, answers
        self.asked: list[Question] = []
        self._tasks: set[asyncio.Task[None]] = set()
        runs.on_event = self._follow

    def _follow(self, event: ev.Event) -> None:
        if isinstance(event, ev.QuestionAsked):
            self.asked.append(event.question)
            given = self._answers.get(event.question.question_id, {"option_id": "abort"})
            params = rq.AnswerParams(deployment_id=event.deployment_id, question_id=event.question.question_id, **given)
            task = asyncio.get_running_loop().create_task(self._answer(params))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, params: rq.AnswerParams) -> None:
        await self._runs.runner.answer(params)


async def test_what_is_missing_is_asked_for_kept_and_given_to_build_and_run(runs: Runs, repo: Path) -> None:
    answering = Answering(runs, {
        "env-SECRET_KEY-how": {"option_id": "generate"}, "env-API_TOKEN": {"text": TOKEN}, "env-MODE": {"text": "quiet"},
    })  # fmt: skip
    finished = await runs.deploy(repo, interactive=True, overrides=BUILD)
    assert finished.outcome == "success", finished.reason
    assert finished.app is not None
    assert get(finished.app.url) == f"quiet 64 {len(TOKEN)} built {len(TOKEN)}"

    how, token, mode = answering.asked
    assert (how.kind, how.default, how.category) == ("choice", "generate", "information")
    assert (token.kind, token.default, mode.kind, mode.default) == ("secret", None, "text", "demo")
    assert "app.py:6" in token.detail
    first_command = next(event.seq for event in runs.events if isinstance(event, ev.CommandStarted))
    assert all(event.seq < first_command for event in runs.events if isinstance(event, ev.QuestionAsked))

    file = runs.deploy_dir / "shared/.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = next(line for line in file.read_text().splitlines() if line.startswith("SECRET_KEY=")).partition("=")[2]
    left = leaving(runs)
    assert TOKEN.encode() not in left
    assert secret.encode() not in left
    assert b"with ***" in left

    again = await runs.deploy(repo, "d2", interactive=True, overrides=BUILD)
    assert again.outcome == "success", again.reason
    assert len(answering.asked) == len(NAMES)
    assert again.app is not None
    assert get(again.app.url) == f"quiet 64 {len(TOKEN)} built {len(TOKEN)}"
    assert secret in file.read_text()


class Anyone:
    """Answers every question with the same text."""

    interactive = True

    async def ask(self, question: Question, *, step_id: int | None = None, attempt: int | None = None) -> Answer:
        return Answer(text="given")


async def test_what_a_made_plan_lacks_is_asked_for_without_making_it_again() -> None:
    made: list[frozenset[str]] = []

    async def make(names: frozenset[str]) -> DeploymentPlan:
        made.append(names)
        return DeploymentPlan(strategy="traditional", steps=(), required_env=("API_URL",))

    def lacks(plan: DeploymentPlan, names: frozenset[str]) -> RefusedError | None:
        missing = tuple(EnvVariable(name=name) for name in plan.required_env if name not in names)
        return RefusedError("Not set.", kind=Kind.REQUIRED_ENV_MISSING, missing_env=missing) if missing else None

    _, environment = await plan_asking(make, AppEnvironment(), Anyone(), lacks)
    assert (made, environment.values) == ([frozenset()], {"API_URL": "given"})


async def test_without_anyone_it_is_refused_with_all_of_them(runs: Runs, repo: Path) -> None:
    finished = await runs.deploy(repo)
    assert finished.reason is not None
    assert finished.reason.kind is Kind.REQUIRED_ENV_MISSING
    assert all(name in finished.reason.message for name in NAMES)
    assert "TITLE" not in finished.reason.message
    assert not runs.deploy_dir.exists()
    assert (await runs.log()).summary.total_commands == 0


@pytest.mark.parametrize("answer", [{"cancelled": True}, {"text": "  "}])
async def test_a_question_left_open_is_a_refusal_and_nothing_is_kept(runs: Runs, repo: Path, answer: dict[str, Any]) -> None:
    Answering(runs, {"env-SECRET_KEY-how": {"option_id": "enter"}, "env-SECRET_KEY": answer})
    finished = await runs.deploy(repo, interactive=True)
    assert finished.reason is not None
    assert finished.reason.kind is Kind.REQUIRED_ENV_MISSING
    assert all(name in finished.reason.message for name in NAMES)
    assert not runs.deploy_dir.exists()


async def test_an_answer_that_looks_like_a_secret_is_one_whatever_its_name(runs: Runs, make_repo: MakeRepo) -> None:
    key = f"{PREFIX}proj4f9Ax81Kc03Lw72Zq55TbE"
    repo = make_repo(app__py=APP.replace('os.environ["API_TOKEN"]', '"x"').replace('os.environ["SECRET_KEY"]', '"x"'))
    Answering(runs, {"env-MODE": {"text": key}})
    finished = await runs.deploy(repo, interactive=True, overrides={**BUILD, "build": "touch built.txt"})
    assert finished.outcome == "success", finished.reason
    assert key.encode() not in leaving(runs)


async def test_a_database_that_does_not_answer_is_refused_before_installing(runs: Runs, repo: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        url = f"postgresql://shop:hunter2-abc@{place}/shop"
        env = {"DATABASE_URL": url, **dict.fromkeys(NAMES, "some-value-or-other")}
        finished = await runs.deploy(repo, env=env, overrides=BUILD)
    assert finished.reason is not None
    assert finished.reason.kind is Kind.REQUIRED_SERVICE_MISSING
    assert place in finished.reason.message
    assert b"hunter2-abc" not in leaving(runs)
    assert not runs.deploy_dir.exists()
