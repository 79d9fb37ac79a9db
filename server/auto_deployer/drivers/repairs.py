"""Rules for failures that are known well enough to mend without thinking: each is tried once in a step, and told as an event."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..model.log import CommandRecord
from ..model.plan import PlannedCommand
from ..model.reasons import Kind, Reason

COMMAND_NOT_FOUND = 127
"""The shell's exit code for a program that is not there (POSIX)."""


@dataclass(frozen=True)
class RepairRule:
    """What to do about a failure: the commands run in place of the failed one."""

    id: str
    reason: Reason
    commands: tuple[PlannedCommand, ...]


@dataclass(frozen=True)
class _Known:
    """A failure by what ran and what it printed, and the commands that mend it."""

    id: str
    command: re.Pattern[str]
    output: re.Pattern[str]
    message: str
    mend: Callable[[str], tuple[str, ...]]
    kind: Kind = Kind.COMMAND_FAILED


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _sub(pattern: str, replacement: str) -> Callable[[str], tuple[str, ...]]:
    compiled = re.compile(pattern)
    return lambda command: (compiled.sub(replacement, command, count=1),)


def _with_node_option(option: str) -> Callable[[str], tuple[str, ...]]:
    return lambda command: (f'export NODE_OPTIONS="${{NODE_OPTIONS:-}} {option}"; {command}',)


_NODE = _pattern(r"\b(?:npm|pnpm|yarn|npx|node)\b")
_BROKE_OFF = (
    r"ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|socket hang up|Read timed out|Connection reset by peer|"
    r"RemoteDisconnected|IncompleteRead|early EOF|RPC failed|"
    r"(?:HTTP|status|error:?|code) ?(?:E|code )?50[0234]\b|\b50[234] (?:Bad Gateway|Service|Gateway)"
)
"""The network's temper: another try may well go through."""
_NO_WAY = (
    r"ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|Temporary failure in name resolution|Name or service not known|"
    r"Could not resolve host|Network is unreachable|No route to host|getaddrinfo|Failed to establish a new connection|dial tcp"
)
"""An unknown or unreachable host: it stays so."""

_RULES: tuple[_Known, ...] = (
    _Known(
        id="npm-lock-out-of-sync",
        command=_pattern(r"\bnpm ci\b"),
        output=_pattern(r"in sync|Missing: .+ from lock file|Invalid: lock file|with an existing package-lock"),
        message="package-lock.json does not match package.json: `npm install` resolves anew, once.",
        mend=_sub(r"\bnpm ci\b", "npm install"),
    ),
    _Known(
        id="npm-peer-conflict",
        command=_pattern(r"\bnpm (?:ci|install|i)\b"),
        output=_pattern(r"\bERESOLVE\b"),
        message="npm finds no set of peer dependencies that fit: they are resolved the way npm 6 did, once.",
        mend=_sub(r"\bnpm (?:ci|install|i)\b", "npm install --legacy-peer-deps"),
    ),
    _Known(
        id="pnpm-frozen-lockfile",
        command=_pattern(r"\bpnpm\b.*--frozen-lockfile"),
        output=_pattern(r"ERR_PNPM_(?:OUTDATED_|NO_|FROZEN_)?LOCKFILE|lockfile.*(?:not up to date|incompatible)"),
        message="pnpm-lock.yaml does not match package.json: installed without the lock's promise, once.",
        mend=_sub(r"--frozen-lockfile", "--no-frozen-lockfile"),
    ),
    _Known(
        id="yarn-frozen-lockfile",
        command=_pattern(r"\byarn\b.*--(?:frozen-lockfile|immutable)"),
        output=_pattern(r"lockfile needs to be updated|lockfile would have been (?:modified|created)|YN0028"),
        message="yarn.lock does not match package.json: installed without the lock's promise, once.",
        mend=lambda command: (command.replace(" --frozen-lockfile", "").replace(" --immutable", " --no-immutable"),),
    ),
    _Known(
        id="uv-frozen-lock",
        command=_pattern(r"\buv sync\b.*--frozen"),
        output=_pattern(r"uv\.lock|lockfile"),
        message="uv.lock cannot be used as it is: uv resolves anew, once.",
        mend=_sub(r" --frozen\b", ""),
    ),
    _Known(
        id="venv-module-missing",
        command=_pattern(r"-m venv\b"),
        output=_pattern(r"ensurepip is not available|No module named '?(?:venv|ensurepip)|'-m', 'ensurepip'"),
        kind=Kind.MISSING_TOOL,
        message="This Python has no venv module of its own (Debian: package python3-venv); virtualenv or uv is tried.",
        mend=lambda command: (_other_venv(command),),
    ),
    _Known(
        id="pip-lock-does-not-fit",
        command=_pattern(r"pip install -c \.venv/constraints\.txt"),
        output=_pattern(
            r"ResolutionImpossible|conflicting dependencies|No matching distribution|Could not find a version|"
            r"Failed (?:building wheel|to build)|metadata-generation-failed|subprocess-exited-with-error"
        ),
        message="The lock file's versions cannot be installed with this Python: pip resolves anew, once.",
        mend=_sub(r" -c \.venv/constraints\.txt", ""),
    ),
    _Known(
        id="old-setuptools-needed",
        command=_pattern(r"pip install"),
        output=_pattern(r"No module named '?(?:pkg_resources|setuptools|distutils)"),
        message="A package is built with an older setuptools: that is installed first, and builds use it.",
        mend=lambda command: (f"{_pip_of(command)} install 'setuptools<81' wheel", _insert_flag(command, "--no-build-isolation")),
    ),
    _Known(
        id="node-heap",
        command=_NODE,
        output=_pattern(r"heap out of memory|Reached heap limit"),
        message="Node ran out of its default heap: it gets 4 GB, once.",
        mend=_with_node_option("--max-old-space-size=4096"),
    ),
    _Known(
        id="openssl-legacy",
        command=_NODE,
        output=_pattern(r"ERR_OSSL_EVP_UNSUPPORTED|error:0308010C|digital envelope routines::unsupported"),
        message="The build tool uses a hash that OpenSSL 3 no longer offers: Node is told to allow it.",
        mend=_with_node_option("--openssl-legacy-provider"),
    ),
    _Known(
        id="pip-index-of-the-file",
        command=_pattern(r"pip install -r \S"),
        output=_pattern(r"Looking in indexes: https://pypi\.(?:python\.)?org/[\s\S]*Failed to establish a new connection"),
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        message="The requirements name the public index, which is out of reach: the target's own pip settings are used, once.",
        mend=lambda command: (_without_index(command),),
    ),
    _Known(
        id="network-once-more",
        command=_pattern(r"\b(?:npm|pnpm|yarn|npx|pip|uv|git|curl|wget|poetry|pdm|bun)\b"),
        output=_pattern(_BROKE_OFF),
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        message="The connection broke off: the same command once more.",
        mend=lambda command: (command,),
    ),
)
"""The first that fits and was not tried yet is taken."""


