"""Services that a Node app needs at its start, seen in its clients and in the settings files of their libraries."""

from __future__ import annotations

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipes.node import NodeRecipe

from .conftest import HOST, DictTree, plan_input

HERE = HOST.model_copy(update={"listening_ports": (22,)})
LISTENS = "app.listen(process.env.PORT)\n"


def app(code: str, *dependencies: str, **files: str) -> dict[str, str]:
    """An Express app of one file; the keywords are its other files, `__` for "/" and `_` before the suffix for "."."""
    listed = ", ".join(f'"{name}": "1"' for name in ("express", *dependencies))
    package = f'{{"scripts": {{"start": "node app.js"}}, "dependencies": {{{listed}}}}}'
    others = {".".join(name.replace("__", "/").rsplit("_", 1)): text for name, text in files.items()}
    return {"package.json": package, "app.js": LISTENS + code, **others}


def plan(files: dict[str, str], *env: str) -> None:
    detection = NodeRecipe().detect(DictTree(files))
    assert detection is not None
    NodeRecipe().draft(plan_input(detection, host=HERE, env_names=frozenset(env)), detection)


@pytest.mark.parametrize(
    ("files", "service"),
    [
        (app("const Redis = require('ioredis')\nconst redis = new Redis()"), "redis"),
        (app("import { createClient } from 'redis'\nconst client = createClient()"), "redis"),
        (app("const Queue = require('bull')\nconst mails = new Queue('mails')"), "redis"),
        (app("const Queue = require('bull')\nconst mails = new Queue('mails', { redis: { host: '127.0.0.1' } })"), "redis"),
        (app("new RedisStore({ host: 'localhost', port: 6379 })"), "redis"),
        (app("server({ cache: { engine: require('catbox-redis'), host: 'localhost' } })"), "redis"),
        (app("require('./db')", db_js="module.exports = { HOST: 'localhost', dialect: 'postgres', pool: { max: 5 } }"), "postgres"),
        (app("mongoose.connect(config.get('mongoURI'))", "config", config__db_js=""), "mongodb"),
        (app("createConnection()", "typeorm", "mysql"), "mysql"),
        (app("createConnection()", "typeorm", ormconfig_json='{"type": "postgres", "host": "localhost"}'), "postgres"),
        (app("", "sequelize", config__config_json='{"production": {"dialect": "mysql", "host": "127.0.0.1"}}'), "mysql"),
    ],
)
def test_what_an_app_connects_to_at_its_start_is_needed(files: dict[str, str], service: str) -> None:
    with pytest.raises(RefusedError, match=f"needs a {service} service") as caught:
        plan(files)
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING


@pytest.mark.parametrize(
    "files",
    [
        app("const Redis = require('ioredis')\nif (process.env.CACHE) {\n  const redis = new Redis()\n}"),
        app("const client = createClient()"),
        app("const Queue = require('./queue')\nconst mails = new Queue('mails')"),
        app("mongoose.connect(config.get('mongoURI'))", "config", config__default_json="{}"),
        app("createConnection()", "typeorm", "sqlite3"),
        app("createConnection()", "typeorm", ormconfig_json='{"type": "sqlite", "database": "a.db"}'),
        app("", "sequelize", config__config_json='{"production": {"dialect": "sqlite"}}'),
        app("require('./db')", db_js="module.exports = { dialect: 'sqlite', host: 'localhost' }"),
    ],
)
def test_what_may_do_without_is_not_refused(files: dict[str, str]) -> None:
    plan(files)


def test_an_address_in_a_variable_is_believed() -> None:
    plan(app("mongoose.connect(config.get('mongoURI'))", "config"), "NODE_CONFIG")
    plan(app("", "sequelize", config__config_json='{"production": {"dialect": "mysql", "use_env_variable": "DB"}}'), "DB")
