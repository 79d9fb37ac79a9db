"""The static web server over real HTTP, and the commands that bring it to a target."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.ports import DeployPaths
from auto_deployer.model.reasons import Kind
from auto_deployer.planning import static_server
from auto_deployer.planning.static_server_program import Handler, Server

Answer = tuple[int, dict[str, str], bytes]
Serve = Callable[..., "Site"]


class Site:
    """A running server and the requests made to it."""

    def __init__(self, root: Path, *, spa: bool) -> None:
        handler = type("SiteHandler", (Handler,), {"root": root.resolve(), "spa": spa})
        self._server = Server(("127.0.0.1", 0), handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return request(self.port, path, method, headers)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def request(port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    sites: list[Site] = []

    def start(files: dict[str, str], *, spa: bool = False) -> Site:
        for name, text in files.items():
            path = tmp_path / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        sites.append(Site(tmp_path / "site", spa=spa))
        return sites[-1]

    yield start
    for site in sites:
        site.close()


def test_serves_index_pages_and_files_with_their_types(serve: Serve) -> None:
    site = serve(
        {"index.html": "home", "docs/index.html": "docs", "app.js": "1", "a.wasm": "w", "data.json": "{}", "x.unknown": "?"}
    )
    assert site.get("/")[::2] == (200, b"home")
    assert site.get("/docs/")[::2] == (200, b"docs")
    types = {path: site.get(path)[1]["content-type"] for path in ("/", "/app.js", "/a.wasm", "/data.json", "/x.unknown")}
    assert types == {
        "/": "text/html; charset=utf-8",
        "/app.js": "text/javascript; charset=utf-8",
        "/a.wasm": "application/wasm",
        "/data.json": "application/json",
        "/x.unknown": "application/octet-stream",
    }


def test_a_folder_without_slash_is_redirected_inside_of_this_host(serve: Serve) -> None:
    site = serve({"index.html": "home", "docs/index.html": "docs"})
    status, headers, _ = site.get("/docs?page=2")
    assert (status, headers["location"]) == (301, "/docs/?page=2")
    assert site.get("//docs")[1]["location"] == "/docs/"


def test_a_page_is_found_without_its_suffix(serve: Serve) -> None:
    site = serve({"index.html": "home", "about.html": "about"})
    assert site.get("/about")[::2] == (200, b"about")


def test_no_listing_for_a_folder_without_index(serve: Serve) -> None:
    site = serve({"index.html": "home", "img/secret-name.png": "p"})
    status, _, body = site.get("/img/")
    assert status == 404
    assert b"secret-name" not in body


def test_unknown_paths_get_404_and_the_sites_own_page(serve: Serve) -> None:
    site = serve({"index.html": "home"})
    assert site.get("/nothing")[0] == 404
    serve({"404.html": "not here"})
    assert site.get("/nothing")[::2] == (404, b"not here")


def test_single_page_apps_get_the_index_for_pages_but_not_for_missing_files(serve: Serve) -> None:
    site = serve({"index.html": "app", "404.html": "not here"}, spa=True)
    assert site.get("/users/7")[::2] == (200, b"app")
    assert site.get("/users/jane.doe", Accept="text/html,*/*")[::2] == (200, b"app")
    assert site.get("/assets/old.js")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/docs/../../outside.txt",
        "//../outside.txt",
        "/link.txt",
        "/folder/outside.txt",
    ],
)
def test_nothing_outside_of_the_root(serve: Serve, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    site = serve({"index.html": "home", "docs/a.txt": "a"})
    (tmp_path / "site/link.txt").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "site/folder").symlink_to(tmp_path)
    status, _, body = site.get(path)
    assert status == 404
    assert b"secret" not in body


def test_a_sibling_folder_with_the_same_beginning_is_outside(serve: Serve, tmp_path: Path) -> None:
    site = serve({"index.html": "home"})
    (tmp_path / "site-private").mkdir()
    (tmp_path / "site-private/a.txt").write_text("secret")
    (tmp_path / "site/private").symlink_to(tmp_path / "site-private")
    assert site.get("/private/a.txt")[0] == 404


def test_links_inside_of_the_root_are_followed_and_circles_are_not(serve: Serve, tmp_path: Path) -> None:
    site = serve({"index.html": "home", "v2/a.txt": "a"})
    (tmp_path / "site/latest").symlink_to("v2")
    (tmp_path / "site/circle").symlink_to("circle")
    assert site.get("/latest/a.txt")[::2] == (200, b"a")
    assert site.get("/circle")[0] == 404


@pytest.mark.parametrize("path", ["/.env", "/.git/config", "/%00", "/a%00.html", "/" + "a" * 5000])
def test_dot_files_and_impossible_names_are_unknown(serve: Serve, path: str) -> None:
    site = serve({"index.html": "home", ".env": "KEY=1", ".git/config": "c"})
    assert site.get(path)[0] == 404


def test_well_known_is_served(serve: Serve) -> None:
    site = serve({"index.html": "home", ".well-known/security.txt": "mail"})
    assert site.get("/.well-known/security.txt")[::2] == (200, b"mail")


def test_head_has_the_headers_of_get_and_no_body(serve: Serve) -> None:
    site = serve({"index.html": "home"})
    status, headers, body = site.get("/", "HEAD")
    assert (status, headers["content-length"], body) == (200, "4", b"")
    assert site.get("/nothing", "HEAD")[::2] == (404, b"")


def test_a_browsers_copy_is_fresh_only_while_the_date_is_the_same(serve: Serve, tmp_path: Path) -> None:
    site = serve({"index.html": "home"})
    changed = site.get("/")[1]["last-modified"]
    assert site.get("/", If_Modified_Since=changed)[::2] == (304, b"")
    os.utime(tmp_path / "site/index.html", (1_000_000_000, 1_000_000_000))  # rolled back: older than the browser's copy
    assert site.get("/", If_Modified_Since=changed)[::2] == (200, b"home")


def test_other_methods_are_refused(serve: Serve) -> None:
    site = serve({"index.html": "home"})
    assert site.get("/", "DELETE")[0] == 501


def test_a_client_that_says_nothing_keeps_nobody_waiting(serve: Serve) -> None:
    site = serve({"index.html": "home"})
    with closing(http.client.HTTPConnection("127.0.0.1", site.port)) as silent:
        silent.connect()
        assert site.get("/")[0] == 200


PATHS = "/usr/bin:/bin"


def test_the_planned_commands_write_and_run_it_where_nothing_of_ours_is(tmp_path: Path) -> None:
    paths = DeployPaths(deploy_dir=str(tmp_path / "my app"), release="r1")
    site = Path(paths.release_dir) / "out put"
    site.mkdir(parents=True)
    (site / "index.html").write_text("built")
    host = HostFacts(tools=(Tool(name="python3", path=sys.executable, version="3.11.7"),))
    bash = shutil.which("bash") or "bash"
    for _ in range(2):  # a retry writes it again
        subprocess.run([bash, "-c", static_server.write_program(paths).command], check=True, env={"PATH": PATHS})
    assert Path(static_server.written_check(paths).path).read_text() == static_server.program_text()
    command = static_server.serve_command(paths, host, "out put", spa=True)
    with subprocess.Popen(
        ["sh", "-c", command], cwd=paths.release_dir, env={"PATH": PATHS, "HOST": "127.0.0.1", "PORT": "0"}, stderr=subprocess.PIPE
    ) as child:
        try:
            port = _listening_port(child)
            assert request(port, "/deep/link")[::2] == (200, b"built")
        finally:
            child.terminate()
        assert child.stderr is not None
        assert b"GET /deep/link" in child.stderr.read()


def _listening_port(child: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end and child.poll() is None:
        listening = [c.laddr.port for c in psutil.Process(child.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        if listening:
            return listening[0]
        time.sleep(0.02)
    pytest.fail(f"no listening port (exit code {child.poll()})")


def test_a_root_that_is_not_there_ends_it(tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(static_server.program_text())
    done = subprocess.run([sys.executable, program, "--root", tmp_path / "absent"], capture_output=True, check=False, timeout=30)
    assert done.returncode != 0
    assert b"absent" in done.stderr


def test_the_program_is_short_and_needs_nothing_of_ours() -> None:
    text = static_server.program_text()
    assert len(text.splitlines()) < 120
    assert "auto_deployer" not in text


@pytest.mark.parametrize("tools", [(), (Tool(name="python3", path="/usr/bin/python3", version="3.6.9"),)])
def test_without_a_recent_python_it_is_refused(tools: tuple[Tool, ...]) -> None:
    with pytest.raises(RefusedError) as caught:
        static_server.serve_command(DeployPaths(deploy_dir="/srv/a", release="r1"), HostFacts(tools=tools), "")
    assert caught.value.kind == Kind.MISSING_TOOL


def test_a_shim_that_obeys_the_repository_is_the_last_choice() -> None:
    tools = (
        Tool(name="python3", path="/root/.pyenv/shims/python3", version="3.12.1"),
        Tool(name="python3", path="/usr/bin/python3", version="3.11.2"),
    )
    assert static_server.python_program(HostFacts(tools=tools)) == "/usr/bin/python3"
