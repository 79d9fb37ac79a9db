"""Commits of our own making: in an index that is not the repository's, by an identity that gives the same tree the same commit."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .git import Git

_IDENTITY = {
    # fixed, so that the same tree gives the same commit
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Auto-Deployer"), ("EMAIL", "auto-deployer@localhost"), ("DATE", "946684800 +0000"))
}


@contextmanager
def work_index(git: Git, *, copy_of: Path | None = None) -> Iterator[dict[str, str]]:
    """An index file of our own for the time of the block (a copy of another repository's, when asked), as environment."""
    index = git.git_dir / ("copied.index" if copy_of else "snapshot.index")
    made = [index, index.with_suffix(".index.lock")]
    try:
        index.unlink(missing_ok=True)
        if copy_of is not None and (copy_of / "index").is_file():
            shutil.copy2(copy_of / "index", index)  # its time tells git which entries may have changed since
            for shared in copy_of.glob("sharedindex.*"):
                made.append(git.git_dir / shared.name)
                shutil.copy2(shared, made[-1])
        yield {"GIT_INDEX_FILE": str(index)}
    finally:
        for path in made:
            path.unlink(missing_ok=True)


async def set_entries(git: Git, env: Mapping[str, str], entries: Iterable[tuple[bytes, bytes]]) -> None:
    """Put entries into the index as they are: `mode oid` and the path."""
    rows = b"".join(meta + b" 0\t" + path + b"\0" for meta, path in entries)
    if rows:
        await git.local("update-index", "-z", "--index-info", env=env, stdin=rows)


async def commit_index(git: Git, env: Mapping[str, str], message: str) -> str:
    """A commit without parents of what is in the index, which may name objects that are not here; its full id."""
    tree = (await git.local("write-tree", "--missing-ok", env=env)).text
    return (await git.local("commit-tree", tree, "-m", message, env={**env, **_IDENTITY})).text
