"""Databases whose address a Node app's library reads from a file of settings by itself, or misses where that is not committed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...model.ports import RepoTree
from .json_texts import as_object, json_object
from .node_clients import ServiceUse, service_of_dialect, service_of_variable, services_in
from .node_manifest import Manifest
from .node_source import SourceScan, reachable

_ORM_SETTINGS = ("ormconfig.json", "ormconfig.js", "ormconfig.ts", "ormconfig.yml", "ormconfig.yaml", "ormconfig.env")
_WITHOUT_OPTIONS = re.compile(r"\bTypeOrmModule\.forRoot\(\s*\)|\bcreateConnection\(\s*\)")
"""TypeORM then reads one of these files, or its variables (its documentation, "Using ormconfig.json")."""
_SEQUELIZE_SETTINGS = ("config/config.json", "src/config/config.json", "server/config/config.json")
"""Where sequelize-cli puts them."""
_CONFIG_FILES = re.compile(r"(?:default|production|local|local-production|custom-environment-variables)\.\w+")
_CONFIG_READ = re.compile(r"\bconfig\.get\(\s*[\"'](\w*(?:mongo|redis|postgres|mysql|database)\w*)", re.IGNORECASE)
"""A setting of the package `config`, which throws where no file has it."""
_DRIVERS = ("pg", "mysql2", "mysql", "mongodb", "mssql")


def in_settings(root: RepoTree, manifest: Manifest, source: SourceScan | None) -> tuple[ServiceUse, ...]:
    """The services that settings files of TypeORM, Sequelize and `config` name, or would."""
    code = list(reachable(root, source.entry)) if source and manifest.depends_on("typeorm", "config") else []
    return (*_typeorm(root, manifest, code), *_sequelize(root, manifest), *_of_config(root, manifest, code))


def _typeorm(root: RepoTree, manifest: Manifest, code: list[tuple[str, str]]) -> Iterator[ServiceUse]:
    asking = next((path for path, text in code if _WITHOUT_OPTIONS.search(text)), None)
    if asking is None or not manifest.depends_on("typeorm"):
        return
    file = next((path for name in _ORM_SETTINGS if root.is_file(path := manifest.path(name))), None)
    if file is None:
        driver = next((name for name in _DRIVERS if manifest.depends_on(name)), "")
        if driver:
            yield ServiceUse(kind=service_of_dialect(driver), variable="TYPEORM_URL", file=asking)
    elif file.endswith(".json"):
        yield from _of_block(json_object(root.read(file)), "type", file)
    else:
        yield from services_in(file, root.read(file) or "")


def _sequelize(root: RepoTree, manifest: Manifest) -> Iterator[ServiceUse]:
    file = next((path for name in _SEQUELIZE_SETTINGS if root.is_file(path := manifest.path(name))), None)
    if file and manifest.depends_on("sequelize"):
        yield from _of_block(json_object(root.read(file)).get("production"), "dialect", file)


def _of_block(block: object, key: str, file: str) -> Iterator[ServiceUse]:
    """One database of a settings file, as its library would connect to it."""
    options: dict[str, Any] = as_object(block)
    kind, host = service_of_dialect(str(options.get(key, ""))), str(options.get("host") or "localhost")
    variable = str(options.get("use_env_variable") or "")
    if kind and re.fullmatch(r"[\w.-]+", host):
        yield ServiceUse(kind=kind, address="" if variable else host, variable=variable, file=file)


def _of_config(root: RepoTree, manifest: Manifest, code: list[tuple[str, str]]) -> Iterator[ServiceUse]:
    below = manifest.path("config")
    names = [path.removeprefix(f"{below}/") for path in root.files if path.startswith(f"{below}/")]
    if not manifest.depends_on("config") or any(_CONFIG_FILES.fullmatch(name) for name in names):
        return
    for path, text in code:
        if read := _CONFIG_READ.search(text):
            yield ServiceUse(kind=service_of_variable(read[1].upper()), variable="NODE_CONFIG", file=path)
