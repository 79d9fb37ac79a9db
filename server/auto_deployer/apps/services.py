"""Whether the services that an app's environment names can be reached from the target: connects, says hello, changes nothing."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..model.errors import RefusedError
from ..model.ports import Session
from ..model.reasons import Kind
from ..model.suggestions import suggest

PATIENCE_S = 3.0
"""Seconds for connecting and hello together."""


@dataclass(frozen=True)
class _Protocol:
    """How one kind of service is greeted."""

    service: str
    port: int
    """Where it listens when a URL does not say."""
    hello: str = ""
    """What is sent, for printf; "" when the service speaks first, or no greeting is known."""
    reply_bytes: int = 0
    """How much of the reply tells; 0: being connected is enough."""
    replies: tuple[str, ...] = ()
    """What the last of these bytes may be, in hexadecimal."""


_POSTGRES = _Protocol("postgresql", 5432, r"\0\0\0\010\004\322\026\057", 1, ("53", "4e", "45"))
"""An SSLRequest is answered by S or N, or E by old servers (PostgreSQL: protocol-flow, SSL session encryption)."""
_MYSQL = _Protocol("mysql", 3306, "", 5, ("0a", "09", "ff"))
"""The server's first packet: its header, then the protocol version, or an error (MySQL: connection phase)."""
_REDIS = _Protocol("redis", 6379, r"PING\r\n", 1, ("2b", "2d"))
"""+PONG, or -NOAUTH and the like (Redis: RESP)."""
_PROTOCOLS: Mapping[str, _Protocol] = {
    "postgres": _POSTGRES, "postgresql": _POSTGRES, "mysql": _MYSQL, "mysql2": _MYSQL, "mariadb": _MYSQL, "redis": _REDIS,
    "rediss": _Protocol("redis", 6379), "mongodb": _Protocol("mongodb", 27017), "amqp": _Protocol("rabbitmq", 5672),
    "amqps": _Protocol("rabbitmq", 5671),
}  # fmt: skip


_HOST_NAME = re.compile(
    r"(?P<prefix>PG|POSTGRES(?:QL)?|MYSQL|MARIADB|REDIS|MONGO(?:DB)?|RABBITMQ|AMQP|DB|DATABASE|TYPEORM|KNEX)(?P<separator>_?)HOST(?:NAME)?"
)
_SERVICE_OF_PREFIX: Mapping[str, _Protocol] = {
    "PG": _POSTGRES, "POSTGRES": _POSTGRES, "POSTGRESQL": _POSTGRES, "MYSQL": _MYSQL, "MARIADB": _MYSQL, "REDIS": _REDIS,
    "MONGO": _PROTOCOLS["mongodb"], "MONGODB": _PROTOCOLS["mongodb"], "RABBITMQ": _PROTOCOLS["amqp"], "AMQP": _PROTOCOLS["amqp"],
}  # fmt: skip
_ENGINE_NAMES = ("CONNECTION", "ENGINE", "TYPE", "DIALECT", "DRIVER", "CLIENT", "ADAPTER")
_SCHEME_OF_WORD = {"pgsql": "postgres", "pg": "postgres", "mongo": "mongodb"}


@dataclass(frozen=True)
class Address:
    """A service that a variable names by its URL, or by its host."""

    variable: str
    protocol: _Protocol
    places: tuple[tuple[str, int], ...]
    """Host and port; of several, one that answers is enough."""
    shown: str
    """The URL without its password and query; else host and port."""


async def refuse_unreachable(session: Session, values: Mapping[str, str]) -> None:
    """Connect to every service that an app's variables name: by a URL, or by host and port.

    Raises:
        RefusedError: `required_service_missing`, for the first that does not answer: where it was looked for, and what happened.
    """
    addresses = [found for name, value in values.items() if (found := address_in(name, value)) is not None]
    addresses += [found for name in values if (found := address_of_pair(name, values)) is not None]
    problems = await asyncio.gather(*(_problem(session, address) for address in addresses))
    for address, problem in zip(addresses, problems, strict=True):
        if problem:
            raise _unreachable(address, problem)


