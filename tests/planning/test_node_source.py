"""The static look at JavaScript: ports and services."""

from __future__ import annotations

import json

import pytest
from tests.suggestions import suggested

from auto_deployer.model.facts import HostFacts
from auto_deployer.planning.recipes.node_manifest import Manifest, read_manifest, workspace_folder
from auto_deployer.planning.recipes.node_services import missing_service, services_of
from auto_deployer.planning.recipes.node_source import SourceScan, scan
from auto_deployer.planning.recipes.node_start import choose_start

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
    error = missing_service(services_of(tree, Manifest(), scan(tree, "app.js")), frozenset(env), HostFacts())
    return f"{error.message} {suggested(error)}" if error else ""


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


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("MONGODB_URL: Joi.string().required().description('x'),", True),
        ("MONGODB_URL: Joi.string(),", False),
        ("DATABASE_URL: z.string().url(),", True),
        ("DATABASE_URL: z.string().default('file:x'),", False),
    ],
)
def test_a_schema_of_the_environment_tells_what_is_needed(line: str, needed: bool) -> None:
    assert bool(missing(f"const schema = {{\n  {line}\n}};")) is needed


@pytest.mark.parametrize("file", ["ecosystem.config.js", "pm2.json"])
def test_the_entry_that_a_process_file_names_is_looked_at(file: str) -> None:
    manifest = json.dumps({"name": "x", "scripts": {"start": f"pm2 start {file} --no-daemon"}})
    files = {"package.json": manifest, file: '{"apps": [{"script": "src/app.js"}]}', "src/app.js": "app.listen(4000)"}
    tree = DictTree(files)
    start = choose_start(tree, read_manifest(tree, ""))
    assert start.source is not None
    assert (start.source.entry, start.source.fixed_port) == ("src/app.js", 4000)


@pytest.mark.parametrize(
    ("globs", "folder"),
    [
        (["packages/*"], ""),
        (["packages/**"], ""),
        (["apps/*"], "packages/a"),
        (["packages/*", "!packages/a"], "packages/a"),
    ],
)
def test_members_of_a_workspace_are_installed_at_its_root(globs: list[str], folder: str) -> None:
    tree = DictTree({"package.json": json.dumps({"workspaces": globs}), "packages/a/package.json": "{}"})
    assert workspace_folder(tree, read_manifest(tree, "packages/a")) == folder


def test_a_star_stays_within_one_folder() -> None:
    tree = DictTree({"package.json": '{"workspaces": ["packages/*"]}', "packages/a/template/package.json": "{}"})
    assert workspace_folder(tree, read_manifest(tree, "packages/a/template")) == "packages/a/template"


@pytest.mark.parametrize("source", ["src/server.ts", "server.ts"])
def test_a_built_entry_is_looked_at_in_its_source(source: str) -> None:
    files = {"package.json": '{"name": "x", "scripts": {"start": "node dist/server.js"}}', source: "app.listen(4000)"}
    start = choose_start(DictTree(files), read_manifest(DictTree(files), ""))
    assert start.source is not None
    assert start.source.entry == source
