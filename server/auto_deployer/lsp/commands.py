"""`workspace/executeCommand`: each command takes the params object of its method, and fills in what a plain editor leaves out."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ..model.errors import NotFoundError, UsageError
from ..model.requests import DeploymentSummary, ListParams
from ..model.suggestions import suggest
from .app_of_folder import app_of_folder
from .catalog import ANSWER, COMMANDS, OPEN_LOG
from .methods import call
from .protocol import Reply

if TYPE_CHECKING:
    from .connection import Connection

_OF_NEWEST = frozenset({"deploy/cancel", "deploy/retry", "deploy/skipStep", "deploy/answer"})
"""Methods that mean the newest deployment when none is named."""
_OF_AN_APP = frozenset({
    "deploy/startApp", "deploy/stopApp", "deploy/restartApp", "deploy/rollback", "deploy/appLog", "deploy/env", "deploy/setEnv",
})  # fmt: skip
"""Methods that mean the app of the workspace folder when none is named."""


async def execute(connection: Connection, command: str, arguments: list[Any]) -> Reply:
    """Run an advertised command.

    Raises:
        AutoDeployerError: as its method; UsageError for an unknown command or more than one argument.
    """
    if command not in COMMANDS and command != OPEN_LOG:
        raise UsageError(
            f"unknown command {command[:100]!r}", suggestions=(suggest(f"Commands: {', '.join((*COMMANDS, OPEN_LOG))}"),)
        )
    given = arguments[0] if arguments and arguments[0] is not None else {}
    if command == ANSWER and isinstance(given, str):
        given = {"text": given}
    if len(arguments) > 1 or not isinstance(given, dict):
        raise UsageError(f"{command}: expected no argument, or one object")
    if command == OPEN_LOG:
        return Reply(await _open_log(connection, given.get("deploymentId")))
    method = COMMANDS[command]
    return await call(connection, method, await _completed(connection, method, given))


async def _completed(connection: Connection, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """The params with what the command's user may leave out: repository, ids, app."""
    defaults: dict[str, Any] = {}
    if method in ("deploy/start", "deploy/plan") and "repo" not in given:
        folder = connection.settings.folder
        if folder is None:
            raise UsageError("no repository: give {repo}, or open the folder to deploy as the workspace")
        defaults["repo"] = str(folder)
    if method == "deploy/start":
        defaults["deploymentId"] = _new_id()
    if method == "deploy/retry":
        defaults["newDeploymentId"] = _new_id()
    if method in _OF_NEWEST and "deploymentId" not in given:
        defaults["deploymentId"] = (await _newest(connection)).deployment_id
    if method == "deploy/answer" and "questionId" not in given:
        defaults["deploymentId"], defaults["questionId"] = connection.questions.waiting(given.get("deploymentId"))
    if method in _OF_AN_APP and given.get("name") is None and given.get("deployDir") is None:
        return {**given, "deployDir": (await app_of_folder(connection)).deploy_dir}
    return {**defaults, **given}


async def _open_log(connection: Connection, deployment_id: object) -> dict[str, Any]:
    """Show the log of a deployment (default: the newest) in the editor; the result names it in any case."""
    if deployment_id is None:
        uri = (await _newest(connection)).log_uri
    else:
        listed = (await connection.runner.list_deployments(ListParams())).deployments
        uri = next((row.log_uri for row in listed if row.deployment_id == deployment_id), None)
        if uri is None:
            raise NotFoundError("no deployment with this id", suggestions=(suggest("autoDeployer.server.list names them."),))
    shown = False
    if connection.settings.profile.show_document:
        params = types.ShowDocumentParams(uri=uri, take_focus=True)
        try:
            result = await connection.client.request(types.WINDOW_SHOW_DOCUMENT, params, f"show:{secrets.token_hex(8)}")
            shown = bool(result.success)
        except JsonRpcException:
            shown = False
    return {"logUri": uri, "shown": shown}


async def _newest(connection: Connection) -> DeploymentSummary:
    listed = (await connection.runner.list_deployments(ListParams(limit=1))).deployments
    if not listed:
        raise NotFoundError("there is no deployment yet", suggestions=(suggest("autoDeployer.server.deploy starts one."),))
    return listed[0]


def _new_id() -> str:
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
