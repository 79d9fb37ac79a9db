"""Services that an environment names: greeted over real connections, refused with the place when nothing answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from auto_deployer.apps.services import address_in, address_of_pair, refuse_unreachable
from auto_deployer.model.errors import RefusedError
from auto_deployer.model.reasons import Kind
from auto_deployer.sessions.local import LocalSession

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@asynccontextmanager
async def listening(greeting: bytes = b"", *, expects: bytes = b"", reply: bytes = b"") -> AsyncIterator[int]:
    """A server on loopback that greets, or replies when it is greeted as it expects; the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            writer.write(greeting)
            if expects and await reader.readexactly(len(expects)) == expects:
                writer.write(reply)
            await writer.drain()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def refusal(url: str) -> str:
    with pytest.raises(RefusedError) as caught:
        await refuse_unreachable(LocalSession(), {"DATABASE_URL": url})
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING
    assert "DATABASE_URL" in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("scheme", "server"),
    [
        ("postgres", {"expects": SSL_REQUEST, "reply": b"N"}),
        ("postgresql+asyncpg", {"expects": SSL_REQUEST, "reply": b"S"}),
        ("redis", {"expects": b"PING\r\n", "reply": b"-NOAUTH Authentication required.\r\n"}),
        ("mysql+pymysql", {"greeting": b"\x4a\x00\x00\x00\x0a8.0.36\x00"}),
        ("mongodb", {}),
        ("amqp", {}),
    ],
)
async def test_a_service_that_answers_as_it_should(scheme: str, server: dict[str, bytes]) -> None:
    async with listening(**server) as port:
        await refuse_unreachable(LocalSession(), {"DATABASE_URL": f"{scheme}://shop:pw@127.0.0.1:{port}/shop?x=1", "MODE": "demo"})


async def test_something_else_behind_the_port() -> None:
    async with listening(expects=b"\x00", reply=b"HTTP/1.1 400 Bad Request\r\n") as port:
        message = await refusal(f"postgres://127.0.0.1:{port}/shop")
    assert f"127.0.0.1:{port}" in message
    assert "does not answer as postgresql" in message


async def test_a_closed_port_is_named_and_the_password_is_not() -> None:
    async with listening() as port:
        pass
    message = await refusal(f"postgres://shop:hunter2-abc@127.0.0.1:{port}/shop")
    assert f"postgres://shop:***@127.0.0.1:{port}/shop" in message
    assert f"127.0.0.1:{port}: Connection refused" in message
    assert "hunter2-abc" not in message


async def test_one_of_several_hosts_is_enough() -> None:
    async with listening() as port:
        await refuse_unreachable(LocalSession(), {"MONGO_URL": f"mongodb://nowhere.invalid:1,127.0.0.1:{port}/x"})


@pytest.mark.parametrize(
    "value",
    ["sqlite:///shop.db", "postgres:///shop", "mongodb+srv://cluster.example/shop", "https://x", "redis", "postgres://h:port/x"],
)
def test_values_that_name_no_place_to_connect_to(value: str) -> None:
    assert address_in("DATABASE_URL", value) is None


def test_the_usual_port_is_taken_where_none_is_said() -> None:
    found = address_in("REDIS_URL", "redis://:pw@cache.internal")
    assert found is not None
    assert found.places == (("cache.internal", 6379),)
    assert found.shown == "redis://:***@cache.internal"


@pytest.mark.parametrize(
    ("values", "server"),
    [
        ({"PGHOST": "127.0.0.1", "PGPORT": "{}"}, {"expects": SSL_REQUEST, "reply": b"S"}),
        ({"DB_CONNECTION": "pgsql", "DB_HOST": "127.0.0.1", "DB_PORT": "{}"}, {"expects": SSL_REQUEST, "reply": b"N"}),
        ({"MYSQL_HOST": "127.0.0.1", "MYSQL_PORT": "{}"}, {"greeting": b"\x4a\x00\x00\x00\x0a8.0.36\x00"}),
        ({"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "{}"}, {"expects": b"PING\r\n", "reply": b"+PONG\r\n"}),
    ],
)
async def test_a_service_named_by_host_and_port_is_tried_like_a_url(values: dict[str, str], server: dict[str, bytes]) -> None:
    async with listening(**server) as port:
        here = {name: value.format(port) for name, value in values.items()}
        await refuse_unreachable(LocalSession(), here)
    with pytest.raises(RefusedError) as caught:
        await refuse_unreachable(LocalSession(), here)
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING
    assert f"127.0.0.1:{port}" in caught.value.message


@pytest.mark.parametrize(
    ("values", "service"),
    [
        ({"DB_HOST": "db.internal", "DB_ENGINE": "django.db.backends.mysql"}, "mysql db.internal:3306"),
        ({"DATABASE_HOST": "db.internal", "DATABASE_PORT": "5432"}, "postgresql db.internal:5432"),
        ({"MONGO_HOST": "m.internal"}, "mongodb m.internal:27017"),
        ({"DB_HOST": "db.internal", "DB_CONNECTION": "sqlite"}, ""),
        ({"DB_HOST": "db.internal", "DB_PORT": "9999"}, ""),
        ({"PGHOST": "/var/run/postgresql"}, ""),
        ({"SMTP_HOST": "mail.internal"}, ""),
    ],
)
def test_which_service_a_host_is(values: dict[str, str], service: str) -> None:
    found = [address for name in values if (address := address_of_pair(name, values))]
    assert [f"{address.protocol.service} {address.shown}" for address in found] == ([service] if service else [])
