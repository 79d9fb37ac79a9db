"""The command policy: what may run, what a person is asked about, what never runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Self

from ...model.facts import HostFacts
from ...model.log import PolicyVerdict
from ...model.ports import DeployPaths
from ...model.settings import PolicySettings
from .calls import Call
from .downloads import downloaded, stores
from .findings import Finding, ask, worst
from .marks import GLOB, LOOSE, STRANGE, UNKNOWN, is_computed, readable
from .opaque import code_of, interpreter
from .parser import readings
from .places import Places, candidates
from .rules import RULES
from .rules.runners import run
from .rules.secrets import serves
from .rules.shells import privilege
from .rules.unruled import unruled
from .shell import MAX_DEPTH, Facts, Walk
from .streams import COMPUTED, FETCHED, FETCHERS, Stream
from .user_rules import UserRules
from .wrappers import WRAPPERS, chdir_of, unwrapped

_MAX_LENGTH = 500_000
"""Characters of a command that is still read (the longest of ours, a script put in place, has about 10,000)."""
_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/opt/")
_NAMES_ONLY = frozenset({"echo", "printf", "ls", "stat", "test", "[", "mkdir", "chmod", "chown", "touch", "rm", "basename",
"dirname", "realpath",
                         "readlink", "du", "file", "cd", "pushd", "export", "set", "command", "which", "type", "id"})  # fmt: skip
"""Commands to which a path is a name: they do not show what is in the file."""


class CommandPolicy:
    """Judges the commands of one deployment, right before each runs. Knows the text and the target's folders, no more.

    A repository's own scripts (`npm run build`, `make`, `python app.py`) are what a deployment is there to run: they are allowed
    and not looked into. So are links that lie on the target: paths are taken by their text.

    Args:
        settings: The user's rules.
        deploy_dir: Where the deployment may write (absolute, on the target).
        home: The home directory on the target.
        log_dir: The folder of the deployment logs, when it is on the target.
    """

    def __init__(self, settings: PolicySettings, *, deploy_dir: str, home: str, log_dir: str | None = None) -> None:
        self._places = Places(deploy_dir, home, log_dir)
        self._rules = UserRules(settings)

    @classmethod
    def of(cls, settings: PolicySettings, paths: DeployPaths, host: HostFacts, *, log_dir: str | None = None) -> Self:
        """The policy of a deployment. `log_dir` counts only where the target is this machine: elsewhere no such folder is ours."""
        deploy_dir = paths.deploy_dir
        return cls(settings, deploy_dir=deploy_dir, home=host.home or str(PurePosixPath(deploy_dir).parent), log_dir=log_dir)

    def judge(self, command: str, *, cwd: str = "", env: Mapping[str, str] | None = None) -> PolicyVerdict:
        """The verdict on a command: of all its simple commands the worst, with the rule and the part that it is about.

        Args:
            cwd: Where it runs; "" means the home directory.
            env: Additions to its environment.
        """
        if len(command) > _MAX_LENGTH:
            return worst([ask("unparsable", f"The command has {len(command)} characters.")])
        return worst(_Judgement(self._places, self._rules).script_findings(command, cwd or self._places.home, env or {}))


class _Judgement:
    """Judging one command. Implements `Judge`."""

    def __init__(self, places: Places, rules: UserRules) -> None:
        self._facts = Facts(places, self)
        self._places, self._rules = places, rules
        self._fetches = False
        self._stores_fetched = False

    def script_findings(self, command: str, cwd: str, env: Mapping[str, str]) -> list[Finding]:
        """Findings on the whole."""
        given = {name: (value,) for name, value in env.items()}
        known = {**given, "HOME": tuple(dict.fromkeys((self._places.home, *given.get("HOME", ()))))}
        findings: list[Finding] = []
        for reading in readings(command):
            walk = Walk(reading, self._facts, known)
            walk.judge((cwd,))
            for name, value in env.items():
                walk.judge_variable(name, value, (cwd,))
            findings += walk.findings
        return findings

    def code(self, text: str, call: Call, params: Sequence[str] = ()) -> list[Finding]:
        """See `Judge.code`."""
        if call.depth >= MAX_DEPTH:
            return [_fixed(ask("unparsable", "Commands inside of commands, deeper than is looked at."), call)]
        if is_computed(text):
            what = f"The code that {call.name} runs is only known when it runs"
            fetched, computed = ask("fetch-to-exec", f"{what}, and something is fetched."), ask("computed-code", f"{what}.")
            found = fetched if self._fetches else computed
            return [_fixed(found, call), *self._walk(text.replace(LOOSE, UNKNOWN), call, params)]
        return self._walk(text, call, params)

    def _walk(self, text: str, call: Call, params: Sequence[str]) -> list[Finding]:
        known = {str(index): (param,) for index, param in enumerate(params)}
        known |= {"HOME": (self._places.home,)}
        findings: list[Finding] = []
        for reading in readings(text):
            walk = Walk(reading, self._facts, known, depth=call.depth + 1)
            walk.judge(call.cwds, call.stdin)
            findings += [replace(found, liftable=False) for found in walk.findings]
        return findings

    def script(self, word: str, call: Call) -> list[Finding]:
        """See `Judge.script`."""
        findings: list[Finding] = []
        for spot in call.spots(word):
            content = self._facts.files.get(spot.path)
            if content == FETCHED:
                findings.append(_fixed(ask("fetch-to-exec", f"{readable(word)} was just fetched and is run unseen."), call))
            elif content == COMPUTED:
                findings.append(_fixed(ask("computed-code", f"What is in {readable(word)} is only known when it runs."), call))
            elif content is not None and content.kind == "text":
                findings += self.code(content.text, call)
            elif is_computed(word):
                findings.append(_fixed(ask("computed-code", "Which script is run is only known when it runs."), call))
            elif spot.path.startswith(("/dev/tcp", "/dev/udp")):
                findings.append(_fixed(ask("fetch-to-exec", f"{readable(word)} is a network connection."), call))
            elif self._stores_fetched and not spot.path.startswith(_SYSTEM):
                findings.append(_fixed(ask("fetch-to-exec", f"{readable(word)} may be of what was just fetched."), call))
        return findings

    def command(self, call: Call) -> list[Finding]:
        """See `Judge.command`."""
        if call.depth >= MAX_DEPTH:
            return [_fixed(ask("unparsable", "Commands inside of commands, deeper than is looked at."), call)]
        part = readable(" ".join(call.words))
        self._note_files(call)
        findings = [finding.about(part) for finding in self._own(call)]
        self._stores_fetched = self._stores_fetched or stores(call)
        for inner in unwrapped(call.words):
            folder = chdir_of(call.words)
            cwds = call.cwds if folder is None else tuple(spot.path for spot in call.spots(folder))
            findings += call.runs(inner, cwds=cwds)
        return self._rules.applied(call.words, part, findings)

    def _own(self, call: Call) -> Iterator[Finding]:
        word = call.words[0]
        if is_computed(word) or GLOB in word:
            yield ask("computed-command", "Which command runs is only known when it runs.")
        if any(STRANGE in each for each in call.words):
            yield ask("strange-characters", "It holds control or invisible characters.")
        name = call.name
        yield from privilege(call)
        yield from run(call)
        if (rule := RULES.get(name)) is not None:
            yield from rule(call)
        language = interpreter(name)
        if language is not None and (rule is None or language == "bun"):
            yield from code_of(call, language)
        elif rule is None and name not in WRAPPERS and name not in _NAMES_ONLY:
            yield from unruled(call)
        if "/" in word and language is None and name not in WRAPPERS:
            yield from self.script(word, call)
        if name == "python" or name.startswith(("python3", "python2")):
            yield from self._python_module(call)
        if name not in WRAPPERS:  # what they run is judged for itself
            yield from self._reads(call, name)

    def _python_module(self, call: Call) -> Iterator[Finding]:
        """`python -m pip`, `python -m venv`."""
        if "-m" not in call.args:
            return
        rest = call.args[call.args.index("-m") + 1 :]
        if rest[:1] in (("pip",), ("keyring",)):
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

    def _note_files(self, call: Call) -> None:
        """Files that the command fetches, copies or writes, for when they are run."""
        name = call.name
        self._fetches = self._fetches or name in FETCHERS
        if name in ("curl", "wget", "wget2", "aria2c", "scp"):
            self._note(call, downloaded(call), FETCHED)
        elif name in ("cp", "mv", "install", "ln") and len(call.args) > 1:
            source, target = call.args[-2:]
            for spot in call.spots(source):
                if (content := self._facts.files.get(spot.path)) is not None:
                    self._note(call, [target, f"{target}/{source.rpartition('/')[2]}"], content)
        elif name in ("tee", "sponge"):
            self._note(call, call.args, call.stdin if call.stdin.kind in ("text", "fetched") else COMPUTED)

    def _note(self, call: Call, words: Iterable[str], content: Stream) -> None:
        for word in words:
            for spot in call.spots(word):
                self._facts.files[spot.path] = content


def _fixed(finding: Finding, call: Call) -> Finding:
    return finding.about(readable(" ".join(call.words)))
