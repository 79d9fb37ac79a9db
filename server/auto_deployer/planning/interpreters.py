"""Which of the interpreters on the target an app gets, and what is said when none fits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.version import Version

from ..model.errors import RuntimeMissingError
from ..model.facts import HostFacts, Tool
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .runtimes import node_offer, python_offer
from .system_packages import install_command, node_command, python_command
from .versions import node_fits, python_fits

_PYTHON_NAME = re.compile(r"python(3(\.\d+)?)?")
_ANY_PYTHON = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"


def pick_python(host: HostFacts, specs: Sequence[str], *, prefer: str = "") -> Tool:
    """The interpreter to make a venv from: of the preferred "major.minor", else the one on PATH, else the newest that fits all.

    Raises:
        RuntimeMissingError: `missing_tool` without any Python, `runtime_version_unavailable` when none fits.
    """
    found = [tool for tool in host.tools if _PYTHON_NAME.fullmatch(tool.name) and tool.version.startswith("3.")]
    fitting = [tool for tool in found if all(python_fits(spec, tool.version) for spec in specs)]
    if not found:
        raise RuntimeMissingError(
            "This is a Python project, and no python3 was found on the target "
            "(looked on PATH and where pyenv, mise, asdf, uv and Homebrew put it).",
            kind=Kind.MISSING_TOOL,
            offer=python_offer(host, specs, prefer),
            suggestions=(suggest("Install Python 3", command=install_command(host, ["python3"])),),
        )
    if not fitting:
        raise _no_python_fits(host, found, specs, prefer)
    for tool in fitting:
        if prefer and python_fits(f"=={prefer}.*", tool.version):
            return tool
    return fitting[0] if fitting[0] is found[0] else max(fitting, key=lambda tool: Version(tool.version))


def _no_python_fits(host: HostFacts, found: Sequence[Tool], specs: Sequence[str], prefer: str) -> RuntimeMissingError:
    wanted = ",".join(dict.fromkeys(spec for spec in specs if spec))
    have = ", ".join(dict.fromkeys(tool.version for tool in found))
    number = re.search(r"\d+\.\d+", wanted)
    version = number.group() if number else "3"
    return RuntimeMissingError(
        f"The project needs Python {wanted}, found {have}.",
        kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
        offer=python_offer(host, specs, prefer),
        suggestions=(
            suggest("Install it, then deploy again", command=python_command(host, version)),
            suggest("Or install it by uv", command=f"uv python install {version}"),
            suggest("To use another all the same, say how to install", "overrides.install", _ANY_PYTHON),
        ),
    )


def pick_node(host: HostFacts, engines: str) -> Tool:
    """The Node on PATH, or another one found that fits `engines` when that does not.

    Raises:
        RuntimeMissingError: `missing_tool`, there is none at all.
    """
    found = host.all_of("node")
    if not found:
        raise RuntimeMissingError(
            "This is a Node.js project, and no node was found on the target "
            "(looked on PATH and where nvm, fnm, volta, asdf, mise and Homebrew put it).",
            kind=Kind.MISSING_TOOL,
            offer=node_offer(host, [engines] if engines else []),
            suggestions=(
                suggest("Install Node.js 20 or newer (https://nodejs.org)", command=install_command(host, ["node", "npm"])),
                suggest("Or install it by nvm", command="nvm install --lts"),
            ),
        )
    return next((tool for tool in found if not engines or node_fits(engines, tool.version)), found[0])


def require_node(host: HostFacts, ranges: Sequence[str], why: str) -> Tool:
    """A Node that fits all ranges.

    Args:
        why: What asks for it, as a sentence's beginning.

    Raises:
        RuntimeMissingError: `runtime_version_unavailable`, none on the target fits.
    """
    found = host.all_of("node")
    fitting = next((tool for tool in found if all(node_fits(range_, tool.version) for range_ in ranges)), None)
    if fitting is not None:
        return fitting
    wanted = " and ".join(ranges)
    raise RuntimeMissingError(
        f"{why}, and {', '.join(tool.version for tool in found) or 'none'} is what is here.",
        kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
        offer=node_offer(host, ranges),
        suggestions=(suggest(f"Install a Node that fits {wanted}, and deploy again", command=node_command(host, _line(ranges))),),
    )


def _line(ranges: Sequence[str]) -> str:
    """The line of Node that the ranges name first."""
    number = re.search(r"\d+", " ".join(ranges))
    return number.group() if number else "--lts"
