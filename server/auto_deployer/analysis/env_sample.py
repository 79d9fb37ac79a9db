"""What a repository's samples of settings (`.env.example` and the like) name: variables, and values that can be begun with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..masking import is_secret_name, secrets_in
from ..model.facts import EnvVariable
from ..model.ports import RepoTree

SAMPLE_NAME = re.compile(
    r"\.?env[.-](example|sample|template|dist|defaults?)|(example|sample)\.env|\.env\.[\w-]+\.example", re.IGNORECASE
)
MAX_NAMES = 200

_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,127})[ \t]*=[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_PLACEHOLDER = re.compile(
    r"""
    <.*> | \{\{.*\}\} | \[.*\] | .*\$\{?\w+.* | \.{3} | -+ | \*+ | x{3,}   # marks of a gap, and references to other variables
    | .*(your|change[-_ ]?me|change[-_ ]?this|replace|placeholder|insert|todo|fixme|example|sample|dummy|secret|xxx|put[-_ ]).*
    | (null|none|undefined|empty|string|value|key|token|password|user(name)?|name|here)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Values that stand for one: a whole value of this form is none to use."""
_WITH_CREDENTIALS = re.compile(r"://[^/\s]*@")


def read_samples(tree: RepoTree) -> tuple[EnvVariable, ...]:
    """The variables of the samples at the folder's top, in their order."""
    samples = [path for path in tree.files if "/" not in path and SAMPLE_NAME.fullmatch(path)]
    return parse_samples([(path, tree.read(path) or "") for path in samples])


def parse_samples(texts: Sequence[tuple[str, str]]) -> tuple[EnvVariable, ...]:
    """The variables of samples, given as file name and text; the first mention of a name counts."""
    found: dict[str, EnvVariable] = {}
    for path, text in texts:
        for match in _LINE.finditer(text):
            name, line = match[1], text.count("\n", 0, match.start(1)) + 1
            found.setdefault(name, EnvVariable(name=name, place=f"{path}:{line}", default=usable_value(name, match[2])))
    return tuple(found.values())[:MAX_NAMES]


def usable_value(name: str, written: str) -> str | None:
    """A sample's value as one to begin with; None for an empty one, a placeholder, and what looks like a secret."""
    value = _unquoted(written)
    is_gap = not value or _PLACEHOLDER.fullmatch(value) or _WITH_CREDENTIALS.search(value)
    return None if is_gap or is_secret_name(name) or secrets_in(name, value) else value


def _unquoted(written: str) -> str:
    if written[:1] in ('"', "'"):
        closing = written.find(written[0], 1)
        return written[1:closing] if closing > 0 else ""
    return re.split(r"\s+#", written, maxsplit=1)[0].rstrip() if not written.startswith("#") else ""
