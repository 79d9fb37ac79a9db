"""The services that an app connects to by address."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from ...model.base import Model
from .python_env import unconditional
from .python_source import SourceFile, Value, resolve

_CLIENTS: Mapping[str, str] = {
    "redis.Redis": "redis", "redis.StrictRedis": "redis", "redis.from_url": "redis", "redis.Redis.from_url": "redis",
    "redis.StrictRedis.from_url": "redis", "redis.asyncio.Redis": "redis", "redis.asyncio.from_url": "redis",
    "pymongo.MongoClient": "mongodb", "motor.motor_asyncio.AsyncIOMotorClient": "mongodb", "mongoengine.connect": "mongodb",
    "psycopg2.connect": "postgresql", "psycopg.connect": "postgresql", "asyncpg.connect": "postgresql",
    "asyncpg.create_pool": "postgresql", "mysql.connector.connect": "mysql", "pymysql.connect": "mysql",
    "MySQLdb.connect": "mysql", "sqlalchemy.create_engine": "", "sqlalchemy.ext.asyncio.create_async_engine": "",
    "sqlmodel.create_engine": "", "databases.Database": "", "elasticsearch.Elasticsearch": "elasticsearch",
    "pika.ConnectionParameters": "rabbitmq", "pymemcache.client.base.Client": "memcached",
}  # fmt: skip
"""Clients by full name and the service they talk to ("": the URL's scheme tells)."""
_SCHEMES: Mapping[str, str] = {
    "redis": "redis", "rediss": "redis", "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql",
    "mongodb": "mongodb", "mongodb+srv": "mongodb", "amqp": "rabbitmq", "amqps": "rabbitmq", "mssql": "mssql", "oracle": "oracle",
}  # fmt: skip
_URL_SETTINGS = frozenset(
    {"SQLALCHEMY_DATABASE_URI", "DATABASE_URL", "DATABASE_URI", "DB_URL", "MONGO_URI", "SQLALCHEMY_DATABASE_URL"}
)
"""Settings that are connected to whatever else the app does."""
_HOST_SETTINGS = {"MYSQL_HOST": "mysql", "MYSQL_DATABASE_HOST": "mysql"}
_MYSQL = frozenset({"flask_mysqldb.MySQL", "flask_mysql.MySQL", "flaskext.mysql.MySQL", "flask_mysql_connector.MySQL"})
"""Settings that hold a host alone, and the extensions that connect to it."""
_ADDRESS_NAME = re.compile(
    r"(DATABASE|POSTGRES|PG|MYSQL|MARIADB|MONGO|REDIS|RABBIT|AMQP|ELASTIC|DB).*(URL|URI|HOST|DSN|SERVER|ADDR)|^(DB|PG)HOST$"
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", ""})  # noqa: S104 (names of this machine, nothing is bound)


class ServiceNeed(Model):
    """A service that the code connects to."""

    service: str
    """Such as "redis", "postgresql"."""
    host: str = ""
    """As the source has it; "" when only the environment tells."""
    port: int | None = None
    """As the source has it; None for the service's usual one."""
    env: tuple[str, ...] = ()
    """Variables that give its address."""
    place: str = ""
    """ "file:line"."""

    def met_by(self, names: Iterable[str]) -> bool:
        """Whether one of these environment variables gives the address."""
        return not set(self.env).isdisjoint(names)

    @property
    def certainly_missing(self) -> bool:
        """No address at all, or a bare name as only a container network resolves it ("redis", "db")."""
        if self.host:
            return self.host not in _LOOPBACK and "." not in self.host and ":" not in self.host
        return bool(self.env)


def service_needs(files: Iterable[SourceFile]) -> list[ServiceNeed]:
    """Services that the given files connect to without an alternative (no `try`, no `if` around the client)."""
    found: dict[tuple[str, str], ServiceNeed] = {}
    for source in files:
        for need in (*_client_needs(source), *_setting_needs(source)):
            found.setdefault((need.service, need.host), need)
    return list(found.values())


def is_service_address(name: str) -> bool:
    """Whether a variable's name says that it holds a service's address."""
    return _ADDRESS_NAME.search(name.upper()) is not None


def service_of(name: str) -> str:
    """The service whose address a variable holds, by its name."""
    lowered = name.lower()
    known = {"redis": "redis", "mongo": "mongodb", "mysql": "mysql", "maria": "mysql", "rabbit": "rabbitmq", "amqp": "rabbitmq"}
    known |= {"elastic": "elasticsearch", "postgres": "postgresql", "pg": "postgresql"}
    return next((service for part, service in known.items() if part in lowered), "database")


def need_from_url(value: Value, service: str, place: str) -> ServiceNeed | None:
    """The need that a connection URL (or "host:port") expresses; None for files, memory and unknown text."""
    text = value.text or ""
    scheme, separator, _ = text.partition("://")
    if separator:
        service = _SCHEMES.get(scheme.split("+")[0], service if scheme.startswith("http") else "")
        try:
            host, port = urlsplit(text).hostname or "localhost", urlsplit(text).port
        except ValueError:
            return None
        return ServiceNeed(service=service, host=host, port=port, env=value.env, place=place) if service else None
    if text and service:
        host, _, port = text.split("/")[0].partition(":")
        number = int(port) if port.isdecimal() else None
        return ServiceNeed(service=service, host=host, port=number, env=value.env, place=place)
    if value.required and value.env:
        return ServiceNeed(service=service or service_of(value.env[0]), env=value.env, place=place)
    return None


def _client_needs(source: SourceFile) -> Iterator[ServiceNeed]:
    for call, scope in _unguarded_calls(source.module.body, source, dict(source.constants)):
        dotted = source.called(call)
        if dotted not in _CLIENTS:
            continue
        words = {word.arg: word.value for word in call.keywords}
        address = next(
            (words[name] for name in ("host", "url", "dsn", "hosts", "uri") if name in words), call.args[0] if call.args else None
        )
        if isinstance(address, ast.List | ast.Tuple) and address.elts:
            address = address.elts[0]
        need = need_from_url(resolve(address, source, scope), _CLIENTS[dotted], f"{source.path}:{call.lineno}")
        if need is not None:
            yield need


def _setting_needs(source: SourceFile) -> Iterator[ServiceNeed]:
    """Connection URLs kept in settings: `SQLALCHEMY_DATABASE_URI = …`, also in classes and as `app.config["…"] = …`."""
    for node in unconditional(source.module.body):
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        name = target.id if isinstance(target, ast.Name) else ""
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            name = str(target.slice.value)
        service = _HOST_SETTINGS.get(name, "")
        if name in _URL_SETTINGS or (service and not _MYSQL.isdisjoint(source.imports.values())):
            need = need_from_url(resolve(node.value, source), service, f"{source.path}:{node.lineno}")
            if need is not None:
                yield need


def _unguarded_calls(
    body: Iterable[ast.stmt], source: SourceFile, scope: dict[str, ast.expr]
) -> Iterator[tuple[ast.Call, Mapping[str, ast.expr]]]:
    """Calls outside `if` and `try`, with the names known at their place (constants, parameters' defaults)."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _unguarded_calls(node.body, source, {**scope, **_defaults(node.args)})
        elif isinstance(node, ast.ClassDef | ast.With | ast.AsyncWith) or (isinstance(node, ast.If) and _asks_whether_made(node)):
            yield from _unguarded_calls(node.body, source, scope)
        elif not isinstance(node, ast.If | ast.Try):
            yield from ((inner, scope) for inner in ast.walk(node) if isinstance(inner, ast.Call))


def _asks_whether_made(node: ast.If) -> bool:
    """Whether an `if` only asks if the client was made before: `not hasattr(g, "db")`, `"db" not in g`, `client is None`."""
    match node.test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="hasattr"))):
            return True
        case ast.Compare(ops=[ast.NotIn()], left=ast.Constant()):
            return True
        case ast.Compare(ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return True
        case _:
            return False


def _defaults(arguments: ast.arguments) -> dict[str, ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    found = {arg.arg: default for arg, default in zip(reversed(positional), reversed(arguments.defaults), strict=False)}
    found |= {
        arg.arg: default for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is not None
    }
    return found
