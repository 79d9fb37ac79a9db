"""What rules find in a command, and which finding counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ...model.log import PolicyVerdict

_SEVERITY = {"allow": 0, "ask": 1, "deny": 2}
_SHOWN_PART = 200


@dataclass(frozen=True)
class Finding:
    """One thing a rule says about one simple command."""

    verdict: Literal["allow", "ask", "deny"]
    rule: str
    """Stable id; users read it in logs, tests name it."""
    reason: str
    part: str = ""
    liftable: bool = True
    """An allow rule for the command it is about lifts it (never a denial)."""

    def about(self, part: str) -> Finding:
        """The finding with the simple command it is about, where it has none yet."""
        return self if self.part else replace(self, part=part.strip()[:_SHOWN_PART])


def ask(rule: str, reason: str) -> Finding:
    """Something only a person may let through."""
    return Finding("ask", rule, reason)


def deny(rule: str, reason: str) -> Finding:
    """Something that never runs."""
    return Finding("deny", rule, reason)


def worst(findings: Iterable[Finding]) -> PolicyVerdict:
    """The verdict on the whole command: of the worst findings the first."""
    chosen = max(findings, key=lambda finding: _SEVERITY[finding.verdict], default=None)
    if chosen is None:
        return PolicyVerdict(verdict="allow")
    return PolicyVerdict(verdict=chosen.verdict, rule=chosen.rule, reason=chosen.reason, part=chosen.part)
