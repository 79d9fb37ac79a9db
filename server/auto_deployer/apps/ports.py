"""Ports on the target: which are taken and by whom, which are free, and where an app's processes really listen."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ..model.errors import AppError
from ..model.ports import Session
from ..model.reasons import Kind
from ..sessions import system
from .keeper import processes_script
from .state import split_sections

FIRST_PORT, LAST_PORT = 20_000, 29_999
"""Where free ports are picked: below the ephemeral range (Linux: 32768), away from the defaults of development servers."""

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_FD_FOLDER = re.compile(r"^/proc/(\d+)/fd:$")


@dataclass(frozen=True)
class Listener:
    """A listening TCP socket."""

    port: int
    address: str
    """An IP address; "0.0.0.0" and "::" mean all."""
    inode: str = ""
    pid: int | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where to reach it from the target itself, best first."""
        if self.address == "0.0.0.0":  # noqa: S104 - compared, not bound
            return ("127.0.0.1",)
        return ("127.0.0.1", "::1") if self.address == "::" else (self.address,)


async def all_listeners(session: Session) -> tuple[Listener, ...]:
    """Every listening TCP socket of the target, whoever has it."""
    if system.is_native(session):
        return await _here()
    result = await session.probe(f"{processes_script()}\nlistening_table")
    return parse_table(result.stdout.splitlines())


async def listeners_of(session: Session, pids: Collection[int]) -> tuple[Listener, ...]:
    """The listening sockets of these processes."""
    if not pids:
        return ()
    if system.is_native(session):
        return tuple(entry for entry in await _here() if entry.pid in pids)
    script = f"{processes_script()}\n{sockets_script(' '.join(map(str, pids)))}"
    return listeners_in(split_sections((await session.probe(script)).stdout), pids)


def sockets_script(pids: str) -> str:
    """Tells what listens, and which of it these processes hold; goes behind `processes_script`.

    Args:
        pids: Shell text that becomes their numbers.
    """
    return f"echo '== table'; listening_table; echo '== sockets'; sockets_of {pids}"


def listeners_in(sections: Mapping[str, list[str]], pids: Collection[int]) -> tuple[Listener, ...]:
    """What the output of `sockets_script` tells."""
    table, owners = parse_table(sections.get("table", [])), parse_sockets(sections.get("sockets", []))
    owned = (entry if entry.pid is not None else replace(entry, pid=owners.get(entry.inode)) for entry in table)
    return tuple(entry for entry in owned if entry.pid in pids)


async def owner_of(session: Session, port: int) -> str:
    """Who listens on a port, in words: its process where we may see it."""
    taken = [entry for entry in await all_listeners(session) if entry.port == port]
    pids = {entry.pid for entry in taken if entry.pid is not None}
    if not pids and taken:
        inodes = "|".join(entry.inode for entry in taken)
        listing = await session.probe(rf"ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E '^/proc/|socket:\[({inodes})\]'; exit 0")
        pids = set(parse_sockets(listing.stdout.splitlines()).values())
    for pid in sorted(pids):
        if system.is_native(session):
            from .native.processes import described

            return described(pid) or f"process {pid}"
        shown = await session.probe(_describe_script(pid))
        if shown.stdout.strip():
            return shown.stdout.strip()
    return "a process that you may not see (another user's or in a container)"


async def pick_free(session: Session, deploy_dir: str, avoid: Iterable[int] = ()) -> int:
    """A port nobody listens on. Each deploy directory begins to look elsewhere: two deployments at once hardly ever meet.

    Raises:
        AppError: there is none.
    """
    taken = {entry.port for entry in await all_listeners(session)} | set(avoid)
    size = LAST_PORT - FIRST_PORT + 1
    start = int.from_bytes(hashlib.sha256(deploy_dir.encode()).digest()[:4], "big")
    for step in range(size):
        port = FIRST_PORT + (start + step) % size
        if port not in taken:
            return port
    raise AppError(f"Every port from {FIRST_PORT} to {LAST_PORT} is taken.", kind=Kind.PORT_IN_USE)


def parse_table(lines: Iterable[str]) -> tuple[Listener, ...]:
    """Listeners from lines of /proc/net/tcp{,6}, or from the output of `lsof -Fpn`."""
    found: list[Listener] = []
    pid: int | None = None
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and fields[3] == "0A":
            address, _, port = fields[1].partition(":")
            found.append(Listener(int(port, 16), _ip(address), fields[9]))
        elif line.startswith("p") and line[1:].isdecimal():
            pid = int(line[1:])
        elif line.startswith("n") and line.rpartition(":")[2].isdecimal():
            address, _, port = line[1:].rpartition(":")
            found.append(Listener(int(port), "::" if address == "*" else address.strip("[]"), pid=pid))
    return tuple(found)


async def _here() -> tuple[Listener, ...]:
    """Every listening socket of this machine, read in our own process."""
    from .native.processes import listening_table

    return parse_table(await asyncio.to_thread(listening_table))


def parse_sockets(lines: Iterable[str]) -> dict[str, int]:
    """Socket inode to pid, from `ls -l /proc/<pid>/fd`."""
    owners: dict[str, int] = {}
    pid = 0
    for line in lines:
        if folder := _FD_FOLDER.match(line):
            pid = int(folder[1])
        elif (socket := _SOCKET.search(line)) and pid:
            owners.setdefault(socket[1], pid)
    return owners


def _ip(text: str) -> str:
    """The address of /proc/net/tcp: words in the machine's byte order (little endian wherever we run)."""
    raw = bytes.fromhex(text)
    words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    address = ipaddress.ip_address(words)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _describe_script(pid: int) -> str:
    """`process 123 (python app.py), the app in /home/me/deployments/shop` or as much of it as can be seen."""
    return f"""
line=$(tr '\\0' ' ' < /proc/{pid}/cmdline 2>/dev/null || ps -o args= -p {pid} 2>/dev/null)
[ -n "$line" ] || line=$(ps -o args= -p {pid} 2>/dev/null)
[ -n "$line" ] || exit 0
folder=$(readlink /proc/{pid}/cwd 2>/dev/null)
printf 'process %s (%s)%s' {pid} "$(printf '%.120s' "${{line% }}")" "${{folder:+ in $folder}}"
"""
