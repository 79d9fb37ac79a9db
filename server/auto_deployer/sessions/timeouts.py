"""How long a command may take and stay silent, decided by the names of the programs it runs.

The defaults and the long limits are those the earlier deployers settled on (600/60 s, builds 1800 s, followers 300 s
idle). What differs: the command is parsed, so that `rm -f` is no follower and `sleep 900 && npm install` gets both limits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .shell_words import SimpleCommand, simple_commands


@dataclass(frozen=True)
class Limits:
    """Seconds until a command is ended: in all, and without any output."""

    total_s: float
    idle_s: float


DEFAULT = Limits(total_s=600, idle_s=60)
LONG = Limits(total_s=1800, idle_s=420)
"""Installs, builds and downloads: silent for minutes while they resolve, compile or fetch. `npm ci` says nothing until its end, and
its own time-out for a download (300 s) has to come first, as only that names the address."""
FOLLOWER = Limits(total_s=600, idle_s=300)

MAX_SLEEP_S = 3600.0
"""A command asks for at most this much more time by sleeping: every command ends."""

_ANY: frozenset[str] = frozenset()

_LONG_RUNNING: dict[str, frozenset[str]] = {
    # Node
    "npm": _ANY, "npx": _ANY, "pnpm": _ANY, "pnpx": _ANY, "yarn": _ANY, "bun": _ANY, "bunx": _ANY, "corepack": _ANY,
    "node-gyp": _ANY, "tsc": _ANY, "vite": _ANY, "webpack": _ANY, "next": _ANY, "nuxt": _ANY, "ng": _ANY, "turbo": _ANY, "nx": _ANY,
    "deno": frozenset({"install", "cache", "compile", "task"}),
    # Python
    "pip": _ANY, "pip3": _ANY, "pipx": _ANY, "uv": _ANY, "uvx": _ANY, "poetry": _ANY, "pipenv": _ANY, "pdm": _ANY, "hatch": _ANY,
    "virtualenv": _ANY, "conda": _ANY, "mamba": _ANY,
    # compilers and build tools
    "make": _ANY, "gmake": _ANY, "cmake": _ANY, "ninja": _ANY, "meson": _ANY, "bazel": _ANY, "gcc": _ANY, "g++": _ANY,
    "clang": _ANY, "cargo": _ANY, "rustc": _ANY, "rustup": _ANY, "mvn": _ANY, "mvnw": _ANY, "gradle": _ANY, "gradlew": _ANY,
    "sbt": _ANY, "ant": _ANY, "javac": _ANY, "swift": _ANY, "mix": _ANY, "flutter": _ANY, "ghc": _ANY, "stack": _ANY, "cabal": _ANY,
    "go": frozenset({"build", "install", "get", "mod", "generate", "run", "test"}),
    "dotnet": frozenset({"restore", "build", "publish", "add", "tool", "run", "test"}),
    "dart": frozenset({"pub", "compile"}),
    # Ruby, PHP, sites
    "bundle": _ANY, "bundler": _ANY, "gem": _ANY, "rake": _ANY, "rails": _ANY, "composer": _ANY, "hugo": _ANY, "jekyll": _ANY,
    # system packages
    "apt": _ANY, "apt-get": _ANY, "aptitude": _ANY, "dpkg": _ANY, "dnf": _ANY, "yum": _ANY, "apk": _ANY, "pacman": _ANY,
    "zypper": _ANY, "brew": _ANY, "snap": _ANY,
    # images and downloads
    "docker": frozenset({"build", "buildx", "pull", "push", "load", "save", "run"}),
    "podman": frozenset({"build", "pull", "push", "run"}),
    "compose": frozenset({"up", "build", "pull", "push", "create", "run"}),
    "git": frozenset({"clone", "fetch", "pull", "submodule", "lfs", "gc"}),
    "curl": _ANY, "wget": _ANY, "rsync": _ANY, "scp": _ANY,
}  # fmt: skip
"""Program -> the sub-commands that are long-running; an empty set means all of them."""

_PYTHON_MODULES = frozenset({"pip", "venv", "virtualenv", "build", "poetry", "pipenv", "pdm", "uv", "compileall", "ensurepip"})

_FOLLOWERS: dict[str, frozenset[str]] = {
    "tail": _ANY, "journalctl": _ANY,
    "docker": frozenset({"logs"}), "podman": frozenset({"logs"}), "compose": frozenset({"logs"}), "kubectl": frozenset({"logs"}),
}  # fmt: skip
_FOLLOW_OPTION = re.compile(r"--follow(=.*)?|--retry|-[A-Za-z]*[fF][A-Za-z]*")

_VALUE_OPTIONS: dict[str, frozenset[str]] = {
    "docker": frozenset({"-H", "--host", "-c", "--context", "--config", "-l", "--log-level"}),
    "podman": frozenset({"--connection", "-c", "--url", "--root"}),
    "compose": frozenset({"-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory", "--ansi"}),
    "git": frozenset({"-C", "-c", "--git-dir", "--work-tree"}),
    "go": frozenset({"-C"}),
    "kubectl": frozenset({"-n", "--namespace", "--context", "--kubeconfig"}),
}
"""Options before the sub-command that take the next word."""

_SLEEP = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhd]?)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def limits_for(command: str) -> Limits:
    """The limits of a shell command: the longest of its simple commands, plus what it sleeps."""
    simple = simple_commands(command)
    limits = [_limits_of(part) for part in simple]
    asleep = min(sum(_sleep_of(part) for part in simple), MAX_SLEEP_S)
    return Limits(
        total_s=max((limit.total_s for limit in limits), default=DEFAULT.total_s) + asleep,
        idle_s=max((limit.idle_s for limit in limits), default=DEFAULT.idle_s) + asleep,
    )


def _limits_of(part: SimpleCommand) -> Limits:
    name, args = part.name, part.args
    if name.startswith("python"):
        return LONG if _module_of(args) in _PYTHON_MODULES else DEFAULT
    sub, rest = _subcommand(name, args)
    if name in {"docker", "podman"} and sub == "compose":
        return _limits_of(SimpleCommand("compose", rest))
    if name in {"docker-compose", "podman-compose"}:
        return _limits_of(SimpleCommand("compose", args))
    if _listed(_FOLLOWERS, name, sub):
        options = rest if _FOLLOWERS[name] else args
        return FOLLOWER if any(_FOLLOW_OPTION.fullmatch(word) for word in options) else DEFAULT
    return LONG if _listed(_LONG_RUNNING, name, sub) else DEFAULT


def _listed(table: dict[str, frozenset[str]], name: str, sub: str) -> bool:
    return name in table and (not table[name] or sub in table[name])


def _subcommand(name: str, args: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The first word that is neither an option nor an option's value, and what follows it."""
    takes_value = _VALUE_OPTIONS.get(name, _ANY)
    index = 0
    while index < len(args) and args[index].startswith("-"):
        index += 2 if args[index] in takes_value else 1
    return (args[index], tuple(args[index + 1 :])) if index < len(args) else ("", ())


def _module_of(args: Sequence[str]) -> str:
    """The module of `python -m MODULE`, or ""."""
    for index, word in enumerate(args[:-1]):
        if word == "-m":
            return args[index + 1]
        if not word.startswith("-"):
            break
    return ""


def _sleep_of(part: SimpleCommand) -> float:
    if part.name != "sleep":
        return 0.0
    durations = (_SLEEP.fullmatch(word) for word in part.args)
    return sum(float(match[1]) * _SECONDS[match[2]] for match in durations if match)
