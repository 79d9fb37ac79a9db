"""What the server offers by name. Imports nothing, so that `initialize` is answered before the heavier half is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

PROTOCOL_VERSION: Final = 1
ANSWER: Final = "autoDeployer.server.answer"
"""The command with which an editor that knows no `deploy/ask` answers."""


class Offer(NamedTuple):
    """One request a client may send, and the `workspace/executeCommand` name of the same."""

    method: str
    command: str | None = None
    needs_trust: bool = False
    """Refused with 1003 where the workspace is not trusted: it would run something."""


OFFERS: Final = (
    Offer("deploy/analyze"),
    Offer("deploy/plan", "autoDeployer.server.plan"),
    Offer("deploy/start", "autoDeployer.server.deploy", needs_trust=True),
    Offer("deploy/cancel", "autoDeployer.server.cancel"),
    Offer("deploy/retry", "autoDeployer.server.retry", needs_trust=True),
    Offer("deploy/skipStep", "autoDeployer.server.skipStep"),
    Offer("deploy/answer", ANSWER),
    Offer("deploy/list", "autoDeployer.server.list"),
    Offer("deploy/get"),
    Offer("deploy/subscribe"),
    Offer("deploy/output"),
    Offer("deploy/delete", "autoDeployer.server.delete"),
    Offer("deploy/apps", "autoDeployer.server.apps"),
    Offer("deploy/startApp", "autoDeployer.server.startApp", needs_trust=True),
    Offer("deploy/stopApp", "autoDeployer.server.stopApp"),
    Offer("deploy/restartApp", "autoDeployer.server.restartApp", needs_trust=True),
    Offer("deploy/rollback", "autoDeployer.server.rollback", needs_trust=True),
    Offer("deploy/appLog", "autoDeployer.server.appLog"),
    Offer("deploy/env", "autoDeployer.server.env"),
    Offer("deploy/setEnv", "autoDeployer.server.setEnv", needs_trust=True),
    Offer("deploy/setSecret"),
    Offer("deploy/testModel", "autoDeployer.server.testModel"),
)

OPEN_LOG: Final = "autoDeployer.server.openLog"
"""The one command without a method: shows a log in the editor (`window/showDocument`)."""

COMMANDS: Final = {offer.command: offer.method for offer in OFFERS if offer.command}
NEEDS_TRUST: Final = frozenset(offer.method for offer in OFFERS if offer.needs_trust)

EVENTS: Final = (
    "deploy/started", "deploy/analysisReady", "deploy/planReady", "deploy/planChanged", "deploy/stepStarted",
    "deploy/commandStarted", "deploy/commandExecuted", "deploy/commandRefused", "deploy/checkFinished", "deploy/repairApplied",
    "deploy/stepFinished", "deploy/questionAsked", "deploy/questionResolved", "deploy/modelCalled", "deploy/historyCompressed",
    "deploy/cancelling", "deploy/note", "deploy/finished",
)  # fmt: skip
COMMAND_OUTPUT: Final = "deploy/commandOutput"
ASK: Final = "deploy/ask"
QUESTION_KINDS: Final = ("choice", "confirm", "text", "secret")


def server_capabilities(log_dir: Path) -> dict[str, object]:
    """What `initialize` answers under `capabilities.experimental.autoDeployer`."""
    return {
        "protocolVersion": PROTOCOL_VERSION, "methods": [offer.method for offer in OFFERS], "events": list(EVENTS),
        "interaction": list(QUESTION_KINDS), "replay": True, "output": "stream", "logDir": str(log_dir),
    }  # fmt: skip
