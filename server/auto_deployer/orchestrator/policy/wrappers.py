"""Programs that run another one, and how their own words end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .marks import UNKNOWN, is_computed

_ASSIGNMENT = re.compile(r"[A-Za-z_][\w%().]*\+?=.*", re.DOTALL)


@dataclass(frozen=True)
class Wrapper:
    """How a wrapper's words are read.

    Attributes:
        valued: Options that take a value ("-n", "--adjustment").
        operands: Words of its own between the options and the command.
        assigns: `NAME=value` may stand before the command.
    """

    valued: frozenset[str] = frozenset()
    flags: str = ""
    """Letters of options without a value."""
    operands: int = 0
    assigns: bool = False


def _wrapper(valued: str = "", flags: str = "", *, operands: int = 0, assigns: bool = False) -> Wrapper:
    return Wrapper(frozenset(valued.split()), flags, operands, assigns)


WRAPPERS: Mapping[str, Wrapper] = {
    "env": _wrapper("-u --unset -C --chdir", "i0v", assigns=True),
    "sudo": _wrapper(
        "-u --user -g --group -h --host -p --prompt -C --close-from -D --chdir -R --chroot -T --command-timeout -r --role -t "
        "--type -U --other-user", "AbEHnPSiskKNB", assigns=True,
    ),
    "doas": _wrapper("-u -C -a", "nsL", assigns=True),
    "run0": _wrapper("-u --user -g --group -D --chdir --nice --unit --property --description --slice --setenv", ""),
    "pkexec": _wrapper("--user", ""),
    "runuser": _wrapper("-u --user -g --group -G --supp-group", "lpfm"),
    "setpriv": _wrapper("", ""),
    "timeout": _wrapper("-s --signal -k --kill-after", "fpv", operands=1),
    "gtimeout": _wrapper("-s --signal -k --kill-after", "fpv", operands=1),
    "nice": _wrapper("-n --adjustment", "0123456789"),
    "ionice": _wrapper("-c --class -n --classdata", "t"),
    "chrt": _wrapper("-T -P -D", "abfdiorRmv", operands=1),
    "taskset": _wrapper("", "acp", operands=1),
    "numactl": _wrapper("-C -N -m -i -p", "al"),
    "stdbuf": _wrapper("-i -o -e --input --output --error", ""),
    "unbuffer": _wrapper("", "p"),
    "nohup": _wrapper(),
    "setsid": _wrapper("", "cfw"),
    "setarch": _wrapper("", "BFILRSTXZv3", operands=1),
    "linux32": _wrapper(), "linux64": _wrapper(),
    "time": _wrapper("-o --output -f --format", "apvq"),
    "command": _wrapper("", "pvV"),
    "builtin": _wrapper(), "exec": _wrapper("-a", "cl"),
    "flock": _wrapper("-w --wait --timeout -E --conflict-exit-code", "senuxFov", operands=1),
    "chroot": _wrapper("--userspec --groups", "", operands=1),
    "unshare": _wrapper("--map-user --map-group -S -G -R -w --root --wd", "imnpuUCTfrc"),
    "nsenter": _wrapper("-t --target -S -G", "amuinpCUTrwFZ"),
    "systemd-run": _wrapper("-p --property --unit --slice --description -u -E --setenv --on-calendar --on-active", "rtPqGdS"),
    "systemd-inhibit": _wrapper("", ""),
    "catchsegv": _wrapper(), "eatmydata": _wrapper(), "fakeroot": _wrapper(), "proot": _wrapper("-r -b -w", "0S"),
    "firejail": _wrapper(), "bwrap": _wrapper(), "ltrace": _wrapper("-o -e -p -s", "fcS"),
    "strace": _wrapper("-o -e -p -s -E -u", "fcqtTvxyFikrw"),
    "valgrind": _wrapper(), "perf": _wrapper("", "", operands=1), "hyperfine": _wrapper(), "caffeinate": _wrapper("-t -w", "dimsu"),
    "dbus-run-session": _wrapper(), "xvfb-run": _wrapper("-e -f -n -p -s", "al"), "tsocks": _wrapper(), "torsocks": _wrapper(),
    "proxychains": _wrapper("-f", "q"), "proxychains4": _wrapper("-f", "q"), "dotenv": _wrapper("-f -e", "o"),
    "direnv": _wrapper("", "", operands=2),
    "busybox": _wrapper(), "toybox": _wrapper(), "ts": _wrapper("", "rism"), "chronic": _wrapper("", "ve"), "ifne": _wrapper("",
    "n"),
    "faketime": _wrapper("-f", "m", operands=1), "prlimit": _wrapper(), "cgexec": _wrapper("-g", ""), "cpulimit": _wrapper("-l",
    ""),
    "op": _wrapper("", "", operands=1), "setuidgid": _wrapper("", "", operands=1), "gosu": _wrapper("", "", operands=1),
    "su-exec": _wrapper("", "", operands=1), "tini": _wrapper("-p", "svg"), "dumb-init": _wrapper("", "cv"),
}  # fmt: skip

PRIVILEGED = frozenset({
    "sudo", "doas", "run0", "pkexec", "runuser", "su", "chroot", "unshare", "nsenter", "systemd-run", "gosu", "su-exec",
    "setuidgid",
})  # fmt: skip
"""Those that run it as somebody else or somewhere else."""


_SETS_VARIABLES = frozenset(name for name, wrapper in WRAPPERS.items() if wrapper.assigns)


def unwrapped(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands a wrapper may run: one where its options are all known, else one for each reading."""
    wrapper = WRAPPERS.get(words[0].rpartition("/")[2])
    if wrapper is None:
        return []
    index, unsure = _past_options(wrapper, words)
    if unsure:
        return [tuple(words[start:]) for start in range(index, len(words)) if not words[start].startswith("-")]
    index += wrapper.operands
    while wrapper.assigns and index < len(words) and _ASSIGNMENT.fullmatch(words[index]):
        index += 1
    return [tuple(words[index:])] if index < len(words) else []


