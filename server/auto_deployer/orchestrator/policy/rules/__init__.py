"""What the policy knows of programs: a function for each that needs one, from its words to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..calls import Call
from ..findings import Finding
from . import files, git, shells, system, tools

Rule = Callable[[Call], Iterator[Finding]]

RULES: Mapping[str, Rule] = {**files.RULES, **git.RULES, **shells.RULES, **system.RULES, **tools.RULES}
"""By the program's name without its folder."""
