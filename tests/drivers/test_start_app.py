"""Releases of small real apps through the driver: real processes, real HTTP."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator

import pytest

from auto_deployer.apps import layout, startup
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model.plan import CommandCheck, HealthSpec, HttpCheck, PlannedCommand
from auto_deployer.model.reasons import Kind
from tests.apps_keeper.harness import PYTHON, Place, eventually, fetch, run_step

FIRST, SECOND, THIRD, FOURTH, FIFTH = (f"20260101-00000{number}-aaaa" for number in range(1, 6))
SERVE = "from server import *\nserve()\n"
FAILING = "from server import *\nHandler.status = 503\nserve()\n"
CRASHING = "import sys\nprint('no database here')\nsys.exit(3)\n"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def on_fixed_port(port: int) -> str:
    return f"from server import *\nserve({port})\n"


async def test_a_first_release_goes_live(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.failed is None
    assert run.app is not None
    assert fetch(run.app.url) == FIRST
    assert run.app.pid == place.processes(FIRST)[0].pid
    assert (place.deploy_dir / "current").resolve() == place.deploy_dir / "releases" / FIRST
    record = place.record()
    assert (record.app, record.repo, record.port) == ("shop", "https://example.org/me/shop", run.app.port)
    assert [entry.id for entry in record.releases] == [FIRST]
    assert run.left_running == []


async def test_the_port_is_kept_and_the_new_release_is_proven_before_the_old_one_stops(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST)
    second = await place.deploy(StartAppDriver(), SECOND)
    assert first.app is not None
    assert second.app is not None
    assert second.app.port == first.app.port
    assert fetch(second.app.url) == SECOND
    assert not place.processes(FIRST)
    free = int(second.starts()[0].split()[2])
    assert free != first.app.port
    assert second.starts() == [
        f"start {SECOND} {free} 127.0.0.1",
        f"stop {SECOND} 10",
        f"stop {FIRST} 10 {SECOND}",
        f"start {SECOND} {first.app.port} 127.0.0.1",
    ]


async def test_a_release_that_fails_leaves_the_old_one_running(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    place.release(SECOND, main=CRASHING)
    first = await place.deploy(StartAppDriver(), FIRST)
    (process,) = place.processes(FIRST)
    second = await place.deploy(StartAppDriver(), SECOND)
    assert first.app is not None
    assert second.failed is not None
    assert second.failed.kind == Kind.PROCESS_EXITED_NO_PORT
    assert "exit code 3" in second.failed.message
    assert "no database here" in second.failed.message
    assert fetch(first.app.url) == FIRST
    assert [each.pid for each in place.processes(FIRST)] == [process.pid], "the old release was not even touched"
    assert (place.deploy_dir / "current").resolve().name == FIRST
    assert [entry.id for entry in place.record().releases] == [FIRST]


async def test_ending_with_code_0_before_a_port_is_open_is_a_failure(place: Place) -> None:
    place.release(FIRST, main="print('done')\n")
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.failed is not None
    assert run.failed.kind == Kind.PROCESS_EXITED_NO_PORT
    assert "exit code 0" in run.failed.message


async def test_ending_after_the_port_was_open_is_told_as_that(place: Place) -> None:
    dying = (
        "from server import *\nimport threading\nHandler.status = 500\nthreading.Timer(2, lambda: os._exit(9)).start()\nserve()\n"
    )
    place.release(FIRST, main=dying)
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.failed is not None
    assert run.failed.kind == Kind.PROCESS_EXITED
    assert "exit code 9" in run.failed.message


async def test_a_process_that_never_listens_fails_and_is_ended(place: Place) -> None:
    place.release(FIRST, main="import time\nprint('working', flush=True)\ntime.sleep(300)\n")
    run = await place.deploy(StartAppDriver(), FIRST, place.spec(health=HealthSpec(start_timeout_s=3)))
    assert run.failed is not None
    assert run.failed.kind == Kind.NO_LISTENING_PORT
    assert "working" in run.failed.message
    assert not place.processes(FIRST)
    assert not (place.deploy_dir / "current").exists()


async def test_a_server_error_fails_with_url_status_and_body(place: Place) -> None:
    place.release(FIRST, main=FAILING)
    run = await place.deploy(StartAppDriver(), FIRST, place.spec(health=HealthSpec(path="/up", start_timeout_s=4)))
    assert run.failed is not None
    assert run.failed.kind == Kind.HEALTH_CHECK_FAILED
    for part in ("/up", "status 503", FIRST, "listening"):
        assert part in run.failed.message
    assert not place.processes(FIRST)


COUNTING = """
from server import *
class Counting(Handler):
    answered = 0
    def do_GET(self):
        Counting.answered += 1
        self.status = {first} if Counting.answered < {times} else 200
        super().do_GET()
