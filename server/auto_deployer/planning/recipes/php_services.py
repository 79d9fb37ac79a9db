"""The databases that PHP pages and Laravel's settings connect to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.ports import RepoTree
from .listening import sources
from .local_services import LocalService

_LOCAL = r"(localhost|127\.0\.0\.1)"
_PDO = re.compile(rf"new\s+\\?PDO\(\s*(?:[\"'](mysql|pgsql)|[A-Z_]+\s*\.\s*[\"']):[^\"'\n]*?\bhost=(?:{_LOCAL}|\{{?\$|[\"']\s*\.)")
_MYSQLI = re.compile(
    rf"\b(?:mysqli_connect|new\s+\\?mysqli|mysql_connect)\s*\(\s*(?:[\"']{_LOCAL}[\"']|\$|[A-Z_]+\s*,|self::|static::)"
)
_HOST_SETTING = re.compile(
    rf"(?:define\(\s*[\"']\w*HOST\w*[\"']\s*,|\$\w*(?:host|server)\w*\s*=|[\"']\w*(?:host|server)\w*[\"']\s*=>|const\s+\w*HOST\w*\s*=)"
    rf"\s*[\"']{_LOCAL}[\"']",
    re.IGNORECASE,
)
_ENV = re.compile(r"\bgetenv\(|\$_ENV\[|\benv\(|\$_SERVER\[\s*[\"']\w*(?:DB|SQL|DATABASE)")
_KINDS = {"pgsql": "postgresql", "mysql": "mysql"}


def php_services(tree: RepoTree, *, laravel: bool) -> tuple[LocalService, ...]:
    """The first database of each kind that is on this machine; an address that only the environment gives is left to it."""
    found = _of_laravel(tree) if laravel else _of_pages(tree)
    return tuple({use.kind: use for use in found}.values())


def _of_laravel(tree: RepoTree) -> Iterator[LocalService]:
    """Of the settings that are committed, or else of the sample that becomes them."""
    file = next((name for name in (".env", ".env.example") if tree.is_file(name)), "")
    values = dict(re.findall(r"(?m)^(DB_\w+)[ \t]*=[ \t]*[\"']?([\w.-]*)", tree.read(file) or "")) if file else {}
    kind = _KINDS.get(values.get("DB_CONNECTION", ""), "")
    if kind:
        port = values.get("DB_PORT", "")
        host = values.get("DB_HOST") or "localhost"
        yield LocalService(kind=kind, host=host, port=int(port) if port.isdecimal() else None, variable="DB_HOST", file=file)


def _of_pages(tree: RepoTree) -> Iterator[LocalService]:
    """Of plain PHP: a connection whose host is written in it, or in a setting next to it or in another file."""
    pages = [(path, text) for path, text in sources(tree, ".php") if "vendor/" not in path]
    setting = next(((path, text) for path, text in pages if _HOST_SETTING.search(text)), None)
    for path, text in pages:
        for found in (*_PDO.finditer(text), *_MYSQLI.finditer(text)):
            kind = _KINDS.get(found[1], "mysql") if found.re is _PDO else "mysql"
            host = found[2] if found.re is _PDO else found[1]
            if host:
                yield LocalService(kind=kind, host=host, file=path)
            elif setting and not _ENV.search(setting[1]):
                yield LocalService(kind=kind, host="localhost", file=setting[0])
