"""What shell text really calls: bash runs it, and every program is a stub that writes down its words."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BASH = "/bin/bash"
_STUB = """#!/bin/bash
printf '%s\\0' "$(($# + 1))" "${0##*/}" "$@" >> "$CALLS"
"""
_RUN = r"""
command_not_found_handle() { printf '%s\0' "$#" "$@" >> "$CALLS"; }
while (($#)); do ( cd "$1" && eval "$2" ); shift 2; done
wait
"""


@dataclass(frozen=True)
class Ran:
    """What came of a run."""

    calls: tuple[tuple[str, ...], ...]
    """Each program by its name, with its words."""
    stderr: str


def write_stub(path: Path) -> None:
    """A program that only writes down how it is called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_STUB)
    path.chmod(0o755)


def run_with_stubs(texts: Iterable[tuple[str, str]], scratch: Path, programs: Sequence[str], env: Mapping[str, str]) -> Ran:
    """The calls of shell texts, each with its folder, run one after the other; no program on PATH is a real one.

    Args:
        programs: what `exec` finds; whatever else is called without a folder is written down, too.
    """
    calls, stubs = scratch / "calls", scratch / "stubs"
    for name in programs:
        write_stub(stubs / name)
    words = [word for pair in texts for word in pair]
    done = subprocess.run(
        [BASH, "--noprofile", "--norc", "-c", _RUN, "_", *words],
        env={**env, "PATH": str(stubs), "CALLS": str(calls)}, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip
    return Ran(_parsed(calls.read_bytes() if calls.exists() else b""), done.stderr.decode(errors="replace"))


def _parsed(content: bytes) -> tuple[tuple[str, ...], ...]:
    words = iter(content.decode(errors="surrogateescape").split("\0")[:-1])
    return tuple(tuple(next(words) for _ in range(int(count))) for count in words)
