"""Working trees: what is in them, and that nothing of the folder's own configuration runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from auto_deployer.model.errors import RepositoryError
from auto_deployer.model.reasons import Kind

from .conftest import Repo, RepoFactory, Take, git_in, paths_in, show


async def test_dirty_takes_tracked_and_untracked_but_not_ignored_files(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one", "gone.py": "x", ".gitignore": "*.log\nbuild/\n"})
    (repo.path / "gone.py").unlink()
    repo.write({
        "app.py": "two", "new/deep.py": "x", "noise.log": "x", "build/out.js": "x", ".env": "SECRET=1", "sub/.env": "SECRET=1",
        "agent_logs/deploy.json": "{}", "node_modules/x/index.js": "x", "web/.venv/bin/python": "x",
    })  # fmt: skip
    snapshot = await take(repo.path, dirty=True)
    assert paths_in(snapshot) == [".gitignore", "app.py", "new/deep.py"]
    assert show(snapshot, "app.py") == "two"
    assert (snapshot.kind, snapshot.ref, snapshot.uncommitted) == ("working_tree", "main", 0)


async def test_tracked_files_stay_though_ignored_and_staged_ones_count_as_tracked(new_repo: RepoFactory, take: Take):
    repo = new_repo()
    repo.write({".gitignore": "*.log\n.env\n", "kept.log": "x", ".env": "PUBLIC=1", "staged.log": "x"})
    repo.git("add", "-f", "kept.log", ".env", ".gitignore")
    repo.git("commit", "-q", "-m", "x")
    repo.git("add", "-f", "staged.log")
    assert paths_in(await take(repo.path, dirty=True)) == [".env", ".gitignore", "kept.log", "staged.log"]


async def test_the_exclude_files_of_repository_and_user_are_honoured(new_repo: RepoFactory, take: Take, own_home: Path):
    repo = new_repo(files={"app.py": "one"})
    (repo.path / ".git" / "info" / "exclude").write_text("mine.txt\n")
    (own_home / "ignore").write_text("scratch.txt\n")
    with (own_home / ".gitconfig").open("a") as config:
        config.write("[core]\n\texcludesFile = ~/ignore\n")
    repo.write({"mine.txt": "x", "scratch.txt": "x", "new.txt": "x"})
    assert paths_in(await take(repo.path, dirty=True)) == ["app.py", "new.txt"]
    assert (await take(repo.path)).uncommitted == 1


async def test_the_same_tree_is_the_same_commit(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    repo.write({"new.py": "x"})
    first = await take(repo.path, dirty=True)
    os.utime(repo.path / "new.py", (1, 1))
    assert (await take(repo.path, dirty=True)).commit == first.commit
    repo.write({"new.py": "y"})
    assert (await take(repo.path, dirty=True)).commit != first.commit


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    }


def _booby_trap(repo: Repo, marker: Path) -> None:
    """Everything in a repository that git would run for whoever works inside it."""
    trap = repo.path / ".git" / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    trap.chmod(0o755)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
        (repo.path / ".git" / "hooks" / hook).write_text(trap.read_text())
        (repo.path / ".git" / "hooks" / hook).chmod(0o755)
    settings = {
        "core.fsmonitor": trap, "core.sshCommand": trap, "core.pager": trap, "core.askPass": trap, "credential.helper": f"!{trap}",
        "filter.evil.clean": trap, "filter.evil.smudge": trap, "filter.evil.required": "true", "uploadpack.packObjectsHook": trap,
        "core.gitProxy": trap, "diff.external": trap, "core.hooksPath": repo.path / ".git" / "hooks",
    }  # fmt: skip
    for name, value in settings.items():
        with (repo.path / ".git" / "config").open("a") as config:
            section, _, key = name.rpartition(".")
            first, _, second = section.partition(".")
            header = f'[{first} "{second}"]' if second else f"[{first}]"
            config.write(f'{header}\n\t{key} = "{value}"\n')


@pytest.mark.parametrize("dirty", [False, True])
async def test_nothing_of_the_folder_runs_and_nothing_is_written_into_it(
    new_repo: RepoFactory, take: Take, tmp_path: Path, dirty: bool
):
    repo = new_repo(files={"app.py": "one", ".gitattributes": "* filter=evil diff=evil\n"})
    repo.write({"app.py": "two", "new.py": "x"})
    marker = tmp_path / "ran"
    _booby_trap(repo, marker)
    before = _state(repo.path)
    snapshot = await take(repo.path, dirty=dirty)
    assert show(snapshot, "app.py") == ("two" if dirty else "one")
    assert not marker.exists()
    assert _state(repo.path) == before


@pytest.mark.parametrize("dirty", [False, True])
async def test_a_folder_without_git_or_commits_is_its_working_tree(new_repo: RepoFactory, take: Take, tmp_path: Path, dirty: bool):
    files: dict[str, str | bytes] = {
        "index.html": "hi",
        "node_modules/x.js": "x",
        ".env": "A=1",
        "img/a.png": b"\x89",
        ".git-blame": "x",
    }
    plain = Repo(tmp_path / "plain").write(files)
    unborn = new_repo("unborn").write(files)
    unborn.git("add", "index.html")
    for repo in (plain, unborn):
        snapshot = await take(repo.path, dirty=dirty)
        assert paths_in(snapshot) == [".git-blame", "img/a.png", "index.html"]
        assert snapshot.kind == "working_tree"
        assert "its working tree is deployed" in snapshot.notes[0]
    with pytest.raises(RepositoryError) as refused:
        await take(plain.path, ref="main")
    assert refused.value.kind is Kind.GIT_REF_NOT_FOUND


async def test_an_untracked_folder_below_a_repository_is_taken_alone(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"dotfiles": "private"})
    repo.write({"projects/site/index.html": "hi", "other.txt": "private"})
    snapshot = await take(repo.path / "projects" / "site")
    assert paths_in(snapshot) == ["index.html"]
    assert (snapshot.subdir, snapshot.kind) == ("", "working_tree")
    assert "No file below projects/site is committed" in snapshot.notes[0]


async def test_an_empty_folder(take: Take, tmp_path: Path):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(RepositoryError) as refused:
        await take(tmp_path / "nothing")
    assert refused.value.kind is Kind.EMPTY_REPOSITORY


async def test_links_stay_links_and_what_lies_behind_one_is_not_taken(new_repo: RepoFactory, take: Take, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    repo = new_repo(files={"dir/secret.txt": "public", "app.py": "one"})
    (repo.path / "dir" / "secret.txt").unlink()
    (repo.path / "dir").rmdir()
    (repo.path / "dir").symlink_to(outside)
    os.mkfifo(repo.path / "pipe")
    snapshot = await take(repo.path, dirty=True)
    assert paths_in(snapshot) == ["app.py", "dir"]
    assert show(snapshot, "dir") == str(outside)


async def test_submodules_stay_and_nested_repositories_are_left_out_with_a_note(new_repo: RepoFactory, take: Take):
    library = new_repo("library", files={"lib.py": "x"})
    repo = new_repo(files={"app.py": "one"})
    repo.git("submodule", "add", "-q", str(library.path), "sub module")
    repo.commit()
    Repo(repo.path / "nested").path.mkdir()
    nested = Repo(repo.path / "nested")
    nested.git("init", "-q")
    nested.commit({"x.py": "x"})
    snapshot = await take(repo.path, dirty=True)
    assert paths_in(snapshot) == [".gitmodules", "app.py", "sub module"]
    assert any("nested/" in note for note in snapshot.notes)


async def test_a_sparse_checkout_keeps_what_is_not_on_disk(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app/a.py": "one", "docs/b.md": "text"})
    repo.git("sparse-checkout", "set", "app")
    assert not (repo.path / "docs").exists()
    repo.write({"app/a.py": "two"})
    snapshot = await take(repo.path, dirty=True)
    assert (show(snapshot, "app/a.py"), show(snapshot, "docs/b.md")) == ("two", "text")
    assert (await take(repo.path)).commit == repo.git("rev-parse", "HEAD")


async def test_a_conflict_is_taken_as_it_stands_in_the_file(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "base\n"})
    repo.git("checkout", "-q", "-b", "other")
    repo.commit({"app.py": "theirs\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"app.py": "ours\n"})
    with pytest.raises(Exception, match="merge"):
        repo.git("merge", "-q", "other")
    assert "<<<<<<<" in show(await take(repo.path, dirty=True), "app.py")


async def test_names_that_are_hard_to_handle(new_repo: RepoFactory, take: Take):
    names = ["with space.txt", "-dash.txt", "ünï.txt", 'quo"te.txt', "new\nline.txt", ":(top)magic.txt", "*.glob"]
    repo = new_repo(files={"app.py": "one"})
    repo.write(dict.fromkeys(names, "x"))
    snapshot = await take(repo.path, dirty=True)
    assert len(paths_in(snapshot)) == len(names) + 1
    assert (await take(repo.path)).uncommitted == len(names)


async def test_the_executable_bit_is_kept(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"start.sh": "#!/bin/sh\n"})
    (repo.path / "start.sh").chmod(stat.S_IRWXU)
    snapshot = await take(repo.path, dirty=True)
    assert "100755" in git_in(snapshot, "ls-tree", snapshot.commit)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
async def test_an_unreadable_file_is_left_out_with_a_note(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    repo.write({"locked": "x"})
    (repo.path / "locked").chmod(0)
    snapshot = await take(repo.path, dirty=True)
    assert paths_in(snapshot) == ["app.py"]
    assert any("locked" in note for note in snapshot.notes)


async def test_counting_sees_staged_deleted_and_touched_files(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"a.py": "a", "b.py": "b", "touched.py": "x", ".env": "A=1"})
    os.utime(repo.path / "touched.py", (1, 1))
    (repo.path / "a.py").unlink()
    repo.write({"b.py": "B", "staged.py": "x", ".env": "A=2"})
    repo.git("add", "staged.py", "b.py")
    assert (await take(repo.path)).uncommitted == 4
