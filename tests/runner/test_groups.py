"""Several apps of one repository as one group: each knows the addresses of those before it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore
from auto_deployer.model.facts import RepoFacts, SourceFacts
from auto_deployer.model.log import AppInfo, DeploymentLog
from auto_deployer.runner.groups import variables_of

from .conftest import SERVER, Runs
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
