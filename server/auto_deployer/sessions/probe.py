"""Host facts: one read-only bash script (`probe.sh`) over any session, and the pure reading of what it prints."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

from ..model.errors import ConnectionFailedError
from ..model.facts import ContainerEngine, HostFacts, Tool
from ..model.ports import Session
from ..model.suggestions import suggest
from .known_answers import keep_answers, known_answers
from .system import is_native

PROBE_TIMEOUT_S = 40.0
"""The script takes about a second where nothing is known yet; each of its version queries ends by itself after ten."""

_SCRIPT = Path(__file__).with_name("probe.sh")
_VERSION = re.compile(r"version\W{0,3}v?(\d+(?:\.\d+)*)|(\d+(?:\.\d+)+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_MB = 1024 * 1024
_ENGINE_ENV = "engine_env_"
_HERE = re.compile(r"$|unix:|npipe:|tcp://(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|$)")
"""Addresses of an engine that runs on the target itself; "" is its default, a socket."""


async def probe_host(session: Session) -> HostFacts:
    """What is on the session's target.

    Raises:
        ConnectionFailedError: the script told nothing: the target is gone, or has no usable bash.
    """
    if is_native(session):
        from .facts_here import facts_here

        return await asyncio.to_thread(facts_here)
    script = known_answers(session.target) + _SCRIPT.read_text(encoding="utf-8")
    result = await session.probe(script, timeout_s=PROBE_TIMEOUT_S)
    facts = parse_probe(result.stdout)
    if not facts.os:
        raise ConnectionFailedError(
            f"Probing {session.target} gave nothing (exit code {result.exit_code}): {result.stderr.strip()[-300:] or 'no output'}",
            suggestions=(suggest("Check that bash starts on the target without errors", command="bash -c 'uname -a'"),),
        )
    keep_answers(session.target, result.stdout.splitlines())
    return facts


def parse_probe(output: str) -> HostFacts:
    """Read the script's records; what is missing or garbled is left at its default, unknown lines are ignored."""
    records = [line.split("\t") for line in output.splitlines()]
    facts = {record[1]: record[2].strip() for record in records if record[0] == "fact" and len(record) == 3}
    return HostFacts(
        **{name: facts.get(name, "") for name in ("hostname", "os", "distribution", "kernel", "arch", "shell", "user", "home")},
        container=facts.get("container") == "yes",
        systemd=facts.get("systemd") == "yes",
        docker_engine=facts.get("docker_engine") == "yes",
        engine=_engine(facts),
        cpu_count=_number(facts.get("cpu_count")),
        memory_mb=_memory_mb(facts),
        disk_free_mb=_number(facts.get("disk_free_kb")) // 1024,
        tools=_tools(records),
        listening_ports=_listening(facts.get("listening_ports")),
        free_ports=tuple(int(record[1]) for record in records if record[0] == "port" and len(record) == 2 and record[1].isdigit()),
    )


def _engine(facts: dict[str, str]) -> ContainerEngine | None:
    """The engine that answers, unless it runs elsewhere: what it publishes would not be on the target."""
    name = facts.get("engine", "")
    if name not in ("docker", "podman") or not _HERE.match(facts.get("engine_address", "")):
        return None
    return ContainerEngine(
        name=name,
        version=version_in(facts.get("engine_version", "")),
        compose=facts.get("compose", ""),
        compose_version=version_in(facts.get("compose_version", "")),
        env={key.removeprefix(_ENGINE_ENV): value for key, value in facts.items() if key.startswith(_ENGINE_ENV)},
    )


def _listening(text: str | None) -> tuple[int, ...] | None:
    return None if text is None else tuple(sorted({int(word) for word in text.split() if word.isdigit()}))


def version_in(text: str) -> str:
    """The first dotted number, or number after "version", in what a tool says; else its first number, else ""."""
    match = _VERSION.search(text)
    if match:
        return match[1] or match[2]
    number = _NUMBER.search(text)
    return number[0] if number else ""


def _memory_mb(facts: dict[str, str]) -> int:
    """The machine's memory, or the container's limit where that is lower."""
    total = _number(facts.get("memory_bytes")) or _number(facts.get("memory_kb")) * 1024
    limit = _number(facts.get("memory_limit_bytes"))
    return (min(total, limit) if limit else total) // _MB


def _tools(records: Iterable[list[str]]) -> tuple[Tool, ...]:
    """In order, the newest first among equals; one entry per program."""
    found = [
        (int(record[1]), Tool(name=record[2], path=record[3], version=version_in(record[4])))
        for record in records
        if record[0] == "tool" and len(record) == 5 and record[1].isdigit()
    ]
    found.sort(key=lambda entry: (entry[0], entry[1].name, [-part for part in _version_parts(entry[1].version)], entry[1].path))
    unique: dict[tuple[str, str], Tool] = {}
    for _, tool in found:
        unique.setdefault((tool.name, tool.path), tool)
    return tuple(unique.values())


def _version_parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part]


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
