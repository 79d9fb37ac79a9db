"""Reading a compose file: its services, which of them is the app, what it needs. Pure text, nothing runs."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...model.ports import RepoTree
from .dockerfile_source import likely_http, read_dockerfile
from .server_images import ServiceImage, known_image, service_image

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Where compose itself looks, in this order; files of other names are variants for development or tests."""
VARIABLE = re.compile(r"\$(?:\$|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<text>[^}]*))?\})")
_WEB_NAMES = (
    re.compile(r"proxy|nginx|caddy|traefik|gateway|ingress|httpd|apache"),
    re.compile(r"web|front|client|\bui\b|www|site"),
    re.compile(r"app|server|django|flask|rails|laravel|node|php|next"),
    re.compile(r"api|back"),
)
_SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MAX_NODES = 20_000
_HARMLESS_MOUNTS = frozenset({"/etc/localtime", "/etc/timezone"})

Json = dict[str, Any]


@dataclass(frozen=True)
class Port:
    """A published port: texts, since both may name variables."""

    container: str
    published: str = ""


@dataclass(frozen=True)
class Service:
    """One service that a plain `up` starts."""

    name: str
    definition: Json
    built: bool
    """Its image is built from the repository, or the repository is mounted into it."""
    image: str
    known: ServiceImage | None
    """A database or the like."""
    ports: tuple[Port, ...]
    inner_port: int | None
    """Where it listens as its image or `expose` says."""

    @property
    def is_app(self) -> bool:
        return self.known is None

    @property
    def depends_on(self) -> list[str]:
        return _keys(self.definition.get("depends_on"))

    @property
    def is_fetched(self) -> bool:
        """Its image comes from a registry, and its name is known."""
        is_name = bool(self.image) and "$" not in self.image and not self.image.startswith("-")
        return is_name and "build" not in self.definition


def load(text: str) -> Json:
    """The document.

    Raises:
        ValueError: it is no YAML, or no compose file; the message says what is wrong.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found: object = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(" ".join(str(error).split())[:300]) from error
    if not isinstance(found, dict) or not isinstance(cast("Json", found).get("services"), dict):
        raise ValueError("it has no `services`")  # noqa: TRY004 - it is about a text
    document = cast("Json", _plain(cast("object", found), itertools.count()))
    if not all(isinstance(each, dict) for each in document["services"].values()):
        raise ValueError("a service is no mapping")
    if strange := [name for name in document["services"] if not _SERVICE_NAME.fullmatch(name)]:
        raise ValueError(f"{strange[0]!r} is no name of a service")
    return document


def _plain(value: Any, counted: Iterator[int]) -> Any:
    """Data as JSON has it: YAML's dates and keys that are numbers become texts. Aliases of aliases can grow without end."""
    if next(counted) > _MAX_NODES:
        raise ValueError("it is too large")
    if isinstance(value, Mapping):
        return {str(key): _plain(each, counted) for key, each in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(each, counted) for each in cast("Sequence[object]", value)]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def services_of(document: Json, tree: RepoTree, values: Mapping[str, str]) -> tuple[Service, ...]:
    """The services without a profile.

    Args:
        values: Variables that a committed .env sets.
    """
    return tuple(_service(name, each, tree, values) for name, each in document["services"].items() if not each.get("profiles"))


def _service(name: str, definition: Json, tree: RepoTree, values: Mapping[str, str]) -> Service:
    image = filled(str(definition.get("image") or ""), values)
    build = "build" in definition
    mounts_here = any(source in (".", "./") for source, _ in mounts(definition))
    known = service_image(image) if image and not build else None
    inner = _exposed(definition) or (_image_port(definition, tree) if build else None)
    if inner is None and image and (server := known_image(image)):
        inner = server.port
    ports = tuple(_ports(definition, values))
    return Service(name, definition, build or mounts_here, image, known, ports, inner)


def choose_web(services: Sequence[Service]) -> Service | None:
    """The service that people open: a published one before the others, then by name, then by port; never a database."""
    apps = [each for each in services if each.is_app and (each.ports or each.inner_port)]
    return min(apps, key=_rank, default=None)


def _rank(service: Service) -> tuple[bool, int, bool]:
    name = service.name.lower()
    by_name = next((rank for rank, pattern in enumerate(_WEB_NAMES) if pattern.search(name)), len(_WEB_NAMES))
    return not service.ports, by_name, web_port(service) in ("443", "8443")


def web_port(service: Service) -> str:
    """The container's port to publish: of several the one that looks like HTTP."""
    numbers = [int(port.container) for port in service.ports if port.container.isdigit()]
    if numbers:
        return str(likely_http(numbers))
    return service.ports[0].container if service.ports else str(service.inner_port or "")