def assigned(words: Sequence[str], inner: Sequence[str]) -> list[tuple[str, str]]:
    """The variables (name, value) that a wrapper sets for the command that it runs."""
    own = words[1 : len(words) - len(inner)]
    if words[0].rpartition("/")[2] not in _SETS_VARIABLES:
        return []
    return [(name.rstrip("+"), value) for name, _, value in (word.partition("=") for word in own if _ASSIGNMENT.fullmatch(word))]


def effective(words: Sequence[str]) -> tuple[str, ...]:
    """The command that the shell itself carries out, past `command`, `builtin` and `time`."""
    while words and words[0] in ("command", "builtin", "time"):
        if words[0] == "command" and any(word[:1] == "-" and word[1:2] in "vV" for word in words[1:2]):
            return ()  # it only tells what it would run
        inner = unwrapped(words)
        if not inner:
            return ()
        words = inner[0]
    return tuple(words)


_CHDIR = {
    "env": "C chdir", "sudo": "D chdir", "run0": "D chdir", "unshare": "w wd", "nsenter": "w wd", "proot": "w cwd",
    "systemd-run": " working-directory", "bwrap": " chdir", "firejail": " private-cwd", "parallel": " workdir wd",
    "start-stop-daemon": "d chdir", "daemonize": "c",
}  # fmt: skip
"""Wrapper -> the letter and the long options by which it goes to a folder before it runs the command."""
_ANYWHERE = frozenset({"chroot", "su", "runuser", "machinectl", "nsenter", "bwrap", "proot"})
"""Wrappers behind which relative paths may lead elsewhere all the same."""


def folders_of(words: Sequence[str]) -> list[str]:
    """The folders that a wrapper changes to (`env -C`, `sudo -D`), one after the other; computed text where that is not known."""
    name = words[0].rpartition("/")[2]
    letter, *names = (_CHDIR.get(name) or " ").split(" ")
    found: list[str] = []
    for index, word in enumerate(words[1:], 1):
        following = words[index + 1] if index + 1 < len(words) else UNKNOWN
        if word == "--" or (index > 1 and not word.startswith("-") and not words[index - 1].startswith("-") and "=" not in word):
            break
        option, equals, value = word.partition("=")
        if word.startswith("--"):
            if len(option) > 3 and any(f"--{long}".startswith(option) for long in names if long):
                found.append(value if equals else following)
        elif letter and word.startswith("-") and letter in word:
            found.append(word.partition(letter)[2] or following)
    if name in _ANYWHERE or (name in ("sudo", "doas") and any(word in ("-i", "--login") for word in words[1:])):
        found.append(UNKNOWN)
    return found


def _past_options(wrapper: Wrapper, words: Sequence[str]) -> tuple[int, bool]:
    """Where its options end, and whether one of them is not known."""
    index = 1
    while index < len(words) and words[index].startswith(("-", "+")) and len(words[index]) > 1:
        word = words[index]
        if word == "--":
            return index + 1, False
        if word in wrapper.valued:
            index += 2
        elif word.partition("=")[0] in wrapper.valued or word[:2] in wrapper.valued or word.startswith("--"):
            if word.startswith("--") and "=" not in word and word.partition("=")[0] not in wrapper.valued:
                return index + 1, True
            index += 1
        elif all(letter in wrapper.flags for letter in word[1:]):
            index += 1
        else:
            return index + 1, True
    unsure = index < len(words) and is_computed(words[index]) and not (wrapper.assigns and _ASSIGNMENT.fullmatch(words[index]))
    return index, unsure
