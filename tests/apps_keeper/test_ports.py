from __future__ import annotations

import os
import socket
import sys

import pytest

from auto_deployer.apps import ports, state
from auto_deployer.apps.keeper import processes_script
from auto_deployer.apps.ports import Listener, all_listeners, listeners_of, owner_of, parse_sockets, parse_table, pick_free
from auto_deployer.drivers.start_app import StartAppDriver
from tests.apps_keeper.harness import Place, fetch

RELEASE = "20260101-000000-aaaa"

QUEUES = "00000000:00000000 00:00000000 00000000"
NOWHERE = "00000000000000000000000000000000"
PROC_NET = f"""\
   0: 0100007F:1F90 00000000:0000 0A {QUEUES}  1000        0 111 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A {QUEUES}     0        0 222 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C350 01 {QUEUES}  1000        0 999 1 0000000000000000 20 4 30 10 -1
   0: {NOWHERE}:0BB8 {NOWHERE}:0000 0A {QUEUES}     0        0 333 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:0BB9 {NOWHERE}:0000 0A {QUEUES}     0        0 444 1 0000000000000000
   2: 0000000000000000FFFF00000100007F:0BBA {NOWHERE}:0000 0A {QUEUES}     0        0 555 1 0000000000000000
"""

LSOF = """\
p410
f7
n*:8000
p411
f5
n127.0.0.1:8001
n[::1]:8001
"""


def test_listening_sockets_of_proc_net() -> None:
    assert parse_table(PROC_NET.splitlines()) == (
        Listener(8080, "127.0.0.1", "111"),
        Listener(22, "0.0.0.0", "222"),
        Listener(3000, "::", "333"),
        Listener(3001, "::1", "444"),
        Listener(3002, "127.0.0.1", "555"),
    )


def test_listening_sockets_of_lsof() -> None:
    assert parse_table(LSOF.splitlines()) == (
        Listener(8000, "::", pid=410),
        Listener(8001, "127.0.0.1", pid=411),
        Listener(8001, "::1", pid=411),
    )


def test_which_process_holds_which_socket() -> None:
    listing = ["/proc/12/fd:", "lrwx------ 1 me me 64 Jan 1 10:00 3 -> socket:[111]", "/proc/13/fd:", "l 4 -> 'socket:[222]'"]
    assert parse_sockets(listing) == {"111": 12, "222": 13}


def test_addresses_to_reach_a_listener_at() -> None:
    assert Listener(1, "0.0.0.0").hosts == ("127.0.0.1",)
    assert Listener(1, "::").hosts == ("127.0.0.1", "::1")
    assert Listener(1, "172.17.0.1").hosts == ("172.17.0.1",)


async def test_our_own_listener_is_found_and_named(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port in {entry.port for entry in await listeners_of(place.session, [os.getpid()])}
        assert port not in {entry.port for entry in await listeners_of(place.session, [1])}
        assert f"process {os.getpid()} (" in await owner_of(place.session, port)


async def test_a_picked_port_is_free_and_steady(place: Place) -> None:
    deploy_dir = str(place.deploy_dir)
    picked = await pick_free(place.session, deploy_dir)
    assert await pick_free(place.session, deploy_dir) == picked
    assert await pick_free(place.session, deploy_dir, avoid=(picked,)) != picked
    with socket.create_server(("127.0.0.1", picked)):
        assert await pick_free(place.session, deploy_dir) != picked


async def test_without_proc_an_app_is_found_by_ps_and_lsof(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS: the same deploy with every script made to believe that there is no /proc."""
    if not any(os.access(f"{folder}/lsof", os.X_OK) for folder in os.environ["PATH"].split(os.pathsep)):
        pytest.skip("needs lsof")
    elsewhere = processes_script().replace("has_proc() { [ -d /proc/self ]; }", "has_proc() { false; }")
    assert elsewhere != processes_script()
    for module in (ports, state, sys.modules["auto_deployer.apps.keeper"]):
        monkeypatch.setattr(module, "processes_script", lambda: elsewhere)
    sys.modules["auto_deployer.apps.keeper"]._keeper_script.cache_clear()
    try:
        place.release(RELEASE, main="from server import *\nserve()\n")
        run = await place.deploy(StartAppDriver(), RELEASE)
        assert run.app is not None
        assert fetch(run.app.url) == RELEASE
        assert any(entry.pid == run.app.pid for entry in await all_listeners(place.session))
        await place.run_keeper_stop(RELEASE)
        assert not place.processes(RELEASE)
    finally:
        sys.modules["auto_deployer.apps.keeper"]._keeper_script.cache_clear()
