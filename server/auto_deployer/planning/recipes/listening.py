"""A cheap look at sources of compiled languages: whether they serve, and on which port whatever PORT says. Runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.ports import RepoTree

MAX_FILES = 200
"""Files looked into; where a program listens is near its top."""
_SKIPPED = frozenset(
    {"vendor", "testdata", "test", "tests", "example", "examples", "_example", "_examples", "docs", "target", "node_modules"}
)
_PACKAGES = re.compile(r"(?:^|/)src/main/(?:java|kotlin|groovy)/")
"""What follows are package names, "com/example" among them."""
_READS_PORT = re.compile(r"[\"']PORT[\"']|\$\{PORT\b|\$PORT\b")


def sources(tree: RepoTree, *suffixes: str) -> Iterator[tuple[str, str]]:
    """Path and text of the files with these endings, the shallow ones first, without tests and examples."""
    paths = [path for path in tree.files if path.endswith(suffixes) and _SKIPPED.isdisjoint(_folders(path))]
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:MAX_FILES]:
        if (text := tree.read(path)) is not None:
            yield path, text


def _folders(path: str) -> list[str]:
    return _PACKAGES.split(path, maxsplit=1)[0].split("/") if _PACKAGES.search(path) else path.split("/")[:-1]


def fixed_port(texts: list[str], pattern: re.Pattern[str]) -> int | None:
    """The port that the pattern's group finds, when PORT is read nowhere."""
    if any(_READS_PORT.search(text) for text in texts):
        return None
    found = next((match for text in texts if (match := pattern.search(text))), None)
    port = int(found[1]) if found else 0
    return port if 0 < port < 65536 else None
