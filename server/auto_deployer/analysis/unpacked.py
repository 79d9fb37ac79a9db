"""What a commit comes to once it is unpacked: a pack of a kilobyte may hold a file of gigabytes, or a folder of a billion names."""

from __future__ import annotations

from .git import Git
from .working_tree import too_large

_ENTRY_BYTES = 1024
"""What a name counts at least: it takes space on the disk and in memory, however small its file is."""
_LONGEST_ROW = 1_048_576


async def refuse_too_large(git: Git, commit: str, what: str, max_bytes: int) -> None:
    """Add up the files of a commit, none of which is unpacked for that.

    Args:
        what: The repository, for people.
        max_bytes: Of all files together.

    Raises:
        RepositoryError: `repository_too_large`, as soon as that is known.
    """
    total, rest = 0, b""

    def count(chunk: bytes) -> None:
        nonlocal total, rest
        *rows, rest = (rest + chunk).split(b"\0")
        total += sum(max(_ENTRY_BYTES, _size_in(row)) for row in rows)
        if total > max_bytes or len(rest) > _LONGEST_ROW:
            raise too_large(f"{what}, unpacked,", max_bytes, total)

    await git.local("ls-tree", "-r", "-z", "-l", "--full-tree", commit, on_stdout=count)


def _size_in(row: bytes) -> int:
    """Of `mode type id size<TAB>path`; a submodule has "-"."""
    size = row.partition(b"\t")[0].split()[3]
    return int(size) if size.isdigit() else 0
