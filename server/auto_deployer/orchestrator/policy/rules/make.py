"""make: its rules may come from its command line, from what flows in, or from a file that was just written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..calls import Call, Options, options
from ..findings import Finding, ask
from ..marks import readable

_VARIABLE = re.compile(r"\$[({](\w+)[)}]")
_SHELL = re.compile(r"\$[({]shell\s+")
_SHELL_CALL = re.compile(r"\$[({]shell [^)}]*[)}]")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+|override\s+)?([\w.]+)\s*(?::{0,3}|[?+!])=\s*(.*)")


def makefile_code(text: str) -> str:
    """The commands in a makefile as a shell script, close enough to judge them."""
    joined = text.replace("\\\n", " ")
    return "\n".join(line for line in map(_shell_line, joined.split("\n")) if line)


def _shell_line(line: str) -> str:
    if line.startswith("\t"):
        return _expanded(line.lstrip("\t @-+"))
    if (assigned := _ASSIGNMENT.fullmatch(line)) is not None:
        return _expanded(f'{assigned[1].replace(".", "_")}="{assigned[2]}"')
    _, semicolon, recipe = line.partition(";")
    calls = " ".join(_SHELL_CALL.findall(line))
    return _expanded(recipe if semicolon else calls)


def _expanded(line: str) -> str:
    return _VARIABLE.sub(r"${\1}", _SHELL.sub("$(", line)).replace("$$", "$")


def _make(call: Call) -> Iterator[Finding]:
    given = options(call.args, "CfIoWj", ("--directory", "--file", "--makefile", "--eval"))
    for folder in given.values_of("-C", "--directory"):
        yield from call.writes(folder)
    for code in given.values_of("--eval"):
        yield from _rules(code, call)
        yield ask("hidden-code", "make is given rules on its command line.")
    yield from _makefiles(call, given)
    for word in call.args:
        name, equals, value = word.partition("=")
        if equals and name in ("SHELL", "DESTDIR", "PREFIX", "prefix"):
            yield from call.runs_code(value) if name == "SHELL" else call.writes(value)


def _makefiles(call: Call, given: Options) -> Iterator[Finding]:
    """Findings on the rules that it reads: of named files, else of what the folder's makefile is known to hold."""
    files = given.values_of("-f", "--file", "--makefile")
    for file in files:
        if file in ("", "-", "/dev/stdin"):  # the grammar loses the dash right before a here-document
            yield ask("computed-code", "make runs rules that flow into it.")
            yield from _rules(call.stdin.text, call)
        else:
            yield from call.judge.script(file, call, lambda text: _rules(text, call))
            if any(call.places.is_outside(spot.path) for spot in call.spots(file)):
                yield ask("foreign-code", f"The rules in {readable(file)} are not the project's.")
    if not files:
        folder = next(iter(given.values_of("-C", "--directory")), ".")
        for name in ("GNUmakefile", "makefile", "Makefile"):
            yield from call.judge.script(f"{folder}/{name}", call, lambda text: _rules(text, call), only_known=True)


def _rules(text: str, call: Call) -> list[Finding]:
    return call.runs_code(makefile_code(text))


RULES: dict[str, Callable[[Call], Iterator[Finding]]] = {"make": _make, "gmake": _make}
