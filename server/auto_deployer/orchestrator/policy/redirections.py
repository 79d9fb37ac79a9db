"""Redirections: what flows into a command from them, and what they read or write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .facts import Facts
from .findings import ask
from .marks import STRANGE, UNKNOWN, is_computed
from .parser import Script
from .reading import Judging, WordReader
from .streams import COMPUTED, FILE, NOTHING, Stream, merged, output_of
from .where import Cwds

if TYPE_CHECKING:
    from tree_sitter import Node


class Redirections:
    """The redirections of one script."""

    def __init__(self, script: Script, facts: Facts, reader: WordReader, judging: Judging) -> None:
        self._script, self._facts, self._reader, self._judging = script, facts, reader, judging

    def input(self, node: Node, cwds: Cwds) -> Stream | None:
        """What a redirection feeds to the command."""
        if node.type == "herestring_redirect":
            word = node.named_children[-1]
            fields = self._reader.fields(word, cwds, self._script.source(node))
            text = " ".join(fields[0]) if len(fields) == 1 else UNKNOWN
            return COMPUTED if is_computed(text) else Stream("text", text + "\n")
        if node.type == "heredoc_redirect":
            return self._reader.heredoc(node, cwds)
        if any(child.type in ("<", "<&") for child in node.children):
            target = node.child_by_field_name("destination")
            if target is not None and target.type == "process_substitution":
                self._reader.fields(target, cwds, self._script.source(node))
                inner = [child for child in target.named_children if child.type == "command"]
                name = self._script.raw(inner[0]).split()[0] if inner else ""
                return output_of((name, UNKNOWN), NOTHING) if name else COMPUTED
            return self._content(target, cwds, self._script.source(node)) if target is not None else FILE
        return None

    def judge(self, node: Node, cwds: Cwds, output: Stream) -> None:
        """Judge what a redirection reads or writes.

        Args:
            output: What would be written.
        """
        part = self._script.source(node)
        for child in node.named_children:
            if child.type == "file_redirect":  # behind a heredoc
                self.judge(child, cwds, output)
        if node.type != "file_redirect":
            return
        target = node.child_by_field_name("destination")
        if target is None:
            return
        operators = {child.type for child in node.children if not child.is_named}
        reads_only = operators <= {"<", "<&"}
        for fields in self._reader.fields(target, cwds, part):
            for word in fields:
                if target.type == "process_substitution" or (operators & {">&", "<&"} and (word.isdigit() or word == "-")):
                    continue
                self._to(word, cwds, part, reads_only=reads_only, output=output, appends=bool(operators & {">>", "&>>"}))

    def _content(self, target: Node, cwds: Cwds, part: str) -> Stream:
        """What the script wrote before to the file that flows in."""
        paths = [word for fields in self._reader.fields(target, cwds, part) for word in fields]
        spots = [self._facts.places.resolve(word, cwd) for word in paths for cwd in cwds]
        known = [self._facts.files[spot.path] for spot in spots if spot.path in self._facts.files]
        return merged(known) if known else FILE

    def _to(self, word: str, cwds: Cwds, part: str, *, reads_only: bool, output: Stream, appends: bool) -> None:
        if STRANGE in word:
            self._judging.find(ask("strange-characters", "It holds control or invisible characters."), part)
        for cwd in cwds:
            spot = self._facts.places.resolve(word, cwd)
            places = self._facts.places
            if reads_only:
                found = places.read(spot)
            else:
                found = places.write(spot) if appends else places.overwrite(spot, empties=output == NOTHING)
            if found is None and not reads_only:
                found = self._facts.places.read(spot) if spot.path.startswith("/proc") else None
                written = output if output != NOTHING else COMPUTED
                before = self._facts.files.get(spot.path) if appends else None
                self._facts.files[spot.path] = written if before is None else merged((before, written))
            if found is not None:
                self._judging.find(replace(found, liftable=False), part)


def extra_words(redirect: Node) -> list[Node]:
    """Words behind a redirection's target: the grammar counts them to it, the shell to the command."""
    if redirect.type == "file_redirect":
        return redirect.children_by_field_name("destination")[1:]
    if redirect.type == "heredoc_redirect":
        inner = [word for child in redirect.named_children if child.type == "file_redirect" for word in extra_words(child)]
        return [*redirect.children_by_field_name("argument"), *inner]
    return []
