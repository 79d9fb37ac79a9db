from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from auto_deployer.apps.health import http_get, parse_answer
from tests.apps_keeper.harness import Place

URL = "http://127.0.0.1:1/"
TOOLS = {
    "curl": ("curl", "bash", "tr", "head", "cat"),
    "python3": ("python3", "bash", "tr", "head", "cat"),
    "bash alone": ("bash", "tr", "head", "cat"),
}


@pytest.fixture(params=sorted(TOOLS))
def only_tool(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A PATH with one way to make a request."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS[request.param]:
        found = os.path.realpath(shutil.which(name) or "")
        if name == "python3":
            found = os.path.realpath(sys.executable)  # not a version manager's shim, which needs more of PATH
        if not os.path.exists(found):
            pytest.skip(f"needs {name}")
        (folder / name).symlink_to(found)
    return str(folder)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts connections, says something that is not HTTP, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 mail.example.org ESMTP\r\n")

        threading.Thread(target=talk, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


async def test_every_tool_tells_status_and_body(
    place: Place, httpserver: HTTPServer, only_tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/up", query_string="full=1").respond_with_data("fine, grün\n" * 5, status=418)
    monkeypatch.setenv("PATH", only_tool)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    answer = await http_get(place.session, ["127.0.0.1"], httpserver.port, "/up?full=1")
    assert answer.status == 418
    assert answer.body.startswith("fine, grün\n")
    assert answer.url == f"http://127.0.0.1:{httpserver.port}/up?full=1"


async def test_every_tool_tells_that_nobody_answers(
    place: Place, only_tool: str, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", only_tool)
    answer = await http_get(place.session, ["127.0.0.1", "::1"], free_port)
    assert answer.status is None
    assert f"http://127.0.0.1:{free_port}/: no answer (" in str(answer)
    assert "onnect" in answer.error


async def test_the_first_address_that_answers_counts(place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("hello")
    answer = await http_get(place.session, ["::1", "127.0.0.1"], httpserver.port)
    assert answer.status == 200


@pytest.mark.parametrize(("status", "proves"), [(200, True), (500, False)])
@pytest.mark.parametrize("location", ["/login?next=/#top", "login?next=/", "http://localhost:{port}/login?next=/"])
async def test_a_redirect_within_the_app_is_judged_by_where_it_leads(
    place: Place, httpserver: HTTPServer, location: str, status: int, proves: bool
) -> None:
    told = {"Location": location.format(port=httpserver.port)}
    httpserver.expect_ordered_request("/").respond_with_data("", status=302, headers=told)
    httpserver.expect_ordered_request("/login", query_string="next=/").respond_with_data("Log in", status=status)
    answer = await http_get(place.session, ["127.0.0.1"], httpserver.port)
    assert (answer.status, answer.body) == (status, "Log in")
    assert answer.passes("server") is proves
    httpserver.check()


@pytest.mark.parametrize("location", ["https://localhost:{port}/", "http://example.invalid:{port}/", "/"])
async def test_a_redirect_elsewhere_or_in_a_circle_is_an_answer_of_a_server(
    place: Place, httpserver: HTTPServer, location: str
) -> None:
    told = {"Location": location.format(port=httpserver.port)}
    httpserver.expect_request("/").respond_with_data("", status=302, headers=told)
    answer = await http_get(place.session, ["127.0.0.1"], httpserver.port)
    assert answer.status == 302
    assert answer.passes("server")
    assert not answer.passes("static")
    assert len(httpserver.log) == (6 if location == "/" else 1)


async def test_every_tool_tells_where_a_redirect_leads(
    place: Place, httpserver: HTTPServer, only_tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/").respond_with_data("", status=308, headers={"Location": "/en/"})
    httpserver.expect_request("/en/").respond_with_data("hello")
    monkeypatch.setenv("PATH", only_tool)
    answer = await http_get(place.session, ["127.0.0.1"], httpserver.port)
    assert (answer.status, answer.body, answer.url) == (200, "hello", f"http://127.0.0.1:{httpserver.port}/en/")


async def test_an_endless_answer_is_one_all_the_same(place: Place, httpserver: HTTPServer) -> None:
    def endless(_: Request) -> Response:
        return Response(iter(lambda: "tick\n" * 1000, None), mimetype="text/event-stream")

    httpserver.expect_request("/").respond_with_handler(endless)
    answer = await http_get(place.session, ["127.0.0.1"], httpserver.port, timeout_s=5)
    assert answer.status == 200
    assert answer.body.startswith("tick")


async def test_what_is_not_http_is_no_answer(place: Place, silent_port: int) -> None:
    answer = await http_get(place.session, ["127.0.0.1"], silent_port, timeout_s=3)
    assert answer.status is None
    assert not answer.passes("server")


@pytest.mark.parametrize(
    ("status", "server", "static"),
    [(200, True, True), (204, True, False), (404, True, False), (499, True, False), (500, False, False)],
)
def test_which_status_proves_what(status: int, server: bool, static: bool) -> None:
    answer = parse_answer(URL, f"HTTP/1.1 {status} X\r\nA: b\r\n\r\nbody", "")
    assert (answer.passes("server"), answer.passes("static")) == (server, static)


@pytest.mark.parametrize("title", ["Directory listing for /", "Index of /"])
def test_a_list_of_files_proves_nothing(title: str) -> None:
    answer = parse_answer(URL, f"HTTP/1.0 200 OK\n\n<html><head><title>{title}</title>", "")
    assert not answer.passes("server")
    assert not answer.passes("static")


def test_interim_responses_are_passed_over() -> None:
    answer = parse_answer(URL, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody", "")
    assert (answer.status, answer.body) == (200, "body")


def test_a_body_that_must_contain_a_text() -> None:
    answer = parse_answer(URL, "HTTP/1.1 200 OK\n\nhello world", "")
    assert answer.passes("server", "world")
    assert not answer.passes("server", "moon")


def test_the_port_of_a_debugger_is_no_app() -> None:
    answer = parse_answer(URL, "HTTP/1.0 400 Bad Request\r\n\r\nWebSockets request was expected\r\n", "")
    assert not answer.passes("server")


def test_the_message_holds_url_status_and_the_start_of_the_body() -> None:
    answer = parse_answer(URL, "HTTP/1.1 500 X\n\n<h1>Oops</h1>\n" + "x" * 1000, "")
    assert str(answer).startswith(f'GET {URL}: status 500, body begins "<h1>Oops</h1> xxx')
    assert len(str(answer)) < 400