def address_in(name: str, value: str) -> Address | None:
    """The service that a variable's value names; None when it is no such URL, or one of a socket file or of DNS records."""
    scheme, separator, rest = value.strip().partition("://")
    protocol = _PROTOCOLS.get(scheme.lower().partition("+")[0])
    if not separator or protocol is None or scheme.lower() == "mongodb+srv":
        return None
    userinfo, at, hosts = rest.partition("/")[0].partition("?")[0].rpartition("@")
    places = [place for host in hosts.split(",") if (place := _place(host, protocol.port)) is not None]
    user = userinfo.partition(":")[0]
    masked = f"{user}:***@" if ":" in userinfo else f"{user}{at}"
    path = rest.partition("/")[2].partition("?")[0]
    return Address(name, protocol, tuple(places), f"{scheme}://{masked}{hosts}/{path}".rstrip("/")) if places else None


def address_of_pair(name: str, values: Mapping[str, str]) -> Address | None:
    """The service whose host a variable names, such as DB_HOST or PGHOST, with the port beside it; None when it names none.

    Which service it is follows from its name, from what names the kind of database (DB_CONNECTION=mysql), or from the port.
    """
    match = _HOST_NAME.fullmatch(name)
    host = values.get(name, "").strip()
    if match is None or not re.fullmatch(r"[\w.:-]+", host):
        return None
    prefix, separator = match["prefix"], "_" if match["separator"] else ""
    port = values.get(f"{prefix}{separator}PORT", "").strip()
    told = next((values[known].lower() for word in _ENGINE_NAMES if (known := f"{prefix}_{word}") in values), "")
    protocol = _SERVICE_OF_PREFIX.get(prefix) or _protocol_named(told) or (None if told else _protocol_at(port))
    place = _place(f"{host}:{port}" if port else host, protocol.port) if protocol else None
    return Address(name, protocol, (place,), f"{host}:{place[1]}") if protocol and place else None


def _protocol_named(told: str) -> _Protocol | None:
    """By the word of a framework for its driver: "pgsql", "postgresql+asyncpg", "django.db.backends.mysql"."""
    found = re.search(r"postgres|pgsql|\bpg\b|mysql|mariadb|mongo|redis", told)
    return _PROTOCOLS[_SCHEME_OF_WORD.get(found[0], found[0])] if found else None


def _protocol_at(port: str) -> _Protocol | None:
    return next((each for each in (_POSTGRES, _MYSQL, _REDIS, _PROTOCOLS["mongodb"]) if port == str(each.port)), None)


def _place(host: str, port: int) -> tuple[str, int] | None:
    try:
        name, given = urlsplit(f"//{host}").hostname, urlsplit(f"//{host}").port
    except ValueError:
        return None
    return (name, given or port) if name else None


async def _problem(session: Session, address: Address) -> str:
    """Why the service is not there; "" when it is."""
    tried: list[str] = []
    for host, port in address.places:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        result = await session.probe(_script(host, port, address.protocol), timeout_s=PATIENCE_S)
        connected, _, reply = result.stdout.partition("\n")
        if connected != "connected":
            tried.append(f"{place}: {_why(result.stderr)}")
        elif not _is_reply(reply, address.protocol):
            tried.append(f"{place}: something accepts connections there, and does not answer as {address.protocol.service}")
        else:
            return ""
    return "; ".join(tried)


def _script(host: str, port: int, protocol: _Protocol) -> str:
    send = f"printf {shlex.quote(protocol.hello)} >&3; " if protocol.hello else ""
    read = f"{send}head -c {protocol.reply_bytes} <&3 | od -An -tx1" if protocol.reply_bytes else ":"
    return f"exec 3<>{shlex.quote(f'/dev/tcp/{host}/{port}')} || exit 1\necho connected\n{read}"


def _is_reply(reply: str, protocol: _Protocol) -> bool:
    words = reply.split()
    return not protocol.reply_bytes or (len(words) == protocol.reply_bytes and words[-1] in protocol.replies)


def _why(complaint: str) -> str:
    """The reason in bash's message, such as "Connection refused"."""
    first = next((line for line in complaint.splitlines() if line.strip()), "")
    return first.rpartition(": ")[2].strip() or f"no answer within {PATIENCE_S:g} s"


def _unreachable(address: Address, problem: str) -> RefusedError:
    service = address.protocol.service
    return RefusedError(
        f"{address.variable} names a {service} service, {address.shown}, which does not answer (tried {problem}).",
        kind=Kind.REQUIRED_SERVICE_MISSING,
        suggestions=(
            suggest(f"Start {service} there, or give its right address", "env", address.variable),
            suggest("If the app is to start without it, say how: that skips this check", "overrides.start"),
        ),
    )
