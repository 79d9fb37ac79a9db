"""Version ranges as repositories write them."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

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
    import nodesemver  # slow to load, and not every project is one of Node

    try:
        nodesemver.make_range(wanted, loose=True)
        return bool(nodesemver.satisfies(version, wanted, loose=True))
    except ValueError:
        return True


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
