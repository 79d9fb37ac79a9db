"""Version ranges as repositories write them, and the interpreter on the target that fits them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import nodesemver
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..model.errors import RefusedError
from ..model.facts import HostFacts, Tool
from ..model.reasons import Kind

_PYTHON_NAME = re.compile(r"python(3(\.\d+)?)?")
_NODE_LTS = {
    "argon": 4,
    "boron": 6,
    "carbon": 8,
    "dubnium": 10,
    "erbium": 12,
    "fermium": 14,
    "gallium": 16,
    "hydrogen": 18,
    "iron": 20,
    "jod": 22,
}
"""Code names of Node's long-term lines, as `.nvmrc` writes them (nodejs/Release, CODENAMES.md)."""
_NODE_ALIASES = frozenset({"", "node", "latest", "current", "stable", "system", "lts/*", "lts"})


def python_fits(spec: str, version: str) -> bool:
    """Whether a Python version satisfies a specifier: PEP 440, Poetry's `^3.10` and `~3.10`, or a bare "3.11".

    A specifier nobody can read excludes nothing: the package manager will say what it thinks of it.
    """
    try:
        return SpecifierSet(_as_pep440(spec)).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def node_fits(range_: str, version: str) -> bool:
    """Whether a Node version satisfies an npm range, or an alias of `.nvmrc` such as "lts/iron".

    A range nobody can read, and a version nobody knows, exclude nothing.
    """
    wanted = range_.strip()
    if wanted.lower() in _NODE_ALIASES or not version:
        return True
    if wanted.lower().startswith("lts/"):
        line = _NODE_LTS.get(wanted.lower().removeprefix("lts/"))
        return line is None or version.split(".", maxsplit=1)[0] == str(line)
    try:
        nodesemver.make_range(wanted, loose=True)
        return bool(nodesemver.satisfies(version, wanted, loose=True))
    except ValueError:
        return True


def pick_python(host: HostFacts, specs: Sequence[str], *, prefer: str = "") -> Tool:
    """The interpreter to make a venv from: of the preferred "major.minor", else the one on PATH, else the newest that fits all.

    Raises:
        RefusedError: `missing_tool` without any Python, `runtime_version_unavailable` when none fits.
    """
    found = [tool for tool in host.tools if _PYTHON_NAME.fullmatch(tool.name) and tool.version.startswith("3.")]
    if not found:
        raise RefusedError(
            "This is a Python project, and no python3 was found on the target "
            "(looked on PATH and where pyenv, mise, asdf, uv and Homebrew put it).",
            kind=Kind.MISSING_TOOL,
            suggestions=("Install Python 3, for example `sudo apt install python3 python3-venv`.",),
        )
    fitting = [tool for tool in found if all(python_fits(spec, tool.version) for spec in specs)]
    if not fitting:
        raise _no_python_fits(found, specs)
    for tool in fitting:
        if prefer and python_fits(f"=={prefer}.*", tool.version):
            return tool
    return fitting[0] if fitting[0] is found[0] else max(fitting, key=lambda tool: Version(tool.version))


def _no_python_fits(found: Sequence[Tool], specs: Sequence[str]) -> RefusedError:
    wanted = ",".join(dict.fromkeys(spec for spec in specs if spec))
    have = ", ".join(dict.fromkeys(tool.version for tool in found))
    number = re.search(r"\d+\.\d+", wanted)
    version = number.group() if number else "3"
    return RefusedError(
        f"The project needs Python {wanted}, found {have}.",
        kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
        suggestions=(
            f"Install it (`uv python install {version}`, `pyenv install {version}`, package python{version}), then deploy again.",
            "To use another all the same: `--install 'python3 -m venv .venv && .venv/bin/pip install -r requirements.txt'`.",
        ),
    )


def _as_pep440(spec: str) -> str:
    """Each comma-separated part in PEP 440 form; Poetry's caret and tilde and bare versions are translated."""
    return ",".join(_part_as_pep440(part.strip()) for part in spec.split(",") if part.strip() not in {"", "*"})


def _part_as_pep440(part: str) -> str:
    if match := re.fullmatch(r"\^\s*(\d+)((?:\.\d+)*)", part):
        return f">={match[1]}{match[2]},<{int(match[1]) + 1}"
    if match := re.fullmatch(r"~\s*(\d+\.\d+)((?:\.\d+)*)", part):
        return f">={match[1]}{match[2]},=={match[1]}.*"
    if re.fullmatch(r"\d+(\.\d+)?", part):
        return f"=={part}.*"
    return f"=={part}" if re.fullmatch(r"\d+(\.\d+)+", part) else part


def at_least(version: str, wanted: str) -> bool:
    """Whether a dotted version is the wanted one or newer; a version nobody knows is."""
    try:
        return not version or Version(version) >= Version(wanted)
    except InvalidVersion:
        return True
