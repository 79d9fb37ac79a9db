"""Reading a snapshot: contained, capped, and by object only."""

from __future__ import annotations

import gc
from pathlib import Path

import psutil
import pytest

from auto_deployer.analysis import SnapshotTree
from auto_deployer.analysis import tree as tree_module
from auto_deployer.analysis.blobs import BlobReader
from auto_deployer.analysis.tree import MAX_FILE_BYTES
from auto_deployer.model.errors import RepositoryError
from auto_deployer.model.ports import RepoTree
from auto_deployer.model.reasons import Kind
from tests.suggestions import suggested

from .conftest import RepoFactory, Take, TreeOf


async def test_files_are_sorted_regular_and_without_dependency_folders(new_repo: RepoFactory, tree_of: TreeOf):
    repo = new_repo(files={
        "b.py": "b", "a/c.py": "c", "a.py": "a", "dist/index.html": "x", "node_modules/m/index.js": "x", "web/vendor/x.php": "x",
        "vendor.py": "x", "a-b/d.py": "d",
    })  # fmt: skip
    tree: RepoTree = await tree_of(repo.path)
    assert tree.files == ("a-b/d.py", "a.py", "a/c.py", "b.py", "dist/index.html", "vendor.py")
    assert tree.is_file("node_modules/m/index.js")
    assert tree.is_dir("web/vendor")


async def test_a_link_out_of_the_repository_is_not_read(new_repo: RepoFactory, tree_of: TreeOf):
    repo = new_repo(files={"app.py": "x", "real/secret.txt": "x"})
    (repo.path / "README.md").symlink_to("/etc/passwd")
    (repo.path / "up").symlink_to("..")
    (repo.path / "inside").symlink_to("real")
    repo.commit()
    tree = await tree_of(repo.path)
    for path in ("README.md", "up/etc", "inside/secret.txt", "../app.py", "/etc/passwd", "real/../../x"):
        assert tree.read(path) is None
        assert not tree.is_file(path)
        assert tree.size(path) == 0
    assert not tree.is_dir("up")
    assert "README.md" not in tree.files
    assert tree.links == ("README.md", "inside", "up")


async def test_reading(new_repo: RepoFactory, tree_of: TreeOf):
    repo = new_repo(
        files={
            "app.py": "print()\n",
            "latin.txt": b"caf\xe9",
            "marked.txt": b"\xef\xbb\xbfflask",
            "wide.txt": "flask==1.0\r\n".encode("utf-16"),
            "empty": "",
            "big": "x" * (MAX_FILE_BYTES + 1),
            "max": "x" * MAX_FILE_BYTES,
        }
    )
    tree = await tree_of(repo.path)
    assert tree.read("app.py") == tree.read("./app.py") == "print()\n"
    assert tree.read("latin.txt") == "caf\ufffd"
    assert tree.read("marked.txt") == "flask"
    assert tree.read("wide.txt") == "flask==1.0\r\n"
    assert tree.read("empty") == ""
    assert tree.read("big") is None
    assert tree.size("big") == MAX_FILE_BYTES + 1
    assert len(tree.read("max") or "") == MAX_FILE_BYTES
    assert tree.read("absent") is None
    assert tree.read("") is None


async def test_no_more_than_the_total_cap_is_read(new_repo: RepoFactory, tree_of: TreeOf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tree_module, "MAX_TOTAL_BYTES", 10)
    tree = await tree_of(new_repo(files={"a": "12345678", "b": "abcdefgh", "c": "x"}).path)
    assert tree.read("a") == "12345678"
    assert tree.read("b") is None
    assert tree.read("c") == "x"
    assert tree.read("a") == "12345678"


async def test_views_below_and_at_the_root(new_repo: RepoFactory, tree_of: TreeOf):
    repo = new_repo(files={"package.json": "{}", "apps/web/index.js": "x", "apps/web/lib/a.js": "x", "apps/webx/b.js": "x"})
    tree = await tree_of(repo.path, subdir="apps")
    assert (tree.subdir, list(tree.files)) == ("apps", ["web/index.js", "web/lib/a.js", "webx/b.js"])
    web = tree.below("web")
    assert (web.subdir, list(web.files)) == ("apps/web", ["index.js", "lib/a.js"])
    assert web.is_dir("lib")
    assert web.is_dir("")
    assert not web.is_file("package.json")
    assert web.at_root().read("package.json") == "{}"
    assert web.read("../../package.json") is None
    for nowhere in ("absent", "../..", "/apps", "web/index.js"):
        assert list(tree.below(nowhere).files) == []
    assert not tree.below("..").is_dir("")


