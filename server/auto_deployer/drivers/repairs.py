"""Rules for failures that are known well enough to mend without thinking: each is tried once in a step, and told as an event."""

from __future__ import annotations

import re

from ..model.log import CommandRecord
from ..model.reasons import Kind
from .known_failure import KnownFailure, Mend, RepairRule, pattern, sub, with_command
from .python_failures import PYTHON_FAILURES

MAX_REPAIRS = 6
"""In one step: what needs more is to be looked at by a person."""
COMMAND_NOT_FOUND = 127
"""The shell's exit code for a program that is not there (POSIX)."""


def _with_node_option(option: str) -> Mend:
    return with_command(lambda command: (f'export NODE_OPTIONS="${{NODE_OPTIONS:-}} {option}"; {command}',))


_NODE = pattern(r"\b(?:npm|pnpm|yarn|npx|node)\b")
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

_OWN_HEADERS = (
    'prefix="$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")"; '
    'if [ -f "$prefix/include/node/node.h" ]; then export npm_config_nodedir="$prefix" JOBS=max; fi; '
)
"""Builds of Node bring their headers along; node-gyp looks there when it is told where."""
_MIRRORS = r"registry\.npmmirror\.com|registry\.npm\.taobao\.org|registry\.nlark\.com|r(?:egistry)?\.cnpmjs\.org"
_OWN_REGISTRY = (
    f'for lock in package-lock.json npm-shrinkwrap.json yarn.lock; do [ ! -f "$lock" ] || '
    f'sed -i.orig -E "s#https?://({_MIRRORS.replace("(?:", "(")})/#$(npm config get registry)#g" "$lock"; done; '
)
"""A mirror has the same files below the same paths, and the lock file their hashes."""

_RULES: tuple[KnownFailure, ...] = (
    KnownFailure(
        id="npm-lock-out-of-sync",
        command=pattern(r"\bnpm ci\b"),
        output=pattern(r"in sync|Missing: .+ from lock file|Invalid: lock file|with an existing package-lock"),
        message="package-lock.json does not match package.json: `npm install` resolves anew, once.",
        mend=sub(r"\bnpm ci\b", "npm install"),
    ),
    KnownFailure(
        id="npm-peer-conflict",
        command=pattern(r"\bnpm (?:ci|install|i)\b"),
        output=pattern(r"npm (?:error|ERR!) (?:code )?ERESOLVE\b"),
        message="npm finds no set of peer dependencies that fit: they are resolved the way npm 6 did, once.",
        mend=sub(r"\bnpm (?:ci|install|i)\b", "npm install --legacy-peer-deps"),
    ),
    KnownFailure(
        id="pnpm-frozen-lockfile",
        command=pattern(r"\bpnpm\b.*--frozen-lockfile"),
        output=pattern(r"ERR_PNPM_(?:OUTDATED_|NO_|FROZEN_)?LOCKFILE|lockfile.*(?:not up to date|incompatible)"),
        message="pnpm-lock.yaml does not match package.json: installed without the lock's promise, once.",
        mend=sub(r"--frozen-lockfile", "--no-frozen-lockfile"),
    ),
    KnownFailure(
        id="yarn-frozen-lockfile",
        command=pattern(r"\byarn\b.*--(?:frozen-lockfile|immutable)"),
        output=pattern(r"lockfile needs to be updated|lockfile would have been (?:modified|created)|YN0028"),
        message="yarn.lock does not match package.json: installed without the lock's promise, once.",
        mend=with_command(lambda command: (command.replace(" --frozen-lockfile", "").replace(" --immutable", " --no-immutable"),)),
    ),
    KnownFailure(
        id="uv-frozen-lock",
        command=pattern(r"\buv sync\b.*--frozen"),
        output=pattern(r"uv\.lock|lockfile"),
        message="uv.lock cannot be used as it is: uv resolves anew, once.",
        mend=sub(r" --frozen\b", ""),
    ),
    KnownFailure(
        id="venv-module-missing",
        command=pattern(r"-m venv\b"),
        output=pattern(r"ensurepip is not available|No module named '?(?:venv|ensurepip)|'-m', 'ensurepip'"),
        kind=Kind.MISSING_TOOL,
        message="This Python has no venv module of its own (Debian: package python3-venv); virtualenv or uv is tried.",
        mend=with_command(lambda command: (_other_venv(command),)),
    ),
    KnownFailure(
        id="pip-lock-does-not-fit",
        command=pattern(r"pip install -c \.venv/constraints\.txt"),
        output=pattern(
            r"ResolutionImpossible|conflicting dependencies|No matching distribution|Could not find a version|"
            r"Failed (?:building wheel|to build)|metadata-generation-failed|subprocess-exited-with-error"
        ),
        message="The lock file's versions cannot be installed with this Python: pip resolves anew, once.",
        mend=sub(r" -c \.venv/constraints\.txt", ""),
    ),
    *PYTHON_FAILURES,
    KnownFailure(
        id="node-heap",
        command=_NODE,
        output=pattern(r"heap out of memory|Reached heap limit"),
        message="Node ran out of its default heap: it gets 4 GB, once.",
        mend=_with_node_option("--max-old-space-size=4096"),
    ),
    KnownFailure(
        id="openssl-legacy",
        command=_NODE,
        output=pattern(r"ERR_OSSL_EVP_UNSUPPORTED|error:0308010C|digital envelope routines::unsupported"),
        message="The build tool uses a hash that OpenSSL 3 no longer offers: Node is told to allow it.",
        mend=_with_node_option("--openssl-legacy-provider"),
    ),
    KnownFailure(
        id="pip-index-of-the-file",
        command=pattern(r"pip install -r \S"),
        output=pattern(r"Looking in indexes: https://pypi\.(?:python\.)?org/[\s\S]*Failed to establish a new connection"),
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        message="The requirements name the public index, which is out of reach: the target's own pip settings are used, once.",
        mend=with_command(lambda command: (_without_index(command),)),
    ),
    KnownFailure(
        id="node-headers",
        command=_NODE,
        output=pattern(r"gyp ERR!|node-gyp\.js (?:configure|rebuild)"),
        message="A native package needs Node's headers, which node-gyp fetches: those that came with Node are used, once.",
        mend=with_command(lambda command: (f"{_OWN_HEADERS}{command}",)),
    ),
    KnownFailure(
        id="npm-lock-of-a-mirror",
        command=_NODE,
        output=pattern(rf"(?:{_MIRRORS})[\s\S]*(?:{_NO_WAY}|CERT_HAS_EXPIRED)|(?:{_NO_WAY}|CERT_HAS_EXPIRED)[\s\S]*(?:{_MIRRORS})"),
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        message="The lock file names a mirror of the registry that is out of reach: the target's own registry is used, once.",
        mend=with_command(lambda command: (f"{_OWN_REGISTRY}{command}",)),
    ),
    KnownFailure(
        id="network-once-more",
        command=pattern(r"\b(?:npm|pnpm|yarn|npx|pip|uv|git|curl|wget|poetry|pdm|bun)\b"),
        output=pattern(_BROKE_OFF),
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        message="The connection broke off: the same command once more.",
        mend=with_command(lambda command: (command,)),
    ),
)
"""The first that fits and was not tried yet is taken."""


