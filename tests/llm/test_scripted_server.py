"""The server that other tests rely on: it must fail them when the script was not followed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.llm.scripted_server import ScriptedServer, reply, status


def _chat(base_url: str, text: str) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return httpx2.post(f"{base_url}/chat/completions", json=body, trust_env=False)


def test_answers_come_in_order_and_what_was_asked_is_kept():
    with ScriptedServer([status(429, times=2), reply({"n": 1})]) as server:
        assert [_chat(server.base_url, f"question {n}").status_code for n in range(3)] == [429, 429, 200]
    assert [request.texts for request in server.requests] == [["question 0"], ["question 1"], ["question 2"]]
    assert server.requests[0].path == "/v1/chat/completions"


def test_a_match_picks_the_answer_that_fits_the_question():
    with ScriptedServer([reply("one", match="first"), reply("two", match="second")]) as server:
        said = [_chat(server.base_url, text).json()["choices"][0]["message"]["content"] for text in ("the second", "the first")]
    assert said == ["two", "one"]


def test_an_unused_answer_fails_the_test():
    with pytest.raises(AssertionError, match="not fully used"), ScriptedServer([reply("never wanted")]):
        pass


def test_an_unexpected_call_fails_the_test():
    with pytest.raises(AssertionError, match="1 unexpected"), ScriptedServer() as server:
        assert _chat(server.base_url, "anybody there?").status_code == 418


@pytest.mark.parametrize(("questions", "code"), [(["a"], 1), (["a", "b"], 0), (["a", "b", "c"], 1)])
def test_as_a_program_it_serves_a_scenario_file_and_tells_by_its_exit_code_whether_it_was_used(
    tmp_path: Path, questions: list[str], code: int
):
    scenario, port_file = tmp_path / "scenario.json", tmp_path / "port"
    scenario.write_text(json.dumps([{"reply": {"n": 1}}, {"status": 503, "headers": {"retry-after-ms": "1"}}]))
    arguments = [sys.executable, "-m", "tests.llm.scripted_server", str(scenario), "--port-file", str(port_file)]
    process = subprocess.Popen(arguments, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not port_file.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        root = f"http://127.0.0.1:{port_file.read_text()}"
        for question in questions:
            _chat(f"{root}/v1", question)
        assert len(httpx2.get(f"{root}/script", trust_env=False).json()["requests"]) == len(questions)
        process.terminate()
        assert process.wait(20) == code
    finally:
        process.kill()
        process.wait()
