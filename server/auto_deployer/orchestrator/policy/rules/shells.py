"""Shells and builtins that run code from words, files or what flows in; programs that run a command for each of many words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .. import opaque
from ..calls import Call, after_options
from ..findings import Finding, ask
from ..marks import LOOSE
from ..where import NOWHERE_KNOWN, union
from ..wrappers import PRIVILEGED

_STDIN = frozenset({"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_SHELLS = ("bash", "sh", "dash", "zsh", "ash", "ksh", "mksh", "rbash", "yash", "hush")
STAYS = re.compile(
    r"(?:^|/)(?:\.?v?env[\w.-]*/bin/activate|\.nvm/(?:nvm\.sh|bash_completion)|\.cargo/env|\.sdkman/bin/sdkman-init\.sh|\.asdf/asdf\.sh|"
    r"\.rvm/scripts/rvm)"
)
"""Files of tools that are sourced, of which it is known that they change no folder."""
_OPTIONS_WITH_VALUE = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


def _shell(call: Call) -> Iterator[Finding]:
    guessing = [word for word in call.args if call.shell.is_guessing(word)]
    for word in guessing:
        yield ask("computed-target", f"With the option {word} it is only known when it runs in which folder.")
    yield from _shell_words(replace(call, cwds=union(call.cwds, NOWHERE_KNOWN)) if guessing else call)


def _shell_words(call: Call) -> Iterator[Finding]:
    args = list(call.args)
    while args and args[0][:1] in "-+" and len(args[0]) > 1 and args[0] != "--":
        word = args.pop(0)
        if word in ("--rcfile", "--init-file") and args:
            yield from call.judge.script(args[0], call)
        if word in _OPTIONS_WITH_VALUE and args:
            args.pop(0)
        elif not word.startswith("--") and "c" in word:
            yield from _command_string(call, args)
            return
        elif not word.startswith("--") and word[-1] in "oO" and args:
            args.pop(0)
        elif not word.startswith("--") and "s" in word:
            yield from _fed(call)
            return
        elif word in ("--version", "--help"):
            return
    if args[:1] == ["--"]:
        args.pop(0)
    if args and args[0] != "-" and args[0] not in _STDIN:
        yield from call.judge.script(args[0], call)
    else:
        yield from _fed(call)


def _command_string(call: Call, args: list[str]) -> Iterator[Finding]:
    while args and args[0][:1] in "-+" and len(args[0]) > 1:
        if args.pop(0) in _OPTIONS_WITH_VALUE and args:
            args.pop(0)
    if args:
        yield from call.runs_code(args[0], args[1:])


def _fed(call: Call) -> Iterator[Finding]:
    """Code on standard input."""
    match call.stdin.kind:
        case "text":
            yield from call.runs_code(call.stdin.text)
        case "fetched" | "computed":
            yield opaque.piped(call, call.name)
        case "none" | "file":
            return


def _eval(call: Call) -> Iterator[Finding]:
    args = after_options(call.args, ())
    if args:
        yield from call.runs_code(" ".join(args), here=True)


def _source(call: Call) -> Iterator[Finding]:
    args = after_options(call.args, ())
    if not args:
        return
    if args[0] in _STDIN:
        if call.stdin.kind == "text":
            yield from call.runs_code(call.stdin.text, here=True)
        else:
            call.leads_anywhere()
            yield from _fed(call)
        return
    known: list[str] = []

    def read(text: str) -> list[Finding]:
        known.append(text)
        return call.runs_code(text, args, here=True)

    yield from call.judge.script(args[0], call, read)
    if len(known) < len(call.cwds) and not STAYS.search(args[0]):
        call.leads_anywhere()


_AT_THE_END = frozenset({"EXIT", "0"})


def _trap(call: Call) -> Iterator[Finding]:
    args = list(call.args[1:] if call.args[:1] == ("--",) else call.args)
    if len(args) < 2 or args[0] in ("-", "-p", "-l"):
        return
    before = call.shell.watch()
    yield from call.runs_code(args[0], here=True)
    after = call.shell.seen(before)
    call.shell.traps.append(args[0])
    if not all(word.upper() in _AT_THE_END for word in args[1:]):
        call.shell.traps_each = True
        if after is None or not set(after.cwds) <= set(call.cwds):
            call.shell.drifts = True


def _alias(call: Call) -> Iterator[Finding]:
    for word in call.args:
        name, equals, value = word.partition("=")
        if equals:
            call.shell.aliases.add(name)
            yield ask("redefined", f"It gives the word {name} another meaning.")
            yield from call.runs_code(value)


def _redefines(call: Call) -> Iterator[Finding]:
    """`hash -p`, `enable -f`, `bind -x`: other ways to give words a meaning."""
    if any(word.startswith("-") and word not in ("-r", "-l", "-d") for word in call.args):
        yield ask("redefined", f"`{call.name}` can give words another meaning.")


def _callbacks(call: Call) -> Iterator[Finding]:
    """`mapfile -C`, `complete -C`: code as the value of an option."""
    for option, value in zip(call.args, call.args[1:], strict=False):
        if option in ("-C", "-F"):
            yield from call.runs_code(value, here=True)


_XARGS_VALUED = frozenset({
    "-n", "-P", "-L", "-d", "-a", "-s", "-E", "-R", "-S", "--max-args", "--max-procs", "--delimiter", "--arg-file", "--max-lines",
})  # fmt: skip


_BY_LINES = ("-d", "-0", "-L", "--delim", "--null", "--max-lines")
"""Options with which its input is not taken apart at blanks."""


def _xargs(call: Call) -> Iterator[Finding]:
    args = list(call.args)
    marker = ""
    while args and args[0].startswith("-") and len(args[0]) > 1:
        word = args.pop(0)
        if word in ("-I", "-i", "--replace", "-J") and args:
            marker = args.pop(0)
        elif word[:2] in ("-I", "-J") or word.startswith("--replace="):
            marker = word[2:] if word[1] != "-" else word.partition("=")[2]
        elif word in _XARGS_VALUED and args:
            args.pop(0)
    if not args:
        return
    given = call.stdin.text.replace("\0", " ").split() if call.stdin.kind == "text" else [LOOSE]
    if marker and call.stdin.kind == "text":
        given = [line.strip() for line in call.stdin.text.replace("\0", "\n").split("\n") if line.strip()] or [LOOSE]
    elif any(word.startswith(_BY_LINES) for word in call.args):
        lines = [line for line in call.stdin.text.replace("\0", "\n").split("\n") if line] or [LOOSE]
        yield from call.runs([*args, *lines])
    for words in [given] if not marker else [[item] for item in given]:
        inner = [part.replace(marker, words[0]) for part in args] if marker else [*args, *words]
        yield from call.runs(inner)


_PARALLEL_VALUED = ("-j", "--jobs", "-a", "-n", "-N", "-d", "-C", "-I", "--joblog", "--timeout", "--delay", "--results")


def _parallel(call: Call) -> Iterator[Finding]:
    words = after_options(call.args, _PARALLEL_VALUED)
    separators = [index for index, word in enumerate(words) if word.startswith(":::")]
    command = words[: separators[0]] if separators else words
    values = [word for word in words[len(command) :] if not word.startswith(":::")] or [LOOSE]
    for value in values:
        filled = [part.replace("{}", value) for part in command]
        yield from call.runs_code(" ".join(filled if any("{}" in part for part in command) else [*filled, value]))
    yield ask("hidden-code", "parallel makes commands of its own.")


def _runs_words(call: Call) -> Iterator[Finding]:
    """`watch`, `entr`: words that are handed to a shell."""
    words = after_options(call.args, ("-n", "--interval", "-q", "--equexit"))
    if words:
        yield from call.runs_code(" ".join(words))


def _option_code(call: Call) -> Iterator[Finding]:
    """`su -c`, `script -c`, `npx -c`, `flock FILE -c`: the option's value is shell code."""
    for option, value in zip(call.args, call.args[1:], strict=False):
        is_short = option.startswith("-") and not option.startswith("--")
        if option in ("--command", "--call") or (is_short and option.endswith("c")):
            yield from call.runs_code(value)
    for word in call.args:
        if word.startswith(("--command=", "--call=")):
            yield from call.runs_code(word.partition("=")[2])