def find_repair(record: CommandRecord, output: str, already: frozenset[str]) -> RepairRule | None:
    """The rule for a failed command; None when no rule knows it, or it was stopped on purpose.

    Args:
        output: what it printed on both streams, as far as it was kept: the beginning and the end.
        already: ids of the rules tried in this step.
    """
    if record.success or record.stopped or record.waiting_for_input or record.timed_out:
        return None
    for known in _RULES:
        if known.id not in already and known.command.search(record.command) and known.output.search(output):
            commands = tuple(
                PlannedCommand(command=text, cwd=record.cwd, reasoning=known.message) for text in known.mend(record.command)
            )
            return RepairRule(known.id, Reason(kind=known.kind, message=known.message), commands)
    return None


def classify_failure(record: CommandRecord, output: str) -> Kind:
    """The kind of a command's failure, by how it ended and what it printed."""
    if record.waiting_for_input:
        return Kind.WAITING_FOR_INPUT
    if record.timed_out is not None:
        return Kind.COMMAND_TIMED_OUT
    if record.exit_code == COMMAND_NOT_FOUND:
        return Kind.MISSING_TOOL
    return _network_failure(record.command, output) or Kind.COMMAND_FAILED


def _network_failure(command: str, output: str) -> Kind | None:
    """Which network failure it is, if it is one."""
    unreachable = _UNREACHABLE.search(output) is not None
    if unreachable and (_INSTALLS.search(command) or _FETCHES_WHILE_BUILDING.search(command)):
        return Kind.DEPENDENCY_SOURCE_UNREACHABLE
    if _BUILDS.search(command) and (unreachable or _FONTS.search(output)):
        return Kind.BUILD_NEEDS_NETWORK
    return None


_INSTALLS = _pattern(
    r"\b(?:npm (?:ci|install|i)|pnpm (?:install|i)|yarn(?: install)?$|yarn install|bun install|pip3? install|"
    r"uv (?:sync|pip|python)|poetry|pdm|pipenv|composer|bundle|mix deps|dotnet restore|git .*(?:clone|fetch))\b"
)
_FETCHES_WHILE_BUILDING = _pattern(r"\b(?:go (?:mod|build|get|install)|cargo|mvnw?|gradlew?)\b")
_BUILDS = _pattern(r"\brun \S*build\b|\b(?:next|vite|nuxt|astro|gatsby|webpack|ng|yarn|mkdocs) build\b")
_FONTS = _pattern(r"Failed to fetch .*(?:fonts|Google)|next/font.*(?:fetch|retry)|Could not download .*font")
_UNREACHABLE = _pattern(
    f"{_NO_WAY}|{_BROKE_OFF}|Could not fetch URL|Could not transfer artifact|proxy\\.golang\\.org|fetch failed|"
    r"failed to (?:fetch|download)|satisfies the requirement \S+ \(from versions: none\)|Could not read from remote repository|"
    r"unable to access 'https?://|code E40[134]\b|Retrying \(Retry\("
)


def _other_venv(command: str) -> str:
    """`PYTHON -m venv DIR` with virtualenv of the same Python, else with uv."""
    match = re.search(r"(\S+) -m venv (.+)$", command)
    if match is None:
        return command
    python, folder = match[1], match[2]
    return (
        f"if {python} -m virtualenv --version >/dev/null 2>&1; then {python} -m virtualenv {folder}; "
        f"else uv venv --seed --allow-existing --python {python} {folder}; fi"
    )


def _pip_of(command: str) -> str:
    match = re.search(r"(\S+ -m pip|\S*pip3?) install", command)
    return match[1] if match else "pip"


def _without_index(command: str) -> str:
    """`pip install -r FILE` with a copy beside it (its includes are relative) that names no index."""
    file = command.partition(" -r ")[2].split(" ", 1)[0]
    lenient = command.replace(f" -r {file}", f" -r {file}.here", 1)
    return f"grep -vE '^[[:space:]]*(-i|--index-url)[ =]' {file} > {file}.here; {lenient}"


def _insert_flag(command: str, flag: str) -> str:
    return re.sub(r"\bpip3? install\b", lambda match: f"{match[0]} {flag}", command, count=1)
