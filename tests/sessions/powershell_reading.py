"""A reader of the PowerShell that we render, after Microsoft's about_Quoting_Rules and about_Operators and nothing else.

`python -m tests.sessions.powershell_reading` stands in for the program where there is none: it takes the same arguments, waits at
the same gate, and runs such scripts; whatever we do not render is an error.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
"""All of them begin and end a string, also one that another of them began (about_Quoting_Rules; about_Special_Characters)."""
_UNLESS_FAILED = "if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }"
_LOOK_UP = "(Get-Command -CommandType Application -TotalCount 1 -Name "


class ReadingError(ValueError):
    """It is not what we render."""


def string_at(text: str, at: int) -> tuple[str, int]:
    """The single-quoted string that begins there, and where it ends: two quotes in it are one."""
    if text[at : at + 1] not in tuple(SINGLE_QUOTES):
        raise ReadingError(f"no string at {text[at:]!r}")
    value, at = "", at + 1
    while at < len(text):
        if text[at] in SINGLE_QUOTES:
            if text[at + 1 : at + 2] not in tuple(SINGLE_QUOTES):
                return value, at + 1
            at += 1
        value += text[at]
        at += 1
    raise ReadingError("a string that is not closed")


def value_at(text: str, at: int, env: Mapping[str, str]) -> tuple[str, int]:
    """A string, or a sum of strings and environment variables in parentheses."""
    if not text.startswith("(", at):
        return string_at(text, at)
    value, at = "", at + 1
    while True:
        if found := re.compile(r"\$\{env:(\w+)\}").match(text, at):
            value, at = value + env.get(found[1], ""), found.end()
        elif text.startswith("[System.IO.Path]::PathSeparator", at):
            value, at = value + os.pathsep, at + len("[System.IO.Path]::PathSeparator")
        elif text.startswith("(Get-Location).ProviderPath", at):
            value, at = value + os.getcwd(), at + len("(Get-Location).ProviderPath")
        else:
            part, at = string_at(text, at)
            value += part
        if text.startswith(")", at):
            return value, at + 1
        if not text.startswith(" + ", at):
            raise ReadingError(f"no sum at {text[at:]!r}")
        at += 3


def call_words(line: str, env: Mapping[str, str]) -> Iterator[str]:
    """Program and arguments of a call (`& …`)."""
    at = 2
    if line.startswith(_LOOK_UP, at):
        name, at = value_at(line, at + len(_LOOK_UP), env)
        yield name
        at += 1
    else:
        name, at = value_at(line, at, env)
        yield name
    while at < len(line):
        if line[at] != " ":
            raise ReadingError(f"no blank at {line[at:]!r}")
        word, at = value_at(line, at + 1, env)
        yield word


def statements(script: str) -> Iterator[str]:
    """Its lines; a line break in a string is part of it."""
    line, at = "", 0
    while at < len(script):
        if script[at] in SINGLE_QUOTES:
            _, end = string_at(script, at)
            line += script[at:end]
            at = end
        elif script[at] == "\n":
            yield line
            line, at = "", at + 1
        else:
            line += script[at]
            at += 1
    yield line


def run(script: str) -> int:
    """Run a rendered script; the result is its exit code."""
    code = 0
    for line in statements(script):
        if line == "exit $LASTEXITCODE" or (code and line == _UNLESS_FAILED):
            return code
        try:
            code = _carried_out(line, code)
        except LookupError as error:
            sys.stderr.write(f"The term {error} is not recognized\n")
            return 127
    return code


def _carried_out(line: str, code: int) -> int:
    """The last exit code after a statement."""
    if line.startswith("& "):
        program, *given = call_words(line, os.environ)
        return subprocess.run([_found(program), *given], check=False).returncode
    if line.startswith("Set-Location -LiteralPath "):
        os.chdir(value_at(line, len("Set-Location -LiteralPath "), os.environ)[0])
    elif line.startswith(_LOOK_UP[1:]) and line.endswith(" | Out-Null"):
        _found(value_at(line, len(_LOOK_UP) - 1, os.environ)[0])
    elif assigned := re.match(r"\$\{env:(\w+)\} = ", line):
        os.environ[assigned[1]] = value_at(line, assigned.end(), os.environ)[0]
    elif line != _UNLESS_FAILED:
        raise ReadingError(f"no statement of ours: {line!r}")
    return code


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise LookupError(program)
    return path


def main(arguments: list[str]) -> int:
    """As `pwsh -NoLogo … -EncodedCommand BOOTSTRAP` does: the command comes through stdin."""
    bootstrap = base64.b64decode(arguments[arguments.index("-EncodedCommand") + 1]).decode("utf-16-le")
    assert "[Console]::In.ReadLine()" in bootstrap
    line = sys.stdin.readline().strip()
    return run(base64.b64decode(line).decode()) if line else 125


if __name__ == "__main__":
    sys.stdout.flush()
    sys.exit(main(sys.argv[1:]))
