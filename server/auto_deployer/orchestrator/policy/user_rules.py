"""The user's own rules: prefixes of words. Deny beats ask, ask beats allow; what is built in as denied stays denied."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Literal

from ...model.settings import PolicyRule, PolicySettings
from .findings import Finding
from .marks import is_computed

_Rules = list[tuple[list[str], PolicyRule]]
"""Each with the words of its prefix."""


class UserRules:
    """The rules of one deployment."""

    def __init__(self, settings: PolicySettings) -> None:
        self._allow, self._ask, self._deny = _parsed(settings.allow), _parsed(settings.ask), _parsed(settings.deny)

    def applied(self, words: Sequence[str], part: str, findings: list[Finding]) -> list[Finding]:
        """The findings on a command and on those it runs, as the user wants them judged."""
        strict: tuple[tuple[Literal["deny", "ask"], _Rules], ...] = (("deny", self._deny), ("ask", self._ask))
        for verdict, rules in strict:
            if (rule := _first(rules, words)) is not None:
                reason = rule.reason or f"Your own rule for `{rule.prefix}`."
                return [Finding(verdict, f"user-{verdict}", reason, part, liftable=False), *findings]
        if (rule := _first(self._allow, words)) is not None:
            kept = [finding for finding in findings if finding.verdict != "ask" or not finding.liftable]
            return [*kept, Finding("allow", "user-allow", rule.reason or f"Your own rule for `{rule.prefix}`.", part)]
        return findings


def _parsed(rules: Iterable[PolicyRule]) -> _Rules:
    return [(_words(rule.prefix), rule) for rule in rules]


def _words(prefix: str) -> list[str]:
    try:
        return shlex.split(prefix)
    except ValueError:  # an open quote: taken as it stands
        return prefix.split()


def _first(rules: _Rules, words: Sequence[str]) -> PolicyRule | None:
    if not rules:
        return None
    named = [words[0].rpartition("/")[2], *words[1:]]
    for prefix, rule in rules:
        beginning = list(words[: len(prefix)])
        if prefix and prefix in (beginning, named[: len(prefix)]) and not any(is_computed(word) for word in beginning):
            return rule
    return None
