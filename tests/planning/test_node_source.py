"""The static look at JavaScript: ports and services."""

from __future__ import annotations

import pytest

from auto_deployer.planning.recipes.node_manifest import Manifest
from auto_deployer.planning.recipes.node_services import missing_service, services_of
from auto_deployer.planning.recipes.node_source import SourceScan, scan

from .conftest import DictTree


def look(code: str, **others: str) -> SourceScan:
    files = {name.replace("__", "/") + ".js": text for name, text in others.items()}
    return scan(DictTree({"app.js": code, **files}), "app.js")


@pytest.mark.parametrize(
    ("code", "port"),
    [
        ("app.listen(3000)", 3000),
        ("app.listen(8080, '0.0.0.0', () => {})", 8080),
        ('app.listen("4000")', 4000),
        ("const port = 5000\napp.listen(port)", 5000),
        ("fastify.listen({ host: 'x', port: 3001 })", 3001),
        ("app.listen(process.env.PORT || 3000)", None),
        ("const port = process.env.PORT || 3000; app.listen(port)", None),
        ("const { PORT = 3000 } = process.env; app.listen(PORT)", None),
        ("app.listen(config.port)", None),
        ("// app.listen(3000)\napp.listen(config.port)", None),
        ("/* app.listen(3000) */ server.listen(socket)", None),
    ],
)
def test_hard_coded_ports(code: str, port: int | None) -> None:
    found = look(code)
    assert found.listens
    assert found.fixed_port == port


def test_the_files_an_entry_requires_are_looked_at_too() -> None:
    found = look(
        "require('./lib/start')", lib__start="import x from '../config'; export default app.listen(7000)", config="export default 1"
    )
    assert (found.listens, found.entry_listens, found.fixed_port) == (True, False, 7000)


def test_a_port_read_in_a_required_file_is_not_fixed() -> None:
    assert look("const c = require('./config'); app.listen(3000)", config="exports.port = process.env.PORT").fixed_port is None


def test_files_that_require_each_other_end() -> None:
    assert not look("require('./b')", b="require('./app')").listens


def test_a_library_only_passes_listen_on() -> None:
    assert not look("app.listen = function listen() { return server.listen.apply(server, arguments) }").listens


def missing(code: str, *env: str, **others: str) -> str:
    tree = DictTree({"app.js": code, **others})
    error = missing_service(services_of(tree, Manifest(), scan(tree, "app.js")), frozenset(env))
    return f"{error.message} {error.suggestions}" if error else ""


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('mongoose.connect("mongodb://mongo:27017/shop")', "mongodb service at host mongo:27017"),
        ("createClient({ url: 'redis://user:pw@cache' })", "redis service at host cache"),
        ("redis.createClient({ host: 'redis', port: 6379 })", "redis service at host redis"),
        ("mysql.createPool({ user: 'a', host: process.env.DB_HOST || 'db' })", "mysql service at host db"),
        ("mongoose.connect(process.env.MONGODB_URI, options)", "the address in $MONGODB_URI"),
    ],
)
def test_services_that_cannot_be_there(code: str, names: str) -> None:
    assert names in missing(code)


@pytest.mark.parametrize(
    "code",
    [
        'mongoose.connect("mongodb://localhost:27017/shop")',
        'mongoose.connect("mongodb+srv://cluster0.example.net/shop")',
        "createClient({ host: '127.0.0.1' })",
        "const url = process.env.DATABASE_URL || 'file:local.db'",
        "// mongoose.connect('mongodb://mongo/shop')",
        "fetch('https://api.example.com')",
    ],
)
def test_services_that_may_be_there(code: str) -> None:
    assert not missing(code)


def test_a_variable_that_is_set_satisfies_the_need() -> None:
    code = "mongoose.connect(process.env.MONGO_URL || 'mongodb://mongo/shop')"
    assert "--env MONGO_URL=" in missing(code)
    assert not missing(code, "MONGO_URL")


def test_a_variable_that_is_set_makes_other_addresses_defaults() -> None:
    code = "const c = require('./config.json'); mongoose.connect(process.env.MONGO_URI)"
    config = '{"development": {"uri": "mongodb://mongo:27017/shop"}}'
    assert missing(code, **{"config.json": config})
    assert not missing(code, "MONGO_URI", **{"config.json": config})


def test_a_committed_env_file_counts() -> None:
    code = "mongoose.connect(process.env.MONGO_URI)"
    assert not missing(code, **{".env": "MONGO_URI=mongodb://127.0.0.1/shop\n"})
    assert "host mongo" in missing(code, **{".env": "MONGO_URI=mongodb://mongo/shop\n"})


def test_prisma_needs_the_database_of_its_schema() -> None:
    schema = 'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n'
    assert "postgresql service at the address in $DATABASE_URL" in missing("", **{"prisma/schema.prisma": schema})
    assert not missing("", **{"prisma/schema.prisma": schema.replace("postgresql", "sqlite")})
