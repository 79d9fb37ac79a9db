"""Asks for the variables that an app needs and nobody has set, before anything is installed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence

from ..masking import is_secret_name
from ..model.errors import RefusedError
from ..model.facts import EnvVariable
from ..model.plan import DeploymentPlan
from ..model.ports import Asker
from ..model.questions import Option, Question
from .environment import AppEnvironment

GENERATED_BYTES = 48
"""Of a secret that is made here: more than any framework asks for."""
_OWN_SECRET = re.compile(
    r"(?:(?:DJANGO|FLASK|FASTAPI|QUART|APP|APPLICATION|SERVER|SITE|WEB|RAILS|NUXT|NEXT)_)?"
    r"(?:SECRET|SECRET_KEY|SECRET_KEY_BASE|(?:SESSION|COOKIE|JWT|CSRF|AUTH|NEXTAUTH|BETTER_AUTH)_SECRET(?:_KEY)?|SESSION_KEY)"
)
"""Secrets that an app shares with nobody (keys of sessions and tokens): any random value serves."""
_ADDRESS = re.compile(r"(?:URL|URI|DSN)$")
_SERVICE = re.compile(r"DATABASE|DB|POSTGRES|PG|MYSQL|MARIA|MONGO|REDIS|AMQP|RABBIT")
_GENERATE, _ENTER = "generate", "enter"
_ASKED = "env-"
"""Begins the id of a question for a variable's value."""

MakePlan = Callable[[frozenset[str]], Awaitable[DeploymentPlan]]
"""Plans for an app whose env file has these names."""
Lacks = Callable[[DeploymentPlan, frozenset[str]], RefusedError | None]
"""Why a plan cannot run with these names, if it cannot."""


async def plan_asking(
    make: MakePlan, environment: AppEnvironment, asker: Asker, lacks: Lacks = lambda _plan, _names: None
) -> tuple[DeploymentPlan, AppEnvironment]:
    """The plan, and the environment with the answers that it took.

    Args:
        lacks: what a plan that is made still needs; it is not made again for the answers.

    Raises:
        RefusedError: it cannot be planned, or nobody gave what is missing: the refusal lists all of it.
    """
    while True:
        try:
            plan = await make(environment.names)
            break
        except RefusedError as refusal:
            environment = await _with_answers(refusal, environment, asker)
    while (refusal := lacks(plan, environment.names)) is not None:
        environment = await _with_answers(refusal, environment, asker)
    return plan, environment


async def _with_answers(refusal: RefusedError, environment: AppEnvironment, asker: Asker) -> AppEnvironment:
    """The environment with a value for each variable that the refusal names.

    Raises:
        RefusedError: that refusal: nobody can be asked, or one was left open.
    """
    missing = [variable for variable in refusal.missing_env if variable.name not in environment.names]
    answers = await _ask_for(missing, asker) if missing and asker.interactive else {}
    if not answers:
        raise refusal
    return environment.adding(answers)


async def _ask_for(missing: Sequence[EnvVariable], asker: Asker) -> dict[str, str]:
    """A value for each, by one question each; {} as soon as one is left open."""
    answers: dict[str, str] = {}
    for variable in missing:
        value = await _ask(variable, asker)
        if not value:
            return {}
        answers[variable.name] = value
    return answers


async def _ask(variable: EnvVariable, asker: Asker) -> str:
    if _OWN_SECRET.fullmatch(variable.name):
        answer = await asker.ask(_how(variable))
        if answer.option_id == _GENERATE:
            return secrets.token_urlsafe(GENERATED_BYTES)
        if answer.option_id != _ENTER:
            return ""
    answer = await asker.ask(_value(variable))
    return (answer.text or "").strip() if not answer.cancelled else ""


def variable_of(question: Question) -> str | None:
    """The variable whose value a question asks for; None for other questions."""
    is_value = question.question_id.startswith(_ASKED) and not question.options
    return question.question_id.removeprefix(_ASKED) if is_value else None


def _how(variable: EnvVariable) -> Question:
    """Whether a value of its own is wanted; silence makes one, which is safe: nothing else knows the old one."""
    return Question(
        question_id=f"{_ASKED}{variable.name}-how", kind="choice", category="information", default=_GENERATE,
        message=f"{variable.name} is not set, and the app needs it. Generate a random value?",
        detail=f"{_place(variable)}Any long random text serves.",
        options=(
            Option(id=_GENERATE, label="Generate", description="Generate a random value and keep it for this app"),
            Option(id=_ENTER, label="Enter a value", description="Enter the value yourself"),
        ),
    )  # fmt: skip


def _value(variable: EnvVariable) -> Question:
    return Question(
        question_id=f"{_ASKED}{variable.name}", kind="secret" if is_hidden(variable.name) else "text", category="information",
        message=f"Value of {variable.name}, which the app needs",
        detail=f"{_place(variable)}It is kept in the app's env file, readable by you alone, for the deployments to come.",
        default=variable.default,
    )  # fmt: skip


def is_hidden(name: str) -> bool:
    """Whether a value is typed unseen: a secret by its name, or an address with a password in it, as databases have."""
    return is_secret_name(name) or (_ADDRESS.search(name) is not None and _SERVICE.search(name) is not None)


def _place(variable: EnvVariable) -> str:
    return f"It is read at {variable.place}. " if variable.place else ""
