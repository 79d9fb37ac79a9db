"""Makes an entry's repository on disk: one commit, from GitHub or from a folder of mirrors."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

from .entries import Entry

FETCH_TIMEOUT_S = 300

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "corpus"), ("EMAIL", "corpus@example.invalid"), ("DATE", "2026-01-01T00:00:00Z"))
}


class SourceError(Exception):
    """The repository or the commit cannot be had."""


def url_of(entry: Entry, mirror: Path | None) -> str:
    """Where to fetch from. In a folder of mirrors a repository lies, bare, at owner+name/repo or owner+name."""
    if mirror is None:
        return f"https://github.com/{entry.repository}"
    folder = mirror / entry.repository.replace("/", "+")
    return str(folder / "repo" if (folder / "repo").is_dir() else folder)


def make_repository(entry: Entry, work: Path, mirror: Path | None) -> Path:
    """The git repository to deploy, below `work`.

    Raises:
        SourceError: it cannot be had.
    """
    if not entry.folder:
        clone = _fetch(entry, work, mirror)
        _git(clone, "checkout", "--quiet", "-B", "main", "FETCH_HEAD")
        return clone
    # A mirror may lack blobs that this folder does not need: it is read in its place.
    source = Path(url_of(entry, mirror)) if mirror else _fetch(entry, work, mirror)
    content = _git(source, "archive", "--format=tar", f"{entry.commit}:{entry.folder}")
    folder = work / "repository"
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    _git(folder, "add", "--all", "--force")
    _git(folder, "commit", "--quiet", "--allow-empty", "--message", f"{entry.repository} {entry.folder}")
    return folder


def _fetch(entry: Entry, work: Path, mirror: Path | None) -> Path:
    """A repository with the entry's commit, not checked out."""
    clone = work / "clone"
    clone.mkdir(parents=True)
    _git(clone, "init", "--quiet", "--initial-branch", "main")
    _git(clone, "fetch", "--quiet", "--depth", "1", url_of(entry, mirror), entry.commit)
    return clone


def _git(folder: Path, *arguments: str) -> bytes:
    """Run git without anything of the user's own: hooks, filters and signing are not wanted here."""
    env = {**os.environ, **_IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    if not folder.is_dir():
        raise SourceError(f"there is no {folder}")
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=FETCH_TIMEOUT_S,
            check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise SourceError(f"git {arguments[0]}: {error.stderr.decode(errors='replace').strip()}") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"git {arguments[0]} took longer than {FETCH_TIMEOUT_S} s") from None
    return done.stdout
