"""Private repositories from the request to the app: whose login is used, what is asked, and that a token is seen nowhere."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import AuthenticationFailedError
from auto_deployer.model.reasons import Kind
from auto_deployer.model.settings import Settings
from auto_deployer.runner.attached import AttachedRunner
from auto_deployer.runner.detached import DetachedRunner
from auto_deployer.runner.settings import EffectiveSettings
from tests.analysis.servers import PASSWORD, USER, HttpsGitServer, https_server  # noqa: F401 - a fixture
from tests.suggestions import suggested

from .conftest import Runs, leaving
from .hosts import kill_all_below
from .test_attached import get

MakeRepo = Callable[..., Path]
CREDENTIAL = {"username": USER, "token": PASSWORD}


@pytest.fixture
def url(https_server: HttpsGitServer, make_repo: MakeRepo) -> str:
    https_server.publish(make_repo(index__html="<h1>private</h1>"), "private/shop.git")
    return f"https://{https_server.host}/private/shop.git"


def everything(runs: Runs, home: Path) -> bytes:
    """All that left, and all that lies in the home (caches, working folders, apps)."""
    return leaving(runs) + b"\n".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.is_symlink())


class Person:
    """Answers by question id; what is not among the answers is called off."""

    def __init__(self, runs: Runs, **answers: str) -> None:
        self._runs, self._answers = runs, answers
        self._tasks: set[asyncio.Task[None]] = set()
        self.asked: list[str] = []
        runs.on_event = self._hear

    def _hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.QuestionAsked):
            question = event.question
            self.asked.append(f"{question.question_id} {question.kind}")
            text = self._answers.get(question.question_id.replace("-", "_"))
            params = rq.AnswerParams(
                deployment_id=event.deployment_id, question_id=question.question_id, text=text, cancelled=text is None
            )
            task = asyncio.get_running_loop().create_task(self._runs.runner.answer(params))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def test_a_token_in_the_request_is_used_and_kept_nowhere(runs: Runs, url: str, home: Path) -> None:
    finished = await runs.deploy(url, gitCredential=CREDENTIAL)
    assert finished.outcome == "success", finished.reason
    assert "gitCredential" not in (await runs.log()).request
    assert PASSWORD.encode() not in everything(runs, home)


async def test_a_failed_deployment_keeps_no_token_for_its_retry(runs: Runs, url: str, home: Path) -> None:
    finished = await runs.deploy(url, gitCredential=CREDENTIAL, overrides={"build": "false"})
    assert finished.outcome == "failed"
    assert list(home.rglob("request.json")), "what a retry needs is kept"
    assert PASSWORD.encode() not in everything(runs, home)


async def test_a_token_in_the_environment_is_used(runs: Runs, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTO_DEPLOYER_GIT_TOKEN", PASSWORD)
    monkeypatch.setenv("AUTO_DEPLOYER_GIT_USERNAME", USER)
    show = {"build": "env | grep -c AUTO_DEPLOYER_GIT > found.txt; test $(cat found.txt) = 0"}
    finished = await runs.deploy(url, overrides=show)
    assert finished.outcome == "success", finished.reason
    assert PASSWORD.encode() not in leaving(runs)


async def test_a_person_is_asked_once_and_the_answer_is_not_shown(runs: Runs, url: str, home: Path) -> None:
    person = Person(runs, git_username=USER, git_secret=PASSWORD)
    finished = await runs.deploy(url, interactive=True)
    assert finished.outcome == "success", finished.reason
    assert person.asked == ["git-username text", "git-secret secret"]
    assert PASSWORD.encode() not in everything(runs, home)


async def test_a_user_name_in_the_url_is_not_asked_for(runs: Runs, https_server: HttpsGitServer, url: str) -> None:
    person = Person(runs, git_secret=PASSWORD)
    finished = await runs.deploy(url.replace("https://", f"https://{USER}@"), interactive=True)
    assert finished.outcome == "success", finished.reason
    assert person.asked == ["git-secret secret"]


@pytest.mark.parametrize("answers", [{}, {"git_username": USER}, {"git_username": USER, "git_secret": "wrong-token-value"}])
async def test_no_or_a_wrong_answer_ends_it(runs: Runs, url: str, answers: dict[str, str]) -> None:
    person = Person(runs, **answers)
    finished = await runs.deploy(url, interactive=True)
    assert finished.reason is not None
    assert (finished.outcome, finished.reason.kind) == ("failed", Kind.AUTHENTICATION_FAILED)
    assert len(person.asked) == len(set(person.asked))
    assert b"wrong-token-value" not in leaving(runs)


async def test_without_anyone_it_is_told_what_to_set(runs: Runs, url: str) -> None:
    finished = await runs.deploy(url)
    assert finished.reason is not None
    assert finished.reason.kind is Kind.AUTHENTICATION_FAILED
    assert any("AUTO_DEPLOYER_GIT_TOKEN" in text for text in suggested(finished.reason))


async def test_looking_takes_the_token_of_the_request_too(runs: Runs, url: str) -> None:
    with pytest.raises(AuthenticationFailedError):
        await runs.runner.analyze(rq.SourceParams(repo=url))
    params = rq.SourceParams.model_validate({"repo": url, "gitCredential": CREDENTIAL})
    assert (await runs.runner.analyze(params)).repo.name == "shop"
    assert (await runs.runner.plan(params)).plan.strategy == "static"
    assert PASSWORD not in repr(params)


async def test_a_process_of_its_own_gets_the_token_too(runs: Runs, url: str, home: Path, tmp_path: Path) -> None:
    runner = DetachedRunner(runs.log_dir)
    try:
        await runner.start(runs.params(url, gitCredential=CREDENTIAL), subscriber=runs.follow)
        finished = await runner.wait("d1")
    finally:
        await runner.shutdown()
        kill_all_below(tmp_path)
    assert finished.outcome == "success", finished.reason
    assert PASSWORD.encode() not in everything(runs, home)


async def test_an_app_in_a_submodule_is_deployed_when_the_user_says_so(
    runs: Runs, https_server: HttpsGitServer, make_repo: MakeRepo
) -> None:
    theme, shop = make_repo("theme", index__html="<h1>from the submodule</h1>"), make_repo("shop", README__md="a shop")
    head = _git(theme, "rev-parse", "HEAD")
    (shop / ".gitmodules").write_text('[submodule "site"]\n\tpath = site\n\turl = ../theme.git\n')
    _git(shop, "update-index", "--add", "--cacheinfo", f"160000,{head},site")
    _git(shop, "add", ".gitmodules")
    _git(shop, "-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-q", "-m", "add site")
    https_server.publish(theme, "private/theme.git")
    https_server.publish(shop, "private/shop.git")
    url = f"https://{https_server.host}/private/shop.git"
    without = await runs.deploy(url, subdir="site", gitCredential=CREDENTIAL)
    assert without.reason is not None
    assert without.reason.kind is Kind.SUBDIR_NOT_FOUND
    finished = await runs.deploy(url, "d2", subdir="site", submodules=True, gitCredential=CREDENTIAL)
    assert finished.app is not None, finished.reason
    assert get(finished.app.url) == "<h1>from the submodule</h1>"


def _git(folder: Path, *args: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *args], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize(
    ("budget", "kind"),
    [({"fetch_timeout": 0.001}, Kind.REPOSITORY_TIMEOUT), ({"max_repository_mb": 1}, Kind.REPOSITORY_TOO_LARGE)],
)
async def test_the_limits_of_the_settings_count(runs: Runs, make_repo: MakeRepo, budget: dict[str, Any], kind: Kind) -> None:
    repo = make_repo(index__html="<h1>large</h1>")
    (repo / "data.bin").write_bytes(bytes((index * index * 7919) >> 5 & 255 for index in range(2_500_000)))
    effective = EffectiveSettings(Settings.model_validate({"budget": budget}), None)
    runs.runner = AttachedRunner(runs.log_dir, lambda: effective)
    finished = await runs.deploy(repo, dirty=True)
    assert finished.reason is not None
    assert finished.reason.kind is kind
    assert any("budget." in text for text in suggested(finished.reason))
