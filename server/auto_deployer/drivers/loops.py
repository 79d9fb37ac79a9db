"""Signs that the model goes in circles. Pure: from what ran and what came of it to the loop that is seen, or None.

Two results are compared in a normalised form, since no two runs print the same times, process ids and folders. What waits for
something (a health poll) repeats itself rightly, and what fails in silence says nothing about its cause: neither is a loop by that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ..model.log import CommandRecord
from ..model.settings import LoopDetectionSettings
from ..sessions.shell_words import SimpleCommand, simple_commands

_CAP = 1000
"""Characters at each end of an output that are compared."""
_LINE = 300
"""Characters of an error line."""
_CYCLES = 3
"""How often a pattern of several commands must come to be one (OpenHands: A-B-A-B over six events)."""
_LONGEST_PERIOD = 3
_POLL_FACTOR = 2
"""A poll without growing waits may repeat itself so many times longer than other commands."""
LOOKS_IN_A_ROW = 10
"""Turns that only look, and change nothing, until that is told."""

LoopKind = Literal["repeat", "error", "cycle", "fruitless", "no_change"]
Purpose = Literal["poll", "look", "change"]


@dataclass(frozen=True)
class Attempted:
    """A command that ran and what came of it, in the form in which two of them compare."""

    shown: str
    """The command as it ran."""
    command: str
    """Without its waits, blanks squeezed."""
    wait_s: float
    """Seconds it sleeps."""
    exit_code: int
    output: str
    error: str
    """The error it ended on, as it was printed: what people and the model are told. "" when it succeeded, or failed in silence."""
    purpose: Purpose = "change"

    @property
    def failed(self) -> bool:
        return self.exit_code != 0

    @property
    def signature(self) -> str:
        """The error as it is compared; nobody is shown it."""
        return normalised_output(self.error)


@dataclass(frozen=True)
class Loop:
    """A loop that was seen."""

    kind: LoopKind
    evidence: str
    commands: frozenset[str] = frozenset()
    """The normalised commands whose exact repeat brings nothing."""


def attempted(record: CommandRecord) -> Attempted:
    """A record in comparable form."""
    text = "\n".join(filter(None, (record.stdout, record.stdout_tail, record.stderr, record.stderr_tail)))
    waiting = f"waits for input: {record.waiting_for_input}" if record.waiting_for_input else ""
    ended = waiting or (f"{record.timed_out} time-out" if record.timed_out else "")
    error = "" if record.success else ended or error_line(text)
    return Attempted(
        record.command, normalised_command(record.command), wait_of(record.command), record.exit_code, normalised_output(text),
        error, purpose_of(record.command),
    )  # fmt: skip


def find_loop(history: Sequence[Attempted], settings: LoopDetectionSettings) -> Loop | None:
    """The loop that the newest commands form, oldest first in `history`; None when they form none or detection is off."""
    if not settings.enabled or not history:
        return None
    return _repeat(history, settings) or _cycle(history, settings) or _error_loop(history, settings) or _no_change(history)


def fruitless_loop(count: int, settings: LoopDetectionSettings) -> Loop | None:
    """The loop of `count` replies in a row that could not be acted upon (refused, nobody to ask, done without a change)."""
    if not settings.enabled or count < settings.direct_repeat_threshold:
        return None
    return Loop("fruitless", f"The last {count} replies led to nothing: each was refused, or changed nothing.")


def _repeat(history: Sequence[Attempted], settings: LoopDetectionSettings) -> Loop | None:
    """The same command with the same result."""
    newest = history[-1]
    count = settings.direct_repeat_threshold * (_POLL_FACTOR if newest.purpose == "poll" else 1)
    window = history[-count:]
    if len(window) < count or _backs_off(window) or not all(_same(each, newest, settings) for each in window[:-1]):
        return None
    evidence = f"`{newest.shown}` gave the same result {count} times in a row: {_result(newest)}."
    return Loop("repeat", evidence, frozenset(each.command for each in window))


def _cycle(history: Sequence[Attempted], settings: LoopDetectionSettings) -> Loop | None:
    """A pattern such as A-B-A-B-A-B, each time with the same results."""
    for period in range(2, _LONGEST_PERIOD + 1):
        window = history[-period * _CYCLES :]
        if len(window) < period * _CYCLES or any(_backs_off(window[offset::period]) for offset in range(period)):
            continue
        if all(_same(before, after, settings) for before, after in zip(window, window[period:], strict=False)):
            shown = ", ".join(f"`{each.shown}`" for each in window[:period])
            evidence = f"{shown} came {_CYCLES} times in turn, each time with the same results."
            return Loop("cycle", evidence, frozenset(each.command for each in window))
    return None


def _error_loop(history: Sequence[Attempted], settings: LoopDetectionSettings) -> Loop | None:
    """The same error whatever was tried; what came between the failures does not end it, and a poll's failure does not count."""
    failures: list[Attempted] = []
    tried = set[str]()
    succeeded = set[str]()
    for each in reversed(history):
        tried.add(each.command)
        if not each.failed:
            succeeded.add(each.command)
        elif each.command in succeeded:
            break  # that failure was overcome
        elif each.purpose != "poll":
            failures.append(each)
        if len(failures) == settings.error_loop_threshold:
            break
    signature = failures[0].signature if failures else ""
    same = bool(signature) and all(each.signature == signature for each in failures)
    if not same or len(failures) < settings.error_loop_threshold or len(tried) < 2:
        return None
    evidence = f"The last {len(failures)} failures ended on the same error: {failures[0].error}"
    return Loop("error", evidence, frozenset(each.command for each in failures))


