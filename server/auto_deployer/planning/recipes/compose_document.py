"""The compose document that is run: the author's, with the changes that a deployment next to others needs.

It is written as JSON, which every YAML reader takes: merging two files could not take published ports away, and how that is
said differs from version to version of compose.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from .compose_file import Json, Service, mounts
from .server_images import parts_of

PUBLISHED = "${HOST:-127.0.0.1}:${PORT:-0}:"
"""The app keeper sets both; 0 (any) is for commands that run without them."""
_FOR_EVER = frozenset({"always", "unless-stopped"})


def reduced(document: Json, services: Sequence[Service], web: Service, port: str) -> tuple[Json, tuple[str, ...]]:
    """The document with one published port, and in words what was taken away.

    The app's port goes to `web`; those of other parts of the app stay on loopback, those of databases are not needed.
    Containers are started again by the app keeper, so none comes back by itself with the engine.
    """
    result: Json = {key: value for key, value in document.items() if key not in ("name", "services")}
    started = {each.name for each in services} | {name for each in services for name in each.depends_on}
    result["services"] = {name: dict(each) for name, each in document["services"].items() if name in started}
    notes: list[str] = []
    for service in services:
        definition: Json = result["services"][service.name]
        _without_fixed_name(definition)
        if definition.get("restart") in _FOR_EVER:
            definition["restart"] = "on-failure"
        if service is web:
            definition["ports"] = [f"{PUBLISHED}{port}"]
        elif service.ports:
            definition.pop("ports")
            kept = [] if service.known else [each for each in service.ports if each.published.isdigit()]
            if kept:
                definition["ports"] = [f"127.0.0.1:{each.published}:{each.container}" for each in kept]
                notes.append(f"{service.name} keeps port {', '.join(each.published for each in kept)}, on this machine only.")
            else:
                notes.append(f"{service.name} is not published: the other containers reach it.")
    return result, tuple(notes)


def _without_fixed_name(definition: Json) -> None:
    """A container's own name becomes a name in its networks: others reach it by that, and no second one can have it."""
    name = definition.pop("container_name", None)
    if not name or "network_mode" in definition:
        return
    given = definition.get("networks") or ["default"]
    networks: Json = dict(given) if isinstance(given, Mapping) else {str(each): None for each in cast("list[object]", given)}
    for key, each in networks.items():
        settings: Json = dict(each or {})
        networks[key] = {**settings, "aliases": [*settings.get("aliases", []), name]}
    definition["networks"] = networks


def with_sample_values(definition: Json, samples: Mapping[str, str]) -> None:
    """Values of a sample for an env file that is not there; the app's own environment goes before them."""
    environment = {name: f"${{{name}:-{value}}}" for name, value in samples.items()}
    definition["environment"] = {**environment, **mapping(definition.get("environment"))}


def mapping(given: object) -> Json:
    """`environment` or `labels` as a mapping: "NAME" alone takes its value from where compose runs."""
    if isinstance(given, Mapping):
        return {name: _text(value) for name, value in cast("Mapping[str, object]", given).items()}
    pairs = [str(each).partition("=") for each in cast("list[object]", given)] if isinstance(given, list) else []
    return {name: value if equals else None for name, equals, value in pairs}


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def finished(document: Json, label: Mapping[str, str], web: str, images: Mapping[str, str], *, folder: str, logging: str) -> Json:
    """The document of one release.

    Args:
        label: What all of its containers carry.
        web: The service that is published.
        images: Names of what is built for the release, by service.
        folder: The deployed folder, for other files that the document names.
        logging: The engine's log driver that keeps logs small; "" leaves it.
    """
    result: Json = {**document, "services": {}}
    for name, each in document["services"].items():
        definition: Json = dict(each)
        own = {
            key: "yes" if key.endswith(".web") else value for key, value in label.items() if name == web or not key.endswith(".web")
        }
        definition["labels"] = {**mapping(definition.get("labels")), **own}
        if name in images:
            definition["image"] = images[name]
        if logging and "logging" not in definition:
            definition["logging"] = {"driver": logging}
        if isinstance(extends := definition.get("extends"), Mapping) and "file" in extends:
            definition["extends"] = {**extends, "file": posixpath.join(folder, str(extends["file"]))}
        result["services"][name] = definition
    if "include" in document:
        result["include"] = [_absolute(each, folder) for each in document["include"]]
    return result


def _absolute(included: Any, folder: str) -> Any:
    if isinstance(included, str):
        return posixpath.join(folder, included)
    if isinstance(included, Mapping) and isinstance(included.get("path"), str):
        return {**included, "path": posixpath.join(folder, included["path"])}
    return included


def keep_data(document: Json, services: Iterable[Service]) -> None:
    """A volume for each database that has none: its data is not to go with its container."""
    for service in services:
        target = _data_path(service)
        held = [path for _, path in mounts(service.definition)]
        if target and not any(path == target or path.startswith(f"{target}/") or target.startswith(f"{path}/") for path in held):
            volume = f"{service.name}-data"
            definition: Json = document["services"][service.name]
            definition["volumes"] = [*(definition.get("volumes") or []), f"{volume}:{target}"]
            document["volumes"] = {**(document.get("volumes") or {}), volume: None}


def _data_path(service: Service) -> str:
    """PostgreSQL's images keep their data one folder higher from version 18 on."""
    path = service.known.data if service.known else ""
    name, tag = parts_of(service.image)
    major = re.match(r"\d+", tag)
    return "/var/lib/postgresql" if name == "postgres" and (not major or int(major[0]) >= 18) else path


def volume_names(document: Json, project: str) -> tuple[str, ...]:
    """The volumes that hold its data: those that compose makes for it, or finds under the name that the document gives them."""
    found: list[str] = []
    for key, each in (document.get("volumes") or {}).items():
        settings: Json = each if isinstance(each, dict) else {}
        if not settings.get("external"):
            found.append(str(settings.get("name") or f"{project}_{key}"))
    return tuple(name for name in found if "$" not in name)
