"""What flows into a command or out of it, as far as the text tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .marks import GLOB, is_computed

FETCHERS = frozenset({
    "curl", "wget", "wget2", "fetch", "aria2c", "axel", "http", "https", "xh", "lynx", "links", "w3m", "nc", "ncat", "netcat",
    "socat",
    "ftp", "lftp", "tftp", "telnet", "scp", "sftp", "ssh", "gh", "aws", "gsutil", "rclone", "dig", "nslookup", "host",
})  # fmt: skip
"""Programs whose output comes from elsewhere."""


@dataclass(frozen=True)
class Stream:
    """Data between commands."""

    kind: Literal["none", "text", "file", "computed", "fetched"]
    text: str = ""


NOTHING = Stream("none")
FILE = Stream("file")
COMPUTED = Stream("computed")
FETCHED = Stream("fetched")


def merged(streams: Iterable[Stream]) -> Stream:
    """The output of several commands."""
    kept = [stream for stream in streams if stream != NOTHING]
    if len(kept) == 1:
        return kept[0]
    if all(stream.kind == "text" for stream in kept):
        return Stream("text", "".join(stream.text for stream in kept)) if kept else NOTHING
    return FETCHED if FETCHED in kept else COMPUTED


def output_of(words: Sequence[str], stdin: Stream) -> Stream:
    """What a command prints: known for `echo`, `printf`, `cat` and the like with literal words."""
    name, args = words[0].rpartition("/")[2], words[1:]
    if name in FETCHERS:
        return FETCHED
    if name in ("true", "false", ":", "cd", "export", "set", "mkdir", "sleep", "test", "["):
        return NOTHING
    if name == "echo":
        return _echo(args)
    if name == "printf":
        return _printf(args)
    if name in ("cat", "tee") and (not args or name == "tee"):
        return stdin
    return FETCHED if stdin == FETCHED else COMPUTED


def _echo(args: Sequence[str]) -> Stream:
    newline, rest = "\n", list(args)
    while rest and rest[0] in ("-n", "-e", "-E", "-ne", "-en"):
        if "e" in rest[0] and any("\\" in word for word in rest):
            return COMPUTED
        newline = "" if "n" in rest[0] else newline
        rest.pop(0)
    return COMPUTED if _is_unclear(rest) else Stream("text", " ".join(rest) + newline)


def _printf(args: Sequence[str]) -> Stream:
    if not args or args[0].startswith("-") or _is_unclear(args):
        return COMPUTED
    form = args[0].replace("\\n", "\n").replace("\\t", "\t")
    if "\\" in form or form.count("%") != form.count("%s"):
        return COMPUTED
    pieces = form.split("%s")
    if len(pieces) == 1:
        return Stream("text", form)
    values, printed = list(args[1:]), ""
    while values or not printed:
        for piece in pieces[:-1]:
            printed += piece + (values.pop(0) if values else "")
        printed += pieces[-1]
        if len(printed) > 1_000_000:
            return COMPUTED
    return Stream("text", printed)


def _is_unclear(words: Sequence[str]) -> bool:
    return any(is_computed(word) or GLOB in word for word in words)