def _no_change(history: Sequence[Attempted]) -> Loop | None:
    """Only looking, for many turns."""
    window = history[-LOOKS_IN_A_ROW:]
    if len(window) < LOOKS_IN_A_ROW or any(each.purpose == "change" for each in window) or _backs_off(window):
        return None
    return Loop("no_change", f"The last {LOOKS_IN_A_ROW} commands only looked; none of them changed anything.")


def _same(first: Attempted, second: Attempted, settings: LoopDetectionSettings) -> bool:
    """Whether two commands are the same with the same result.

    Different commands that succeed are progress, however alike they look (`mkdir a`, `mkdir b`); so are different ones that fail
    in silence, and another error than before.
    """
    if first.exit_code != second.exit_code or first.signature != second.signature:
        return False
    identical = first.command == second.command
    if not first.output or not second.output:
        return identical and first.output == second.output
    if not identical and (not first.failed or _similarity(first.command, second.command) < settings.command_similarity_threshold):
        return False
    return _similarity(first.output, second.output) >= settings.output_similarity_threshold


def _backs_off(window: Sequence[Attempted]) -> bool:
    """The same command with an ever longer wait before it: patience rather than a loop."""
    return len(window) > 1 and all(
        before.command == after.command and before.wait_s < after.wait_s for before, after in pairwise(window)
    )


def _result(seen: Attempted) -> str:
    how = f"exit code {seen.exit_code}"
    return f"{how}, {seen.error}" if seen.error else how


def _similarity(first: str, second: str) -> float:
    """0 to 1 (difflib would score two near-identical long outputs 0.02: it takes frequent characters for junk)."""
    from rapidfuzz import fuzz

    return fuzz.ratio(first, second) / 100


_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)([smh]?)\b\s*(?:&&|;)?")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def normalised_command(command: str) -> str:
    """Without its waits, blanks squeezed; upper and lower case mean different things to a shell and stay."""
    return " ".join(_SLEEP.sub(" ", command).split()).strip("; ")