serve(handler=Counting)
"""


async def test_an_app_that_answers_with_nothing_but_server_errors_is_given_up_early(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "STEADY_ERROR_S", 1.0)
    place.release(FIRST, main="from server import *\nHandler.status = 500\nserve()\n")
    async with asyncio.timeout(60):
        run = await place.deploy(StartAppDriver(), FIRST, place.spec(health=HealthSpec(start_timeout_s=600)))
    assert run.failed is not None
    assert run.failed.kind == Kind.HEALTH_CHECK_FAILED
    assert "status 500" in run.failed.message
    assert "nothing but server errors for" in run.failed.message
    assert not place.processes(FIRST)


@pytest.mark.parametrize(
    ("first", "window_s"),
    [pytest.param(503, 0.0, id="it says not yet"), pytest.param(500, 60.0, id="it mends within the window")],
)
async def test_an_app_that_answers_well_after_some_errors_goes_live(
    place: Place, monkeypatch: pytest.MonkeyPatch, first: int, window_s: float
) -> None:
    monkeypatch.setattr(startup, "STEADY_ERROR_S", window_s)
    place.release(FIRST, main=COUNTING.format(first=first, times=4))
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.failed is None


async def test_a_static_site_needs_status_200(place: Place) -> None:
    missing = "from server import *\nHandler.status = 404\nserve()\n"
    place.release(FIRST, main=missing)
    place.release(SECOND, main=missing)
    static = await place.deploy(StartAppDriver(), FIRST, place.spec(health=HealthSpec(expect="static", start_timeout_s=4)))
    server = await place.deploy(StartAppDriver(), SECOND, place.spec(health=HealthSpec(expect="server", start_timeout_s=10)))
    assert static.failed is not None
    assert static.failed.kind == Kind.HEALTH_CHECK_FAILED
    assert server.failed is None


async def test_the_users_port_taken_by_someone_else_is_a_failure_that_names_them(place: Place, taken_port: int) -> None:
    place.release(FIRST, main=SERVE)
    run = await place.deploy(StartAppDriver(), FIRST, place.spec(port=taken_port))
    assert run.failed is not None
    assert run.failed.kind == Kind.PORT_IN_USE
    assert str(taken_port) in run.failed.message
    assert f"process {os.getpid()} (" in run.failed.message
    assert not run.starts()


async def test_the_users_port_is_used_also_over_releases(place: Place, free_port: int) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
        run = await place.deploy(StartAppDriver(), release, place.spec(port=free_port))
        assert run.app is not None
        assert run.app.port == free_port
        assert fetch(run.app.url) == release


async def test_a_kept_port_that_somebody_took_meanwhile_is_given_up(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST)
    assert first.app is not None
    await place.run_keeper_stop(FIRST)
    with socket.create_server(("127.0.0.1", first.app.port)):
        second = await place.deploy(StartAppDriver(), SECOND)
    assert second.app is not None
    assert second.app.port != first.app.port
    assert fetch(second.app.url) == SECOND


async def test_an_app_that_ignores_port_is_found_and_replaced_on_its_own_port(place: Place, free_port: int) -> None:
    for release in (FIRST, SECOND, THIRD):
        place.release(release, main=on_fixed_port(free_port))
        run = await place.deploy(StartAppDriver(), release)
        assert run.failed is None
        assert run.app is not None
        assert run.app.port == free_port
        assert fetch(run.app.url) == release
        assert place.record().releases[0].ignores_port
    assert [verb.split()[0] for verb in run.starts()] == ["stop", "start"]


async def test_a_fixed_port_release_that_fails_brings_the_old_one_back(place: Place, free_port: int) -> None:
    place.release(FIRST, main=on_fixed_port(free_port))
    place.release(SECOND, main=CRASHING)
    spec = place.spec(fixed_port=free_port)
    first = await place.deploy(StartAppDriver(), FIRST, spec)
    second = await place.deploy(StartAppDriver(), SECOND, spec)
    assert first.app is not None
    assert second.failed is not None
    assert second.failed.kind == Kind.PROCESS_EXITED_NO_PORT
    assert "serves again" in second.failed.message
    assert fetch(first.app.url) == FIRST
    assert (place.deploy_dir / "current").resolve().name == FIRST


async def test_a_debugger_port_that_opens_first_is_not_taken_for_the_app(place: Place) -> None:
    """Like `node --inspect`: its port is there at once and answers with status 400, the app's comes later."""
    inspecting = """
from server import *
import threading, time
class Inspector(Handler):
    status = 400
    def answer(self):
        return "WebSockets request was expected"
inspector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inspector)
threading.Thread(target=inspector.serve_forever, daemon=True).start()
time.sleep(3)
serve()
"""
    place.release(FIRST, main=inspecting)
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.app is not None
    assert fetch(run.app.url) == FIRST


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("flags", ["", "--inspect=127.0.0.1:0"])
async def test_node_workers_and_the_real_inspector(place: Place, flags: str) -> None:
    place.release(FIRST)
    (place.deploy_dir / "releases" / FIRST / "main.js").write_text("""
const cluster = require("cluster"), http = require("http"), path = require("path");
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
else setTimeout(() => http.createServer((_, answer) => answer.end(path.basename(process.cwd()))).listen(process.env.PORT), 500);
""")
    run = await place.deploy(StartAppDriver(), FIRST, place.spec(command=f"exec node {flags} main.js"))
    assert run.app is not None, run.failed
    assert fetch(run.app.url) == FIRST


