"""Which services JavaScript connects to, by the clients it makes and the addresses in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.base import Model

SERVICE_URL = re.compile(
    r"\b(mongodb|mongodb\+srv|redis|rediss|postgres|postgresql|mysql|mariadb|amqp|amqps)://(?:[^\s\"'`/@]*@)?([\w.-]+)(:\d+)?"
)
_CONNECT = re.compile(
    r"\b(createClient|createConnection|createPool|Redis|RedisStore|Queue|Bull|Pool|Client|Sequelize|DataSource|forRoot|knex)"
    r"\s*\((?:[^(){};]*,)?\s*"
    r"\{([^{}]*(?:\{[^{}]*\}[^{}]*)?)\}"
)
"""A client, with its options two levels deep (knex has its connection's there)."""
_LOCAL_REDIS = re.compile(
    r"(?m)^(?:export\s+)?(?:const|let|var)\s+\w+\s*(?::\s*\w+\s*)?=\s*"
    r"(?:new\s+(?:IORedis|Redis)(?:\.default)?\(\s*\)|(?:redis\.)?createClient\(\s*\)|new\s+(?:Queue|Bull)\(\s*[\"'`][^\"'`]*[\"'`]\s*\))"
)
"""A client that the module makes as soon as it is loaded, told of no address: it tries the machine that it is on."""
_REDIS_PACKAGE = re.compile(r"[\"'](?:redis|ioredis|bull|bullmq|connect-redis)[\"']")
_REDIS_CACHE = re.compile(r"[\"'](?:@hapi/)?catbox-redis[\"']")
"""hapi's server does not start without its cache."""
_EXPORTED_OPTIONS = re.compile(r"(?:\bmodule\.exports\s*=|\bexport\s+default)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_ENV_READ = r"process\.env(?:\.(\w+)|\[\s*[\"'](\w+)[\"']\s*\])"
_HOST = re.compile(rf"""\b(?:host|HOST)\s*:\s*(?:{_ENV_READ}(?!\w)\s*(?:(?:\|\||\?\?)\s*["']([\w.-]+)["'])?|["']([\w.-]+)["'])""")
_DIALECT = re.compile(r"\b(?:dialect|client|type)\s*:\s*[\"'](\w+)[\"']")
_MONGO_CONNECT = re.compile(rf"\b(?:mongoose\.connect|MongoClient(?:\.connect)?)\s*\(\s*{_ENV_READ}(?!\w)(?!\s*(?:\|\||\?\?))")
_ENV_URL = re.compile(
    r"process\.env(?:\.|\[\s*[\"'])(\w*(?:MONGO|REDIS|DATABASE|POSTGRES|MYSQL|AMQP|RABBITMQ)\w*_(?:URL|URI))\b"
    r"(?:[\"']\s*\])?(?!\s*(?:\|\||\?\?))"
)
_ENV_SCHEMA = re.compile(
    r"^\s*(\w*(?:MONGO|REDIS|DATABASE|POSTGRES|MYSQL|AMQP|RABBITMQ)\w*_(?:URL|URI))\s*:\s*(Joi|yup|z)\b([^\n]*)", re.MULTILINE
)
"""A variable in the schema that the environment is validated with."""
_ENV_BEFORE = re.compile(r"""process\.env\.(\w+)\s*(?:\|\||\?\?)\s*["'`]$""")
_CONNECTS_TO = {
    "createClient": "redis",
    "Redis": "redis",
    "RedisStore": "redis",
    "Queue": "redis",
    "Bull": "redis",
    "createConnection": "mysql",
    "createPool": "mysql",
    "Pool": "postgres",
    "Client": "postgres",
}
_SERVICE_OF_DIALECT = {
    "pg": "postgres", "postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql",
    "mongodb": "mongodb", "mssql": "mssql", "cockroachdb": "cockroachdb", "sqlite": "", "sqlite3": "", "better": "",
}  # fmt: skip
"""As Sequelize, TypeORM and knex call them; "" for a file."""
_KIND_OF_VARIABLE = {
    "MONGO": "mongodb",
    "REDIS": "redis",
    "POSTGRES": "postgres",
    "MYSQL": "mysql",
    "AMQP": "amqp",
    "RABBITMQ": "amqp",
    "PGHOST": "postgres",
    "PG_": "postgres",
}
_KINDS = {"mongodb+srv": "mongodb", "rediss": "redis", "postgresql": "postgres", "mariadb": "mysql", "amqps": "amqp"}


class ServiceUse(Model):
    """A service the code connects to."""

    kind: str
    """ "mongodb", "redis", "postgres", "mysql", "amqp", or "database" when the code does not tell."""
    address: str = ""
    """As written in the source; "" when only a variable holds it."""
    variable: str = ""
    """The environment variable that gives the address, where there is one."""
    file: str

    @property
    def is_container_name(self) -> bool:
        """The host is a bare name, as compose files give to their services: it means nothing on another machine."""
        host = self.address.split(":")[0]
        return bool(host) and "." not in host and host != "localhost"


def services_in(path: str, code: str) -> Iterator[ServiceUse]:
    """What a file connects to; its comments are blanked."""
    for match in SERVICE_URL.finditer(code):
        before = _ENV_BEFORE.search(code, max(0, match.start() - 120), match.start())
        kind = _KINDS.get(match[1], match[1])
        yield ServiceUse(kind=kind, address=f"{match[2]}{match[3] or ''}", variable=before[1] if before else "", file=path)
    for options in _CONNECT.finditer(code):
        dialect = _DIALECT.search(options[2])
        kind = service_of_dialect(dialect[1]) if dialect else _CONNECTS_TO.get(options[1], "database")
        if kind and (host := _HOST.search(options[2])):
            yield _at_host(kind, host, path)
    for options in _EXPORTED_OPTIONS.finditer(code):
        dialect, host = _DIALECT.search(options[1]), _HOST.search(options[1])
        kind = service_of_dialect(dialect[1]) if dialect else ""
        if kind and host:
            yield _at_host(kind, host, path)
    if _REDIS_CACHE.search(code):
        yield _at_host("redis", _HOST.search(code), path)
    elif _REDIS_PACKAGE.search(code) and _LOCAL_REDIS.search(code):
        yield _at_host("redis", None, path)
    for call in _MONGO_CONNECT.finditer(code):
        yield ServiceUse(kind="mongodb", variable=call[1] or call[2], file=path)
    schema = [name for name, library, rules in _ENV_SCHEMA.findall(code) if _is_required(library, rules)]
    for variable in (*_ENV_URL.findall(code), *schema):
        yield ServiceUse(kind=service_of_variable(variable), variable=variable, file=path)


def _at_host(kind: str, host: re.Match[str] | None, path: str) -> ServiceUse:
    """A service by the host of its client's options; without a value these clients try the machine that they are on."""
    if host is None:
        return ServiceUse(kind=kind, address="localhost", file=path)
    return ServiceUse(kind=kind, address=host[3] or host[4] or "localhost", variable=host[1] or host[2] or "", file=path)


def service_of_dialect(name: str) -> str:
    """The service that a database's name in Sequelize, TypeORM or knex, or its driver, stands for; "" for a file."""
    return _SERVICE_OF_DIALECT.get(name, "")


def service_of_variable(name: str) -> str:
    """The service whose address a variable holds, by its name; "database" when that does not tell."""
    return next((kind for word, kind in _KIND_OF_VARIABLE.items() if word in name), "database")


def _is_required(library: str, rules: str) -> bool:
    """Whether a schema's rules demand a value: zod's do unless they say otherwise, Joi's and yup's when they say so."""
    return not re.search(r"\.(?:optional|nullish|default)\(", rules) if library == "z" else ".required(" in rules
