"""The databases that a Spring program's settings name: it does not start without them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...model.ports import RepoTree
from .local_services import LocalService

_SETTINGS = ("application.properties", "application.yml", "application.yaml")
_URL = re.compile(
    r"\b(?:jdbc:)?(mysql|mariadb|postgresql|sqlserver|mongodb)://(?:[^\s\"'/@]*@)?"
    r"(?:\$\{(?P<variable>\w+)(?::(?P<default>[\w.-]+))?\}|(?P<host>[\w.-]+))(?::(?:\$\{\w+:)?(?P<port>\d+))?"
)
_VARIABLE_BEFORE = re.compile(r"\$\{(\w+):[\"']?(?:jdbc:)?$")
"""`${DATABASE_URL:jdbc:mysql://localhost/shop}`."""
_KINDS = {"mariadb": "mysql"}


def java_services(tree: RepoTree) -> tuple[LocalService, ...]:
    """What the settings of the folder name, those of profiles apart; those with an address in a variable alone are left to it."""
    return tuple(use for name in _SETTINGS for use in _in_file(tree, posixpath.join("src/main/resources", name)))


def _in_file(tree: RepoTree, path: str) -> Iterator[LocalService]:
    # Later documents of a YAML file are for profiles.
    text = re.split(r"(?m)^---\s*$", (tree.read(path) or "").removeprefix("---"), maxsplit=1)[0]
    text = re.sub(r"(?m)^[ \t]*#.*$", "", text)
    for found in _URL.finditer(text):
        before = _VARIABLE_BEFORE.search(text, max(0, found.start() - 80), found.start())
        host = found["host"] or found["default"]
        if host:
            variable = before[1] if before else found["variable"] or "SPRING_DATASOURCE_URL"
            port = int(found["port"]) if found["port"] else None
            yield LocalService(kind=_KINDS.get(found[1], found[1]), host=host, port=port, variable=variable, file=path)
