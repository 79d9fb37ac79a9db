"""Bringing the snapshot's files into the release directory, as the commands of `planning.checkout` do it elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def checkout(root: Path, release: str, commit: str, snapshot: str) -> None:
    """Folders, repository, fetch, files: it may run again on what an earlier attempt left. Nothing of the repository runs.

    Raises:
        OSError, subprocess.CalledProcessError: git says why on stderr.
    """
    repo, folder = root / "repo", root / "releases" / release
    for each in (folder, root / "shared", root / "run"):
        each.mkdir(parents=True, exist_ok=True)
    _git("init", "--quiet", "--bare", "--template=", str(repo))
    (repo / "info").mkdir(exist_ok=True)
    (repo / "info" / "attributes").write_text("* -filter\n", encoding="utf-8")
    settings = {"core.hooksPath": os.devnull, "core.autocrlf": "false", "core.longpaths": "true", "gc.auto": "0"}
    for name, value in settings.items():
        _git(f"--git-dir={repo}", "config", name, value)
    if _git(f"--git-dir={repo}", "cat-file", "-e", f"{commit}^0", may_fail=True) != 0:
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow", snapshot, commit)
        _git(f"--git-dir={repo}", "-c", "protocol.file.allow=always", *fetch)
    _git(f"--git-dir={repo}", "update-ref", f"refs/deployments/{release}", commit)
    _write_files(repo, folder, release, commit)


def forget_snapshots(root: Path) -> None:
    """Drop the snapshots of releases that are not there any more, and pack what is left.

    Raises:
        OSError, subprocess.CalledProcessError: git says why on stderr.
    """
    git_dir, prefix = f"--git-dir={root / 'repo'}", "refs/deployments/"
    listing = subprocess.run(
        [_program(), git_dir, "for-each-ref", "--format=%(refname)", prefix], stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", check=True,
    )  # fmt: skip
    for ref in listing.stdout.splitlines():
        if not (root / "releases" / ref.removeprefix(prefix)).is_dir():
            _git(git_dir, "update-ref", "-d", ref)
    _git(
        git_dir, "-c", "pack.window=0", "-c", "pack.compression=1", "-c", "core.bigFileThreshold=1m", "gc", "--quiet", "--prune=now"
    )


def _write_files(repo: Path, folder: Path, release: str, commit: str) -> None:
    """With an index of our own."""
    index = repo / f"index.{release}"
    index.unlink(missing_ok=True)
    place = {"GIT_DIR": str(repo), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
    _git("read-tree", commit, cwd=folder, env=place)
    _git("checkout-index", "--all", "--force", cwd=folder, env=place)
    index.unlink(missing_ok=True)


def _program() -> str:
    git = shutil.which("git")
    if git is None:
        raise FileNotFoundError("git is not on PATH")
    return git


def _git(*words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, may_fail: bool = False) -> int:
    git = _program()
    errors = subprocess.DEVNULL if may_fail else None
    whole = {**os.environ, **(env or {})}
    return subprocess.run([git, *words], cwd=cwd, env=whole, stdin=subprocess.DEVNULL, stderr=errors, check=not may_fail).returncode