def mounts(definition: Json) -> Iterator[tuple[str, str]]:
    """Source and target of what is mounted; the source of an anonymous volume is empty."""
    for each in _items(definition.get("volumes")):
        if isinstance(each, dict):
            entry = cast("Json", each)
            yield str(entry.get("source") or ""), str(entry.get("target") or "")
        else:
            parts = re.split(r":(?![^{]*\})", str(each))
            yield (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])


def boundaries_crossed(services: Sequence[Service]) -> list[str]:
    """What would let a container out of its box: nothing that a deployment of ours starts."""
    found: list[str] = []
    for service in services:
        each, name = service.definition, service.name
        found += [f"{name}: {key}" for key in ("privileged", "cap_add", "devices", "security_opt") if each.get(key)]
        spaces = {"network_mode": "host", "pid": "host", "ipc": "host", "userns_mode": "host", "uts": "host"}
        found += [f"{name}: {key}: host" for key, value in spaces.items() if each.get(key) == value]
        found += [f"{name}: mounts {source}" for source, _ in mounts(each) if _is_of_host(source)]
    return found


def _is_of_host(source: str) -> bool:
    if source in _HARMLESS_MOUNTS:
        return False
    climbs = source.startswith("..") and posixpath.normpath(source).startswith("..")
    return source.startswith(("/", "~", "$HOME", "${HOME")) or climbs


def external_things(document: Json, services: Sequence[Service]) -> list[str]:
    """Networks and volumes in use that something else is to have made."""
    used = {key for service in services for key in _keys(service.definition.get("networks"))}
    used |= {source for service in services for source, _ in mounts(service.definition)}
    declared = [(kind, *item) for kind in ("networks", "volumes") for item in (document.get(kind) or {}).items()]
    return [
        f"{kind[:-1]} {name}" for kind, name, each in declared if isinstance(each, dict) and each.get("external") and name in used
    ]


def required_variables(value: object, values: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Variables that a document names without a default, and whether it insists on them."""
    if isinstance(value, str):
        for match in VARIABLE.finditer(value):
            name, how = match["plain"] or match["name"], match["how"] or ""
            if name and name not in values and not how.endswith(("-", "+")):
                yield name, how.endswith("?")
    elif isinstance(value, Mapping):
        for each in cast("Mapping[str, object]", value).values():
            yield from required_variables(each, values)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from required_variables(each, values)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with variables replaced where their value is known; others stay as written."""

    def value(match: re.Match[str]) -> str:
        name, how = match["plain"] or match["name"], match["how"] or ""
        if not name:
            return "$"
        return values.get(name) or (match["text"] if how.endswith("-") else match[0])

    return VARIABLE.sub(value, text)


def env_files(definition: Json) -> Iterator[tuple[str, bool]]:
    """Path and whether it has to be there."""
    given = definition.get("env_file")
    for each in [given] if isinstance(given, str) else _items(given):
        if isinstance(each, dict):
            yield str(cast("Json", each).get("path") or ""), cast("Json", each).get("required") is not False
        else:
            yield str(each), True


def build_of(definition: Json) -> tuple[str, str]:
    """Context and Dockerfile of a service that is built."""
    build = definition.get("build")
    if isinstance(build, dict):
        entry = cast("Json", build)
        return str(entry.get("context") or "."), str(entry.get("dockerfile") or "Dockerfile")
    return str(build or "."), "Dockerfile"


def _image_port(definition: Json, tree: RepoTree) -> int | None:
    context, file = build_of(definition)
    text = tree.read(posixpath.normpath(posixpath.join(context, file)))
    found = read_dockerfile(text) if text else None
    return found.port if found else None


def _exposed(definition: Json) -> int | None:
    numbers = [int(text) for each in _items(definition.get("expose")) if (text := str(each).partition("/")[0]).isdigit()]
    return likely_http(numbers) if numbers else None


def _ports(definition: Json, values: Mapping[str, str]) -> Iterator[Port]:
    for each in _items(definition.get("ports")):
        if isinstance(each, dict):
            entry = cast("Json", each)
            if entry.get("protocol", "tcp") == "tcp":
                yield Port(filled(str(entry.get("target") or ""), values), filled(str(entry.get("published") or ""), values))
            continue
        text, _, protocol = filled(str(each), values).partition("/")
        if protocol in ("", "tcp"):
            parts = re.split(r":(?![^{]*\})", text)
            yield Port(parts[-1].partition("-")[0], parts[-2] if len(parts) > 1 else "")


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _keys(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return list(cast("Mapping[str, object]", value))
    return [str(each) for each in _items(value)]
