"""git: what it runs through settings, options and addresses, and what it overwrites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ..calls import Call, options
from ..findings import Finding, ask
from ..marks import is_computed

_GIT_RUNS = re.compile(
    r"(?:core\.(?:pager|editor|sshcommand|fsmonitor|hookspath|askpass|gitproxy|alternaterefscommand)|pager\..*|sequence\.editor|alias\..*|diff\..*|"
    r"difftool\..*|mergetool\..*|merge\..*\.driver|filter\..*|credential\..*|credential\.helper|gpg\..*|gpg\.program|uploadpack\..*|"
    r"remote\..*\.(?:uploadpack|receivepack|vcs)|http\.proxy.*|sendemail\..*|browser\..*|man\..*|web\.browser|init\.templatedir|"
    r"include\.path|includeif\..*|protocol\.ext\.allow|ssh\.variant|trailer\..*|interactive\.difffilter|submodule\..*\.update|safe\.directory)=?",
    re.IGNORECASE,
)
"""Settings whose value git runs, or that let it run something."""
_HARMLESS_VALUES = frozenset(
    {"", "cat", "true", "false", "/dev/null", "less", "store", "cache", "always", "user", "never", "manual"}
)
_GIT_VALUED = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env", "--super-prefix", "--attr-source"}
)


def _git(call: Call) -> Iterator[Finding]:
    args = list(call.args)
    folder = ""
    while args and args[0].startswith("-"):
        option, equals, value = args.pop(0).partition("=")
        if option in _GIT_VALUED and not equals:
            value = args.pop(0) if args else ""
        if option == "-C":
            folder = value if value.startswith("/") or not folder else f"{folder}/{value}"
        elif option == "-c":
            yield from _git_setting(call, *_pair(value))
        elif option == "--config-env":
            yield ask("hidden-code", "A git setting comes from the environment.")
        elif option in ("--exec-path", "--work-tree") and value:
            yield from call.writes(value)
    if not args:
        return
    verb, rest = args[0], args[1:]
    yield from _git_verb(call, verb, rest, folder)


def _pair(setting: str) -> tuple[str, str]:
    key, _, value = setting.partition("=")
    return key, value


def _git_setting(call: Call, key: str, value: str) -> Iterator[Finding]:
    if is_computed(key):
        yield ask("hidden-code", "Which git setting is changed is only known when it runs.")
    elif _GIT_RUNS.fullmatch(key) and value not in _HARMLESS_VALUES:
        yield from call.runs_code(value.removeprefix("!"))
        yield ask("hidden-code", f"git would run the value of {key}.")


_GIT_OPTIONS = ("--upload-pack", "--receive-pack", "--exec", "--config", "--template", "--separate-git-dir")


def _git_told_to_run(call: Call, verb: str, rest: Sequence[str]) -> Iterator[Finding]:
    """Options and addresses through which git runs a command."""
    executes = ("-x",) if verb == "rebase" else ()
    given = options(rest, "bcouCm" + ("x" if executes else ""), _GIT_OPTIONS)
    codes = given.values_of("--upload-pack", "--receive-pack", "--exec", *executes)
    for code in codes:
        yield from call.runs_code(code)
    if codes or any("ext::" in word for word in rest):
        yield ask("hidden-code", f"git {verb} is told to run a command.")
    for setting in given.values_of("--config", "-c") if verb == "clone" else ():
        yield from _git_setting(call, *_pair(setting))


_GIT_IN_PLACE = frozenset({"checkout", "restore", "rm", "stash", "pull", "merge", "rebase", "apply", "am", "worktree"})
_GIT_RUNNERS = frozenset(
    {"filter-branch", "bisect", "submodule", "difftool", "mergetool", "credential", "daemon", "shell", "instaweb"}
)


_GIT_OUTPUTS = {
    "archive": ("-o", "--output"), "format-patch": ("-o", "--output-directory"), "diff": ("--output",), "log": ("--output",),
    "show": ("--output",), "config": ("-f", "--file"), "apply": ("--directory",), "am": ("--directory",),
}  # fmt: skip
"""Verb -> options that name what it writes."""
_GIT_PLACES = {"worktree": "add", "bundle": "create"}
"""Verb -> its own verb, which is followed by a path."""


def _git_outputs(call: Call, verb: str, rest: Sequence[str]) -> Iterator[Finding]:
    names = _GIT_OUTPUTS.get(verb, ())
    short = "".join(name[1] for name in names if len(name) == 2)
    given = options(rest, short, names)
    for value in given.values_of(*names):
        yield from call.overwrites(value)
    if _GIT_PLACES.get(verb) in given.operands[:1]:
        yield from (found for word in given.operands[1:2] for found in call.writes(word))
    if verb == "clean":
        yield from (found for word in given.operands for found in call.deletes(word))
    if "unsafe-paths" in given.long:
        yield ask("outside-deploy-dir", "The patch may change files outside of the repository.")
    for code in options(rest, "O").values_of("-O", "--open-files-in-pager") if verb == "grep" else ():
        yield from call.runs_code(code)
        yield ask("hidden-code", "git grep is told to run a command.")


def _git_verb(call: Call, verb: str, rest: Sequence[str], folder: str) -> Iterator[Finding]:
    yield from _git_told_to_run(call, verb, rest)
    yield from _git_outputs(call, verb, rest)
    given = options(rest, "bcouCm", _GIT_OPTIONS)
    match verb:
        case "push":
            forced = given.has("fd", "force", "force-with-lease", "mirror", "delete", "prune")
            if forced or any(word.startswith(("+", ":")) for word in given.operands):
                yield ask("force-push", "It overwrites or deletes what others may have in that repository.")
        case "clean" | "reset":
            yield from call.writes(folder or ".")
        case "init":
            yield from call.writes(given.operands[0] if given.operands else folder or ".")
        case "clone":
            yield from call.writes(given.operands[1] if len(given.operands) > 1 else ".")
        case "config":
            yield from _git_config(call, rest)
        case _ if verb in _GIT_RUNNERS:
            yield from _git_runs(call, verb, rest)
        case _:
            yield from call.writes(folder or ".") if verb in _GIT_IN_PLACE else ()


def _git_config(call: Call, rest: Sequence[str]) -> Iterator[Finding]:
    words = [word for word in rest if not word.startswith("-") and word not in ("set", "get", "unset", "list")]
    reads = any(word in ("-l", "--list", "--get", "--get-all", "--get-regexp", "get", "list") for word in rest)
    if any(word in ("--global", "--system") for word in rest) and not reads and len(words) > 1:
        yield ask("outside-deploy-dir", "It changes git's settings for everything else, too.")
    if len(words) > 1 and not reads:
        yield from _git_setting(call, words[0], words[1])


def _git_runs(call: Call, verb: str, rest: Sequence[str]) -> Iterator[Finding]:
    words = list(rest)
    for index, word in enumerate(words):
        if word in ("foreach", "run") or word.endswith("-filter") or word in ("-x", "--extcmd"):
            yield from call.runs_code(" ".join(part for part in words[index + 1 :] if not part.startswith("--")))
            yield ask("hidden-code", f"git {verb} is told to run a command.")
            return


RULES: dict[str, Callable[[Call], Iterator[Finding]]] = {"git": _git}
