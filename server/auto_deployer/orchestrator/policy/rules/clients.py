"""Clients of databases: their own commands run programs and write files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .. import opaque
from ..calls import Call
from ..findings import Finding
from .unruled import unruled

_RUNS = re.compile(r"(?:^|[;\n])\s*(?:\.(?:shell|system)|\\!|(?:\\)?system)\s+([^\n]+)|\bto\s+program\s+'([^']+)'", re.IGNORECASE)
_WRITES = re.compile(r"(?:^|[;\n])\s*(?:\.(?:once|output|backup|save|log)|\\o|\\w|tee|\\T)\s+([^\s;|]+)", re.IGNORECASE)


def _client(call: Call) -> Iterator[Finding]:
    for text in (*call.args, call.stdin.text):
        for found in _RUNS.finditer(text):
            yield from call.runs_code(found[1] or found[2])
        for found in _WRITES.finditer(text):
            yield from call.writes(found[1])
    if call.stdin.kind == "fetched":
        yield opaque.piped(call, call.name)
    yield from unruled(call)


RULES: dict[str, Callable[[Call], Iterator[Finding]]] = dict.fromkeys(
    ("sqlite3", "sqlite", "psql", "mysql", "mariadb", "duckdb"), _client
)