async def test_a_reloader_whose_child_listens_is_found(place: Place) -> None:
    reloading = """
import os, subprocess, sys
if "CHILD" not in os.environ:
    sys.exit(subprocess.call([sys.executable, __file__], env={**os.environ, "CHILD": "1"}))
from server import *
serve()
"""
    place.release(FIRST, main=reloading)
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.app is not None
    assert fetch(run.app.url) == FIRST
    assert len(place.processes(FIRST)) == 2


async def test_a_daemon_that_leaves_its_first_process_is_found(place: Place) -> None:
    daemon = "import os\nif os.fork():\n    os._exit(0)\nos.setsid()\nfrom server import *\nserve()\n"
    place.release(FIRST, main=daemon)
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.app is not None
    assert run.app.pid == place.processes(FIRST)[0].pid
    assert fetch(run.app.url) == FIRST


async def test_an_app_on_ipv6_loopback_alone_is_found(place: Place) -> None:
    v6 = """
from server import *
import socket
class V6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
V6(("::1", int(os.environ["PORT"])), Handler).serve_forever()
"""
    place.release(FIRST, main=v6)
    run = await place.deploy(StartAppDriver(), FIRST)
    assert run.app is not None
    assert run.app.url == f"http://[::1]:{run.app.port}/"
    assert fetch(run.app.url) == FIRST


