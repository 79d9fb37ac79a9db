"""An ssh host key that is unknown or has changed: whose it is, its fingerprint, and how to accept it. Nothing is accepted here."""

from __future__ import annotations

import asyncio
import re
import subprocess
from dataclasses import dataclass
from shlex import quote, split
from urllib.parse import urlsplit

from ..model.errors import ConnectionFailedError
from ..model.suggestions import suggest
from ..sessions.environment import git_environment
from .source import Source

_CHANGED = re.compile(r"remote host identification has changed", re.IGNORECASE)
_FINGERPRINT = re.compile(r"\bSHA256:[A-Za-z0-9+/]{43}=?")
_SCAN_S = 10.0
_DEFAULT_PORT = 22


@dataclass(frozen=True)
class _Server:
    """Where ssh connects for a host name, by the user's own ssh configuration."""

    host: str
    port: int
    known_hosts: str
    behind_proxy: bool
    """It is reached through another host: a scan from here would ask somebody else."""

    @property
    def scan(self) -> str:
        port = "" if self.port == _DEFAULT_PORT else f"-p {self.port} "
        return f"ssh-keyscan {port}{quote(self.host)}"

    @property
    def entry(self) -> str:
        """How the file of known hosts names it."""
        return self.host if self.port == _DEFAULT_PORT else f"[{self.host}]:{self.port}"


async def explain_host_key(source: Source, said: str, ssh_command: str) -> ConnectionFailedError:
    """The error for a host key that ssh does not accept.

    Args:
        said: Everything that git and ssh wrote.
        ssh_command: The command git was told to call; shell text.
    """
    server = await asyncio.to_thread(_find_server, source, ssh_command)
    if _CHANGED.search(said):
        return _changed(source, server, said)
    prints = [] if server.behind_proxy else await asyncio.to_thread(_fingerprints, server)
    shown = f" It shows {'; '.join(prints)}." if prints else ""
    return ConnectionFailedError(
        f"The ssh host key of {server.entry} ({source.display}) is not among the known hosts.{shown}",
        suggestions=(
            suggest("Compare the fingerprint with the one that the owner publishes", command=f"{server.scan} | ssh-keygen -lf -"),
            suggest("If it is the same, accept it and deploy again", command=_acceptance(source, server)),
        ),
    )  # fmt: skip


def _changed(source: Source, server: _Server, said: str) -> ConnectionFailedError:
    found = _FINGERPRINT.search(said)
    shown = f" It now shows {found[0]}." if found else ""
    return ConnectionFailedError(
        f"The ssh host key of {server.entry} ({source.display}) has changed: another server may be answering in its place.{shown}",
        suggestions=(
            suggest("Ask the server's owner whether the key was replaced, and compare the fingerprint."),
            suggest(
                "If it was, forget the old key and accept the new one",
                command=f"ssh-keygen -R {quote(server.entry)} && {_acceptance(source, server)}",
            ),
        ),
    )


def _acceptance(source: Source, server: _Server) -> str:
    if server.behind_proxy:
        return f"ssh -T {' '.join(map(quote, _destination(source)))}"
    return f"{server.scan} >> {server.known_hosts}"


def _find_server(source: Source, ssh_command: str) -> _Server:
    """By `ssh -G`, which connects to nobody; without an ssh that knows it, as the URL says."""
    destination = _destination(source)
    host, port = destination[-1].rpartition("@")[2], int(destination[1]) if len(destination) > 1 else _DEFAULT_PORT
    settings = dict(line.split(" ", 1) for line in _run(f'{ssh_command} -G "$@"', *destination).splitlines() if " " in line)
    jumps = (settings.get("proxyjump", "none"), settings.get("proxycommand", "none"))
    known_hosts = (split(settings.get("userknownhostsfile", "")) or ["~/.ssh/known_hosts"])[0]
    return _Server(
        host=settings.get("hostname", host), port=int(settings.get("port", port)), known_hosts=known_hosts,
        behind_proxy=any(value != "none" for value in jumps),
    )  # fmt: skip


def _fingerprints(server: _Server) -> list[str]:
    """Kind and fingerprint of the keys the server shows now, the kinds that ssh prefers first."""
    listing = _run('ssh-keyscan -T 5 -p "$1" -- "$2" | ssh-keygen -lf -', str(server.port), server.host)
    rows = [line.split() for line in listing.splitlines() if _FINGERPRINT.search(line)]
    found = {f"{row[-1].strip('()')} {row[1]}" for row in rows}
    return sorted(found, key=lambda text: (not text.startswith("ED25519"), text))


def _destination(source: Source) -> tuple[str, ...]:
    """Arguments of ssh that name the server of an ssh source."""
    if "://" not in source.fetch_url:
        return (source.fetch_url.split(":", 1)[0],)
    parts = urlsplit(source.fetch_url)
    user = f"{parts.username}@" if parts.username else ""
    port = ("-p", str(parts.port)) if parts.port else ()
    return (*port, f"{user}{parts.hostname}")


def _run(script: str, *args: str) -> str:
    """Standard output of a shell script; "" when it cannot be had."""
    try:
        done = subprocess.run(
            ["sh", "-c", script, "sh", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_SCAN_S, check=False, env=git_environment(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
