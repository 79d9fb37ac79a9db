"""What a model gets to read of a repository: the list of files, and the texts that tell how it is installed, built and started.

Read from the snapshot's git objects: links are never followed, nothing outside can be reached (D21).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model.ports import RepoTree

MAX_FILE_BYTES = 51_200
"""Larger files are data or generated, not something people wrote to be read."""
MAX_FILES = 40
MAX_CHARACTERS = 20_000
"""Of one file; the prompt takes head and tail of it as its own limits allow."""
_LISTED_DEPTH = 3
_LISTED_PER_FOLDER = 20
_LISTED = 300

_TELLING = (
    r"readme(\.\w+)?",
    r"(deploy|deployment|install|installation|running|usage|getting[-_]started|hacking|development)\.(md|rst|txt|adoc)",
    r"(gnu)?makefile|justfile|taskfile\.ya?ml|procfile|start\.sh|run\.sh|serve\.sh|entrypoint\.sh",
    r"(docker-)?compose\.ya?ml|dockerfile|containerfile|\.dockerignore",
    (r"package\.json|requirements\.txt|pipfile|pyproject\.toml|setup\.py|pom\.xml|build\.gradle(\.kts)?|go\.mod|cargo\.toml|gemfile"
    r"|composer\.json|mix\.exs|deno\.json|build\.sbt|shard\.yml|dune-project|cmakelists\.txt|meson\.build|package\.swift"
    r"|.*\.(csproj|cabal|rockspec|nimble)|project\.clj|deps\.edn|rebar\.config"),
    r"\.?env\.(example|sample|template|dist|defaults)|(example|sample)\.env",
    r"app\.json|fly\.toml|render\.yaml|railway\.json|nixpacks\.toml|heroku\.yml|staticfile|\.tool-versions|\.?mise\.toml",
    r"(vite|next|nuxt|vue|webpack|svelte|astro)\.config\.[cm]?[jt]s|angular\.json|mkdocs\.yml|hugo\.toml|(ecosystem|pm2)\.config\.c?js",
    r"(main|app|server|serve|index|run|wsgi|asgi|manage)\.\w{1,4}|config\.ru",
    r"deploy.*\.ya?ml|ci.*\.ya?ml|\.gitlab-ci\.yml",
)  # fmt: skip
"""Names of files in the order in which they help: what people wrote, then how it is run, packed, declared, configured and built."""
_RANKS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _TELLING)
_WORKFLOWS = ".github/workflows"


@dataclass(frozen=True)
class RepoText:
    """One file."""

    path: str
    text: str


@dataclass(frozen=True)
class RepoTexts:
    """Everything a prompt may show of a repository; all of it is untrusted."""

    listing: str = ""
    """Paths, one a line, three levels deep."""
    files: tuple[RepoText, ...] = ()
    """Most telling first."""


def read_texts(tree: RepoTree) -> RepoTexts:
    """The texts of a snapshot's deployed folder. Blocks while it reads."""
    files: list[RepoText] = []
    for path in _telling(tree.files):
        if len(files) == MAX_FILES:
            break
        text = tree.read(path) if tree.size(path) <= MAX_FILE_BYTES else None
        if text and "\0" not in text:
            files.append(RepoText(path, text[:MAX_CHARACTERS]))
    return RepoTexts("\n".join(_listing(tree.files)), tuple(files))


def _telling(paths: Sequence[str]) -> list[str]:
    """Files of telling names at the top or one level below, the nearer first within each kind."""
    ranked = [(rank, path.count("/"), path) for path in paths if (rank := _rank(path)) is not None]
    return [path for _, _, path in sorted(ranked)]


def _rank(path: str) -> int | None:
    folder, name = posixpath.split(path)
    if folder != _WORKFLOWS and "/" in folder:
        return None
    return next((rank for rank, pattern in enumerate(_RANKS) if pattern.fullmatch(name)), None)


def _listing(paths: Sequence[str]) -> Iterator[str]:
    """At most 20 files of a folder, no deeper than three levels; what is left out is counted."""
    shown = 0
    seen: dict[str, int] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        folder = posixpath.dirname(path)
        seen[folder] = seen.get(folder, 0) + 1
        if path.count("/") < _LISTED_DEPTH and seen[folder] <= _LISTED_PER_FOLDER and shown < _LISTED:
            shown += 1
            yield path
    if len(paths) > shown:
        yield f"(and {len(paths) - shown} more files)"
