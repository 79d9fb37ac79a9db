"""A host as every prompt tells of it."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.facts import HostFacts


def host_lines(host: HostFacts) -> Iterator[str]:
    """What a model that plans or repairs has to know of the target."""
    yield f"- System: {' '.join(filter(None, (host.os, host.distribution, host.arch))) or 'unknown'}"
    if host.cpu_count:
        yield f"- {host.cpu_count} processors, {host.memory_mb} MB memory, {host.disk_free_mb} MB disk free"
    yield f"- {'Inside a container: do not use Docker' if host.container else 'Not inside a container'}"
    yield f"- Docker engine: {'answers' if host.docker_engine else 'none'}; systemd: {'yes' if host.systemd else 'no'}"
    yield f"- Programs looked for and found: {', '.join(f'{tool.name} {tool.version}'.strip() for tool in host.tools) or 'none'}"


def target_line(target: str, host: HostFacts) -> str:
    """Which machine it is, and as whom commands run there."""
    where = "this machine" if target == "local" else f"the host {target}"
    who = f" as user {host.user}" if host.user else ""
    return f"{where}{f' ({host.hostname})' if host.hostname else ''}{who}"
