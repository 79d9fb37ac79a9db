"""What is looked at in the words of a program of which nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..calls import Call
from ..findings import Finding, ask
from ..places import candidates

_DANGEROUS = frozenset({
    "rm", "rimraf", "del-cli", "rmdir", "unlink", "shred", "dd", "mkfs", "truncate", "find", "chmod", "chown", "mv", "cp", "ln",
    "tee", "cat", "head", "tail", "base64", "sudo", "doas", "sh", "bash", "dash", "zsh", "ksh", "busybox", "env", "eval", "xargs",
    "wipefs",
})  # fmt: skip
"""Programs whose name among the words of another one may be a command that it runs."""
_ONLY_LOOK = frozenset({
    "cat", "head", "tail", "less", "more", "wc", "jq", "yq", "diff", "cmp", "cut", "paste", "tr", "nl", "od", "xxd", "base64",
    "hexdump", "strings", "column", "comm", "join", "fold", "fmt", "rev", "tac", "sha256sum", "sha1sum", "md5sum", "cksum", "tree",
    "date", "getent", "logger", "true", "false", ":", "exit", "return", "sleep", "seq", "expr", "read", "unset", "shift", "wait",
    "ulimit", "umask", "getopts", "bat", "df", "free", "uname", "whoami", "hostname", "pwd", "dirs", "popd", "local",
    "declare", "typeset", "readonly", "let", "ss", "lsof", "pgrep",
})  # fmt: skip
"""Programs that change no file and run nothing: their words are names or text."""
_OUTPUT_OPTIONS = frozenset({
    "-o", "--output", "--out", "--outDir", "--outdir", "--out-dir", "--outFile", "--outfile", "--output-dir", "--output-path",
    "--destination", "--dest", "--dist-dir", "--target-dir", "--prefix", "--directory", "-d", "-C", "-w", "--install-dir", "--root",
    "-f", "--file", "--db", "--git-dir", "--work-tree",
})  # fmt: skip
"""Options whose value is commonly a place that is written to."""
_NEVER_NAMED = frozenset({"ssh-access", "shell-startup", "sudoers", "cron"})
"""Rules of places that no tool of a deployment has a reason to be told of."""
_CERTAIN = frozenset({"fetch-to-exec"})


def unruled(call: Call) -> Iterator[Finding]:
    """Findings on places and commands among the words."""
    if call.name in _ONLY_LOOK:
        return
    yield from _commands(call)
    for word in call.args:
        for path in candidates(word):
            yield from _place(call, path) if path else ()
    for value in _outputs(call):
        yield from (_milder(found) for found in call.writes(value))


def _commands(call: Call) -> Iterator[Finding]:
    for index, word in enumerate(call.args):
        if word.rpartition("/")[2] in _DANGEROUS:
            yield from call.runs(call.args[index:])
        elif " " in word:  # may be text as well as code: only what is certain counts
            found = call.runs_code(word)
            yield from (finding for finding in found if finding.verdict == "deny" or finding.rule in _CERTAIN)


def _place(call: Call, word: str) -> Iterator[Finding]:
    return (_milder(found) for found in call.writes(word) if found.verdict == "deny" and found.rule != "raw-disk")


def _milder(finding: Finding) -> Finding:
    """What is written there is a guess: a denial stays one only where no tool of a deployment has any business."""
    if finding.verdict == "deny" and finding.rule not in _NEVER_NAMED:
        return replace(ask(finding.rule, finding.reason), part=finding.part)
    return finding


def _outputs(call: Call) -> Iterator[str]:
    for index, word in enumerate(call.args):
        name, equals, value = word.partition("=")
        if name in _OUTPUT_OPTIONS:
            following = call.args[index + 1] if index + 1 < len(call.args) else ""
            yield from (each for each in (value if equals else following,) if each and not each.startswith("-"))
        elif word[:2] in ("-o", "-d", "-C") and word[2:3] in ("/", "."):
            yield word[2:]
