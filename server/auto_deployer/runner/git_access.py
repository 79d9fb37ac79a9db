"""How a deployment gets at its repository: who logs in, who is asked, what may be fetched and how much."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..analysis import TOKEN_VARIABLE, USERNAME_VARIABLE, AskCredentials, Extras, GitLogin, Limits, Logins, LoginWanted
from ..model.ports import Asker
from ..model.questions import Question
from ..model.requests import SourceParams
from ..model.settings import BudgetSettings


@dataclass(frozen=True)
class GitAccess:
    """How one request gets at its repository."""

    logins: Logins
    """Who logs in where the repository's server asks for it."""
    limits: Limits
    """Of what is fetched."""
    extras: Extras

    @classmethod
    def of(cls, params: SourceParams, budget: BudgetSettings, asker: Asker | None = None) -> GitAccess:
        limits = Limits(timeout_s=budget.fetch_timeout, max_bytes=budget.max_repository_mb * 1_048_576)
        return cls(logins_for(params, asker), limits, Extras(submodules=params.submodules, lfs=params.lfs))


def logins_for(params: SourceParams, asker: Asker | None = None, environ: Mapping[str, str] = os.environ) -> Logins:
    """The login of the request, else that of the environment; and the asker, where it reaches a person."""
    asked = params.git_credential
    if asked is not None:
        given = GitLogin(asked.token, asked.username or "")
    elif token := environ.get(TOKEN_VARIABLE, ""):
        given = GitLogin(token, environ.get(USERNAME_VARIABLE, ""))
    else:
        given = None
    return Logins(given, asking(asker) if asker is not None and asker.interactive else None)


def asking(asker: Asker) -> AskCredentials:
    """Asks for a user name, where the URL has none, and for what proves it. Neither is kept."""

    async def ask(wanted: LoginWanted) -> GitLogin | None:
        username = wanted.username
        if not username:
            answer = await asker.ask(_username_question(wanted))
            username = (answer.text or "").strip() or wanted.usual_username
            if answer.cancelled:
                return None
        answer = await asker.ask(_secret_question(wanted, username))
        secret = (answer.text or "").strip()
        return GitLogin(secret, username) if secret and not answer.cancelled else None

    return ask


def _username_question(wanted: LoginWanted) -> Question:
    return Question(
        question_id="git-username", kind="text", category="information", message=f"User name for {wanted.host}",
        detail=f"{wanted.repository} does not exist or asks for a login. {wanted.usual_username} goes with a token.",
        default=wanted.usual_username, host=wanted.host,
    )  # fmt: skip


def _secret_question(wanted: LoginWanted, username: str) -> Question:
    return Question(
        question_id="git-secret", kind="secret", category="information",
        message=f"Token or password of {username} for {wanted.host}",
        detail=f"It is used to fetch {wanted.repository} this once, and kept nowhere.", host=wanted.host,
    )  # fmt: skip
