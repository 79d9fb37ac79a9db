"""Programs that print keys or serve folders, and this project's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from ..calls import Call
from ..findings import Finding, ask, deny
from .files import RULES as FILE_RULES

Rule = Callable[[Call], Iterator[Finding]]

_PRINTS_KEYS: Mapping[str, re.Pattern[str]] = {
    "keyring": re.compile(r"(?:.* )?get\b.*"), "secret-tool": re.compile(r"(?:lookup|search)\b.*"),
    "security": re.compile(r"(?:find-\S+-password|dump-keychain|export)\b.*"), "gpg": re.compile(r".*--export-secret.*"),
    "gpg2": re.compile(r".*--export-secret.*"), "pass": re.compile(r"(?!(?:ls|init|version|help)\b).+"),
    "gopass": re.compile(r"(?:show|cat)\b.*"), "aws": re.compile(r"(?:.* )?(?:configure get|configure export-credentials)\b.*"),
    "gcloud": re.compile(r"(?:.* )?auth (?:\S+ )*print-\S*token.*"), "az": re.compile(r"(?:.* )?account get-access-token.*"),
    "vault": re.compile(r"(?:read|print|kv get)\b.*"), "kwallet-query": re.compile(r".*"), "bw": re.compile(r"get\b.*"),
}  # fmt: skip
"""Program -> the words with which it prints what it keeps."""


def _keys(call: Call) -> Iterator[Finding]:
    if _PRINTS_KEYS[call.name].fullmatch(" ".join(call.args)):
        yield deny("key-files", f"{call.name} prints what it keeps secret.")
    if call.name in FILE_RULES:
        yield from FILE_RULES[call.name](call)


def serves(call: Call) -> Iterator[Finding]:
    """Everything below the folder becomes readable to others."""
    return (found for word in call.args if not word.startswith("-") for found in call.reads_all(word))


def _own(call: Call) -> Iterator[Finding]:
    if call.args not in (("--version",), ("--help",)):
        yield ask("other-deployments", "It changes other deployments, or shows their settings.")


RULES: dict[str, Rule] = {
    **dict.fromkeys(_PRINTS_KEYS, _keys), **dict.fromkeys(("serve", "http-server", "live-server"), serves), "auto-deployer": _own,
}  # fmt: skip