async def test_three_releases_are_kept_and_failed_ones_are_cleared_away(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    place.release(SECOND, main=CRASHING)
    for release in (THIRD, FOURTH, FIFTH):
        place.release(release, main=SERVE)
    for release in (FIRST, SECOND, THIRD, FOURTH, FIFTH):
        await place.deploy(StartAppDriver(), release)
    assert sorted(path.name for path in (place.deploy_dir / "releases").iterdir()) == [THIRD, FOURTH, FIFTH]
    assert [entry.id for entry in place.record().releases] == [FIFTH, FOURTH, THIRD]
    assert place.record().previous == FOURTH


async def test_releases_that_fail_one_after_the_other_do_not_pile_up(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    await place.deploy(StartAppDriver(), FIRST)
    for release in (SECOND, THIRD, FOURTH):
        place.release(release, main=CRASHING)
        assert (await place.deploy(StartAppDriver(), release)).failed is not None
    for kept in ("releases", "run"):
        assert sorted(path.name for path in (place.deploy_dir / kept).iterdir() if path.is_dir()) == [FIRST, FOURTH]


async def test_trying_an_older_release_again_leaves_the_newest_failed_one(place: Place) -> None:
    for release in (FIRST, SECOND, THIRD):
        place.release(release, main=CRASHING)
    await place.deploy(StartAppDriver(), SECOND)
    assert sorted(path.name for path in (place.deploy_dir / "releases").iterdir()) == [SECOND, THIRD]


async def test_releases_that_cannot_be_deleted_fail_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "prune_command", lambda *_, **__: PlannedCommand(command="false"))
    place.release(FIRST, main=CRASHING)
    place.release(SECOND, main=SERVE)
    run = await place.deploy(StartAppDriver(), SECOND)
    assert run.failed is None
    assert run.commands.count("false") == 2, "as it was prepared, and as it went live"


async def test_what_an_interrupted_deployment_left_running_is_ended(place: Place) -> None:
    for release in (FIRST, SECOND, THIRD):
        place.release(release, main=SERVE)
    await place.deploy(StartAppDriver(), FIRST)
    interrupted = StartAppDriver().actions(place.context(SECOND, place.spec()))
    observation = None
    while not place.processes(SECOND):
        action = await interrupted.asend(observation)
        observation = await place.observe(action)
    await interrupted.aclose()
    third = await place.deploy(StartAppDriver(), THIRD)
    assert third.app is not None
    assert not place.processes(SECOND)
    assert not place.processes(FIRST)
    assert fetch(third.app.url) == THIRD


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(2, id="start on a free port"),
        pytest.param(4, id="stop the old release"),
        pytest.param(5, id="start on the kept port"),
        pytest.param(7, id="write the owner record"),
    ],
)
async def test_stopped_before_any_command_everything_is_as_before(place: Place, at: int) -> None:
    """The step is stopped right before its nth command: nothing of the new release is left, the old one serves."""
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST)
    assert first.app is not None
    url, record_before = first.app.url, place.record()
    ctx = place.context(SECOND, place.spec())
    seen = 0

    def count(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            ctx.stop.set()

    run = await run_step(StartAppDriver(), ctx, before=count)
    assert run.failed is not None
    assert run.failed.kind == Kind.CANCELLED_BY_USER
    assert not place.processes(SECOND)
    eventually(lambda: _answers(url, FIRST))
    assert (place.deploy_dir / "current").resolve().name == FIRST
    assert place.record() == record_before


IGNORES_TERM = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


async def test_what_is_taken_back_gets_less_time_when_the_step_is_stopped(place: Place, free_port: int) -> None:
    """A shutdown has about a second for everything, whatever the new release makes of TERM."""
    place.release(FIRST, main=on_fixed_port(free_port))
    for release in (SECOND, THIRD):
        place.release(release, main=IGNORES_TERM + "import time\ntime.sleep(300)\n")
    spec = place.spec(fixed_port=free_port, health=HealthSpec(start_timeout_s=2))
    first = await place.deploy(StartAppDriver(), FIRST, place.spec(fixed_port=free_port))
    assert first.app is not None
    url = first.app.url

    failed = await place.deploy(StartAppDriver(), SECOND, spec)
    assert f"stop {SECOND} 1" in failed.starts()

    ctx = place.context(THIRD, spec)
    stopped = await run_step(StartAppDriver(), ctx, before=lambda command: ctx.stop.set() if f" start {THIRD}" in command else None)
    assert stopped.failed is not None
    assert any(verb.startswith(f"stop {FIRST} 0 {THIRD} && ") for verb in stopped.starts())
    assert not any(verb.startswith(f"stop {THIRD} 1") for verb in stopped.starts())
    assert not place.processes(THIRD)
    eventually(lambda: _answers(url, FIRST))


async def test_stopped_while_it_waits_for_the_app(place: Place) -> None:
    place.release(FIRST, main="import time\ntime.sleep(300)\n")
    ctx = place.context(FIRST, place.spec(health=HealthSpec(start_timeout_s=100)))
    generator = StartAppDriver().actions(ctx)
    action = asyncio.ensure_future(generator.asend(None))
    while not place.processes(FIRST):  # the keeper brings it up a moment after the command that starts it
        if action.done():
            action = asyncio.ensure_future(generator.asend(await place.observe(action.result())))
        await asyncio.sleep(0.02)
    ctx.stop.set()
    cleanup = await action
    assert getattr(cleanup, "cleanup", False)
    await generator.asend(await place.observe(cleanup))
    await generator.aclose()
    assert not place.processes(FIRST)


async def test_checks_that_fail_after_the_switch_undo_it(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=SERVE)
    first = await place.deploy(StartAppDriver(), FIRST, checks=(HttpCheck(),))
    second = await place.deploy(
        StartAppDriver(), SECOND, checks=(HttpCheck(body_contains="never there"), CommandCheck(command="true"))
    )
    assert first.app is not None
    assert second.failed is not None
    assert second.failed.kind == Kind.HEALTH_CHECK_FAILED
    assert "never there" in second.failed.message
    assert fetch(first.app.url) == FIRST
    assert (place.deploy_dir / "current").resolve().name == FIRST
    assert [entry.id for entry in place.record().releases] == [FIRST]


async def test_a_start_command_with_shell_features_and_a_folder(place: Place) -> None:
    place.release(FIRST, main=SERVE)
    (place.deploy_dir / "releases" / FIRST / "web").mkdir()
    spec = place.spec(command=f'true && [[ -n $HOST ]]; export PYTHONPATH=..; {PYTHON} ../main.py # it\'s "quoted"', cwd="web")
    run = await place.deploy(StartAppDriver(), FIRST, spec)
    assert run.app is not None
    assert fetch(run.app.url) == "web"


def _answers(url: str, body: str) -> bool:
    try:
        return fetch(url) == body
    except OSError:
        return False


async def test_a_python_app_that_lacks_a_package_gets_it_and_starts_again(place: Place) -> None:
    place.release(FIRST, main="import flask_cors\n" + SERVE)
    programs = place.deploy_dir / "releases" / FIRST / ".venv" / "bin"
    programs.mkdir(parents=True)
    python = programs / "python"
    missing = 'case "$*" in *"pip install "*" flask-cors") touch flask_cors.py ;;'
    python.write_text(f'#!/bin/sh\n{missing} *) exec {PYTHON} "$@" ;; esac\n')
    python.chmod(0o755)
    run = await place.deploy(StartAppDriver(), FIRST, place.spec("exec .venv/bin/python main.py"))
    assert run.failed is None
    assert run.app is not None
    assert fetch(run.app.url) == FIRST
    assert any(command.endswith(" flask-cors") for command in run.commands)


async def test_a_package_that_does_not_help_is_brought_in_once(place: Place) -> None:
    place.release(FIRST, main="raise ImportError(\"No module named 'flask_cors'\")\n")
    programs = place.deploy_dir / "releases" / FIRST / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text(f'#!/bin/sh\ncase "$*" in *"pip install"*) ;; *) exec {PYTHON} "$@" ;; esac\n')
    (programs / "python").chmod(0o755)
    run = await place.deploy(StartAppDriver(), FIRST, place.spec("exec .venv/bin/python main.py"))
    assert run.failed is not None
    assert run.failed.kind is Kind.PROCESS_EXITED_NO_PORT
    assert sum("pip install" in command for command in run.commands) == 1
    assert run.left_running == []
