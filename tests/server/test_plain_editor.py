"""An editor without any plugin of ours: commands, progress bars, log lines and messages are all it gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.server.conftest import DeployClient
from tests.server.raw_client import RawClient


async def run_command(editor: DeployClient, name: str, *arguments: Any) -> Any:
    params = types.ExecuteCommandParams(command=f"autoDeployer.server.{name}", arguments=list(arguments))
    return await editor.workspace_execute_command_async(params)


async def wait_for_log(editor: DeployClient, text: str) -> None:
    while not any(text in message.message for message in editor.log_messages):
        await editor.wait_for_notification(types.WINDOW_LOG_MESSAGE)


async def test_deploy_with_nothing_deploys_the_workspace_folder(editor: DeployClient, tmp_path: Path):
    result = await run_command(editor, "deploy")
    assert result["deploymentId"]
    await wait_for_log(editor, "success: http://127.0.0.1:8000/")
    listed = (await run_command(editor, "list"))["deployments"]
    assert [row["repo"] for row in listed] == [str(tmp_path)]
    assert editor.notifications == []


async def test_progress_begins_reports_and_ends(editor: DeployClient):
    result = await run_command(editor, "deploy", {"repo": "slow"})
    token = f"auto-deployer/{result['deploymentId']}"
    await wait_for_log(editor, "step 2")
    while not editor.progress_reports.get(token):  # the bar is there once the editor has agreed to draw it
        await editor.wait_for_notification(types.PROGRESS)
    editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    await wait_for_log(editor, "cancelled")
    while not isinstance((editor.progress_reports.get(token) or [None])[-1], types.WorkDoneProgressEnd):
        await editor.wait_for_notification(types.PROGRESS)
    reports = editor.progress_reports[token]
    assert isinstance(reports[0], types.WorkDoneProgressBegin)
    assert reports[0].cancellable
    assert reports[0].title == "Deploying slow"
    assert sum(isinstance(report, types.WorkDoneProgressEnd) for report in reports) == 1


async def test_log_lines_tell_the_run(editor: DeployClient):
    await run_command(editor, "deploy", {"repo": "ok"})
    await wait_for_log(editor, "success")
    lines = [message.message.partition("] ")[2] for message in editor.log_messages]
    assert lines[0].startswith("deploying ok, log: file:")
    assert "plan (traditional): Check tools, Install dependencies, Start the app" in lines
    assert "$ true (exit 0, 0.0 s)" in lines
    assert {message.message.partition("] ")[0] for message in editor.log_messages} == {"[ok"}


async def test_commands_mean_the_newest_deployment(editor: DeployClient):
    with pytest.raises(JsonRpcException, match="no deployment yet"):
        await run_command(editor, "cancel")
    await run_command(editor, "deploy", {"repo": "slow"})
    await run_command(editor, "cancel")
    await wait_for_log(editor, "cancelled")
    retried = await run_command(editor, "retry")
    await wait_for_log(editor, "success")
    assert (await run_command(editor, "list"))["deployments"][0]["deploymentId"] == retried["deploymentId"]


async def test_app_commands(editor: DeployClient):
    assert (await run_command(editor, "apps"))["apps"][0]["name"] == "shop"
    assert (await run_command(editor, "stopApp", {"name": "shop"}))["status"] == "stopped"


async def test_without_a_name_the_app_of_the_workspace_folder_is_meant(editor: DeployClient):
    with pytest.raises(JsonRpcException, match="no app was deployed from") as absent:
        await run_command(editor, "stopApp")
    assert absent.value.code == 1002
    assert absent.value.data
    assert absent.value.data["suggestions"] == [
        {"text": "Name the one that is meant (shop)", "option": "deployDir", "value": "/srv/shop"}
    ]
    await run_command(editor, "deploy", {"deployDir": "/srv/mine"})
    await wait_for_log(editor, "success")
    for verb in ("stopApp", "startApp", "restartApp", "rollback"):
        assert (await run_command(editor, verb))["deployDir"] == "/srv/mine", verb
    assert (await run_command(editor, "appLog", {"limit": 100}))["text"] == "mine listening\n"
    assert (await run_command(editor, "stopApp", {"name": "shop"}))["deployDir"] == "/srv/shop"


async def test_of_several_apps_the_newest_deployment_tells(editor: DeployClient):
    for folder in ("/srv/second", "/srv/first"):
        await run_command(editor, "deploy", {"deployDir": folder})
    assert (await run_command(editor, "stopApp"))["deployDir"] == "/srv/first"


def test_without_a_folder_an_app_has_to_be_named(raw: RawClient):
    raw.initialize(None)
    error = raw.error("workspace/executeCommand", {"command": "autoDeployer.server.stopApp"})
    assert error["code"] == -32602
    assert "/srv/shop" in error["data"]["suggestions"][0]["value"]


async def test_wrong_commands_are_refused(editor: DeployClient):
    wrong: list[tuple[str, list[Any]]] = [
        ("nothing", []),
        ("deploy", [1]),
        ("deploy", [{"repo": "ok"}, {}]),
        ("deploy", [{"repo": 1}]),
        ("skipStep", [{"deploymentId": "d"}]),
    ]
    for name, arguments in wrong:
        with pytest.raises(JsonRpcException) as refused:
            await run_command(editor, name, *arguments)
        assert refused.value.code == -32602


def test_a_choice_is_asked_by_message(raw: RawClient, tmp_path: Path):
    raw.initialize(None, tmp_path)
    raw.start("ask:choice")
    asked = raw.receive(lambda message: message.get("method") == "window/showMessageRequest")
    assert [action["title"] for action in asked["params"]["actions"]] == ["Try again", "Stop"]
    raw.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"title": "Try again"}})
    raw.receive(lambda message: "success" in str(message.get("params", {}).get("message")))
    log = raw.result("deploy/get", {"deploymentId": "d1"})["log"]
    assert log["steps"][1]["user_interactions"][0]["response"] == "again"


def test_a_closed_or_impossible_message_counts_as_cancelled(raw: RawClient, tmp_path: Path):
    raw.initialize(None, tmp_path)
    replies: list[dict[str, Any]] = [
        {"result": None}, {"result": {"title": "?"}}, {"result": 7}, {"error": {"code": -32601, "message": "?"}},
    ]  # fmt: skip
    for number, reply in enumerate(replies):
        raw.start("ask:confirm", f"d{number}")
        asked = raw.receive(lambda message: message.get("method") == "window/showMessageRequest")
        assert [action["title"] for action in asked["params"]["actions"]] == ["Yes", "No"]
        raw.send({"jsonrpc": "2.0", "id": asked["id"], **reply})
        raw.receive(lambda message: "] failed" in str(message.get("params", {}).get("message")))


async def asked_by_message(editor: DeployClient) -> str:
    while not editor.messages:
        await editor.wait_for_notification(types.WINDOW_SHOW_MESSAGE)
    return editor.messages.pop().message


@pytest.mark.parametrize(("kind", "given"), [("secret", {"text": "hunter2"}), ("text", "hello"), ("text", {"cancelled": True})])
async def test_text_and_secrets_are_asked_by_a_message_that_says_how_to_answer(
    editor: DeployClient, kind: str, given: dict[str, Any] | str
):
    await run_command(editor, "deploy", {"repo": f"ask:{kind}"})
    message = await asked_by_message(editor)
    assert 'Answer with the command autoDeployer.server.answer and the argument {"text": "…"}' in message
    assert await run_command(editor, "answer", given) is None
    await wait_for_log(editor, "] failed" if "cancelled" in given else "success")
    with pytest.raises(JsonRpcException, match="no question waits"):
        await run_command(editor, "answer", given)


def test_an_answer_may_name_its_question_and_secrets_stay_out_of_all_messages(raw: RawClient, tmp_path: Path):
    raw.initialize(None, tmp_path)
    raw.start("ask:secret")
    raw.receive(lambda message: message.get("method") == "window/showMessage")
    raw.result("deploy/answer", {"deploymentId": "d1", "questionId": "q1", "text": "hunter2"})
    raw.receive(lambda message: "success" in str(message.get("params", {}).get("message")))
    assert not [message for message in raw.received if message.get("method") in ("window/showMessageRequest", "deploy/ask")]
    assert "hunter2" not in str(raw.received)


def test_open_log_shows_the_document(raw: RawClient, tmp_path: Path):
    raw.initialize(None, tmp_path, window={"showDocument": {"support": True}})
    uri = raw.start("ok")["logUri"]
    raw.send(
        {"jsonrpc": "2.0", "id": 9, "method": "workspace/executeCommand", "params": {"command": "autoDeployer.server.openLog"}}
    )
    shown = raw.receive(lambda message: message.get("method") == "window/showDocument")
    assert shown["params"]["uri"] == uri
    raw.send({"jsonrpc": "2.0", "id": shown["id"], "result": {"success": True}})
    assert raw.receive(lambda message: message.get("id") == 9)["result"] == {"logUri": uri, "shown": True}


def test_without_progress_support_no_bar_is_made(raw: RawClient, tmp_path: Path):
    raw.initialize(None, tmp_path)
    raw.start("ok")
    raw.receive(lambda message: "success" in str(message.get("params", {}).get("message")))
    assert {message["method"] for message in raw.received if "method" in message} == {"window/logMessage"}


def test_a_refused_bar_is_not_drawn(raw: RawClient, tmp_path: Path):
    raw.initialize(None, tmp_path, window={"workDoneProgress": True})
    raw.start("slow")
    create = raw.receive(lambda message: message.get("method") == "window/workDoneProgress/create")
    raw.send({"jsonrpc": "2.0", "id": create["id"], "error": {"code": 1, "message": "no"}})
    raw.result("deploy/cancel", {"deploymentId": "d1"})
    raw.receive(lambda message: "cancelled" in str(message.get("params", {}).get("message")))
    assert not [message for message in raw.received if message.get("method") == "$/progress"]
