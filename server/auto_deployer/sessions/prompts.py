"""Does the end of a command's output look like a question that nobody will answer?

Two degrees. `sure` wordings (a password, `[y/N]`, "press enter") end a command after a few quiet seconds, so they must
almost never match ordinary output. At an idle time-out the command is ended anyway: there the looser form only names why.
"""

from __future__ import annotations

import re

MAX_PROMPT = 200
"""Characters; a longer unterminated line is output, not a prompt."""

TAIL_BYTES = 1024
"""How much of a stream's end is enough to judge."""

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_PROGRESS = re.compile(r"\d\s*%|#{3}|={3}|\.{3}|\d+\s*/\s*\d+|[\u2580-\u259f\u2800-\u28ff]")

_SURE = re.compile(
    r"""
    (?: (?:password|passphrase|passcode|username|one-time\ code|verification\ code|otp) \b [^\n]{0,80} :
      | [\[(] \s* (?:y|yes) \s* [/|] \s* (?:n|no) (?:[/|][^\])]{1,30})? \s* [\])] [^\n]{0,20}
      | \b (?:press|hit) \s+ (?:any\ key|\[?(?:enter|return)\]?|a\ key) \b [^\n]{0,40}
      | (?:^|[\s(]) (?:continue|proceed|overwrite|are\ you\ sure|do\ you\ want|would\ you\ like|is\ this\ (?:ok|correct)) \b
        [^\n]{0,120} \?
      | ^ \? \s \S [^\n]{0,120} [?:\u203a>]
    ) \s* $
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LOOSE = re.compile(r"[?:\]>\u203a)$#]\s*$")


def prompt_at_end(tail: bytes, *, sure: bool) -> str:
    """The prompt a stream stops at, without colours; "" when its end is no prompt.

    Args:
        tail: The last bytes of the stream (`TAIL_BYTES` are enough).
        sure: Only wordings that leave no doubt.
    """
    line = tail.rsplit(b"\n", 1)[-1]
    text = _ANSI.sub("", line.decode("utf-8", "replace")).rsplit("\r", 1)[-1]
    if not text.strip() or len(text) > MAX_PROMPT:
        return ""
    if _SURE.search(text):
        return text.strip()
    if sure or _PROGRESS.search(text) or not _LOOSE.search(text):
        return ""
    return text.strip()
