"""All values that a script's variables can have, whatever the order in which it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from .marks import UNKNOWN
from .parser import Script
from .words import Word

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_VALUES = 8
_CHANGES_UNSEEN = re.compile(r"(?:^|[\s;&|({])(?:eval|source|\.|nameref)\s|\b(?:declare|typeset|local)\s+-\w*n")
"""What can assign without an assignment being there to see."""
_ASSIGNING = frozenset({"read", "mapfile", "readarray", "printf", "getopts", "let", "vared"})


class Variables:
    """The values of variables in one script.

    Args:
        known: Values from around the script: the environment as far as it is known, positional parameters.
    """

    def __init__(self, script: Script, known: Mapping[str, tuple[str, ...]], home: str) -> None:
        self._script, self._home = script, home
        self._found: dict[str, list[str]] = {name: list(values) for name, values in known.items()}
        self._known = frozenset(known)
        self._given = {name: len(values) for name, values in known.items()}
        self.assigns_ifs = False
        self.filled = set[str]()
        """Variables that loops and commands such as `read` give values to."""
        if any(sign in script.text for sign in ("=", "read", "for ", "select ", "mapfile", "getopts", "let ", "unset", "printf")):
            for _ in range(2):  # a value may name a variable that is assigned further down
                for node in walk_nodes(script.root):
                    self._collect(node)

    def sets(self, name: str) -> bool:
        """Whether it is set in the script, or was set around it."""
        return name in self._found

    def sets_anew(self, name: str) -> bool:
        """Whether the script itself gives it another value."""
        return len(self._found.get(name, ())) > self._given.get(name, 0)

    def values(self, name: str) -> tuple[str, ...]:
        """All values that it can have; `UNKNOWN` among them for what is not known."""
        found = self._found.get(name)
        if found is None:
            return (UNKNOWN,)
        if len(found) > _MAX_VALUES:
            return (UNKNOWN,)
        return (*found, UNKNOWN) if self._unseen and UNKNOWN not in found else tuple(found)

    @cached_property
    def _unseen(self) -> bool:
        """What is not seen here may assign, too."""
        return _CHANGES_UNSEEN.search(self._script.text) is not None

    @property
    def all(self) -> dict[str, tuple[str, ...]]:
        """For a script inside of this one."""
        return {name: self.values(name) for name in self._found}

    def _collect(self, node: Node) -> None:
        match node.type:
            case "variable_assignment":
                self._assignment(node)
            case "for_statement":
                self._loop(node)
            case "command":
                self._command(node)
            case "expansion" if "=" in self._script.raw(node):
                name = re.match(r"\$\{(\w+):?=", self._script.raw(node))
                if name:
                    self._add(name[1], UNKNOWN)
            case "declaration_command" | "unset_command":
                for child in node.named_children:
                    if child.type == "variable_name":
                        self._add(self._script.raw(child), UNKNOWN if self._script.raw(child) not in self._known else "")
            case _:
                pass

    def _assignment(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None:
            return
        text = self._script.raw(name)
        if text == "IFS" and (node.parent is None or node.parent.type != "command"):
            self.assigns_ifs = True
        plain = name.type == "variable_name" and not any(child.type == "+=" for child in node.children)
        if not plain or (value is not None and value.type == "array"):
            self._add(re.split(r"[\[+]", text)[0], UNKNOWN)
            return
        for each in [""] if value is None else self._texts(value):
            self._add(text, each)

    def _loop(self, node: Node) -> None:
        variable = node.child_by_field_name("variable")
        if variable is None:
            return
        self.filled.add(self._script.raw(variable))
        values = node.children_by_field_name("value")
        for each in [text for value in values for text in self._texts(value)] or [UNKNOWN]:
            self._add(self._script.raw(variable), each)

    def _command(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        words = [self._script.raw(child) for child in node.children_by_field_name("argument")]
        if name is None or self._script.raw(name).strip("\\'\"") not in _ASSIGNING:
            if name is not None and any(word.strip("\\'\"") in _ASSIGNING for word in words):  # behind `command`, `builtin`
                self._assign_all(words)
            return
        self._assign_all(words)

    def _assign_all(self, words: list[str]) -> None:
        for word in words:
            found = re.match(r"[\"']?([A-Za-z_]\w*)", word)
            if found:
                self.filled.add(found[1])
                self._add(found[1], UNKNOWN)

    def _texts(self, node: Node) -> list[str]:
        if any(child.type in ("command_substitution", "process_substitution") for child in walk_nodes(node)):
            return [UNKNOWN]
        fields = Word(self._script.raw(node), node.start_byte, self.values_so_far, {}, self._home).fields()
        return [text for alternative in fields for text in (alternative or [""])]

    def values_so_far(self, name: str) -> tuple[str, ...]:
        """While values are still being collected."""
        found = self._found.get(name)
        return tuple(found) if found and len(found) <= _MAX_VALUES else (UNKNOWN,)

    def _add(self, name: str, value: str) -> None:
        values = self._found.setdefault(name, [])
        text = UNKNOWN if "\x02" in value else value
        if text not in values:
            values.append(text)


def walk_nodes(node: Node) -> Iterator[Node]:
    """All named nodes below and the node itself, in order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += reversed(current.named_children)
