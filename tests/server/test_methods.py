"""Every request, from the chair of a well-behaved client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.server.conftest import DeployClient, initialize_params
from tests.server.raw_client import RawClient

from auto_deployer.lsp.catalog import COMMANDS, OFFERS, OPEN_LOG
from auto_deployer.model.events import EVENT_TYPES


async def test_initialize_advertises_methods_events_and_commands(raw: RawClient, tmp_path: Path):
    capabilities = raw.initialize({}, tmp_path)["capabilities"]
    ours = capabilities["experimental"]["autoDeployer"]
    assert ours["protocolVersion"] == 1
    assert ours["methods"] == [offer.method for offer in OFFERS]
    assert set(ours["events"]) == {event.model_fields["method"].default for event in EVENT_TYPES}
    assert capabilities["executeCommandProvider"]["commands"] == [*COMMANDS, OPEN_LOG]


def test_every_offered_method_has_a_handler_and_none_is_hidden():
    from auto_deployer.lsp.methods import all_methods

    assert set(all_methods()) == {offer.method for offer in OFFERS}


async def test_analyze_and_plan(client: DeployClient):
    analysis = await client.deploy("deploy/analyze", {"repo": "ok"})
    assert analysis.repo.project_type == "python"
    assert analysis.host.tools[0].name == "python3"
    plan = (await client.deploy("deploy/plan", {"repo": "ok"})).plan
    assert [step.id for step in plan.steps] == [1, 2, 3]
    page = (await client.deploy("deploy/plan", {"repo": "ok"})).page
    assert page.startswith("# Plan of ok\n\nok 0000000000: traditional")
    assert "## 2. Install dependencies" in page


async def test_start_runs_to_the_end_with_every_event(client: DeployClient, tmp_path: Path):
    result = await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "ok"})
    assert result.logUri == (tmp_path / "agent_logs" / "deploy_d1.json").as_uri()
    finished = await client.finished()
    assert finished.outcome == "success"
    assert finished.app.url == "http://127.0.0.1:8000/"
    executed = [params.command.command for method, params in client.notifications if method == "deploy/commandExecuted"]
    assert executed == ["true"] * 3


async def test_start_is_idempotent(client: DeployClient):
    first = await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "slow"})
    again = await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "another"})
    assert again == first
    assert len((await client.deploy("deploy/list")).deployments) == 1


async def test_cancel_twice_and_after_the_end(client: DeployClient):
    await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "slow"})
    assert await client.deploy("deploy/cancel", {"deploymentId": "d1"}) is None
    await client.deploy("deploy/cancel", {"deploymentId": "d1"})
    assert (await client.finished()).outcome == "cancelled"
    await client.deploy("deploy/cancel", {"deploymentId": "d1"})


async def test_retry_continues_as_a_new_deployment(client: DeployClient):
    await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "slow"})
    with pytest.raises(JsonRpcException) as running:
        await client.deploy("deploy/retry", {"deploymentId": "d1", "newDeploymentId": "d2"})
    assert running.value.code == 1007
    await client.deploy("deploy/cancel", {"deploymentId": "d1"})
    await client.finished()
    await client.deploy("deploy/retry", {"deploymentId": "d1", "newDeploymentId": "d2"})
    assert (await client.finished("d2")).outcome == "success"
    started = await client.wait_for(lambda method, params: method == "deploy/started" and params.deploymentId == "d2")
    assert started.log.retry_of == "d1"


async def test_delete_takes_what_has_ended(client: DeployClient):
    await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "slow"})
    with pytest.raises(JsonRpcException) as running:
        await client.deploy("deploy/delete", {"deploymentId": "d1"})
    assert running.value.code == 1007
    await client.deploy("deploy/cancel", {"deploymentId": "d1"})
    await client.finished()
    assert await client.deploy("deploy/delete", {"deploymentId": "d1"}) is None
    assert (await client.deploy("deploy/list")).deployments == []
    with pytest.raises(JsonRpcException) as gone:
        await client.deploy("deploy/delete", {"deploymentId": "d1"})
    assert gone.value.code == 1002


async def test_skip_step(client: DeployClient):
    await client.deploy("deploy/start", {"deploymentId": "d1", "repo": "slow"})
    await client.deploy("deploy/skipStep", {"deploymentId": "d1", "stepId": 2})
    skipped = await client.wait_for(lambda method, params: method == "deploy/stepFinished" and params.stepId == 2)
    assert skipped.step.status == "skipped"
    await client.finished()


async def test_list_get_and_output(client: DeployClient):
    for name in ("d1", "d2"):
        await client.deploy("deploy/start", {"deploymentId": name, "repo": "ok"})
        await client.finished(name)
    listed = (await client.deploy("deploy/list", {"limit": 1})).deployments
    assert [row.deploymentId for row in listed] == ["d2"]
    got = await client.deploy("deploy/get", {"deploymentId": "d1"})
    assert got.log.status == "success"
    assert got.lastSeq == got.log.seq == 16
    output = await client.deploy("deploy/output", {"deploymentId": "d1", "commandId": "1-1", "offset": 5, "limit": 6})
    assert (output.text, output.nextOffset) == ("output", 11)


async def test_app_requests(client: DeployClient):
    assert [app.name for app in (await client.deploy("deploy/apps")).apps] == ["shop"]
    assert (await client.deploy("deploy/stopApp", {"name": "shop"})).status == "stopped"
    with pytest.raises(JsonRpcException) as stopped:
        await client.deploy("deploy/stopApp", {"name": "shop"})
    assert stopped.value.data
    assert (stopped.value.code, stopped.value.data["kind"]) == (1007, "app_not_running")
    assert (await client.deploy("deploy/startApp", {"deployDir": "/srv/shop"})).status == "running"
    assert (await client.deploy("deploy/restartApp", {"name": "shop"})).port == 8000
    assert (await client.deploy("deploy/rollback", {"name": "shop", "release": "r1"})).releases == ["r2", "r1"]
    assert (await client.deploy("deploy/appLog", {"name": "shop"})).text == "shop listening\n"


async def test_errors_carry_code_kind_and_suggestions(client: DeployClient):
    cases: list[tuple[str, Any, int, str]] = [
        ("deploy/get", {"deploymentId": "none"}, 1002, "not_found"),
        ("deploy/cancel", {"deploymentId": "none"}, 1002, "not_found"),
        ("deploy/subscribe", {"deploymentId": "none", "afterSeq": 0}, 1002, "not_found"),
        ("deploy/startApp", {"name": "none"}, 1002, "not_found"),
        ("deploy/plan", {"repo": "refused"}, 1004, "no_start_command"),
        ("deploy/start", {"deploymentId": "d1", "repo": "locked"}, 1008, "target_locked"),
        ("deploy/answer", {"deploymentId": "none", "questionId": "q"}, 1002, "not_found"),
        ("deploy/analyze", {"repo": "boom"}, -32603, "internal_error"),
    ]
    for method, params, code, kind in cases:
        with pytest.raises(JsonRpcException) as refused:
            await client.deploy(method, params)
        assert refused.value.data
        assert (refused.value.code, refused.value.data["kind"]) == (code, kind)
        assert refused.value.data["retryable"] == (code == 1008)
        assert isinstance(refused.value.data["suggestions"], list)
        if kind == "no_start_command":
            how = {"text": "Say how to start it", "option": "overrides.start", "value": "node a.js"}
            assert refused.value.data["suggestions"] == [how]


def test_an_unexpected_error_does_not_tell_its_inner_workings(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    error = raw.error("deploy/analyze", {"repo": "boom"})
    assert "secret" not in str(error)
    assert raw.result("deploy/analyze", {"repo": "ok"})["repo"]["name"] == "ok"


def test_a_stray_print_does_not_reach_the_protocol(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    assert raw.result("deploy/analyze", {"repo": "print"})["repo"]["name"] == "print"
    assert raw.finish() == 0


def test_an_untrusted_workspace_may_look_but_not_run(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path, initializationOptions={"trusted": False})
    refused = {
        "deploy/start": {"deploymentId": "d1", "repo": "ok"},
        "deploy/retry": {"deploymentId": "d1", "newDeploymentId": "d2"},
        "deploy/startApp": {"name": "shop"},
        "deploy/restartApp": {"name": "shop"},
        "deploy/rollback": {"name": "shop"},
        "workspace/executeCommand": {"command": "autoDeployer.server.deploy", "arguments": [{"repo": "ok"}]},
    }
    for method, params in refused.items():
        error = raw.error(method, params)
        assert (error["code"], error["data"]["kind"]) == (1003, "not_trusted"), method
    for method in ("deploy/analyze", "deploy/plan"):
        raw.result(method, {"repo": "ok"})
    assert raw.result("deploy/list") == {"deployments": []}
    assert raw.error("deploy/get", {"deploymentId": "d1"})["code"] == 1002


def test_wrong_initialization_options_are_refused(raw: RawClient):
    for options in ({"trusted": "yes"}, {"logDir": 5}, {"logDir": " "}, [1], "text"):
        error = raw.error("initialize", {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": options})
        assert error["code"] == -32602
    raw.initialize()  # a correct one is still accepted


@pytest.mark.parametrize(
    ("argument", "option", "expected"),
    [
        (None, None, "work/agent_logs"),
        (None, "logs", "work/logs"),
        (None, "{tmp}/far", "far"),
        ("{tmp}/cli", "logs", "cli"),
    ],
)
def test_the_log_folder(tmp_path: Path, argument: str | None, option: str | None, expected: str):
    folder = tmp_path / "work"
    folder.mkdir()
    arguments = [] if argument is None else ["--log-dir", argument.format(tmp=tmp_path)]
    options = {} if option is None else {"logDir": option.format(tmp=tmp_path)}
    with RawClient(*arguments) as raw:
        told = raw.initialize({}, folder, initializationOptions=options)
        uri = raw.start("ok")["logUri"]
    assert uri == (tmp_path / expected / "deploy_d1.json").as_uri()
    assert told["capabilities"]["experimental"]["autoDeployer"]["logDir"] == str(tmp_path / expected)


def test_without_a_folder_logs_go_to_the_user_data_directory(raw: RawClient, tmp_path: Path):
    raw.initialize({})
    assert raw.start("ok")["logUri"].startswith((tmp_path / ".local/share/auto-deployer/agent_logs").as_uri())


def test_relative_folders_are_meant_from_the_workspace(raw: RawClient, tmp_path: Path):
    (tmp_path / "shop").mkdir()
    raw.initialize({}, tmp_path)
    assert raw.result("deploy/analyze", {"repo": "./shop"})["repo"]["source"]["repo"] == str(tmp_path / "shop")
    assert raw.result("deploy/analyze", {"repo": "https://host/shop"})["repo"]["source"]["repo"] == "https://host/shop"


async def test_initialize_may_be_sent_only_once(client: DeployClient, tmp_path: Path):
    with pytest.raises(JsonRpcException) as refused:
        await client.initialize_async(initialize_params(tmp_path, {}))
    assert refused.value.code == -32600


async def test_cancelling_a_request_leaves_the_deployment_alone(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.send({"jsonrpc": "2.0", "id": 77, "method": "deploy/analyze", "params": {"repo": "forever"}})
    raw.start("slow")
    raw.notify("$/cancelRequest", {"id": 77})
    assert raw.receive(lambda message: message.get("id") == 77)["error"]["code"] == types.LSPErrorCodes.RequestCancelled
    assert raw.result("deploy/list")["deployments"][0]["status"] == "running"
