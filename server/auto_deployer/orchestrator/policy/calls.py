"""A simple command as the rules see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .findings import Finding
from .places import Places, Spot
from .streams import Stream
from .where import NOWHERE_KNOWN, After, Shell


class Judge(Protocol):
    """What a rule asks back when a command runs another."""

    @property
    def doubts(self) -> bool:
        """A model made the command: what is not known to be harmless is asked about."""
        ...

    def command(self, call: Call) -> list[Finding]:
        """Findings on a command that this one runs."""
        ...

    def code(self, text: str, call: Call, params: Sequence[str] = (), *, here: bool = False) -> list[Finding]:
        """Findings on shell code that this command runs, with its positional parameters from `$0` on.

        Args:
            here: In the shell of the command itself (`eval`), not in one of its own.
        """
        ...

    def script(
        self, word: str, call: Call, read: Callable[[str], Iterable[Finding]] | None = None, *, only_known: bool = False
    ) -> list[Finding]:
        """Findings on a file that is run, where its text is known or it comes from elsewhere.

        Args:
            read: Judges its text; None: as shell code.
            only_known: The file may not be there: only what was written to it counts.
        """
        ...


@dataclass(frozen=True)
class Call:
    """One program call: words unquoted, wrappers still to be removed."""

    words: tuple[str, ...]
    cwds: tuple[str, ...]
    """Where it may run."""
    stdin: Stream
    places: Places
    judge: Judge
    shell: Shell
    """The shell that runs it."""
    depth: int = 0

    @property
    def name(self) -> str:
        """The program without its folder."""
        return self.words[0].rpartition("/")[2]

    @property
    def args(self) -> tuple[str, ...]:
        return self.words[1:]

    def spots(self, word: str) -> Iterator[Spot]:
        """Where a word may lead."""
        for cwd in self.cwds:
            yield self.places.resolve(word, cwd)

    def writes(self, word: str) -> Iterator[Finding]:
        """What speaks against changing the file."""
        return (found for spot in self.spots(word) if (found := self.places.write(spot)))

    def overwrites(self, word: str) -> Iterator[Finding]:
        """What speaks against putting something else in the file's place."""
        return (found for spot in self.spots(word) if (found := self.places.overwrite(spot)))

    def deletes(self, word: str) -> Iterator[Finding]:
        """What speaks against deleting it with all below."""
        return (found for spot in self.spots(word) if (found := self.places.delete(spot)))

    def unlinks(self, word: str) -> Iterator[Finding]:
        """What speaks against removing the file, or the link, itself."""
        return (found for spot in self.spots(word) if (found := self.places.unlink(spot)))

    def reads(self, word: str) -> Iterator[Finding]:
        """What speaks against reading the file."""
        return (found for spot in self.spots(word) if (found := self.places.read(spot)))

    def reads_all(self, word: str) -> Iterator[Finding]:
        """What speaks against reading all below."""
        return (found for spot in self.spots(word) if (found := self.places.read_all(spot)))

    def runs(self, words: Sequence[str], *, cwds: tuple[str, ...] | None = None, stdin: Stream | None = None) -> list[Finding]:
        """Findings on a command that this one runs."""
        if not words:
            return []
        inner = replace(
            self, words=tuple(words), cwds=self.cwds if cwds is None else cwds, stdin=self.stdin if stdin is None else stdin,
            depth=self.depth + 1,
        )  # fmt: skip
        return self.judge.command(inner)

    def runs_code(self, text: str, params: Sequence[str] = (), *, here: bool = False) -> list[Finding]:
        """Findings on shell code that this one runs; `here` is in its own shell."""
        return self.judge.code(text, self, params, here=here)

    def leads_anywhere(self) -> None:
        """Where the shell is behind this command is not known."""
        self.shell.lead(After(NOWHERE_KNOWN, NOWHERE_KNOWN))


@dataclass(frozen=True)
class Options:
    """Options and operands of a call, as GNU programs take them: in any order, long ones abbreviated, short ones together."""

    short: str
    """All letters given."""
    long: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    """(option, its value) for options that take one."""
    operands: tuple[str, ...]

    def has(self, letters: str, *names: str) -> bool:
        """Whether one of the letters, or one of the long names or an abbreviation of it, is given."""
        return any(letter in self.short for letter in letters) or any(
            name.startswith(given) for name in names for given in self.long
        )

    def values_of(self, *names: str) -> list[str]:
        """The values of these options ("-o", "--output")."""
        return [value for name, value in self.values if name in names]


def options(args: Sequence[str], valued: str = "", valued_long: Sequence[str] = ()) -> Options:
    """Take a call's words apart.

    Args:
        valued: Letters of options that take a value, attached or as the next word.
        valued_long: Long options that do, in full ("--output").
    """
    short, long, values, operands = "", list[str](), list[tuple[str, str]](), list[str]()
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            operands += waiting
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            long.append(name[2:])
            if equals:
                values.append((name, value))
            elif name in valued_long and waiting:
                values.append((name, waiting.pop(0)))
        elif word.startswith("-") and len(word) > 1:
            letters, value = _cluster(word[1:], valued, waiting)
            short += letters
            if value is not None:
                values.append((f"-{letters[-1]}", value))
        else:
            operands.append(word)
    return Options(short, tuple(long), tuple(values), tuple(operands))


def _cluster(text: str, valued: str, waiting: list[str]) -> tuple[str, str | None]:
    for index, letter in enumerate(text):
        if letter in valued:
            rest = text[index + 1 :]
            return text[: index + 1], rest or (waiting.pop(0) if waiting else "")
    return text, None


def after_options(args: Sequence[str], valued: Sequence[str]) -> list[str]:
    """The words behind a program's own options, where another command begins."""
    words = list(args)
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        if word in valued and words:
            words.pop(0)
    return words
