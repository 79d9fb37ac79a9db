"""Several apps of one repository as one group: each knows the addresses of those before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from auto_deployer.deploy_log import LogStore
from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.facts import RepoFacts, SourceFacts
from auto_deployer.model.log import AppInfo, DeploymentLog
from auto_deployer.runner.detached import DetachedRunner
from auto_deployer.runner.groups import variables_of

from .conftest import SERVER, Runs
from .hosts import kill_all_below
from .test_attached import get

MakeRepo = Callable[..., Path]
FRONT = SERVER.replace('"GREETING", "world"', '"APP_API_URL", "nobody"')


@pytest.fixture
def repo(make_repo: MakeRepo) -> Path:
    folder = make_repo(README__md="two apps")
    for name, text in (("api", SERVER), ("web", FRONT)):
        (folder / name).mkdir()
        (folder / name / "serve.txt").write_text(text)
    return folder


async def test_a_later_app_of_the_group_gets_the_address_of_an_earlier_one(runs: Runs, repo: Path) -> None:
    start = {"overrides": {"start": "python3 serve.txt"}, "dirty": True}
    base = runs.deploy_dir
    runs.deploy_dir = base / "api"
    api = await runs.deploy(repo, "d1", subdir="api", groupId="g1", **start)
    assert api.app is not None, api.reason
    runs.deploy_dir = base / "web"
    web = await runs.deploy(repo, "d2", subdir="web", groupId="g1", **start)
    assert web.app is not None, web.reason
    assert get(web.app.url) == f"hello {api.app.url}"
    assert (await runs.log("d2")).group_id == "g1"
    told = await runs.deploy(repo, "d3", subdir="web", groupId="g1", env={"APP_API_URL": "as the user says"}, **start)
    assert told.app is not None, told.reason
    assert get(told.app.url) == "hello as the user says"


async def test_one_request_for_several_apps_starts_one_after_the_other(runs: Runs, repo: Path) -> None:
    start = {"overrides": {"start": "python3 serve.txt"}, "dirty": True, "deployDir": None}
    await runs.deploy(repo, "d1", subdirs=["api", "web"], **start)
    await runs.runner.next_begun()
    web = await runs.runner.wait("d1.2")
    api = (await runs.log("d1")).app
    assert api is not None
    assert web.app is not None, web.reason
    assert get(web.app.url) == f"hello {api.url}"
    assert [event.deployment_id for event in runs.events if isinstance(event, ev.Finished)] == ["d1", "d1.2"]
    rows = (await runs.runner.list_deployments(rq.ListParams())).deployments
    assert [(row.deployment_id, row.subdir, row.subdirs) for row in rows] == [
        ("d1.2", "web", ("api", "web")), ("d1", "api", ("api", "web")),
    ]  # fmt: skip
    assert {(await runs.log(row.deployment_id)).group_id for row in rows} == {"d1"}


async def test_after_a_failure_a_retry_goes_on_with_the_rest(runs: Runs, repo: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    overrides = {"start": "python3 serve.txt", "build": f"test -e {flag}"}
    env = {"GREETING": "from the request"}
    failed = await runs.deploy(repo, "d1", subdirs=["web", "api"], overrides=overrides, dirty=True, deployDir=None, env=env)
    await runs.runner.next_begun()
    assert failed.outcome == "failed"
    assert len((await runs.runner.list_deployments(rq.ListParams())).deployments) == 1
    flag.touch()
    await runs.runner.retry(rq.RetryParams(deployment_id="d1", new_deployment_id="again"), subscriber=runs.follow)
    assert (await runs.runner.wait("again")).outcome == "success"
    await runs.runner.next_begun()
    api = await runs.runner.wait("again.2")
    assert api.app is not None, api.reason
    assert get(api.app.url) == "hello from the request"


async def test_one_that_cannot_begin_has_a_log_that_says_why(runs: Runs, repo: Path, home: Path) -> None:
    foreign = home / "deployments" / "shop-web"
    foreign.mkdir(parents=True)
    (foreign / "data.txt").write_text("not ours")
    start = {"overrides": {"start": "python3 serve.txt"}, "dirty": True, "deployDir": None}
    await runs.deploy(repo, "d1", subdirs=["api", "web"], **start)
    await runs.runner.next_begun()
    log = await runs.log("d1.2")
    assert log.status == "failed"
    assert log.reason is not None
    assert str(foreign) in log.reason.message


async def test_in_processes_of_their_own_and_followed_by_who_began_it(runs: Runs, repo: Path, tmp_path: Path) -> None:
    runner = DetachedRunner(runs.log_dir)
    start = {"overrides": {"start": "python3 serve.txt"}, "dirty": True, "deployDir": None}
    try:
        await runner.start(runs.params(repo, "d1", subdirs=["api", "web"], **start), subscriber=runs.follow)
        async with asyncio.timeout(60):
            while sum(isinstance(event, ev.Finished) for event in runs.events) < 2:  # noqa: ASYNC110 - subscribers are called
                await asyncio.sleep(0.02)
        assert [event.outcome for event in runs.events if isinstance(event, ev.Finished)] == ["success", "success"]
        for deployment_id in ("d1", "d1.2"):
            seqs = [event.seq for event in runs.events if event.deployment_id == deployment_id]
            assert seqs == list(range(1, len(seqs) + 1))
    finally:
        await runner.shutdown()
        kill_all_below(tmp_path)


@pytest.mark.parametrize(
    "params", [{"subdirs": ["a", "b"], "port": 8000}, {"subdirs": ["a", "a"]}, {"subdirs": ["a", "b"], "subdir": "c"}]
)
def test_what_does_not_go_with_several_apps_is_refused(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rq.StartParams.model_validate({"repo": "shop", "deploymentId": "d1", **params})


async def test_another_group_knows_nothing(runs: Runs, repo: Path) -> None:
    start = {"overrides": {"start": "python3 serve.txt"}, "dirty": True}
    base = runs.deploy_dir
    runs.deploy_dir = base / "api"
    await runs.deploy(repo, "d1", subdir="api", groupId="g1", **start)
    runs.deploy_dir = base / "web"
    web = await runs.deploy(repo, "d2", subdir="web", groupId="g2", **start)
    assert web.app is not None, web.reason
    assert get(web.app.url) == "hello nobody"


def log_of(store: LogStore, folder: str, url: str, *, group: str = "g1", status: str = "success") -> None:
    store.folder.mkdir(exist_ok=True)
    number = len(list(store.folder.iterdir()))
    log = DeploymentLog.model_validate({
        "deployment_id": f"d{number}", "group_id": group, "status": status, "app": AppInfo(url=url, port=1, pid=1),
        "repo": RepoFacts(name="shop", source=SourceFacts(repo="/shop", subdir=folder)),
    })  # fmt: skip
    (store.folder / f"deploy_shop_20260101_0000{number:02d}.json").write_text(log.model_dump_json(indent=2))


def test_names_of_the_variables(tmp_path: Path) -> None:
    store = LogStore(tmp_path / "logs")
    log_of(store, "services/api", "http://one")
    log_of(store, "web-site", "http://old")
    log_of(store, "web-site", "http://two")
    log_of(store, "", "http://root")
    log_of(store, "worker", "http://down", status="failed")
    log_of(store, "other", "http://other", group="g2")
    assert variables_of(store, "g1") == {
        "APP_API_URL": "http://one", "APP_WEB_SITE_URL": "http://two", "APP_SHOP_URL": "http://root",
    }  # fmt: skip
    log_of(store, "admin/api", "http://three")
    assert {"APP_SERVICES_API_URL", "APP_ADMIN_API_URL"} <= set(variables_of(store, "g1"))
    assert variables_of(store, None) == {}
