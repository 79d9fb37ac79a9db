"""Git LFS: pointers are found and reported, and replaced by their content when asked for."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from auto_deployer.analysis import GitLogin, SnapshotTree, analyze, parse_source
from auto_deployer.analysis.lfs import find_pointers
from auto_deployer.model.errors import RefusedError, RepositoryError
from auto_deployer.model.reasons import Kind
from tests.suggestions import suggested

from .conftest import RepoFactory, Take, TreeOf, git_in, show
from .servers import PASSWORD, USER, HttpsGitServer

CONTENT = b"\x89PNG" + bytes(range(256)) * 20
ATTRIBUTES = "*.png filter=lfs diff=lfs merge=lfs -text\n"
needs_lfs = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")


def pointer(content: bytes) -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n"


async def test_pointers_are_reported_by_path(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={".gitattributes": ATTRIBUTES, "img/logo.png": pointer(CONTENT), "img/small.png": "x" * 150})
    snapshot = await take(repo.path)
    with await SnapshotTree.load(snapshot.git_dir, snapshot.commit) as tree:
        facts = analyze(tree, snapshot, parse_source(str(repo.path)), ())
    assert facts.lfs_files == 1
    [note] = [note for note in facts.notes if "LFS" in note]
    assert "img/logo.png" in note
    assert "--lfs" in note


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({".gitattributes": ATTRIBUTES}, "a/b/logo.png"),
        ({".gitattributes": "a/** filter=lfs\n"}, "a/b/logo.bin"),
        ({".gitattributes": "**/models/*.bin filter=lfs\n"}, "x/models/m.bin"),
        ({"a/.gitattributes": "*.bin filter=lfs\n"}, "a/b/m.bin"),
        ({".gitattributes": "/m.bin filter=lfs\n"}, "m.bin"),
    ],
)
async def test_the_patterns_of_gitattributes(new_repo: RepoFactory, tree_of: TreeOf, attributes: dict[str, str], path: str):
    tree = await tree_of(new_repo(files={**attributes, path: pointer(CONTENT)}).path)
    assert [found.path for found in find_pointers(tree)] == [path]
    assert [found.size for found in find_pointers(tree)] == [len(CONTENT)]


async def test_a_text_that_looks_like_a_pointer_where_lfs_is_not_used(new_repo: RepoFactory, tree_of: TreeOf):
    tree = await tree_of(new_repo(files={"notes.png": pointer(CONTENT)}).path)
    assert find_pointers(tree) == ()


@needs_lfs
async def test_content_from_an_https_server_with_a_login(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    repo = new_repo(files={".gitattributes": ATTRIBUTES, "img/logo.png": pointer(CONTENT), "app.py": "app"})
    repo.path.joinpath("img/logo.png").chmod(0o755)
    repo.commit()
    https_server.publish(repo.path, "private/shop.git")
    https_server.lfs_objects[hashlib.sha256(CONTENT).hexdigest()] = CONTENT
    snapshot = await take(f"https://{https_server.host}/private/shop.git", lfs=True, login=GitLogin(PASSWORD, USER))
    assert git_in(snapshot, "cat-file", "-s", f"{snapshot.commit}:img/logo.png").strip() == str(len(CONTENT))
    whole = repo.git("hash-object", "--no-filters", "--stdin", stdin=CONTENT)
    assert git_in(snapshot, "rev-parse", f"{snapshot.commit}:img/logo.png").strip() == whole
    assert git_in(snapshot, "ls-tree", snapshot.commit, "img/logo.png").startswith("100755")
    assert show(snapshot, "app.py") == "app"
    assert not (snapshot.git_dir / "lfs").exists()
    assert not [text for text in https_server.arguments if PASSWORD in text]


@needs_lfs
async def test_content_from_a_local_folder(new_repo: RepoFactory, take: Take):
    repo = new_repo()
    repo.git("lfs", "install", "--local")
    repo.commit({".gitattributes": ATTRIBUTES, "logo.png": CONTENT})
    assert "oid sha256" in show(await take(repo.path), "logo.png")
    snapshot = await take(repo.path, lfs=True)
    assert git_in(snapshot, "cat-file", "-s", f"{snapshot.commit}:logo.png").strip() == str(len(CONTENT))
    assert any("1 Git LFS file" in note for note in snapshot.notes)


@needs_lfs
async def test_content_that_the_server_does_not_have(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    https_server.publish(new_repo(files={".gitattributes": ATTRIBUTES, "logo.png": pointer(CONTENT)}).path, "shop.git")
    with pytest.raises(RepositoryError, match="Git LFS"):
        await take(f"https://{https_server.host}/shop.git", lfs=True)


async def test_content_above_the_size_cap_is_not_fetched(new_repo: RepoFactory, take: Take):
    text = pointer(CONTENT).replace(f"size {len(CONTENT)}", f"size {5 * 1_048_576}")
    repo = new_repo(files={".gitattributes": ATTRIBUTES, "logo.png": text})
    with pytest.raises(RepositoryError, match="5 MiB") as refused:
        await take(repo.path, lfs=True, max_bytes=1_048_576)
    assert refused.value.kind is Kind.REPOSITORY_TOO_LARGE


async def test_without_git_lfs_it_is_refused(new_repo: RepoFactory, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repo = new_repo(files={".gitattributes": ATTRIBUTES, "logo.png": pointer(CONTENT)})
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(RefusedError) as refused:
        await take(repo.path, lfs=True)
    assert refused.value.kind is Kind.MISSING_TOOL
    assert any("without the content that Git LFS keeps" in text for text in suggested(refused.value))
