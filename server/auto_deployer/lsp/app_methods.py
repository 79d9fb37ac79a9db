"""Requests about apps that a deploy brought up."""

from __future__ import annotations

from ..model import errors as err
from ..model import requests as rq
from .connection import Connection
from .methods import NoParams, method

_APP_ERRORS = (err.NotFoundError, err.AppError, err.TargetLockedError)


@method("deploy/apps", NoParams, rq.AppsResult)
async def list_apps(connection: Connection, _: NoParams) -> rq.AppsResult:
    """All apps and how they are now; crashed ones with exit code and last log lines."""
    return await connection.apps.list_apps()


@method("deploy/startApp", rq.AppParams, rq.AppState, errors=(err.NotTrustedError, *_APP_ERRORS))
async def start_app(connection: Connection, params: rq.AppParams) -> rq.AppState:
    """Start an app's current release, and prove that it answers."""
    return await connection.apps.start(params)


@method("deploy/stopApp", rq.AppParams, rq.AppState, errors=_APP_ERRORS)
async def stop_app(connection: Connection, params: rq.AppParams) -> rq.AppState:
    """Stop an app and all its processes."""
    return await connection.apps.stop(params)


@method("deploy/restartApp", rq.AppParams, rq.AppState, errors=(err.NotTrustedError, *_APP_ERRORS))
async def restart_app(connection: Connection, params: rq.AppParams) -> rq.AppState:
    """Stop an app and start its current release again."""
    return await connection.apps.restart(params)


@method("deploy/rollback", rq.RollbackParams, rq.AppState, errors=(err.NotTrustedError, *_APP_ERRORS))
async def rollback(connection: Connection, params: rq.RollbackParams) -> rq.AppState:
    """Go back to an earlier release (default: the one before the current)."""
    return await connection.apps.rollback(params)


@method("deploy/appLog", rq.AppLogParams, rq.OutputResult, errors=_APP_ERRORS)
async def app_log(connection: Connection, params: rq.AppLogParams) -> rq.OutputResult:
    """A part of the app's own log: from `offset`, or its last part."""
    return await connection.apps.log(params)


@method("deploy/env", rq.AppParams, rq.AppEnv, errors=_APP_ERRORS)
async def env(connection: Connection, params: rq.AppParams) -> rq.AppEnv:
    """The variables of an app's environment, and what its sample of settings names besides. Values are never sent."""
    return await connection.apps.env(params)


@method("deploy/setEnv", rq.SetEnvParams, rq.AppEnv, errors=(err.NotTrustedError, *_APP_ERRORS))
async def set_env(connection: Connection, params: rq.SetEnvParams) -> rq.AppEnv:
    """Set and remove variables of an app. A change counts when the app is started again (`restartNeeded`), and for its next builds.

    While a deployment works in the app's directory it is refused with 1008.
    """
    return await connection.apps.set_env(params)
