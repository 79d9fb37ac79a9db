"""Large repositories: seconds for snapshot, listing and analysis of 100,000 small files, and for 900 MiB below and above the cap.

The files lie in 500 folders, every fifth of which looks like an app, below a workspace root: the worst case for the search for
candidates. Run: `python -m tests.bench.bench_large_repo`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from auto_deployer.analysis import Limits, SnapshotTree, analyze, parse_source, take_snapshot
from auto_deployer.model.errors import RepositoryError
from auto_deployer.planning.recipes import RECIPES

FILES, FOLDERS = 100_000, 500
MEBIBYTE = 1_048_576
DATA_FILES = 9
"""Of 100 MiB each."""
CAP_BELOW = 512 * MEBIBYTE


@dataclass(frozen=True)
class Large:
    """Seconds, unless the name says otherwise."""

    files: int
    snapshot_of_files: float
    listing: float
    analysis: float
    candidates: int
    progress_lines: int
    working_tree_of_files: float
    data_mib: int
    snapshot_of_data: float
    refusal_above_the_cap: float
    stopped_at: str


def make_repository(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """A repository with one commit, written by `git fast-import`."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    writer = subprocess.Popen(
        ["git", "-C", str(folder), "-c", "core.compression=0", "fast-import", "--quiet", "--done"], stdin=subprocess.PIPE
    )
    assert writer.stdin is not None
    writer.stdin.write(b"commit refs/heads/main\ncommitter Bench <bench@example.invalid> 946684800 +0000\ndata 4\nmany\n")
    for path, content in files:
        writer.stdin.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content))
    writer.stdin.write(b"done\n")
    writer.stdin.close()
    if writer.wait() != 0:
        raise SystemExit("git fast-import failed")


def small_files() -> Iterator[tuple[str, bytes]]:
    yield "package.json", json.dumps({"private": True, "workspaces": ["packages/*"]}).encode()
    for number in range(FILES - 1):
        folder = number % FOLDERS
        if number < FOLDERS and folder % 5 == 0:
            yield f"packages/p{folder}/package.json", json.dumps({"name": f"p{folder}", "scripts": {"build": "tsc"}}).encode()
        else:
            yield f"packages/p{folder}/src/part{number % 40}/file{number}.ts", f"export const n{number} = {number};\n".encode()


def data_files() -> Iterator[tuple[str, bytes]]:
    yield "index.html", b"<h1>data</h1>"
    for number in range(DATA_FILES):
        yield f"data/{number}.bin", random.Random(number).randbytes(100 * MEBIBYTE)


async def measure(folder: Path) -> Large:
    many, data = folder / "many", folder / "data"
    make_repository(many, small_files())
    make_repository(data, data_files())
    lines: list[str] = []
    began = time.perf_counter()
    source = parse_source(str(many))
    snapshot = await take_snapshot(source, into=folder / "many.git", on_progress=lines.append)
    fetched = time.perf_counter()
    with await SnapshotTree.load(snapshot.git_dir, snapshot.commit) as tree:
        listed = time.perf_counter()
        facts = await asyncio.to_thread(analyze, tree, snapshot, source, [recipe.detect for recipe in RECIPES])
    analysed = time.perf_counter()
    subprocess.run(["git", "-C", str(many), "checkout", "-q", "-f", "main"], check=True)
    checked_out = time.perf_counter()
    await take_snapshot(source, into=folder / "dirty.git", dirty=True)
    taken = time.perf_counter()
    await take_snapshot(parse_source(str(data)), into=folder / "data.git")
    large = time.perf_counter()
    message = await refusal(data, folder / "refused.git")
    return Large(
        files=facts.file_count, snapshot_of_files=round(fetched - began, 2), listing=round(listed - fetched, 2),
        analysis=round(analysed - listed, 2), candidates=len(facts.candidates), progress_lines=len(lines),
        working_tree_of_files=round(taken - checked_out, 2), data_mib=100 * DATA_FILES, snapshot_of_data=round(large - taken, 2),
        refusal_above_the_cap=round(time.perf_counter() - large, 2), stopped_at=message,
    )  # fmt: skip


async def refusal(data: Path, into: Path) -> str:
    try:
        await take_snapshot(parse_source(str(data)), into=into, limits=Limits(max_bytes=CAP_BELOW))
    except RepositoryError as error:
        return error.message.partition("stopped at ")[2]
    raise SystemExit("a repository above the cap was taken")


def main() -> None:
    """Prints the figures as JSON."""
    with tempfile.TemporaryDirectory(prefix="bench-large-") as folder:
        os.environ["HOME"] = folder
        json.dump(asdict(asyncio.run(measure(Path(folder)))), sys.stdout)


if __name__ == "__main__":
    main()
