"""`doctor`: what is here, what is missing for which ecosystem, and the command that gets it here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from . import backend
from .options import Output

if TYPE_CHECKING:
    from rich.text import Text

    from ..model.facts import HostFacts
    from .text import Symbols

commands = typer.Typer()


@dataclass(frozen=True)
class Need:
    """A program that an ecosystem needs on the target."""

    tool: str
    packages: Mapping[str, str]
    """Package manager to what it calls the package; "" is the same everywhere else."""
    command: str = ""
    """A command that gets it on any system, where the package managers are not the usual way."""


_SHELL = () if os.name == "nt" else (Need("bash", {"": "bash"}),)
"""Windows brings its own."""
_NODE = Need("node", {"brew": "node", "": "nodejs"})
_NPM = Need("npm", {"brew": "node", "": "npm"})
_PNPM = Need("pnpm", {"brew": "pnpm"}, command="npm install --global pnpm")
_YARN = Need("yarn", {"brew": "yarn"}, command="npm install --global yarn")
_UV = Need("uv", {"brew": "uv", "pacman": "uv"}, command="python3 -m pip install --user uv")

REQUIRED: Mapping[str, Sequence[Need]] = {
    "all deployments": (*_SHELL, Need("git", {"": "git"})),
    "Python apps and static sites": (Need("python3", {"apt-get": "python3 python3-venv", "pacman": "python", "": "python3"}),),
    "Node apps": (_NODE, _NPM),
}
"""Without these an ecosystem cannot be deployed."""

OPTIONAL: Mapping[str, Sequence[Need]] = {"projects with a uv.lock": (_UV,), "projects with their lock file": (_PNPM, _YARN)}
"""Only some repositories of an ecosystem need these."""

_INSTALL = {
    "apt-get": "apt-get install -y", "dnf": "dnf install -y", "apk": "apk add", "pacman": "pacman -S --noconfirm",
    "zypper": "zypper install -y", "brew": "brew install",
}  # fmt: skip
"""How each package manager installs; brew refuses to run as root, the others need it."""


@commands.command()
def doctor(output: Output = "text") -> None:
    """Show what this machine has for deploying, what is missing for which ecosystem, and how to get it.

    Exit code 1 when something that all deployments need is missing.
    """
    host = backend.run(_probe())
    missing = [need.tool for need in REQUIRED["all deployments"] if host.tool(need.tool) is None]
    if output == "json":
        typer.echo(host.model_dump_json())
    else:
        _print(host)
    raise typer.Exit(1 if missing else 0)


async def _probe() -> HostFacts:
    from ..sessions.here import local_session
    from ..sessions.probe import probe_host

    session = local_session()
    try:
        return await probe_host(session)
    finally:
        await session.close()


def _print(host: HostFacts) -> None:
    from .console import print_lines, stdout_console
    from .text import symbols_for

    console = stdout_console()
    print_lines(console, report(host, symbols_for(console.encoding)))


def report(host: HostFacts, symbols: Symbols) -> Iterator[Text]:
    """What `doctor` says of a machine."""
    from rich.text import Text

    from .parts import machine_line

    manager = next((name for name in _INSTALL if shutil.which(name)), None)
    yield Text(machine_line(host), "bold")
    for required, groups in ((True, REQUIRED), (False, OPTIONAL)):
        for title, needs in groups.items():
            yield Text(f"For {title}" + ("" if required else " (optional)"), "bold")
            for need in needs:
                yield _line(host, need, symbols, manager, required=required)


def _line(host: HostFacts, need: Need, symbols: Symbols, manager: str | None, *, required: bool) -> Text:
    from rich.text import Text

    from .text import STYLE

    found = host.all_of(need.tool)
    if found:
        versions = ", ".join(dict.fromkeys(tool.version or "unknown version" for tool in found))
        icon = (f"  {symbols.icon('success')} ", STYLE["success"])
        return Text.assemble(icon, f"{need.tool} {versions}", (f"  {found[0].path}", "dim"))
    status = "failed" if required else "pending"
    return Text.assemble((f"  {symbols.icon(status)} {need.tool} is missing", STYLE[status]), f": {how_to_get(need, manager)}")


def how_to_get(need: Need, manager: str | None) -> str:
    """The exact command that installs it on this machine."""
    package = need.packages.get(manager or "", need.packages.get("", ""))
    if manager is None or not package:
        return need.command or f"install {need.tool} with your system's package manager"
    sudo = "" if manager == "brew" or os.name == "nt" or os.geteuid() == 0 else "sudo "
    return f"{sudo}{_INSTALL[manager]} {package}"
