"""A corpus of a few tiny repositories, laid out like a folder of mirrors."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .entries import Entry

GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main")

MakeEntry = Callable[..., Entry]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def entry(id_: str = "shop", **fields: object) -> Entry:
    return Entry.model_validate({
        "id": id_, "repository": "someone/shop", "commit": COMMIT, "kind": "html", "recipe": "static", **fields,
    })  # fmt: skip


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.fixture
def entry_of(mirror: Path) -> MakeEntry:
    """Makes the bare mirror of a repository with these files, and an entry for its commit."""

    def make(name: str, files: dict[str, str], **fields: object) -> Entry:
        bare, tree = mirror / f"someone+{name}" / "repo", mirror / "trees" / name
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x"), ("clone", "-q", "--bare", ".", str(bare))):
            subprocess.run([*GIT, *command], cwd=tree, check=True)
        commit = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=tree, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
        return Entry.model_validate({
            "id": name, "repository": f"someone/{name}", "commit": commit.strip(), "kind": "html", "recipe": "static", **fields,
        })  # fmt: skip

    return make