async def test_glob_crosses_slashes(new_repo: RepoFactory, tree_of: TreeOf):
    tree = await tree_of(new_repo(files={"a.py": "x", "b/c.py": "x", "d.txt": "x", "[e].py": "x"}).path)
    assert tree.glob("*.py") == ["[e].py", "a.py", "b/c.py"]
    assert tree.below("b").glob("*.py") == ["c.py"]


async def test_a_sub_folder_that_is_not_there_names_the_nearest(new_repo: RepoFactory, tree_of: TreeOf):
    repo = new_repo(files={"services/api/app.py": "x", "services/web/index.js": "x", "file.txt": "x"})
    (repo.path / "link").symlink_to("services")
    repo.commit()
    for subdir, expected in {"service/api": "services/api", "API": "services/api", "zzz": "services"}.items():
        with pytest.raises(RepositoryError) as refused:
            await tree_of(repo.path, subdir=subdir)
        assert refused.value.kind is Kind.SUBDIR_NOT_FOUND
        assert expected in suggested(refused.value)[0]
    for subdir in ("file.txt", "link"):
        with pytest.raises(RepositoryError, match="is a"):
            await tree_of(repo.path, subdir=subdir)


async def test_names_that_are_not_utf_8(new_repo: RepoFactory, tree_of: TreeOf):
    repo = new_repo(files={"app.py": "x"})
    repo.commit({b"caf\xe9.txt".decode(errors="surrogateescape"): "hi"})
    tree = await tree_of(repo.path)
    assert list(tree.files) == ["app.py", "caf\ufffd.txt"]
    assert tree.read("caf\ufffd.txt") == "hi"


async def test_submodules_are_listed_and_closed(new_repo: RepoFactory, tree_of: TreeOf):
    library = new_repo("library", files={"lib.py": "x"})
    repo = new_repo(files={"app.py": "x"})
    repo.git("submodule", "add", "-q", str(library.path), "libs/one")
    repo.commit()
    tree = await tree_of(repo.path)
    assert tree.submodules == ("libs/one",)
    assert tree.below("libs").submodules == ("one",)
    assert not tree.is_dir("libs/one")


async def test_the_reading_process_ends_with_the_tree(new_repo: RepoFactory, take: Take):
    snapshot = await take(new_repo(files={"app.py": "x"}).path)
    with await SnapshotTree.load(snapshot.git_dir, snapshot.commit) as tree:
        tree.read("app.py")
        assert _readers(snapshot.git_dir)
    assert not _readers(snapshot.git_dir)
    assert tree.read("app.py") == "x"
    tree.close()


async def test_a_tree_that_nobody_closed_leaves_no_process(new_repo: RepoFactory, take: Take):
    snapshot = await take(new_repo(files={"app.py": "x"}).path)
    tree = await SnapshotTree.load(snapshot.git_dir, snapshot.commit)
    tree.read("app.py")
    del tree
    gc.collect()
    assert not _readers(snapshot.git_dir)


async def test_a_commit_that_is_not_there(new_repo: RepoFactory, take: Take):
    snapshot = await take(new_repo(files={"app.py": "x"}).path)
    with pytest.raises(RepositoryError):
        await SnapshotTree.load(snapshot.git_dir, "f" * 40)


async def test_an_object_that_is_not_there_reads_as_nothing(new_repo: RepoFactory, take: Take):
    snapshot = await take(new_repo(files={"app.py": "x"}).path)
    reader = BlobReader(snapshot.git_dir, 1000)
    assert reader.read("f" * 40, 1) is None
    assert reader.read(snapshot.commit, 1) is None
    reader.close()


def _readers(git_dir: Path) -> list[int]:
    """Living `git cat-file` processes of ours on this repository."""
    found = psutil.Process().children(recursive=True)
    return [child.pid for child in found if f"--git-dir={git_dir}" in child.cmdline()]
