"""Commands that delete what databases hold: an app's data is not a deployment's to throw away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from ..calls import Call, options
from ..findings import Finding, ask

_SQL = re.compile(
    r"\bdrop\s+(?:database|schema|table|user|role|owned|keyspace|collection)\b|\btruncate\s+(?:table\s+)?[\w.\"`]+|"
    r"\bdelete\s+from\s+[\w.\"`]+\s*(?:;|$)",
    re.IGNORECASE,
)
_SQL_CLIENTS = frozenset({
    "psql", "mysql", "mariadb", "sqlite3", "sqlite", "duckdb", "cockroach", "clickhouse", "clickhouse-client", "sqlcmd", "usql",
    "pgcli", "mycli", "litecli", "cqlsh",
})  # fmt: skip
_MONGO = re.compile(r"\bdropDatabase\b|\.drop\s*\(|\.(?:deleteMany|remove)\s*\(\s*(?:\{\s*\})?\s*\)")
_EMPTIES = re.compile(r"flushall|flushdb", re.IGNORECASE)
_TASKS = frozenset({
    "db:drop", "db:reset", "db:purge", "db:wipe", "db:drop:all", "db:migrate:reset", "db:migrate:undo:all", "db:truncate_all",
    "migrate:fresh", "migrate:reset", "migrate:refresh", "schema:drop", "doctrine:database:drop", "doctrine:schema:drop",
    "ecto.drop", "ecto.reset", "--force-reset", "--accept-data-loss", "reset_db", "schema-drop",
})  # fmt: skip
"""Tasks and options of frameworks that empty the database."""
_PAIRS = frozenset({("migrate", "reset"), ("manage.py", "flush"), ("database", "drop"), ("django-admin", "flush"), ("db", "drop")})
"""The same as two words."""
_TEXT_ONLY = frozenset({"echo", "printf", "grep", "egrep", "rg", "git", "cat", "sed", "awk", "logger"})


def loses_data(call: Call) -> Iterator[Finding]:
    """Findings on a command that empties or deletes a database."""
    rule = _PROGRAMS.get(call.name)
    tells = rule(call) if rule is not None else call.name not in _TEXT_ONLY and _is_a_task(call)
    if tells:
        yield ask("data-loss", f"{call.name} deletes what a database holds.")


def _is_a_task(call: Call) -> bool:
    if not _TASKS.isdisjoint(call.args):
        return True
    names = [word.rpartition("/")[2] for word in call.words]
    return any(pair in _PAIRS for pair in pairwise(names))


def _says(pattern: re.Pattern[str]) -> Callable[[Call], bool]:
    return lambda call: any(pattern.search(text) for text in (*call.args, call.stdin.text))


def _cleans(call: Call) -> bool:
    given = options(call.args, "dhpUWjntfFLSTx", ("--dbname", "--host", "--port", "--username"))
    return given.has("c", "clean") or "drop" in given.long


_PROGRAMS: Mapping[str, Callable[[Call], bool]] = {
    **dict.fromkeys(_SQL_CLIENTS, _says(_SQL)), **dict.fromkeys(("mongo", "mongosh"), _says(_MONGO)),
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli"), _says(_EMPTIES)),
    **dict.fromkeys(("dropdb", "dropuser"), lambda call: call.args not in (("--help",), ("--version",))),
    "mysqladmin": lambda call: "drop" in call.args, "mariadb-admin": lambda call: "drop" in call.args,
    "pg_restore": _cleans, "mongorestore": lambda call: "--drop" in call.args,
}  # fmt: skip
