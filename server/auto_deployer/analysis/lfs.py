"""Git LFS: which files of a commit are pointers, and a commit that has their content in place."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate

from ..model.errors import RefusedError, RepositoryError
from ..model.ports import RepoTree
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .git import Git, GitFailedError
from .git_errors import hide
from .indexes import commit_index, set_entries, work_index
from .remotes import Remote
from .source import Source
from .tree import SnapshotTree

MAX_PROBES = 5000
"""Files read in the search for pointers."""
_POINTER = re.compile(r"\Aversion https://git-lfs\.github\.com/spec/v1\n(?:.+\n)*?oid sha256:([0-9a-f]{64})\nsize (\d+)\n")
_POINTER_BYTES = range(100, 1024)
_ATTRIBUTES = ".gitattributes"
_WITHOUT = suggest("Or deploy with the pointers, without the content that Git LFS keeps.")


@dataclass(frozen=True)
class Pointer:
    """A file whose content is kept by Git LFS."""

    path: str
    oid: str
    """SHA-256 of the content."""
    size: int
    """Bytes of the content."""


def find_pointers(tree: RepoTree) -> tuple[Pointer, ...]:
    """The pointer files below the deployed folder, where a .gitattributes of the repository says that LFS is used."""
    tracked = _tracked_patterns(tree.at_root())
    if not tracked:
        return ()
    prefix = f"{tree.subdir}/" if tree.subdir else ""
    likely = (path for path in tree.files if tree.size(path) in _POINTER_BYTES and _any_matches(tracked, prefix + path))
    probed = [path for path, _ in zip(likely, range(MAX_PROBES), strict=False)]
    return tuple(
        Pointer(path, found[1], int(found[2])) for path in probed if (found := _POINTER.match(tree.read(path) or ""))
    )  # fmt: skip


async def with_lfs_content(git: Git, commit: str, source: Source, remote: Remote, max_bytes: int) -> tuple[str, int]:
    """A commit with the content of LFS files in the place of their pointers, and how many there are (0: the commit itself).

    Raises:
        RefusedError: `missing_tool`: there are pointers and no git-lfs.
        RepositoryError: the content is above the size cap, or not to be had.
    """
    with await SnapshotTree.load(git.git_dir, commit) as tree:
        pointers = find_pointers(tree)
    if not pointers:
        return commit, 0
    if (total := sum(pointer.size for pointer in pointers)) > max_bytes:
        raise RepositoryError(
            f"The Git LFS files of {source.display} hold {total // 1_048_576} MiB; "
            f"a deployment takes {max_bytes // 1_048_576} MiB at most",
            kind=Kind.REPOSITORY_TOO_LARGE,
            suggestions=(suggest("Deploy without them, or raise the setting budget.max_repository_mb."),),
        )
    await _fetch(git, commit, source, remote)
    objects = await _store(git, pointers, source)
    shutil.rmtree(git.git_dir / "lfs", ignore_errors=True)  # they are git objects now
    with work_index(git) as env:
        await git.local("read-tree", commit, env=env)
        staged = _by_path((await git.local("ls-files", "--stage", "-z", env=env)).stdout)
        entries = zip((staged[pointer.path] for pointer in pointers), objects, strict=True)
        await set_entries(git, env, ((mode + b" " + object_id, path) for (mode, path), object_id in entries))
        return await commit_index(git, env, f"{commit} with its Git LFS files"), len(pointers)


def _by_path(staged: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Mode and raw path of each index entry, by its path as trees have it."""
    rows = (row.split(b"\t", 1) for row in staged.split(b"\0") if row)
    return {path.decode("utf-8", "replace"): (meta.split(b" ", 1)[0], path) for meta, path in rows}


async def _fetch(git: Git, commit: str, source: Source, remote: Remote) -> None:
    if (await git.local("lfs", "version", check=False)).exit_code != 0:
        raise RefusedError(
            f"{source.display} keeps files with Git LFS, and git-lfs is not installed here", kind=Kind.MISSING_TOOL,
            suggestions=(suggest("Install git-lfs (Debian: apt-get install git-lfs)."), _WITHOUT),
        )  # fmt: skip
    try:
        await remote.fetch_lfs(commit)
    except GitFailedError as error:
        raise RepositoryError(
            f"The Git LFS files of {source.display} cannot be fetched: {hide(error.result.stderr.strip(), source)[-400:]}",
            suggestions=(suggest("Check in a clone that you may read them", command="git lfs fetch"), _WITHOUT),
        ) from None


async def _store(git: Git, pointers: tuple[Pointer, ...], source: Source) -> list[bytes]:
    """The fetched files as git objects; their ids in the order of the pointers."""
    files = [git.git_dir / "lfs" / "objects" / pointer.oid[:2] / pointer.oid[2:4] / pointer.oid for pointer in pointers]
    if missing := [pointer.path for pointer, file in zip(pointers, files, strict=True) if not file.is_file()]:
        raise RepositoryError(
            f"{source.display} does not have the Git LFS content of {', '.join(missing[:5])}",
            suggestions=(suggest("Push it from a clone that has it", command="git lfs push --all origin"), _WITHOUT),
        )
    names = b"".join(str(file).encode() + b"\n" for file in files)
    result = await git.local("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names)
    return result.stdout.split()


def _tracked_patterns(root: RepoTree) -> list[re.Pattern[str]]:
    return [pattern for path in _attribute_files(root) for pattern in _patterns_of(root.read(path) or "", path)]


def _attribute_files(root: RepoTree) -> list[str]:
    nested = (path for path in root.glob(f"*/{_ATTRIBUTES}"))
    return [path for path in (_ATTRIBUTES, *nested) if root.is_file(path)]


def _patterns_of(text: str, file: str) -> Iterator[re.Pattern[str]]:
    """Paths for which this .gitattributes names the filter; rather too many than too few, as contents are looked at."""
    folder = file.removesuffix(_ATTRIBUTES)
    for line in text.splitlines():
        pattern, *attributes = line.split() or [""]
        if "filter=lfs" in attributes and not pattern.startswith("#"):
            inner = pattern.strip('"').lstrip("/")
            yield re.compile(translate(folder + inner))
            if "/" not in inner or inner.startswith("**/"):
                yield re.compile(translate(f"{folder}*/{inner.removeprefix('**/')}"))


def _any_matches(patterns: list[re.Pattern[str]], path: str) -> bool:
    return any(pattern.match(path) for pattern in patterns)
