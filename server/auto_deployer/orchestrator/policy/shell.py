"""Walks a script and judges every simple command in it: lists, pipelines, loops, functions, substitutions, redirections.

It keeps track of what rules need to know and the text of one command does not tell: the folders a command may run in (after `cd`),
the values variables can have, what flows into a shell, what was written to a file that is then run. It never runs anything; where
two ways are possible, both are judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .calls import Call
from .environment import findings_on, is_judged
from .facts import MAX_DEPTH, Facts
from .findings import Finding, ask, deny
from .marks import is_computed
from .parser import Script
from .reading import REDIRECTS, WordReader
from .redirections import Redirections, extra_words
from .streams import COMPUTED, FETCHED, NOTHING, Stream, merged, output_of
from .variables import Variables, walk_nodes
from .where import MOVERS, NOWHERE_KNOWN, After, Cwds, Shell, changed, in_any_case, union
from .wrappers import effective

if TYPE_CHECKING:
    from tree_sitter import Node

_WORDS = frozenset({
    "word", "number", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation", "simple_expansion",
    "expansion",
    "command_substitution", "process_substitution", "arithmetic_expansion", "brace_expression", "extglob_pattern", "regex",
    "special_variable_name", "variable_name", "subscript",
})  # fmt: skip
_MODELLED = frozenset(
    {
        "cd",
        "pushd",
        "popd",
        "pwd",
        "echo",
        "printf",
        "mktemp",
        "cat",
        "command",
        "builtin",
        "exec",
        "eval",
        "set",
        "test",
        "[",
        "exit",
        "return",
        "source",
        ".",
        "trap",
        "true",
        ":",
    }
)
"""Commands whose meaning the judgement of others rests on: a script that redefines them is not understood."""
_FUNCTION = re.compile(r"\(\s*\)|\bfunction\b")
_SET = re.compile(r"set\s+([-+][^;&|]*)")
_ERREXIT = re.compile(r"[-+][A-Za-z]*e|errexit")
_ARITHMETIC_SUBSTITUTION = re.compile(r"\[\s*(?:\$\(|`)")
_DECLARES = frozenset({"export", "declare", "typeset", "readonly", "local"})
_EVALUATE_NAMES = frozenset(
    {"let", "unset", "read", "printf", "test", "[", "[[", "declare", "typeset", "local", "export", "readonly"}
)


class Walk:
    """One script, judged in one pass.

    Args:
        known: Values of variables from around it.
        shell: The shell that runs it.
    """

    def __init__(self, source: str, facts: Facts, known: dict[str, tuple[str, ...]], shell: Shell, *, depth: int = 0) -> None:
        self._script, self._facts, self._shell, self._depth = Script(source), facts, shell, depth
        self._variables = Variables(self._script, known, facts.places.home)
        self._reader = WordReader(self._script, self._variables, facts.places.home, facts.files, self)
        self._redirections = Redirections(self._script, facts, self._reader, self)
        self._extra: dict[tuple[int, int], list[Node]] = {}
        self._ends_on_error = False
        self.findings: list[Finding] = []

    def judge(self, cwds: Cwds, stdin: Stream = NOTHING) -> After:
        """Judge the whole script, run in one of these folders."""
        root = self._script.root
        self._shell.note(cwds)
        self._prepare(root)
        if root.has_error:
            self.find(ask("unparsable", "The command cannot be understood in full."), self._script.source(root))
        return self._sequence(root.children, cwds, stdin, top=True)

    def judge_variable(self, name: str, value: str, cwds: Cwds) -> None:
        """Judge a variable's value as code, where programs run it."""
        if name == "CDPATH":
            self._shell.searches = True
        if name == "HOME":
            self._shell.home = union(self._shell.home, (value,))
        if self._judges(name):
            call = self._call_of((f"{name}={value}",), cwds, NOTHING)
            for finding in findings_on(name, value, call):
                self.find(finding, f"{name}={value}")

    def _judges(self, name: str) -> bool:
        return is_judged(name, model_s=self._facts.judge.doubts)

    def _call_of(self, words: tuple[str, ...], cwds: Cwds, stdin: Stream) -> Call:
        return Call(words, cwds, stdin, self._facts.places, self._facts.judge, self._shell, self._depth)

    def _prepare(self, root: Node) -> None:
        """What holds for the whole script, wherever it stands in it: functions, and variables that `cd` looks at."""
        if self._variables.sets_anew("HOME"):
            self._shell.home = self._variables.values("HOME")
        if self._variables.sets("CDPATH"):
            self._shell.searches = True
        if self._variables.sets("OLDPWD") or self._variables.sets("DIRSTACK"):
            self._shell.note(NOWHERE_KNOWN)
        for name in filter(self._judges, self._variables.filled):
            self.find(ask("hidden-code", f"Programs may run or load what {name} is set to here."), name)
        if _FUNCTION.search(self._script.text):
            for node in walk_nodes(root):
                if node.type == "function_definition":
                    self._define(node)

    # What the reader of words asks back (`Judging`)

    @property
    def redefines(self) -> bool:
        """See `Judging`."""
        return bool(self._shell.functions)

    def find(self, finding: Finding, part: str) -> None:
        """See `Judging`."""
        self.findings.append(finding.about(part))

    def run_nodes(self, nodes: Iterable[Node], cwds: Cwds, stdin: Stream) -> Stream:
        """See `Judging`."""
        return self._sequence(nodes, cwds, stdin).output

    def run_text(self, code: str, cwds: Cwds) -> Stream:
        """See `Judging`."""
        if self._depth >= MAX_DEPTH:
            self.find(ask("unparsable", "Commands inside of commands, deeper than is looked at."), code)
            return COMPUTED
        walk = Walk(code, self._facts, self._variables.all, self._shell.child(), depth=self._depth + 1)
        output = walk.judge(cwds).output
        self.findings += walk.findings
        return output

    def redirect(self, node: Node, cwds: Cwds, output: Stream) -> None:
        """See `Judging`."""
        self._redirections.judge(node, cwds, output)

    # Structure

    def _sequence(self, nodes: Iterable[Node], cwds: Cwds, stdin: Stream, *, top: bool = False) -> After:
        outputs: list[Stream] = []
        after = After(cwds, cwds)
        for node in nodes:
            if node.is_named:
                before = after.succeeded if self._ends_on_error and top else after.cwds
                after = self._node(node, union(before, NOWHERE_KNOWN) if self._shell.drifts else before, stdin)
                if top and node.type == "command":
                    self._set_errexit(self._script.raw(node))
                outputs.append(after.output)
                if node.next_sibling is not None and node.next_sibling.type == "&":  # a shell of its own
                    after = After(before, before)
        return replace(after, output=merged(outputs))

    def _node(self, node: Node, cwds: Cwds, stdin: Stream) -> After:  # noqa: C901, PLR0911, PLR0912 - the match is the table
        match node.type:
            case "command":
                return self._command(node, cwds, stdin)
            case "list":
                return self._list(node, cwds, stdin)
            case "pipeline":
                return self._pipeline(node.named_children, cwds, stdin)
            case "redirected_statement":
                return self._redirected(node, cwds, stdin)
            case "subshell":
                after = self._sequence(node.children, cwds, stdin)
                return After(cwds, cwds, after.output)
            case "function_definition":
                return self._function(node, cwds, stdin)
            case "while_statement" | "for_statement" | "c_style_for_statement":
                return self._loop(node, cwds, stdin)
            case "variable_assignment" | "variable_assignments" | "declaration_command" | "unset_command" | "test_command":
                self._without_command(node, cwds)
                return After(cwds, cwds)
            case "negated_command":
                after = self._sequence(node.children, cwds, stdin)
                return After(after.failed, after.succeeded, after.output)
            case "comment" | "raw_string" | "variable_name":
                return After(cwds, cwds)
            case kind if kind in _WORDS or kind.endswith("_expression"):
                self._reader.judge_inside(node, cwds)
                return After(cwds, cwds)
            case kind if kind in REDIRECTS:
                self.redirect(node, cwds, NOTHING)
                return After(cwds, cwds)
            case _:  # if, case, { }, do …: whatever their parts do may have happened
                after = self._sequence(node.children, cwds, stdin)
                return After(union(cwds, after.cwds), union(cwds, after.cwds), after.output)

    def _list(self, node: Node, cwds: Cwds, stdin: Stream) -> After:
        left, right = node.named_children[0], node.named_children[-1]
        first = self._node(left, cwds, stdin)
        if any(child.type == "||" for child in node.children):
            if right.type == "command" and re.fullmatch(r"(?:exit|return)(?: \d+)?", self._script.raw(right)):
                if self._script.raw(right).startswith("return"):
                    self._shell.jump(first.failed)
                return After(first.succeeded, (), first.output)
            second = self._node(right, first.failed, stdin)
            return After(union(first.succeeded, second.succeeded), second.failed, merged((first.output, second.output)))
        second = self._node(right, first.succeeded, stdin)
        return After(second.succeeded, union(first.failed, second.failed), merged((first.output, second.output)))

    def _pipeline(self, stages: Sequence[Node], cwds: Cwds, stdin: Stream) -> After:
        flow = stdin
        fetched = False
        last = After(cwds, cwds)
        for stage in stages:
            last = self._node(stage, cwds, flow)
            fetched = fetched or last.output == FETCHED
            flow = FETCHED if fetched else last.output if last.output != NOTHING else COMPUTED
        behind = union(cwds, last.cwds) if self._shell.shares_pipes else cwds
        return After(behind, behind, flow)

    def _loop(self, node: Node, cwds: Cwds, stdin: Stream) -> After:
        first = self._sequence(node.children, cwds, stdin)
        if {*first.cwds, *self._shell.jumps} <= set(cwds):
            return After(cwds, cwds, first.output)
        anywhere = union(cwds, first.cwds, self._shell.jumps, NOWHERE_KNOWN)
        self._sequence(node.children, anywhere, stdin)
        return After(anywhere, anywhere, first.output)

    def _function(self, node: Node, cwds: Cwds, stdin: Stream) -> After:
        name_node, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name_node is None or body is None:
            return After(cwds, cwds)
        name = self._script.source(name_node)
        if name in _MODELLED:
            self.find(ask("redefined", f"It gives {name} another meaning."), self._script.source(node))
        if _starts_itself(self._script, name, body):
            self.find(deny("fork-bomb", "A function that starts itself again and again."), self._script.source(node))
        inside = self._sequence([body], cwds, stdin)
        if self._shell.traps_each and inside.cwds != cwds:  # a trap may call it
            self._shell.drifts = True
        for redirect in node.named_children:
            if redirect.type in REDIRECTS:
                self.redirect(redirect, cwds, COMPUTED)
        return After(cwds, cwds)

    def _define(self, node: Node) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return

        def judged(cwds: Cwds, stdin: Stream) -> tuple[After, list[Finding]]:
            start = len(self.findings)
            after = self._sequence([body], cwds, stdin)
            found = self.findings[start:]
            del self.findings[start:]
            return after, found

        self._shell.functions.setdefault(self._script.source(name), []).append(judged)

    def _redirected(self, node: Node, cwds: Cwds, stdin: Stream) -> After:
        """In `cd a && b > c` the grammar hangs the redirection on the whole list, the shell on `b`."""
        body = node.child_by_field_name("body")
        redirects = [child for child in node.children if child.type in REDIRECTS]
        flow = stdin
        for redirect in redirects:
            flow = self._redirections.input(redirect, cwds) or flow
        extra = [word for redirect in redirects for word in extra_words(redirect)]
        if body is None:
            after = self._simple(extra, [], node, cwds, flow) if extra else After(cwds, cwds)
        else:
            if extra:
                self._give_to_last(body, extra)
            after = self._node(body, cwds, flow)
        where = cwds if body is None or body.type == "command" else union(cwds, after.cwds)
        for redirect in redirects:
            self.redirect(redirect, where, after.output)
        return self._behind_heredocs(redirects, after, cwds, stdin)

    def _give_to_last(self, body: Node, extra: list[Node]) -> None:
        """Words behind a redirection belong to the last command before it."""
        while body.type in ("list", "pipeline", "negated_command", "redirected_statement"):
            body = body.child_by_field_name("body") or body.named_children[-1]
        if body.type == "command":
            self._extra[body.start_byte, body.end_byte] = extra
        else:
            self.find(ask("unparsable", "Words follow a redirection where none can be."), self._script.source(body))

    def _behind_heredocs(self, redirects: Sequence[Node], after: After, cwds: Cwds, stdin: Stream) -> After:
        """`cat <<EOF | sh` and `cat <<EOF && b`: the grammar keeps what follows on that line inside the redirection."""
        for redirect in redirects:
            if redirect.type != "heredoc_redirect":
                continue
            for child in redirect.named_children:
                if child.type == "pipeline":
                    after = self._pipeline(child.named_children, cwds, after.output)
            right = redirect.child_by_field_name("right")
            if right is not None:
                in_case = after.failed if any(child.type == "||" for child in redirect.children) else after.succeeded
                second = self._node(right, in_case, stdin)
                after = After(union(after.succeeded, second.succeeded), union(after.failed, second.failed), second.output)
        return after

    # Commands

    def _command(self, node: Node, cwds: Cwds, stdin: Stream) -> After:
        extra = self._extra.get((node.start_byte, node.end_byte), [])
        words = [child for child in node.children if child.type == "command_name"]
        assignments: list[Node] = []
        outside: list[Node] = []
        for child in node.children:
            if child.type == "variable_assignment":
                assignments.append(child)
            elif child.type in REDIRECTS:
                outside.append(child)
                stdin = self._redirections.input(child, cwds) or stdin
                words += extra_words(child)
            elif child.type != "command_name" and child.is_named:
                words.append(child)
        after = self._simple([*words, *extra], assignments, node, cwds, stdin)
        for child in outside:
            self.redirect(child, cwds, after.output)
        return after

    def _simple(self, words: Sequence[Node], assignments: Sequence[Node], node: Node, cwds: Cwds, stdin: Stream) -> After:
        for assignment in assignments:
            self._assignment(assignment, cwds)
        part = self._script.source(node)
        after = After(cwds, cwds)
        afters = [
            self._fields(tuple(fields), part, cwds, stdin) for fields in self._reader.combinations(words, cwds, part) if fields
        ]
        if len(afters) == 1:
            return afters[0]
        if afters:
            after = After(union(*(each.succeeded for each in afters)), union(*(each.failed for each in afters)), COMPUTED)
        return after

    def _fields(self, fields: tuple[str, ...], part: str, cwds: Cwds, stdin: Stream) -> After:
        shell = self._shell
        before = shell.watch()
        for finding in self._facts.judge.command(self._call_of(fields, cwds, stdin)):
            self.find(finding, part)
        moved = shell.seen(before)
        words = effective(fields)
        if not words:
            return moved or After(cwds, cwds)
        name = words[0]
        if name in shell.functions:
            return self._call(name, cwds, stdin)
        if is_computed(name) or name in shell.aliases:
            return in_any_case(After(cwds, cwds, output_of(words, stdin)), NOWHERE_KNOWN)
        if moved is not None:
            return moved
        if name in MOVERS:
            return changed(words, cwds, shell, self._facts.places)
        self._builtin(words, part, cwds)
        return After(cwds, cwds, output_of(words, stdin))

    def _builtin(self, words: Sequence[str], part: str, cwds: Cwds) -> None:
        """What the shell's own commands change in it."""
        name = words[0]
        if name in _DECLARES:
            self._declared(words[1:], cwds)
        if name in ("return", "break", "continue"):
            self._shell.jump(cwds)
        if name in ("set", "shopt", "setopt"):
            self._shell.set_option(words)
        if name in _EVALUATE_NAMES and any(_ARITHMETIC_SUBSTITUTION.search(word) for word in words):
            self.find(ask("hidden-code", "A subscript holds a command that the shell would run."), part)

    def _call(self, name: str, cwds: Cwds, stdin: Stream) -> After:
        """A function is judged where it is called; where it calls itself, at any folder that it may be in by then."""
        calls = self._shell.calls
        if calls.is_running(name):
            cwds = cwds if calls.is_running(name, cwds) else NOWHERE_KNOWN
            calls.recursive.add(name)
        key = (name, cwds, stdin, len(self._shell.functions))
        if key in calls.led:
            known = calls.led[key]
            return After(cwds, cwds, COMPUTED) if known is None else known
        calls.led[key] = None
        after = self._bodies(name, cwds, stdin)
        if name in calls.recursive and not set(after.cwds) <= set(cwds):
            after = in_any_case(self._bodies(name, union(cwds, after.cwds, NOWHERE_KNOWN), stdin), NOWHERE_KNOWN)
        calls.led[key] = after
        return after

    def _bodies(self, name: str, cwds: Cwds, stdin: Stream) -> After:
        afters: list[After] = []
        for body in self._shell.functions[name]:
            after, found = body(cwds, stdin)
            self.findings += found
            afters.append(in_any_case(after, self._shell.jumps) if self._shell.jumps else after)
        if len(afters) == 1:
            return afters[0]
        succeeded, failed = union(*(after.succeeded for after in afters)), union(*(after.failed for after in afters))
        return After(union(cwds, succeeded), union(cwds, failed), COMPUTED)

    def _set_errexit(self, text: str) -> None:
        """`set -e` counts where it stands for itself: behind `&&` or in a function it may not have run."""
        if (found := _SET.match(text)) is not None and (_ERREXIT.search(found[1]) is not None):
            self._ends_on_error = "+" not in found[1]

    # Assignments and words outside of commands

    def _without_command(self, node: Node, cwds: Cwds) -> None:
        for child in [node, *node.named_children]:
            if child.type == "variable_assignment":
                self._assignment(child, cwds)
            elif node.type == "declaration_command" and child.id != node.id and child.type not in ("variable_name", "word"):
                for fields in self._reader.fields(child, cwds, self._script.source(node)):
                    self._declared(fields, cwds)
        self._reader.judge_inside(node, cwds)
        if _ARITHMETIC_SUBSTITUTION.search(self._script.raw(node)) and "'" in self._script.raw(node):
            self.find(ask("hidden-code", "A subscript holds a command that the shell would run."), self._script.source(node))

    def _declared(self, words: Sequence[str], cwds: Cwds) -> None:
        """`export "NAME=value"`: an assignment that is made of a word."""
        for word in words:
            name, equals, value = word.partition("=")
            if equals or is_computed(word):
                self.judge_variable(name.rstrip("+"), value, cwds)
            if is_computed(name):
                self.find(ask("hidden-code", "Which variable is set is only known when it runs."), word)

    def _assignment(self, node: Node, cwds: Cwds) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return
        self._reader.judge_inside(node, cwds)
        variable = self._script.source(name).partition("[")[0]
        if value.type != "array" and self._judges(variable):
            for fields in self._reader.fields(value, cwds, self._script.source(node)):
                self.judge_variable(variable, " ".join(fields), cwds)


def _starts_itself(script: Script, name: str, body: Node) -> bool:
    """Whether a function calls itself in the background or in a pipeline: each call makes more of them."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        waiting += node.named_children
        if node.type == "command_name" and script.source(node) == name:
            around = node.parent.parent if node.parent is not None else None
            while around is not None and around.id != body.id and around.type in ("list", "redirected_statement"):
                around = around.parent
            if around is not None and (around.type == "pipeline" or any(child.type == "&" for child in around.children)):
                return True
    return False
