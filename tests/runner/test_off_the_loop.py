"""Reading logs and tidying up take long: none of it is done on the thread that answers everybody, and none of it is in the way."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from auto_deployer.model import requests as rq
from auto_deployer.runner.attached import AttachedRunner
from auto_deployer.runner.detached import DetachedRunner
from tests.runner.conftest import Runs


class Opened:
    """Files below a folder that this thread opens; an audit hook stays as long as the process, so there is one."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.here: list[str] = []
        self.elsewhere = 0

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if event == "open" and self.folder is not None and isinstance(args[0], str | bytes | os.PathLike):
            path = os.fsdecode(args[0])
            if path.startswith(f"{self.folder}/") and threading.current_thread() is threading.main_thread():
                self.here.append(path)
            elif path.startswith(f"{self.folder}/"):
                self.elsewhere += 1


_OPENED = Opened()
sys.addaudithook(_OPENED)


@contextmanager
def opened_below(folder: Path) -> Iterator[Opened]:
    _OPENED.here, _OPENED.elsewhere, _OPENED.folder = [], 0, folder
    try:
        yield _OPENED
    finally:
        _OPENED.folder = None


@pytest.mark.parametrize("kind", [AttachedRunner, DetachedRunner])
async def test_no_log_is_read_where_everybody_is_answered(
    runs: Runs, make_repo: Callable[..., Path], kind: type[AttachedRunner | DetachedRunner]
) -> None:
    await runs.deploy(make_repo(README__md="nothing to run"))
    runner = kind(runs.log_dir)
    with opened_below(runs.log_dir) as opened:
        assert len((await runner.list_deployments(rq.ListParams())).deployments) == 1
        assert (await runner.get("d1")).log["status"] == "failed"
        subscribed = await runner.subscribe(rq.SubscribeParams(deployment_id="d1"), runs.follow)
        assert subscribed.last_seq == runs.events[-1].seq
        assert (await runner.wait("d1")).outcome == "failed"
        await runner.delete("d1")
    assert opened.elsewhere >= 4
    assert opened.here == []


async def test_what_cannot_be_closed_is_logged_without_its_secrets_and_the_deployment_has_its_end(
    runs: Runs, make_repo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def close(_: object) -> None:
        message = "the line is cut: MAIL_TOKEN=hush-hush-7"
        raise ConnectionError(message)

    monkeypatch.setattr("auto_deployer.sessions.LocalSession.close", close)
    finished = await runs.deploy(make_repo(README__md="nothing to run"), env={"MAIL_TOKEN": "hush-hush-7"})
    assert finished.outcome == "failed"
    assert "deployment d1 could not close the session: ConnectionError: the line is cut" in caplog.text
    assert "hush-hush-7" not in caplog.text


async def test_cancelling_what_has_just_ended_is_no_error(
    runs: Runs, make_repo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tidying, go_on = threading.Event(), threading.Event()

    def hold(_: Path) -> None:
        tidying.set()
        go_on.wait(30)

    monkeypatch.setattr("auto_deployer.runner.deployment.remove_work_dir", hold)
    await runs.runner.start(runs.params(make_repo(README__md="nothing to run")))
    await asyncio.to_thread(tidying.wait, 30)
    await runs.runner.cancel("d1")
    go_on.set()
    assert (await runs.runner.wait("d1")).outcome == "failed"
    assert (await runs.log()).status == "failed"
