"""Requests about deployments: look, plan, start, control, follow, read."""

from __future__ import annotations

from typing import TypeVar

from ..model import errors as err
from ..model import requests as rq
from .connection import Connection
from .methods import method
from .plan_page import plan_page

Source = TypeVar("Source", bound=rq.SourceParams)

_SOURCE_ERRORS = (err.RefusedError, err.ConnectionFailedError, err.AuthenticationFailedError)


@method("deploy/analyze", rq.SourceParams, rq.AnalyzeResult, errors=_SOURCE_ERRORS, abortable=True)
async def analyze(connection: Connection, params: rq.SourceParams) -> rq.AnalyzeResult:
    """Analyse the repository and probe the target; runs nothing from the repository and writes no log."""
    async with connection.analyses:
        return await connection.runner.analyze(_located(connection, params))


@method("deploy/plan", rq.SourceParams, rq.PlanResult, errors=_SOURCE_ERRORS, abortable=True)
async def plan(connection: Connection, params: rq.SourceParams) -> rq.PlanResult:
    """Analyse and plan without deploying: the plan is what `deploy/start` with the same params would run."""
    async with connection.analyses:
        result = await connection.runner.plan(_located(connection, params))
    return result.model_copy(update={"page": plan_page(result)})


@method(
    "deploy/start", rq.StartParams, rq.StartResult, follows="deployment_id",
    errors=(err.NotTrustedError, err.TargetLockedError, err.LogError),
)  # fmt: skip
async def start(connection: Connection, params: rq.StartParams) -> rq.StartResult:
    """Begin a deployment and answer at once, before its first notification.

    A known `deploymentId` gives the same result again, whatever the other params: a start that is sent twice deploys once.
    """
    subscriber = connection.feed.subscriber
    located = _located(connection, params)
    return await connection.runner.start(located, interactive=not params.non_interactive, subscriber=subscriber)


@method("deploy/cancel", rq.DeploymentParams, errors=(err.NotFoundError,))
async def cancel(connection: Connection, params: rq.DeploymentParams) -> None:
    """Ask a deployment to end: `deploy/cancelling`, then `deploy/finished` with outcome `cancelled`.

    Cancelling twice, or after the end, is no error.
    """
    await connection.runner.cancel(params.deployment_id)


@method(
    "deploy/retry", rq.RetryParams, rq.StartResult, follows="new_deployment_id",
    errors=(err.NotTrustedError, err.NotFoundError, err.InvalidStateError, err.TargetLockedError, err.LogError),
)  # fmt: skip
async def retry(connection: Connection, params: rq.RetryParams) -> rq.StartResult:
    """Continue an ended deployment as a new one, on the same snapshot and plan.

    Steps before `fromStepId` (default: the first that is not ok) are checked again and taken over with `reused: true`.
    """
    subscriber = connection.feed.subscriber
    return await connection.runner.retry(params, interactive=not params.non_interactive, subscriber=subscriber)


@method("deploy/skipStep", rq.SkipStepParams, errors=(err.NotFoundError, err.InvalidStateError))
async def skip_step(connection: Connection, params: rq.SkipStepParams) -> None:
    """Skip a step; a running one is ended first. Steps that depend on it run only with `satisfiesDependents`."""
    await connection.runner.skip_step(params)


@method("deploy/answer", rq.AnswerParams, errors=(err.NotFoundError, err.InvalidStateError))
async def answer(connection: Connection, params: rq.AnswerParams) -> None:
    """Answer the pending question. The first answer wins, here or to `deploy/ask`; a later one gets 1007."""
    await connection.runner.answer(params)


@method("deploy/list", rq.ListParams, rq.ListResult)
async def list_deployments(connection: Connection, params: rq.ListParams) -> rq.ListResult:
    """Deployments, newest first, from memory and from the log folder."""
    return await connection.runner.list_deployments(params)


@method("deploy/get", rq.DeploymentParams, rq.GetResult, errors=(err.NotFoundError,))
async def get(connection: Connection, params: rq.DeploymentParams) -> rq.GetResult:
    """The log document as in the file, and the `seq` of the last event in it."""
    return await connection.runner.get(params.deployment_id)


@method("deploy/subscribe", rq.SubscribeParams, rq.SubscribeResult, follows="deployment_id", errors=(err.NotFoundError,))
async def subscribe(connection: Connection, params: rq.SubscribeParams) -> rq.SubscribeResult:
    """Follow a deployment: the response, then the events after `afterSeq` in order, then the live ones.

    Where there is no journal (old logs) the result has `resync: true` and the log document instead.
    """
    return await connection.runner.subscribe(params, connection.feed.subscriber)


@method("deploy/output", rq.OutputParams, rq.OutputResult, errors=(err.NotFoundError,))
async def output(connection: Connection, params: rq.OutputParams) -> rq.OutputResult:
    """A part of the full output of a command, from byte `offset`."""
    return await connection.runner.output(params)


@method("deploy/delete", rq.DeploymentParams, errors=(err.NotFoundError, err.InvalidStateError, err.LogError))
async def delete(connection: Connection, params: rq.DeploymentParams) -> None:
    """Delete the log of a deployment that has ended, with its journal and output files, and what a retry would need.

    The app that it brought up stays. One that runs is not deleted (1007).
    """
    await connection.runner.delete(params.deployment_id)


def _located(connection: Connection, params: Source) -> Source:
    """Relative folders and files are meant from the workspace folder, not from wherever the server was started."""
    changes: dict[str, str] = {"repo": connection.located(params.repo)}
    if params.env_file is not None:
        changes["env_file"] = connection.located(params.env_file)
    return params.model_copy(update=changes)