def wait_of(command: str) -> float:
    """Seconds that a command sleeps, all its `sleep`s together."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _SLEEP.findall(command))


_POLLS = frozenset({"curl", "nc", "ncat", "pg_isready", "mysqladmin", "redis-cli", "ss", "netstat", "lsof", "ps", "pgrep", "pidof"})
_POLLS_BY_VERB = frozenset({"systemctl", "docker", "docker-compose", "kubectl"})
_POLL_VERBS = frozenset({"ps", "inspect", "status", "is-active", "is-enabled", "logs", "get", "top"})
_LOOKS = frozenset({
    "ls", "cat", "head", "tail", "grep", "egrep", "rg", "find", "which", "whereis", "type", "file", "stat", "test", "[", "wc",
    "pwd", "whoami", "id", "uname", "env", "printenv", "date", "du", "df", "tree", "less", "more", "readlink", "realpath",
    "dirname", "basename", "md5sum", "sha256sum", "hostname", "sort", "uniq", "cut", "tr", "awk", "jq", "diff", "cmp", "nl",
    "column",
})  # fmt: skip
_NEUTRAL = frozenset({"sleep", "echo", "printf", "true", "false", "cd", ":", "set", "export", "exit"})
_WRITES = re.compile(
    r"(?<![0-9&])>{1,2}(?!\s*(?:/dev/null|&))|\btee\b|\bfind\b.*\s-(?:exec|delete|ok)|"
    r"\bcurl\b.*\s(?:-X\s*(?!GET|HEAD)|-d\b|--data|-F\b|-T\b|-O\b|(?:-o|--output)\s+(?!/dev/null))"
)


def purpose_of(command: str) -> Purpose:
    """What a command is for, by its programs: polling whether something is up, looking at something, or changing something."""
    calls = [call for call in simple_commands(command) if call.name not in _NEUTRAL]
    if _WRITES.search(command) or not calls:
        return "change"
    polls = [_is_poll(call) for call in calls]
    if all(poll or _is_look(call) for poll, call in zip(polls, calls, strict=True)):
        return "poll" if any(polls) else "look"
    return "change"


def _is_poll(call: SimpleCommand) -> bool:
    if call.name in _POLLS_BY_VERB:
        words = call.args[1:] if call.args[:1] == ("compose",) else call.args
        return _POLL_VERBS.issuperset(words[:1])
    return call.name in _POLLS or (call.name == "wget" and ("--spider" in call.args or "-qO-" in call.args))


def _is_look(call: SimpleCommand) -> bool:
    return call.name in _LOOKS or (call.name == "sed" and not any(word.startswith(("-i", "--in-place")) for word in call.args))


_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"(?<![\w.-])/(?:[\w.@+-]+/)*[\w.@+-]+"), "PATH"),
    (re.compile(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{12,}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b"), "ID"),
    (re.compile(r"\d+(?:[.:,]\d+)*"), "N"),
    (re.compile(r"\s+"), " "),
)


def normalised_output(text: str) -> str:
    """Lower case, with times, paths, ids and numbers masked; of longer text head and tail."""
    capped = text if len(text) <= 2 * _CAP else f"{text[:_CAP]} {text[-_CAP:]}"
    capped = capped.lower()
    for pattern, mask in _MASKS:
        capped = pattern.sub(mask, capped)
    return capped.strip()


_ERROR = re.compile(
    r"error|exception|fatal|fail|cannot|can't|could ?n[o']t|unable|denied|refused|not found|no such|in use|undefined|unknown|"
    r"invalid|missing|unsupported|out of memory|killed",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"complete log of this run|npm-debug\.log|debug log|^\s*make(?:\[\d+\])?: |command failed with exit code|lifecycle script|"
    r"ELIFECYCLE|recipe .* failed|subprocess-exited-with-error|this error originates|^\s*(?:hint|note):|exited with code \d+$|"
    r"see (?:above|below)|compilation terminated|build failed$|"
    r"^\s*(?:npm (?:err!|error)\s*(?:code\s+(?:1|ELIFECYCLE)|errno\b.*|path\b.*|command\b.*)?)$",
    re.IGNORECASE,
)
"""What tools print after every error, whatever it was."""


def error_line(output: str) -> str:
    """The last line that tells the error, as it was printed but for its length; "" when the command was silent."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if not _GENERIC.search(line)] or lines
    errors = [line for line in telling if _ERROR.search(line)] or telling
    return errors[-1][:_LINE] if errors else ""