def find_repair(record: CommandRecord, output: str, already: frozenset[str]) -> RepairRule | None:
    """The rule for a failed command; None when no rule knows it, or it was stopped on purpose.

    Args:
        output: what it printed on both streams, as far as it was kept: the beginning and the end.
        already: ids of the rules tried in this step.
    """
    if record.success or record.stopped or record.waiting_for_input or record.timed_out or len(already) >= MAX_REPAIRS:
        return None
    found = (known.repair(record.command, output, record.cwd) for known in _RULES)
    return next((rule for rule in found if rule is not None and rule.id not in already), None)


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


_INSTALLS = pattern(
    r"\b(?:npm (?:ci|install|i)|(?:pnpm|yarn|bun|cli-dist)(?:@[\w.-]+)? (?:install|i)|yarn$|pip3? install|"
    r"deno(?:@\d+)? (?:cache|install)|"
    r"uv (?:sync|pip|python)|poetry|pdm|pipenv|composer|bundle|mix deps|dotnet restore|git .*(?:clone|fetch))\b"
)
_FETCHES_WHILE_BUILDING = pattern(r"\b(?:go (?:mod|build|get|install)|cargo|mvnw?|gradlew?)\b")
_BUILDS = pattern(r"\brun \S*build\b|\b(?:next|vite|nuxt|astro|gatsby|webpack|ng|yarn|mkdocs) build\b")
_FONTS = pattern(r"Failed to fetch .*(?:fonts|Google)|next/font.*(?:fetch|retry)|Could not download .*font")
_UNREACHABLE = pattern(
    f"{_NO_WAY}|{_BROKE_OFF}|Could not fetch URL|Could not transfer artifact|proxy\\.golang\\.org|fetch failed|"
    r"Could not reach host|UnknownHostException|NoRouteToHostException|java\.net\.ConnectException|"
    r"failed to (?:fetch|download)|error sending request|Import 'https?://\S+' failed|"
    r"satisfies the requirement \S+ \(from versions: none\)|"
    r"Could not read from remote repository|ERR_PNPM_FETCH_40[134]\b|unable to access 'https?://|code E40[134]\b|Retrying \(Retry\("
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


def _without_index(command: str) -> str:
    """`pip install -r FILE` with a copy beside it (its includes are relative) that names no index."""
    file = command.partition(" -r ")[2].split(" ", 1)[0]
    lenient = command.replace(f" -r {file}", f" -r {file}.here", 1)
    return f"grep -vE '^[[:space:]]*(-i|--index-url)[ =]' {file} > {file}.here; {lenient}"
