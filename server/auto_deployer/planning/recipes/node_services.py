"""Services a Node app connects to: what must be there before it is worth installing anything."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from ...model.errors import RefusedError
from ...model.facts import EnvVariable, HostFacts
from ...model.ports import RepoTree
from ...model.reasons import Kind
from ...model.suggestions import suggest
from .node_clients import SERVICE_URL, ServiceUse, service_of_variable
from .node_config import config_path, config_text
from .node_manifest import Manifest
from .node_service_settings import in_settings
from .node_source import SourceScan
from .service_ports import silent_port

_PRISMA_SCHEMAS = ("prisma/schema.prisma", "schema.prisma")
_PRISMA = re.compile(
    r"datasource\s+\w+\s*\{[^}]*?provider\s*=\s*\"(postgresql|mysql|mongodb|cockroachdb|sqlserver)\"[^}]*?url\s*=\s*(?:env\(\"(\w+)\"\)|\"([^\"]+)\")",
    re.DOTALL,
)


_ADDRESS = re.compile(r"(?:MONGO|REDIS|DATABASE|POSTGRES|MYSQL|MARIADB|AMQP|RABBITMQ|PG|DB)\w*_?(?:URL|URI|HOST|DSN)")


def services_of(
    root: RepoTree, manifest: Manifest, source: SourceScan | None, required: Iterable[EnvVariable] = ()
) -> tuple[ServiceUse, ...]:
    """The services seen in the code, in a Prisma schema and among the variables that the app insists on.

    Variables that a committed `.env` sets are replaced by their value.
    """
    insisted = (
        ServiceUse(kind=service_of_variable(each.name), variable=each.name, file=each.place.rpartition(":")[0] or each.place)
        for each in required
        if _ADDRESS.fullmatch(each.name)
    )
    elsewhere = (*_prisma(root, manifest), *_drizzle(root, manifest), *in_settings(root, manifest, source))
    uses = (*(source.services if source else ()), *elsewhere, *insisted)
    settings = root.read(posixpath.join(manifest.folder, ".env")) or ""
    return tuple(dict.fromkeys(known for use in uses if (known := _with_value(use, settings))))


def missing_service(services: Iterable[ServiceUse], env_names: frozenset[str], host: HostFacts) -> RefusedError | None:
    """The refusal for the first service that cannot be there.

    That is one at a bare host name of a compose file, in a variable nobody sets, or on the target itself, where nothing listens.
    """
    uses = tuple(services)
    # With one of its variables set, what else the code says about that kind of service is a default.
    given = {use.kind for use in uses if use.variable in env_names}
    for use in uses:
        if use.kind in given:
            continue
        name, _, port = use.address.partition(":")
        silent = silent_port(host, use.kind, name, int(port) if port.isdecimal() else None)
        if use.is_container_name or not use.address or silent:
            return _missing(use, silent)
    return None


def _missing(use: ServiceUse, silent: int | None) -> RefusedError:
    where = f"host {use.address}" if use.address else f"the address in ${use.variable}"
    why = f"and nothing listens on port {silent} there" if silent else "which is not part of this deployment"
    suggestions = [
        suggest("Say where it is", "env", use.variable)
        if use.variable
        else suggest(f"Have {use.file} read the address from a variable, and set it", "env"),
        suggest("If it is there all the same, say how to start the app", "overrides.start"),
    ]
    if silent:
        suggestions.insert(0, suggest(f"Start {use.kind} on the target, port {silent}, and deploy again."))
    return RefusedError(
        f"The app needs a {use.kind} service at {where} (seen in {use.file}), {why}.",
        kind=Kind.REQUIRED_SERVICE_MISSING,
        suggestions=tuple(suggestions),
        missing_env=(EnvVariable(name=use.variable, place=use.file),) if use.variable else (),
    )


def described(services: Iterable[ServiceUse]) -> tuple[str, ...]:
    """The services in words, for the plan."""
    return tuple(dict.fromkeys(f"{use.kind} at {use.address or '$' + use.variable}" for use in services))


def _prisma(root: RepoTree, manifest: Manifest) -> list[ServiceUse]:
    for name in _PRISMA_SCHEMAS:
        path = posixpath.join(manifest.folder, name)
        if found := _PRISMA.search(root.read(path) or ""):
            return [ServiceUse(kind=found[1], variable=found[2] or "", address=_address(found[3] or ""), file=path)]
    return []


def _drizzle(root: RepoTree, manifest: Manifest) -> list[ServiceUse]:
    """The database of Drizzle's settings: what a server without an entry of its own, such as Next's, connects to."""
    text, path = config_text(root, manifest, "drizzle.config"), config_path(root, manifest, "drizzle.config")
    dialect = re.search(r"\bdialect\s*:\s*[\"'](postgresql|mysql)[\"']", text)
    variable = re.search(r"\burl\s*:\s*process\.env\.(\w+)(?!\w)\s*(?!\s*(?:\|\||\?\?))", text)
    return [ServiceUse(kind=dialect[1], variable=variable[1], file=path)] if dialect and variable and path else []


def _with_value(use: ServiceUse, settings: str) -> ServiceUse | None:
    """The use with the address that the committed settings give; None when they give something that is no URL."""
    value = re.search(rf"^(?:export\s+)?{use.variable}\s*=\s*(.*)$", settings, re.MULTILINE) if use.variable else None
    if value is None:
        return use
    address = _address(value[1])
    return use.model_copy(update={"address": address}) if address else None


def _address(url: str) -> str:
    found = SERVICE_URL.search(url)
    return f"{found[2]}{found[3] or ''}" if found else ""
