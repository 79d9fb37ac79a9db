"""Simple shell commands rendered for PowerShell.

The commands of a plan are POSIX shell text. Where the target's shell is PowerShell, those that are *portable* run: lists of
simple commands, joined by `&&`, `;` and line ends. Their words may have quotes and `$NAME`; `exec`, `export`, `cd`,
`command -v` and assignments in front of the last command are understood. Whatever else a POSIX shell knows (pipes, redirections,
patterns, conditions, other builtins) is refused with its name rather than guessed at.

How PowerShell reads what is rendered (about_Quoting_Rules, about_Operators, about_Command_Precedence):

- In '…' every character stands for itself; a quote inside is doubled, and the typographic ‘ ’ ‚ ‛ count as quotes, too.
- `& 'name'` runs what the string names; aliases and functions come before programs, so programs are looked up as such.
- Windows PowerShell 5.1 passes `"`, empty words and a backslash before a closing quote wrongly on to programs: refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_PLAIN = re.compile(r"[^\s'\"\\$`|&;<>(){}*?\[\]~#!]+")
_SEPARATOR = "[System.IO.Path]::PathSeparator"
_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
_KEYWORDS = frozenset({"if", "for", "while", "until", "case", "select", "function", "time", "coproc", "[[", "!"})
_BUILTINS = frozenset({
    ".", ":", "[", "alias", "bg", "break", "builtin", "continue", "declare", "dirs", "echo", "enable", "eval", "exit", "false",
    "fg", "getopts", "hash", "jobs", "kill", "let", "local", "popd", "printf", "pushd", "pwd", "read", "readonly", "return", "set",
    "shift", "shopt", "source", "test", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait",
})  # fmt: skip


class NotPortableError(ValueError):
    """Text that cannot be rendered; tells which part. Callers turn it into an error or an outcome of theirs."""


@dataclass(frozen=True)
class Variable:
    """`$NAME` in a word."""

    name: str


@dataclass(frozen=True)
class Word:
    """A word of a command: literal text and variables, in order."""

    parts: tuple[str | Variable, ...]
    prefix: str = ""
    """Its beginning as far as nothing is quoted: only there a name and `=` make an assignment."""

    @property
    def literal(self) -> str | None:
        """Its text, where it holds no variable."""
        return "".join(part for part in self.parts if isinstance(part, str)) if self.is_literal else None

    @property
    def is_literal(self) -> bool:
        return all(isinstance(part, str) for part in self.parts)

    def after(self, prefix: str) -> Word:
        """The word without its beginning, which is plain text."""
        first, *rest = self.parts
        assert isinstance(first, str)
        return Word(tuple(_joined([first.removeprefix(prefix), *rest])))


@dataclass
class Command:
    """One simple command and what joins it to the next one."""

    words: list[Word] = field(default_factory=list[Word])
    joined_by: str = ";"


def quoted(text: str) -> str:
    """A string that PowerShell takes as it stands."""
    return "'" + _QUOTES.sub(lambda found: found[0] * 2, text) + "'"


def to_powershell(text: str) -> str:
    """Portable POSIX shell text as a PowerShell script that ends with the same exit code.

    Raises:
        NotPortableError: the text is not portable.
    """
    commands = parse(text)
    if not commands:
        raise NotPortableError("it has no command")
    lines: list[str] = []
    for command in commands:
        lines += _rendered(command, is_last=command is commands[-1])
        if command.joined_by == "&&" and command is not commands[-1]:
            lines.append("if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }")
    return "\n".join([*lines, "exit $LASTEXITCODE"])


def parse(text: str) -> list[Command]:
    """The simple commands of portable text.

    Raises:
        NotPortableError: the text is not portable.
    """
    commands = [Command()]
    for token in _tokens(text):
        if isinstance(token, Word):
            commands[-1].words.append(token)
        elif commands[-1].words:
            commands[-1].joined_by = token
            commands.append(Command())
        elif token.strip():
            raise NotPortableError(f"`{token}` without a command before it")
    if not commands[-1].words:
        commands.pop()
        if commands and commands[-1].joined_by == "&&":
            raise NotPortableError("`&&` without a command after it")
    return commands


def _rendered(command: Command, *, is_last: bool) -> Iterator[str]:
    words = list(command.words)
    while words and (assigned := _assignment(words[0])) is not None:
        if not is_last and len(words) > 1:
            raise NotPortableError(f"`{assigned[0]}=` for one command that is not the last")
        yield _assign(*assigned)
        words.pop(0)
    if not words:
        return
    name = words[0].literal
    if name == "exec":
        words.pop(0)
        name = words[0].literal if words else None
    if not words or name in _KEYWORDS or name in _BUILTINS or (name or "").startswith("-"):
        raise NotPortableError(f"`{name or 'exec'}`")
    match name:
        case "export":
            yield from _export(words[1:])
        case "cd":
            yield _enter(words[1:])
        case "command":
            yield _look_up(words[1:])
        case _:
            yield " ".join([_program(words[0]), *map(_argument, words[1:])])


def _export(words: list[Word]) -> Iterator[str]:
    for word in words:
        assigned = _assignment(word)
        if assigned is None:
            raise NotPortableError("`export` of something that is no NAME=VALUE")
        yield _assign(*assigned)


def _assign(name: str, word: Word) -> str:
    return f"${{env:{name}}} = {_search_path(word) if name == 'PATH' else _value(word)}"


def _enter(words: list[Word]) -> str:
    folders = words[1:] if words and words[0].literal == "--" else words
    if len(folders) != 1:
        raise NotPortableError("`cd` to anything but one folder")
    return f"Set-Location -LiteralPath {_value(folders[0])}"


def _look_up(words: list[Word]) -> str:
    if len(words) != 2 or words[0].literal != "-v":
        raise NotPortableError("`command` for anything but looking one program up by `-v`")
    return f"Get-Command -CommandType Application -TotalCount 1 -Name {_argument(words[1])} | Out-Null"


def _program(word: Word) -> str:
    """A path is run as it is; a name is looked up among programs: there are aliases such as curl, and npm.ps1 beside npm.cmd."""
    text = word.literal
    if text is None:
        raise NotPortableError("a program whose name is in a variable")
    if "/" in text or "\\" in text:
        return f"& {_argument(word)}"
    return f"& (Get-Command -CommandType Application -TotalCount 1 -Name {_argument(word)})"


def _argument(word: Word) -> str:
    text = word.literal
    if text == "":
        raise NotPortableError("an empty word, which Windows PowerShell leaves out")
    for part in word.parts:
        if isinstance(part, str) and '"' in part:
            raise NotPortableError("a double quote inside a word, which Windows PowerShell passes on wrongly")
    if text is not None and text.endswith("\\") and re.search(r"\s", text):
        raise NotPortableError("a word with blanks and a backslash at its end, which Windows PowerShell passes on wrongly")
    return _value(word)


def _value(word: Word) -> str:
    """The word as an expression."""
    if word.is_literal:
        return quoted(word.literal or "")
    return _sum(quoted(part) if isinstance(part, str) else _variable_value(part) for part in word.parts)


def _search_path(word: Word) -> str:
    """A list of folders: the colons beside its variables are separators (one inside of a text may belong to a drive)."""
    parts: list[str] = []
    for part in word.parts:
        if isinstance(part, Variable):
            parts.append(_variable_value(part))
            continue
        parts += (
            [_SEPARATOR] * part.startswith(":") + [quoted(part.strip(":"))] + [_SEPARATOR] * (part.endswith(":") and part != ":")
        )
    return _sum(parts)


def _variable_value(variable: Variable) -> str:
    return "(Get-Location).ProviderPath" if variable.name == "PWD" else f"${{env:{variable.name}}}"


def _sum(parts: Iterable[str]) -> str:
    """Strings put together, as an expression; it begins with one, or the rest would be added up."""
    return "(" + " + ".join(["''", *parts]) + ")"


def _assignment(word: Word) -> tuple[str, Word] | None:
    found = _ASSIGNMENT.match(word.prefix)
    return (found[1], word.after(found[0])) if found else None


def _tokens(text: str) -> Iterator[Word | str]:
    """Words and the operators `&&`, `;` and line end."""
    at = 0
    while at < len(text):
        char = text[at]
        if char in " \t":
            at += 1
        elif text.startswith("\\\n", at):
            at += 2
        elif text.startswith("&&", at):
            yield "&&"
            at += 2
        elif char in ";\n":
            yield char
            at += 1
        elif char in "#~!{}" and text[at : at + 2].strip() in ("#", "~", "!", "{", "}"):
            raise NotPortableError(f"`{char}`")
        else:
            word, at = _word(text, at)
            yield word


def _word(text: str, at: int) -> tuple[Word, int]:
    parts: list[str | Variable] = []
    prefix, start = "", at
    while at < len(text) and text[at] not in " \t\n;" and not text.startswith("&&", at):
        char = text[at]
        if char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise NotPortableError("a quote that is not closed")
            parts.append(text[at + 1 : end])
            at = end + 1
        elif char == '"':
            inner, at = _double_quoted(text, at + 1)
            parts += inner
        elif char == "$":
            variable, at = _variable(text, at)
            parts.append(variable)
        elif char == "\\" and at + 1 < len(text):
            if text[at + 1] != "\n":
                parts.append(text[at + 1])
            at += 2
        elif found := _PLAIN.match(text, at):
            prefix = prefix or (found[0] if at == start else "")
            parts.append(found[0])
            at = found.end()
        elif char in "#!~" and at > start and text[at - 1] != "=" and text[at - 1] != ":":
            parts.append(char)  # inside a word they stand for themselves
            at += 1
        else:
            raise NotPortableError(f"`{char}`")
    return Word(tuple(_joined(parts)), prefix), at


def _double_quoted(text: str, at: int) -> tuple[list[str | Variable], int]:
    parts: list[str | Variable] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and text[at + 1 : at + 2] in ("\\", '"', "$", "`", "\n"):
            parts.append(text[at + 1].replace("\n", ""))
            at += 2
        elif text[at] == "$":
            variable, at = _variable(text, at)
            parts.append(variable)
        elif text[at] == "`":
            raise NotPortableError("a command inside a word")
        else:
            parts.append(text[at])
            at += 1
    if at >= len(text):
        raise NotPortableError("a quote that is not closed")
    return parts, at + 1


def _variable(text: str, at: int) -> tuple[Variable, int]:
    found = _VARIABLE.match(text, at)
    if found is None:
        raise NotPortableError(f"`{text[at : at + 2]}`")
    return Variable(found[1] or found[2]), found.end()


def _joined(parts: list[str | Variable]) -> Iterator[str | Variable]:
    """Neighbouring literals as one; at least one part."""
    literal = ""
    for part in parts:
        if isinstance(part, str):
            literal += part
        else:
            if literal:
                yield literal
            literal = ""
            yield part
    if literal or not any(isinstance(part, Variable) for part in parts):
        yield literal
