"""A shell command taken apart into its simple commands, wrappers such as `sudo` and `env` removed.

Good enough to choose time-outs by: quoting, lists, pipes, substitutions and `bash -c` are seen; nothing is expanded. It
is no parser for deciding whether a command is safe.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPERATORS = ";&|()<>\n"
_RESERVED = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "{", "}", "!", "time"}
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=.*", re.DOTALL)
_DESCRIPTOR = re.compile(r"(?<![^\s)])\d(?=[<>])")
"""The 2 of `2>&1`."""
_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ash"})
_MAX_DEPTH = 4

_WRAPPERS: dict[str, frozenset[str]] = {
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "sudo": frozenset({"-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-D", "-R", "-T", "-r", "-t"}),
    "doas": frozenset({"-u", "-C"}),
    "timeout": frozenset({"-s", "--signal", "-k", "--kill-after"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "--class", "-n", "--classdata"}),
    "stdbuf": frozenset({"-i", "-o", "-e", "--input", "--output", "--error"}),
    "xargs": frozenset({"-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"}),
    "flock": frozenset({"-w", "--timeout", "-E"}),
    "nohup": frozenset(), "setsid": frozenset(), "command": frozenset(), "exec": frozenset({"-a"}), "builtin": frozenset(),
    "unbuffer": frozenset(), "time": frozenset({"-o", "-f"}),
}  # fmt: skip
"""Programs that run another one -> their options that take the next word."""

_OPERANDS_OF_WRAPPER = {"timeout": 1, "flock": 1}
"""Words of the wrapper's own between its options and the wrapped command (a duration, a lock file)."""


@dataclass(frozen=True)
class SimpleCommand:
    """One program call: its base name (no folder) and its words."""

    name: str
    args: tuple[str, ...] = ()


def simple_commands(command: str) -> list[SimpleCommand]:
    """All simple commands of a shell command, in order; text that cannot be tokenised is split at blanks."""
    return list(_walk(command, depth=0))


def _walk(command: str, depth: int) -> Iterator[SimpleCommand]:
    for words in _lists_of_words(command):
        found = _unwrap(words)
        if found is None:
            continue
        yield found
        script = _script_of(found)
        if script and depth < _MAX_DEPTH:
            yield from _walk(script, depth + 1)


def _lists_of_words(command: str) -> Iterator[list[str]]:
    words: list[str] = []
    skip_next = False
    for token in _tokens(command):
        if token and all(char in _OPERATORS for char in token):
            skip_next = ("<" in token or ">" in token) and not token.endswith("(")
            if not skip_next:
                yield words
                words = []
        elif skip_next:
            skip_next = False  # the target of a redirection
        else:
            words.append(token.strip("`"))
    yield words


def _tokens(command: str) -> list[str]:
    command = _DESCRIPTOR.sub("", command.replace("\\\n", " "))
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:  # an open quote, as in a here-document or a comment
        return re.findall(rf"[{re.escape(_OPERATORS)}]+|[^\s{re.escape(_OPERATORS)}]+", command)


def _unwrap(words: Sequence[str]) -> SimpleCommand | None:
    """The program that does the work, past reserved words, assignments and wrappers; None when there is none."""
    index = 0
    while index < len(words):
        word = words[index]
        name = word.rsplit("/", 1)[-1]
        if word in _RESERVED or word == "$" or _ASSIGNMENT.fullmatch(word):
            index += 1
        elif name in _WRAPPERS:
            index = _past_wrapper(name, words, index + 1)
        else:
            return SimpleCommand(name, tuple(words[index + 1 :]))
    return None


def _past_wrapper(name: str, words: Sequence[str], index: int) -> int:
    takes_value = _WRAPPERS[name]
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] in takes_value else 1
    return index + _OPERANDS_OF_WRAPPER.get(name, 0)


def _script_of(command: SimpleCommand) -> str:
    """What `bash -c SCRIPT` runs (also `-lc`, `-ec`), `eval`'s words, or ""."""
    if command.name == "eval":
        return " ".join(command.args)
    if command.name in _SHELLS:
        for index, word in enumerate(command.args[:-1]):
            if re.fullmatch(r"-[a-z]*c", word):
                return command.args[index + 1]
    return ""
