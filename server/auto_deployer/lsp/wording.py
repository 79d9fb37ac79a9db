"""Suggestions in the words of the wire: errors are written once, with the names that the command line has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PARAMS: Final[Mapping[str, str]] = {
    "--app-port": "port", "--build": "overrides.build", "--deploy-dir": "deployDir", "--dirty": "dirty", "--env": "env",
    "--env-file": "envFile", "--from-step": "fromStepId", "--health-path": "overrides.healthPath", "--install": "overrides.install",
    "--log-dir": "initializationOptions.logDir", "--output-dir": "overrides.outputDir", "--planner": "planner",
    "--recipe": "overrides.recipe", "--ref": "ref", "--set": "initializationOptions.settings",
    "--start": "overrides.start", "--subdir": "subdir",
}  # fmt: skip
"""Options of the command line, and the params that mean the same."""

_REQUESTS: Final[Mapping[str, str]] = {
    "app-logs": "deploy/appLog", "apps": "deploy/apps", "auth set": "deploy/setSecret", "deploy": "deploy/start",
    "logs --list": "deploy/list", "plan": "deploy/plan", "restart": "deploy/restartApp", "retry": "deploy/retry",
    "rollback": "deploy/rollback", "start": "deploy/startApp", "stop": "deploy/stopApp",
}  # fmt: skip
"""Commands of the command line, and the requests that do the same; others (`remove`) have none."""

_OPTION = re.compile(r"(?<![\w-])--[a-z-]+(?![\w-])")
_COMMAND = re.compile(rf"\bauto-deployer ({'|'.join(map(re.escape, _REQUESTS))})(?![\w-])")


def in_wire_words(suggestion: str) -> str:
    """The suggestion with the params and requests that a client sends; options and commands without one stay as they are."""
    told = _COMMAND.sub(lambda match: _REQUESTS[match[1]], suggestion)
    return _OPTION.sub(lambda match: _PARAMS.get(match[0], match[0]), told)