def _env(call: Call) -> Iterator[Finding]:
    for index, word in enumerate(call.args):
        if word in ("-S", "--split-string") or (word[:1] == "-" and word[:2] != "--" and word.endswith("S")):
            yield from call.runs_code(" ".join(("env", *call.args[index + 1 :])))
        elif word.startswith(("-S", "--split-string=")):
            first = word[2:] if word[1] == "S" else word.partition("=")[2]
            yield from call.runs_code(" ".join(("env", first, *call.args[index + 1 :])))


def privilege(call: Call) -> Iterator[Finding]:
    """Running something as somebody else, or where other paths hold."""
    if call.name in PRIVILEGED and call.args not in (("-n", "true"), ("-v",), ("-n", "-v"), ("--version",)):
        yield ask("sudo", f"{call.name} runs it with other rights than the deployment has.")


def _coproc(call: Call) -> Iterator[Finding]:
    yield ask("unparsable", "coproc is not understood.")
    yield from call.runs(call.args)


def _keyword(call: Call) -> Iterator[Finding]:
    yield ask("unparsable", f"`{call.name}` is no command.")


def _fish(call: Call) -> Iterator[Finding]:
    yield ask("computed-code", f"{call.name} code is not understood.")
    yield from _option_code(call)


_EDITORS = (
    "vi", "vim", "nvim", "ex", "ed", "emacs", "nano", "view", "vimdiff", "nvimdiff", "gvim", "rvim", "emacsclient", "hx", "kak",
    "micro",
)  # fmt: skip

RULES = {
    **dict.fromkeys(_SHELLS, _shell), "eval": _eval, "source": _source, ".": _source, "trap": _trap, "alias": _alias,
    "hash": _redefines,
    "enable": _redefines, "bind": _redefines, "mapfile": _callbacks, "readarray": _callbacks, "complete": _callbacks,
    "compgen": _callbacks,
    "xargs": _xargs, "gxargs": _xargs, "parallel": _parallel, "watch": _runs_words, "entr": _runs_words, "script": _option_code,
    "flock": _option_code, "npx": _option_code, "su": _option_code, "env": _env, "coproc": _coproc, "fish": _fish, "nu": _fish,
    "csh": _fish,
    "tcsh": _fish, "pwsh": _fish, "elvish": _fish, "xonsh": _fish, "runuser": _option_code, "sg": _option_code,
    **dict.fromkeys(("}", "{", "then", "do", "done", "fi", "esac", "else", "elif"), _keyword),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), opaque.awk),
    **dict.fromkeys(_EDITORS, opaque.editor),
    **dict.fromkeys(("gdb", "lldb", "expect", "tmux", "screen", "at", "batch", "dbus-send", "busctl"), opaque.debugger),
}  # fmt: skip
