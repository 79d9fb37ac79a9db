"""Which registry the target's settings name, and whether it answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from auto_deployer.model.ports import Session
from auto_deployer.sessions.registry import RegistryKind, probe_registry

PREFIXES = ("PIP_", "UV_", "npm_config_", "NPM_CONFIG_", "XDG_")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own settings but its files in /etc."""
    import os

    for name in list(os.environ):
        if name.startswith(PREFIXES) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def closed() -> Iterator[str]:
    """A URL where nothing listens: the port is bound, so that nobody else gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/simple/"


@pytest.mark.parametrize(("kind", "variable"), [("pypi", "PIP_INDEX_URL"), ("npm", "npm_config_registry")])
async def test_a_closed_port_is_unreachable(
    session: Session, closed: str, monkeypatch: pytest.MonkeyPatch, kind: RegistryKind, variable: str
) -> None:
    monkeypatch.setenv(variable, closed)
    seen = await probe_registry(session, kind)
    assert (seen.url, seen.reachable, seen.why) == (closed, False, "nothing accepts connections there")


@pytest.mark.parametrize("status", [200, 401, 404, 503])
async def test_any_answer_counts(session: Session, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    httpserver.expect_request("/simple/").respond_with_data("", status=status)
    monkeypatch.setenv("PIP_INDEX_URL", httpserver.url_for("/simple/"))
    assert (await probe_registry(session, "pypi")).reachable
    httpserver.check_assertions()


async def test_a_name_without_an_address(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://registry.invalid/")
    seen = await probe_registry(session, "npm")
    assert (seen.reachable, seen.why) == (False, "its name has no address")


async def test_the_users_files_are_read_and_credentials_are_not_told(session: Session, tmp_path: Path, closed: str) -> None:
    (tmp_path / ".npmrc").write_text(f"registry = {closed.replace('http://', 'http://me:hidden@')}\n")
    seen = await probe_registry(session, "npm")
    assert (seen.url, seen.reachable) == (closed, False)
    pip = tmp_path / ".config/pip/pip.conf"
    pip.parent.mkdir(parents=True)
    pip.write_text(f"[global]\nindex-url = {closed}\n")
    assert (await probe_registry(session, "pypi")).url == closed


async def test_a_proxy_is_asked_instead(session: Session, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    httpserver.expect_request("/simple/").respond_with_data("", status=404)
    monkeypatch.setenv("http_proxy", httpserver.url_for(""))
    monkeypatch.setenv("PIP_INDEX_URL", "http://registry.invalid/simple/")
    assert (await probe_registry(session, "pypi")).reachable
    httpserver.check_assertions()


async def test_further_sources_and_caches_are_told(
    session: Session, tmp_path: Path, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", closed)
    assert (await probe_registry(session, "npm")).elsewhere == ""
    (tmp_path / ".npm/_cacache/index-v5").mkdir(parents=True)
    assert (await probe_registry(session, "npm")).elsewhere == "cache"
    monkeypatch.setenv("npm_config_offline", "true")
    assert (await probe_registry(session, "npm")).elsewhere == "settings"


async def test_an_index_in_a_folder_needs_no_network(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", tmp_path.as_uri())
    assert (await probe_registry(session, "pypi")).reachable
