from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from . import judge
from .cli import Ended
from .conftest import entry
from .judge import Judgement, Verdict, judge_deploy, judge_end, judge_plan
from .processes import processes_of

SLEEP = "import time; print(flush=True); time.sleep(60)"

Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts a process that sleeps, once it really runs."""
    begun: list[subprocess.Popen[str]] = []

    def start(**options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", SLEEP], stdout=subprocess.PIPE, encoding="utf-8", **options)  # type: ignore[call-overload]
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def success(url: str = "", recipe: str = "static") -> Ended:
    return Ended("success", 0, 1.0, url=url, recipe=recipe)


def failure(kind: str, outcome: str = "failed") -> Ended:
    return Ended(outcome, 1, 1.0, kind, "because")


def test_success_counts_only_when_the_page_answers(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("Hello")
    httpserver.expect_request("/old").respond_with_data("", status=302, headers={"Location": "/"})
    url = httpserver.url_for("/")
    assert judge_deploy(entry(text="Hello"), success(url)).verdict is Verdict.AS_EXPECTED
    assert judge_deploy(entry(path="/old", status=302), success(url)).verdict is Verdict.AS_EXPECTED
    assert judge_deploy(entry(text="Goodbye"), success(url)).verdict is Verdict.FALSE_SUCCESS
    assert judge_deploy(entry(path="/nothing"), success(url)).verdict is Verdict.FALSE_SUCCESS


def test_a_success_by_another_recipe_or_on_another_port_is_different(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("Hello")
    url = httpserver.url_for("/")
    assert judge_deploy(entry(port=httpserver.port), success(url)).verdict is Verdict.AS_EXPECTED
    assert judge_deploy(entry(port=1), success(url)).verdict is Verdict.DIFFERENT
    assert judge_deploy(entry(), success(url, "node")) == Judgement(Verdict.DIFFERENT, "planned by node, static expected")


def test_a_refusal_must_have_the_right_kind() -> None:
    refused = entry(expected="empty_repository")
    assert judge_deploy(refused, failure("empty_repository")).verdict is Verdict.AS_EXPECTED
    assert judge_deploy(refused, failure("missing_tool")).verdict is Verdict.DIFFERENT
    assert judge_deploy(refused, failure("empty_repository", "cancelled")).verdict is Verdict.DIFFERENT
    assert judge_deploy(refused, success()).verdict is Verdict.FALSE_SUCCESS


def test_a_failure_where_success_is_due_is_different_unless_the_network_is_to_blame() -> None:
    assert judge_deploy(entry(), failure("command_failed")).verdict is Verdict.DIFFERENT
    assert judge_deploy(entry(), failure("dependency_source_unreachable")).verdict is Verdict.NOT_HAD
    assert judge_deploy(entry(), failure("build_needs_network")).verdict is Verdict.NOT_HAD


def test_an_exit_code_that_says_something_else_is_different() -> None:
    lied = Ended("failed", 0, 1.0, "empty_repository")
    assert judge_deploy(entry(expected="empty_repository"), lied).verdict is Verdict.DIFFERENT


def test_plans() -> None:
    planned, refused = Ended("planned", 0, 1.0, recipe="static"), failure("empty_repository")
    later = entry(expected="process_exited_no_port", found_in="run")
    assert judge_plan(entry(), planned).verdict is Verdict.AS_EXPECTED
    assert judge_plan(later, planned).verdict is Verdict.AS_EXPECTED
    assert judge_plan(entry(recipe="node"), planned).verdict is Verdict.DIFFERENT
    assert judge_plan(entry(), refused).verdict is Verdict.DIFFERENT
    assert judge_plan(entry(expected="empty_repository"), refused).verdict is Verdict.AS_EXPECTED
    assert judge_plan(entry(expected="empty_repository"), planned).verdict is Verdict.DIFFERENT


def test_only_processes_of_this_deployment_belong_to_it(tmp_path: Path, begin: Begin) -> None:
    work, other = tmp_path / "shop", tmp_path / "shop2"
    for folder in (work, other):
        folder.mkdir()
    marked = begin(env={**os.environ, "TMPDIR": str(work / "tmp")}, cwd=other)
    inside = begin(cwd=work)
    begin(env={**os.environ, "TMPDIR": str(other / "tmp")}, cwd=other)
    assert {process.pid for process in processes_of(work)} == {marked.pid, inside.pid}


def test_what_is_left_running_is_named_and_ended(tmp_path: Path, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "GONE_WITHIN_S", 0)
    left = begin(cwd=tmp_path)
    found = judge_end(Judgement(Verdict.AS_EXPECTED), tmp_path, "")
    assert found.verdict is Verdict.DIFFERENT
    assert found.why.startswith(f"left running: {left.pid}")
    assert processes_of(tmp_path) == []


def test_a_port_that_still_answers_after_the_stop_is_told(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "GONE_WITHIN_S", 0)
    url = httpserver.url_for("/")
    assert "still listens" in judge_end(Judgement(Verdict.AS_EXPECTED), tmp_path, url).why
    assert judge_end(Judgement(Verdict.FALSE_SUCCESS, "a"), tmp_path, url).verdict is Verdict.FALSE_SUCCESS


def test_nothing_left_changes_nothing(tmp_path: Path) -> None:
    found = Judgement(Verdict.AS_EXPECTED)
    assert judge_end(found, tmp_path, "http://127.0.0.1:1/") is found
    assert judge_end(found, tmp_path, "", "stop failed") == Judgement(Verdict.DIFFERENT, "stop failed")
