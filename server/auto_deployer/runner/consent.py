"""Asking before a language runtime is installed for an app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..model.errors import RuntimeMissingError
from ..model.plan import DeploymentPlan
from ..model.ports import Asker
from ..model.questions import Option, Question


class RuntimeConsent:
    """Whether runtimes may be installed below the deploy directory: agreed to beforehand, or asked for once.

    Args:
        agreed: The request says so.
    """

    def __init__(self, asker: Asker, *, agreed: bool) -> None:
        self._asker, self._agreed = asker, agreed

    async def plan(self, make: Callable[[bool], Awaitable[DeploymentPlan]]) -> DeploymentPlan:
        """The plan that `make` makes, given whether runtimes may be installed.

        Raises:
            RefusedError: it cannot be planned, or is not without a runtime that nobody agreed to.
        """
        try:
            return await make(self._agreed)
        except RuntimeMissingError as missing:
            if self._agreed or not missing.offer or not self._asker.interactive:
                raise
            answer = await self._asker.ask(_question(missing))
            if answer.option_id != "install":
                raise
        self._agreed = True
        return await make(self._agreed)


def _question(missing: RuntimeMissingError) -> Question:
    return Question(
        question_id="runtime", kind="choice", category="confirmation",
        message=f"{missing.message} Install {missing.offer} for this app alone?",
        detail="It is put below the deploy directory; nothing else on the target changes.",
        options=(Option(id="install", label=f"Install {missing.offer}"), Option(id="no", label="Do not install it")),
        default="no",
    )  # fmt: skip
