"""Logging in to a git server: whose login is tried in which order, and who is asked when none is accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import quote, urlsplit

from ..model.errors import AuthenticationFailedError
from .source import Source

_TOKEN_USERS = {"github.com": "x-access-token", "gitlab.com": "oauth2", "bitbucket.org": "x-token-auth"}
"""User names under which the forges take a token of any kind, as their documentation names them."""
_OTHER_USER = "git"
"""Elsewhere the name that goes with a token hardly ever matters, but there has to be one."""

T = TypeVar("T")


@dataclass(frozen=True)
class GitLogin:
    """A user name and what proves it."""

    secret: str = field(repr=False)
    """Token or password."""
    username: str = ""
    """"": the one in the URL, else the usual one for tokens of that host."""


@dataclass(frozen=True)
class LoginWanted:
    """A login that an https server asks for and that nobody has given yet."""

    host: str
    """Scheme, host and port, such as "https://git.example.org"."""
    repository: str
    """As it is shown."""
    username: str
    """The one in the URL; "" when there is none."""
    usual_username: str
    """What tokens of that host go with."""
    said: str
    """What the server, or git, said."""


AskCredentials = Callable[[LoginWanted], Awaitable[GitLogin | None]]
"""Asks a person; None: nobody answered."""


@dataclass(frozen=True)
class Logins:
    """Where a login may come from, besides the URL and the user's credential helpers."""

    given: GitLogin | None = None
    ask: AskCredentials | None = None
    """None: nobody can be asked."""


def host_of(source: Source) -> str:
    """Scheme, host and port of an https source."""
    return "/".join(source.fetch_url.split("/", 3)[:3])


def logged_in(source: Source, login: GitLogin) -> Source:
    """The source with this login, whatever its URL said."""
    username = login.username or _username(source) or _usual_username(source)
    secrets = dict.fromkeys((*source.secrets, login.secret, quote(login.secret, safe="")))
    return replace(source, credentials=(username, login.secret), secrets=tuple(secrets))


async def with_logins(source: Source, attempt: Callable[[Source], Awaitable[T]], logins: Logins) -> T:
    """What `attempt` returns with the first login that is accepted.

    A password in the URL counts alone; else the given login comes first, then what the user's own credential helpers know. Last, a
    person is asked, once. Nothing is sent to a server that does not ask for a login.

    Raises:
        AuthenticationFailedError: none is accepted.
    """
    if logins.given is not None and source.protocol == "https" and not _has_password(source):
        with suppress(AuthenticationFailedError):
            return await attempt(logged_in(source, logins.given))
    try:
        return await attempt(source)
    except AuthenticationFailedError as error:
        login = await _asked(source, error, logins.ask)
        if login is None:
            raise
    return await attempt(logged_in(source, login))


async def _asked(source: Source, error: AuthenticationFailedError, ask: AskCredentials | None) -> GitLogin | None:
    if ask is None or source.protocol != "https":
        return None
    return await ask(LoginWanted(
        host=host_of(source), repository=source.display, username=_username(source), usual_username=_usual_username(source),
        said=error.message,
    ))  # fmt: skip


def _has_password(source: Source) -> bool:
    return source.credentials is not None and bool(source.credentials[1])


def _username(source: Source) -> str:
    """The user name in the URL; a token that stands in its place is none."""
    if source.credentials is None or source.credentials[0] in source.secrets:
        return ""
    return source.credentials[0]


def _usual_username(source: Source) -> str:
    return _TOKEN_USERS.get(urlsplit(source.fetch_url).hostname or "", _OTHER_USER)
