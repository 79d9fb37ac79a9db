"""What the policy knows of programs: a function for each that needs one, from its words to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..calls import Call
from ..findings import Finding
from . import clients, files, git, make, secrets, shells, system, tools

Rule = Callable[[Call], Iterator[Finding]]

RULES: Mapping[str, Rule] = {
    **files.RULES, **git.RULES, **shells.RULES, **system.RULES, **tools.RULES, **secrets.RULES, **clients.RULES, **make.RULES,
}  # fmt: skip
"""By the program's name without its folder."""
