"""Where a shell is: the folders it may be in after what ran in it. Each is a known path or `UNKNOWN`, never just the old one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .findings import Finding
from .marks import UNKNOWN
from .places import Places
from .streams import NOTHING, Stream

Cwds = tuple[str, ...]
"""The folders in which a command may run."""
NOWHERE_KNOWN: Cwds = (UNKNOWN,)
MOVERS = frozenset({"cd", "chdir", "pushd", "popd"})
"""What the shell itself changes its folder by."""
_GUESSING = frozenset({"autocd", "cdablevars", "cdspell", "dirspell", "chasedots", "chaselinks", "autonamedirs", "pushdsilent"})
"""Options of shells (without `_`, in lower case) that make folders of what are none."""


@dataclass(frozen=True)
class After:
    """Where a shell may be after a command."""

    succeeded: Cwds
    failed: Cwds
    output: Stream = NOTHING

    @property
    def cwds(self) -> Cwds:
        return union(self.succeeded, self.failed)


def union(*groups: Cwds) -> Cwds:
    """All folders of the groups, each once."""
    return tuple(dict.fromkeys(cwd for group in groups for cwd in group))


Body = Callable[[Cwds, Stream], tuple[After, list[Finding]]]
"""A function's body: judged where it is called."""


_Call = tuple[str, Cwds, Stream, int]


@dataclass
class Calls:
    """The calls of functions, over all shells that a command starts.

    Attributes:
        led: What a call led to, by (name, folders, …); None: it is not at its end yet.
        recursive: Functions that call themselves.
    """

    led: dict[_Call, After | None] = field(default_factory=dict[_Call, After | None])
    recursive: set[str] = field(default_factory=set[str])

    def is_running(self, name: str, cwds: Cwds | None = None) -> bool:
        """Whether a call of it, in just these folders if given, is not at its end."""
        return any(key[0] == name and cwds in (None, key[1]) and after is None for key, after in self.led.items())


@dataclass
class Shell:
    """One shell process, as what ran in it leaves it: everything that is evaluated, sourced, called or trapped shares it.

    Attributes:
        functions: All bodies that a name may stand for.
        aliases: Words that stand for others.
        traps: Code that runs later, wherever the shell is by then.
        traps_each: … and may run between any two commands.
        home: What `cd` alone leads to.
        drifts: The folder may change between any two commands (a trap for each of them, `autocd`).
        searches: `cd` may be sent elsewhere (CDPATH).
        physical: `..` leads where the links say, which the text does not tell.
        shares_pipes: The last command of a pipeline runs in the shell itself.
        been: Folders it was in, or has on its stack: `cd -` and `popd` lead to one of them.
        jumps: Folders in which `return`, `break` or `continue` left something early.
    """

    home: Cwds
    functions: dict[str, list[Body]] = field(default_factory=dict[str, list[Body]])
    aliases: set[str] = field(default_factory=set[str])
    traps: list[str] = field(default_factory=list[str])
    calls: Calls = field(default_factory=Calls)
    drifts: bool = False
    searches: bool = False
    physical: bool = False
    shares_pipes: bool = False
    traps_each: bool = False
    been: Cwds = ()
    jumps: Cwds = ()
    _moved: After | None = None

    def child(self, *, home: Cwds | None = None, searches: bool | None = None, drifts: bool = False, shares: bool = False) -> Shell:
        """A shell that this one starts: functions and variables may have been exported to it."""
        return Shell(
            self.home if home is None else home, dict(self.functions), calls=self.calls, drifts=drifts,
            searches=self.searches if searches is None else searches, shares_pipes=shares,
        )  # fmt: skip

    def lead(self, after: After) -> None:
        """What the command that is judged runs may have led there."""
        known = self._moved
        self._moved = after if known is None else After(
            union(known.succeeded, after.succeeded), union(known.failed, after.failed), after.output
        )  # fmt: skip

    def watch(self) -> After | None:
        """Begin to watch where one command leads; returns what is to be given to `seen`."""
        before, self._moved = self._moved, None
        return before

    def seen(self, before: After | None) -> After | None:
        """Where it led; None: it ran nothing here."""
        moved, self._moved = self._moved, before
        return moved

    def note(self, cwds: Cwds) -> Cwds:
        """Keep in mind that it was there."""
        if not set(cwds) <= set(self.been):
            self.been = union(self.been, cwds)
        return cwds

    def jump(self, cwds: Cwds) -> None:
        """Something is left early there."""
        self.jumps = union(self.jumps, cwds)

    def back(self) -> Cwds:
        """Where `cd -` and `popd` lead."""
        return NOWHERE_KNOWN if self.drifts else self.been

    @staticmethod
    def is_guessing(option: str) -> bool:
        """Whether a shell with this option finds folders in what names none."""
        return option.lower().replace("_", "") in _GUESSING

    def set_option(self, words: Sequence[str]) -> None:
        """Take note of `shopt -s`, `setopt`, `set -o` and `set -P`."""
        names = {word.lower().replace("_", "") for word in words[1:]}
        self.drifts = self.drifts or any(self.is_guessing(word) for word in words[1:])
        self.shares_pipes = self.shares_pipes or "lastpipe" in names
        self.physical = self.physical or "physical" in names or (words[0] == "set" and any(_has(word, "P") for word in words[1:]))


def changed(words: Sequence[str], cwds: Cwds, shell: Shell, places: Places) -> After:
    """Where `cd`, `pushd` and `popd` may lead.

    Args:
        words: The command, beginning with its name.
    """
    if words[0] == "popd":
        return _moved(shell.back(), cwds, shell)
    named = [word for word in words[1:] if not _is_option(word)]
    if not named:
        return _moved(shell.home if words[0] != "pushd" else shell.back(), cwds, shell)
    if named[0] == "-" or (words[0] == "pushd" and named[0][:1] in "+-"):
        return _moved(shell.back(), cwds, shell)
    if len(named) > 1:
        return _moved(NOWHERE_KNOWN, cwds, shell)
    targets = _resolved(named[0], cwds, places)
    physical = shell.physical or any(_has(word, "P") for word in words[1:])
    if (physical and ".." in named[0].split("/")) or (shell.searches and not named[0].startswith(("/", "./", "../")) and
                                                      named[0] not in (".", "..")):  # fmt: skip
        targets = union(targets, NOWHERE_KNOWN)
    if words[0] == "pushd" and any(word == "-n" for word in words[1:]):
        shell.note(targets)
        return After(cwds, cwds)
    return _moved(targets, cwds, shell)


def _resolved(word: str, cwds: Cwds, places: Places) -> Cwds:
    spots = (places.resolve(word, cwd) for cwd in cwds)
    return union(tuple(UNKNOWN if spot.below else spot.path for spot in spots))


def _moved(targets: Cwds, cwds: Cwds, shell: Shell) -> After:
    return After(shell.note(targets or cwds), cwds)


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-" and not word[1:].isdigit()


def _has(word: str, letter: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and letter in word[1:]


def in_any_case(after: After, *more: Cwds) -> After:
    """The same where it may as well have been left early, or not have run."""
    cwds = union(after.cwds, *more)
    return replace(after, succeeded=cwds, failed=cwds)
