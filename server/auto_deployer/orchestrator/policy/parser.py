"""Bash text to syntax trees. The parser is made once, when the first command is judged."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from .marks import clean

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


_CONTINUATION = re.compile(r"(?<!\\)((?:\\\\)*)\\\n")


def readings(source: str) -> tuple[str, ...]:
    """The source, and the same with its lines joined.

    At a backslash before a line's end the grammar ends a word; the shell goes on with it, but in comments.
    """
    if "\\\n" not in source:
        return (source,)
    joined = _CONTINUATION.sub(r"\1", source)
    return (source, joined) if joined != source else (source,)


class Script:
    """A parsed script. Its text has one character for each byte of the source, so that the tree's offsets index it."""

    def __init__(self, source: str) -> None:
        encoded = clean(source).encode("utf-8", "replace")
        self._bytes = encoded
        self.text = encoded.decode("latin-1")
        self.tree = _parser().parse(encoded)

    @property
    def root(self) -> Node:
        return self.tree.root_node

    def raw(self, node: Node) -> str:
        """The node's source, one character for each byte."""
        return self.text[node.start_byte : node.end_byte]

    def source(self, node: Node) -> str:
        """The node's source, for people and for judging it as a script of its own."""
        return decoded(self.raw(node))


def decoded(text: str) -> str:
    """Text that has one character for each byte as it was meant."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")
