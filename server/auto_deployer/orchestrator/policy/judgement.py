"""Judging one command: what is found in it and in all that it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from .calls import Call
from .environment import findings_on
from .facts import MAX_DEPTH, Facts
from .findings import Finding, ask
from .harmless import unknown
from .marks import GLOB, LOOSE, STRANGE, UNKNOWN, is_computed, readable
from .opaque import code_of, interpreter
from .parser import readings
from .places import SCRATCH, SYSTEM, Places, Spot, candidates
from .rules import RULES
from .rules.data import loses_data
from .rules.runners import run
from .rules.secrets import serves
from .rules.shells import STAYS, privilege
from .rules.sources import from_addresses
from .rules.told import told
from .rules.unruled import unruled
from .shell import Walk
from .streams import COMPUTED, FETCHED, Stream
from .user_rules import UserRules
from .where import NOWHERE_KNOWN, Cwds, Shell, in_any_case, union
from .wrappers import WRAPPERS, assigned, folders_of, unwrapped
from .written import Written

_NAMES_ONLY = frozenset({
    "echo", "printf", "ls", "stat", "test", "[", "mkdir", "chmod", "chown", "touch", "rm", "basename", "dirname", "realpath",
    "readlink", "du", "file", "cd", "pushd", "export", "set", "command", "which", "type", "id",
})  # fmt: skip
"""Commands to which a path is a name: they do not show what is in the file."""


class Judgement:
    """Judging one command. Implements `Judge`.

    Args:
        files: What earlier commands of the deployment wrote; this one's are added.
        doubts: A model made the command: what is not known to be harmless is asked about.
    """

    def __init__(self, places: Places, rules: UserRules, files: dict[str, Stream], *, doubts: bool = False) -> None:
        self._facts = Facts(places, self, files)
        self.doubts = doubts
        self._places, self._rules = places, rules
        self._written = Written(files, by_model=doubts)

    def script_findings(self, command: str, cwd: str, env: Mapping[str, str]) -> list[Finding]:
        """Findings on the whole."""
        given = {name: (value,) for name, value in env.items()}
        known = {**given, "HOME": tuple(dict.fromkeys((self._places.home, *given.get("HOME", ()))))}
        findings: list[Finding] = []
        for reading in readings(command):
            shell = Shell(known["HOME"])
            walk = Walk(reading, self._facts, known, shell)
            walk.judge((cwd,))
            for name, value in env.items():
                walk.judge_variable(name, value, (cwd,))
            findings += [*walk.findings, *self._trapped(shell, 0)]
        return findings

    def code(self, text: str, call: Call, params: Sequence[str] = (), *, here: bool = False) -> list[Finding]:
        """See `Judge.code`."""
        if here and (is_computed(text) or call.depth >= MAX_DEPTH):
            call.leads_anywhere()
        if call.depth >= MAX_DEPTH:
            return [_fixed(ask("unparsable", "Commands inside of commands, deeper than is looked at."), call)]
        if is_computed(text):
            what = f"The code that {call.name} runs is only known when it runs"
            fetched, computed = ask("fetch-to-exec", f"{what}, and something is fetched."), ask("computed-code", f"{what}.")
            found = fetched if self._written.fetches else computed
            return [_fixed(found, call), *self._walk(text.replace(LOOSE, UNKNOWN), call, params, here=here)]
        return self._walk(text, call, params, here=here)

    def _walk(self, text: str, call: Call, params: Sequence[str], *, here: bool) -> list[Finding]:
        known = {str(index): (param,) for index, param in enumerate(params)}
        known |= {"HOME": call.shell.home}
        findings: list[Finding] = []
        for reading in readings(text):
            shell = call.shell if here else call.shell.child(shares=call.name in ("zsh", "ksh", "mksh"))
            walk = Walk(reading, self._facts, known, shell, depth=call.depth + 1)
            after = walk.judge(call.cwds, call.stdin)
            found = walk.findings
            if here:
                shell.lead(in_any_case(after, shell.jumps))
            else:
                found += self._trapped(shell, call.depth + 1)
            findings += [replace(each, liftable=False) for each in found]
        return findings

    def _trapped(self, shell: Shell, depth: int) -> list[Finding]:
        """Findings on what runs when the shell gets a signal or ends, wherever it is by then."""
        findings: list[Finding] = []
        for code in shell.traps if depth < MAX_DEPTH else ():
            walk = Walk(code, self._facts, {"HOME": shell.home}, shell, depth=depth + 1)
            walk.judge(NOWHERE_KNOWN if shell.drifts else shell.been)
            findings += [replace(found, liftable=False) for found in walk.findings]
        return findings

    def script(
        self, word: str, call: Call, read: Callable[[str], Iterable[Finding]] | None = None, *, only_known: bool = False
    ) -> list[Finding]:
        """See `Judge.script`."""
        findings: list[Finding] = []
        for spot in call.spots(word):
            for content in self._contents(spot):
                if content is not None and content.kind == "text":
                    findings += self.code(content.text, call) if read is None else read(content.text)
                elif (found := self._unseen(word, spot, call, content, only_known=only_known)) is not None:
                    findings.append(found)
        return [_fixed(finding, call) for finding in findings]

    def _contents(self, spot: Spot) -> list[Stream | None]:
        """What was written to the file, or to any that a pattern may mean; None: to none of them."""
        if not spot.below or not spot.base:
            return [self._facts.files.get(spot.path)]
        return [content for path, content in self._facts.files.items() if path.startswith(f"{spot.base.rstrip('/')}/")] or [None]

    def _unseen(self, word: str, spot: Spot, call: Call, content: Stream | None, *, only_known: bool) -> Finding | None:
        """What speaks against running a file whose text is not known."""
        shown = readable(word)
        if content == FETCHED:
            return ask("fetch-to-exec", f"{shown} was just fetched and is run unseen.")
        if content == COMPUTED:
            return ask("computed-code", f"What is in {shown} is only known when it runs.")
        if only_known:
            return None
        if is_computed(word):
            return ask("computed-code", "Which script is run is only known when it runs.")
        return self._from_elsewhere(shown, spot, call)

    def _from_elsewhere(self, shown: str, spot: Spot, call: Call) -> Finding | None:
        """What speaks against running a file for where it lies."""
        if spot.path.startswith(("/dev/tcp", "/dev/udp")):
            return ask("fetch-to-exec", f"{shown} is a network connection.")
        if self._written.stores_fetched and not spot.path.startswith(SYSTEM):
            return ask("fetch-to-exec", f"{shown} may be of what was just fetched.")
        if spot.path.startswith(SCRATCH) and self._places.is_scratch(spot.path) and spot.path != call.words[0]:
            return ask("foreign-code", f"{shown} is run as code, and lies where anybody may have put it.")
        if self.doubts and self._places.is_outside(spot.path) and not spot.path.startswith("/dev/") and not STAYS.search(shown):
            return ask("foreign-code", f"{shown} is run as code, and is not the project's.")
        return None

    def command(self, call: Call) -> list[Finding]:
        """See `Judge.command`."""
        if call.depth >= MAX_DEPTH:
            return [_fixed(ask("unparsable", "Commands inside of commands, deeper than is looked at."), call)]
        part = readable(" ".join(call.words))
        findings = [finding.about(part) for finding in (*self._written.note(call), *self._own(call))]
        self._written.note_stored(call)
        found = unwrapped(call.words)
        if found:
            cwds = self._folders(call, unsure=len(found) > 1)
            for name, value in assigned(call.words, found[0]):
                findings += self._given(name, value, call, cwds)
            shell = self._started(call, found[0])
            for inner in found:
                findings += replace(call, shell=shell).runs(inner, cwds=cwds)
        return self._rules.applied(call.words, part, findings)

    def _folders(self, call: Call, *, unsure: bool) -> Cwds:
        """Where a wrapper runs its command."""
        cwds = call.cwds
        for folder in folders_of(call.words):
            cwds = union(tuple(UNKNOWN if (spot := self._places.resolve(folder, cwd)).below else spot.path for cwd in cwds))
        return union(cwds, NOWHERE_KNOWN) if unsure else cwds

    def _given(self, name: str, value: str, call: Call, cwds: Cwds) -> Iterator[Finding]:
        """Findings on a variable that a wrapper sets (`env NAME=value`)."""
        yield from findings_on(name, value, replace(call, words=(f"{name}={value}",), cwds=cwds, depth=call.depth + 1))

    def _started(self, call: Call, inner: Sequence[str]) -> Shell:
        """The shell for what a wrapper runs: its own where the wrapper belongs to the shell."""
        if call.name in ("command", "builtin", "time", "exec"):
            return call.shell
        given = dict(assigned(call.words, inner))
        home = union(call.shell.home, (given["HOME"],)) if "HOME" in given else None
        return call.shell.child(home=home, searches=True if "CDPATH" in given else None)

    def _own(self, call: Call) -> Iterator[Finding]:
        word = call.words[0]
        yield from _readable_words(call)
        name = call.name
        for rule_of_all in (privilege, run, from_addresses, loses_data):
            yield from rule_of_all(call)
        if (rule := RULES.get(name)) is not None:
            yield from rule(call)
        language = interpreter(name)
        if language is not None and (rule is None or language == "bun"):
            yield from code_of(call, language)
        elif rule is None and name not in WRAPPERS and name not in _NAMES_ONLY:
            yield from unruled(call)
        if name not in WRAPPERS:  # what they run is judged for itself
            if "/" in word and language is None:
                yield from self.script(word, call)
            if language == "python":
                yield from self._python_module(call)
            yield from self._reads(call, name)
        yield from told(call)
        if self.doubts:
            yield from unknown(call, language, self._written)

    def _python_module(self, call: Call) -> Iterator[Finding]:
        """`python -m pip`, `python -m venv`."""
        if "-m" not in call.args:
            return
        rest = call.args[call.args.index("-m") + 1 :]
        if rest[:1] in (("pip",), ("pipx",), ("uv",), ("keyring",)):
            yield from call.runs(rest)
        elif rest[:1] == ("http.server",):
            yield from serves(replace(call, words=rest))
        elif rest[:1] in (("zipfile",), ("tarfile",)) and ("-e" in rest or "--extract" in rest):
            yield from call.writes(rest[-1])
        elif rest[:1] in (("venv",), ("virtualenv",)):
            for word in rest[1:]:
                yield from call.writes(word) if not word.startswith("-") else ()

    def _reads(self, call: Call, name: str) -> Iterator[Finding]:
        if name in _NAMES_ONLY:
            return
        for word in call.args:
            for path in candidates(word):
                for spot in call.spots(path) if path else ():
                    if (found := self._places.read(spot)) is not None:
                        yield found


def _readable_words(call: Call) -> Iterator[Finding]:
    if is_computed(call.words[0]) or GLOB in call.words[0]:
        yield ask("computed-command", "Which command runs is only known when it runs.")
    if any(STRANGE in each for each in call.words):
        yield ask("strange-characters", "It holds control or invisible characters.")


def _fixed(finding: Finding, call: Call) -> Finding:
    return finding.about(readable(" ".join(call.words)))
