"""Reads the words of a script: what they become, and the code in their substitutions, which is handed back to be judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from .findings import Finding, ask
from .marks import GLOB, UNKNOWN, is_computed
from .parser import Script
from .streams import COMPUTED, NOTHING, Stream
from .variables import Variables
from .where import Cwds
from .words import Word

if TYPE_CHECKING:
    from tree_sitter import Node

REDIRECTS = ("file_redirect", "heredoc_redirect", "herestring_redirect")

_SUBSTITUTIONS = ("command_substitution", "process_substitution")
_LITERAL = ("raw_string", "ansi_c_string", "comment")
_MAX_COMBINATIONS = 32
_UNSEEN_SUBSTITUTION = re.compile(r"(?<!\\)(?:\\\\)*(?:`|\$\()")
_BACKTICK = re.compile(r"(?<!\\)`")
_ESCAPED = re.compile(r"\\([\\`$])")
_EXPANSION = re.compile(r"(?<!\\)\$(?:\w+|\{[^}]*\}|\([^)]*\))|`[^`]*`")


class Judging(Protocol):
    """What the reader hands back to whoever walks the script."""

    @property
    def redefines(self) -> bool:
        """Functions are defined: the names of commands may not mean what they say."""
        ...

    def find(self, finding: Finding, part: str) -> None: ...

    def run_nodes(self, nodes: Iterable[Node], cwds: Cwds, stdin: Stream) -> Stream:
        """Judge the code of a substitution; returns what it prints."""
        ...

    def run_text(self, code: str, cwds: Cwds) -> Stream:
        """The same for code that is in no tree."""
        ...

    def redirect(self, node: Node, cwds: Cwds, output: Stream) -> None:
        """Judge a redirection."""
        ...


class WordReader:
    """The words of one script.

    Args:
        pipes: Where the output of process substitutions is kept, by the path that they are replaced by.
    """

    def __init__(self, script: Script, variables: Variables, home: str, pipes: dict[str, Stream], judging: Judging) -> None:
        self._script, self._variables, self._home, self._pipes, self._judging = script, variables, home, pipes, judging
        self._known: dict[int, tuple[int, str | None]] = {}
        """Where a substitution begins -> where it ends, and what it prints."""
        self._judged: set[tuple[int, Cwds]] = set()

    def combinations(self, nodes: Sequence[Node], cwds: Cwds, part: str) -> list[list[str]]:
        """All word lists a command can have, each word with each of its values."""
        lists: list[list[str]] = [[]]
        for node in nodes:
            fields = self.fields(node, cwds, part)
            if len(lists) * len(fields) > _MAX_COMBINATIONS:
                fields = [[UNKNOWN]]
            lists = [[*words, *more] for words in lists for more in fields]
        return lists

    def fields(self, node: Node, cwds: Cwds, part: str) -> list[list[str]]:
        """All lists of fields that a word can become."""
        raw = self._script.raw(node)
        if node.child_count:
            self.judge_inside(node, cwds)
        elif node.type not in _LITERAL:
            self._look_for_unseen(node, raw)
        if "@P}" in raw:
            self._judging.find(ask("hidden-code", "An expansion (@P) runs what its variable holds."), part)
        if raw.isalnum():
            return [[raw]]
        return Word(raw, node.start_byte, self._values(cwds), self._known, self._home).fields()

    def judge_inside(self, node: Node, cwds: Cwds) -> None:
        """Judge the code of substitutions at any depth of a word; what they print is kept for the word."""
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current.type in _SUBSTITUTIONS:
                self._substitution(current, cwds)
                continue
            if current.type in REDIRECTS:
                self._judging.redirect(current, cwds, NOTHING)
                continue
            if current.type == "arithmetic_expansion":
                self._known[current.start_byte] = (current.end_byte, "0")
            if current.child_count == 0 and current.is_named and current.type not in _LITERAL:
                self._look_for_unseen(current, self._script.raw(current))
            waiting += current.named_children

    def heredoc(self, node: Node, cwds: Cwds) -> Stream:
        """The text of a here-document, its substitutions judged."""
        start = next((child for child in node.named_children if child.type == "heredoc_start"), None)
        body = next((child for child in node.named_children if child.type == "heredoc_body"), None)
        if start is None or body is None:
            return COMPUTED
        text = self._script.source(body)
        if any(char in self._script.raw(start) for char in "'\"\\") or not any(char in text for char in "$`\\"):
            return Stream("text", text)
        self.judge_inside(body, cwds)
        uncovered = self._script.raw(body)
        for child in body.named_children:
            if child.type in _SUBSTITUTIONS:
                uncovered = uncovered.replace(self._script.raw(child), "", 1)
        self._look_for_unseen(body, uncovered)
        return Stream("text", _ESCAPED.sub(r"\1", _EXPANSION.sub(UNKNOWN, text)))

    def _values(self, cwds: Cwds) -> Callable[[str], tuple[str, ...]]:
        def values(name: str) -> tuple[str, ...]:
            found = self._variables.values(name)
            if name == "PWD":
                return tuple(dict.fromkeys((*cwds, *(value for value in found if value != UNKNOWN))))
            return (*found, UNKNOWN) if self._variables.assigns_ifs else found

        return values

    def _substitution(self, node: Node, cwds: Cwds) -> None:
        if (node.start_byte, cwds) in self._judged:  # seen with its word
            return
        self._judged.add((node.start_byte, cwds))
        self._known[node.start_byte] = (node.end_byte, None)
        raw = self._script.raw(node)
        if raw.startswith("`"):
            text = self._backticks(node, cwds)
        else:
            output = self._judging.run_nodes(node.children, cwds, COMPUTED if raw.startswith(">(") else NOTHING)
            text = self._printed(raw, output, cwds)
            if node.type == "process_substitution":
                text = f"/dev/fd/pipe{node.start_byte}"
                self._pipes[text] = output if output != NOTHING else COMPUTED
        self._known[node.start_byte] = (node.end_byte, text)

    def _backticks(self, node: Node, cwds: Cwds) -> str | None:
        """The grammar knows no nested backticks, and takes two substitutions in a row for one."""
        codes = [_ESCAPED.sub(r"\1", code) for code in _BACKTICK.split(self._script.source(node))[1::2]]
        outputs = [self._judging.run_text(code, cwds) for code in codes]
        return self._printed(f"$({codes[0]})", outputs[0], cwds) if len(codes) == 1 else None

    def _printed(self, raw: str, output: Stream, cwds: Cwds) -> str | None:
        """The text that a substitution is replaced by, where it is known."""
        inside = raw[2:-1].strip()
        if self._judging.redefines or not raw.startswith("$("):
            return None
        if inside == "pwd":
            return cwds[0] if len(cwds) == 1 and cwds[0] != UNKNOWN else None
        if re.fullmatch(r"mktemp(?: -[dq])*", inside):
            return "/tmp/tmp.XXXXXXXXXX"  # noqa: S108 - what mktemp makes
        if output.kind == "text" and not is_computed(output.text) and GLOB not in output.text:
            return output.text.rstrip("\n").encode().decode("latin-1")
        return None

    def _look_for_unseen(self, node: Node, raw: str) -> None:
        """The grammar misses some substitutions: in patterns, behind a here-document's blanks."""
        if ("`" in raw or "$(" in raw) and _UNSEEN_SUBSTITUTION.search(raw):
            self._judging.find(ask("unparsable", "A substitution in it cannot be understood."), self._script.source(node))
