"""Whether a service that an app expects on the target itself is there, by the port it listens on."""

from __future__ import annotations

from ...model.facts import HostFacts

DEFAULT_PORTS = {
    "redis": 6379, "mongodb": 27017, "postgresql": 5432, "postgres": 5432, "cockroachdb": 26257, "mysql": 3306, "rabbitmq": 5672,
    "amqp": 5672, "elasticsearch": 9200, "memcached": 11211, "mssql": 1433, "sqlserver": 1433, "oracle": 1521,
}  # fmt: skip
"""Where a service listens when its address names no port (IANA's registry)."""
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 (a name, nothing is bound)


def silent_port(host: HostFacts, service: str, name: str, port: int | None) -> int | None:
    """The port on the target on which nothing listens though the app expects the service there; None when that is not so.

    A service elsewhere, one of an unknown port, and a target that does not tell what listens get the benefit of the doubt.
    """
    expected = port or DEFAULT_PORTS.get(service)
    if name not in _THIS_MACHINE or expected is None or host.listening_ports is None:
        return None
    return None if expected in host.listening_ports else expected
