"""Committed states: refs, local repositories of all kinds, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from auto_deployer.analysis import git
from auto_deployer.model.errors import AutoDeployerError, RepositoryError, UsageError
from auto_deployer.model.reasons import Kind
from tests.suggestions import suggested

from .conftest import RepoFactory, Take, git_in, paths_in, show


async def test_head_is_taken_and_uncommitted_work_is_counted(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one", "kept.txt": "same", ".gitignore": "*.log\n"})
    repo.write({"app.py": "two", "new.py": "x", "noise.log": "x", "agent_logs/a.json": "{}", ".env": "A=1"})
    snapshot = await take(repo.path)
    assert snapshot.commit == repo.git("rev-parse", "HEAD")
    assert (snapshot.kind, snapshot.ref, snapshot.subdir, snapshot.uncommitted) == ("commit", "main", "", 2)
    assert show(snapshot, "app.py") == "one"
    assert any("2 uncommitted" in note for note in snapshot.notes)


async def test_a_clean_repository_has_nothing_to_note(new_repo: RepoFactory, take: Take):
    snapshot = await take(new_repo(files={"app.py": "one"}).path)
    assert (snapshot.uncommitted, snapshot.notes) == (0, ())


async def test_only_one_commit_is_fetched(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    repo.commit({"app.py": "two"})
    snapshot = await take(repo.path)
    assert git_in(snapshot, "rev-list", "--count", snapshot.commit).strip() == "1"


@pytest.mark.parametrize("ref", ["feature/x", "v1", "annotated", "refs/heads/feature/x", "FULL", "SHORT", "UPPER"])
async def test_a_branch_tag_or_commit(new_repo: RepoFactory, take: Take, ref: str):
    repo = new_repo(files={"app.py": "zero"})
    repo.git("checkout", "-q", "-b", "feature/x")
    wanted = repo.commit({"app.py": "wanted"})
    repo.git("tag", "v1")
    repo.git("tag", "-a", "annotated", "-m", "a tag")
    repo.git("checkout", "-q", "main")
    repo.commit({"app.py": "later"})
    given = {"FULL": wanted, "SHORT": wanted[:9], "UPPER": wanted.upper()}.get(ref, ref)
    snapshot = await take(repo.path, ref=given)
    assert snapshot.commit == wanted
    assert snapshot.ref == given
    assert snapshot.uncommitted == 0


async def test_an_old_commit_is_found_in_a_repository_that_was_used_before(new_repo: RepoFactory, take: Take, tmp_path: Path):
    repo = new_repo()
    old = repo.commit({"app.py": "old"})
    repo.commit({"app.py": "new"})
    into = tmp_path / "used.git"
    newest = await take(repo.path, into=into)
    (into / "shallow.lock").touch()  # what a killed fetch leaves
    snapshot = await take(repo.path, into=into, ref=old[:8])
    assert show(snapshot, "app.py") == "old"
    assert show(newest, "app.py") == "new"


@pytest.mark.parametrize(
    "ref",
    [
        "mian",
        "-x",
        "--upload-pack=x",
        "main:evil",
        "+main",
        "a..b",
        "main^",
        "x y",
        "a\nb",
        "refs/heads/none",
        "",
        "f" * 40,
        "abcdef12",
    ],
)
async def test_a_ref_that_is_not_there(new_repo: RepoFactory, take: Take, ref: str):
    repo = new_repo(files={"app.py": "one"})
    if not ref:
        ref = "no-such"
    with pytest.raises(RepositoryError) as refused:
        await take(repo.path, ref=ref)
    assert refused.value.kind is Kind.GIT_REF_NOT_FOUND


async def test_a_mistyped_branch_is_suggested(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    repo.git("branch", "release-2")
    with pytest.raises(RepositoryError) as refused:
        await take(repo.path, ref="relaese-2")
    assert "release-2" in suggested(refused.value)[0]


async def test_a_tag_of_a_file_is_no_commit(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    repo.git("tag", "blob", repo.git("rev-parse", "HEAD:app.py"))
    with pytest.raises(RepositoryError) as refused:
        await take(repo.path, ref="blob")
    assert refused.value.kind is Kind.GIT_REF_NOT_FOUND


async def test_a_detached_head_has_no_branch(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    repo.git("checkout", "-q", "--detach")
    repo.git("branch", "-D", "main")
    snapshot = await take(repo.path)
    assert (snapshot.commit, snapshot.ref) == (repo.git("rev-parse", "HEAD"), "")


async def test_a_linked_worktree_has_its_own_head(new_repo: RepoFactory, take: Take, tmp_path: Path):
    repo = new_repo(files={"app.py": "one"})
    repo.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    linked = type(repo)(tmp_path / "linked")
    wanted = linked.commit({"app.py": "other"})
    linked.write({"app.py": "changed"})
    snapshot = await take(linked.path)
    assert (snapshot.commit, snapshot.ref, snapshot.uncommitted) == (wanted, "other", 1)
    assert show(await take(linked.path, dirty=True), "app.py") == "changed"


async def test_a_shallow_clone(new_repo: RepoFactory, take: Take, tmp_path: Path):
    repo = new_repo(files={"app.py": "one"})
    head = repo.commit({"app.py": "two"})
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(tmp_path / "shallow"))
    assert (await take(tmp_path / "shallow")).commit == head


async def test_a_bare_repository(new_repo: RepoFactory, take: Take, tmp_path: Path):
    repo = new_repo(files={"app.py": "one"})
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    assert (await take(f"file://{tmp_path}/bare.git")).commit == repo.git("rev-parse", "HEAD")
    with pytest.raises(UsageError):
        await take(tmp_path / "bare.git", dirty=True)


async def test_head_that_names_an_absent_branch(new_repo: RepoFactory, take: Take, tmp_path: Path):
    repo = new_repo(files={"app.py": "one"})
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare))
    (bare / "HEAD").write_text("ref: refs/heads/master\n")
    snapshot = await take(bare)
    assert snapshot.ref == "main"
    assert "main is taken" in snapshot.notes[0]
    repo.git("push", "-q", str(bare), "main:other")
    with pytest.raises(RepositoryError) as refused:
        await take(bare)
    assert refused.value.kind is Kind.GIT_REF_NOT_FOUND
    assert suggested(refused.value) == [f"Deploy one of its branches: --ref {name}" for name in ("main", "other")]


async def test_a_sub_folder_of_a_work_tree_is_deployed_as_the_sub_folder(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"services/api/src/app.py": "one", "package.json": "{}"})
    snapshot = await take(repo.path / "services", subdir="./api//")
    assert snapshot.subdir == "services/api"
    assert "package.json" in paths_in(snapshot)
    assert any("sub-folder services" in note for note in snapshot.notes)


@pytest.mark.parametrize("subdir", ["..", "a/../../b", "/etc", "a\\b", "a\x00b", "a\nb"])
async def test_a_subdir_that_leads_out(new_repo: RepoFactory, take: Take, subdir: str):
    with pytest.raises(RepositoryError) as refused:
        await take(new_repo(files={"app.py": "one"}).path, subdir=subdir)
    assert refused.value.kind is Kind.SUBDIR_NOT_FOUND


async def test_an_empty_commit_and_a_repository_without_commits(new_repo: RepoFactory, take: Take, tmp_path: Path):
    empty_commit = new_repo("empty-commit")
    empty_commit.commit()
    empty_commit.git("init", "-q", "--bare", str(tmp_path / "bare.git"))
    for path in (empty_commit.path, new_repo("no-commit").path, tmp_path / "bare.git"):
        with pytest.raises(RepositoryError) as refused:
            await take(path)
        assert refused.value.kind is Kind.EMPTY_REPOSITORY


@pytest.mark.parametrize("dirty", [False, True])
async def test_a_file_that_is_small_only_while_it_is_packed(new_repo: RepoFactory, take: Take, dirty: bool):
    repo = new_repo(files={"zeros.bin": bytes(64 * 1_048_576)})
    with pytest.raises(RepositoryError, match=r"larger than 1 MiB: it was stopped at 64 MiB") as refused:
        await take(repo.path, max_bytes=1_048_576, dirty=dirty)
    assert refused.value.kind is Kind.REPOSITORY_TOO_LARGE


async def test_a_folder_whose_names_have_no_end(new_repo: RepoFactory, take: Take):
    """Eight folders of 30 entries each, one in the other: 656 billion files in nine small objects."""
    repo = new_repo()
    inner = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    kind = "100644 blob"
    for _ in range(8):
        entries = "".join(f"{kind} {inner}\t{number:02}\n" for number in range(30))
        inner, kind = repo.git("mktree", stdin=entries.encode()), "040000 tree"
    repo.git("update-ref", "HEAD", repo.git("commit-tree", inner, "-m", "many"))
    with pytest.raises(RepositoryError) as refused:
        await take(repo.path, max_bytes=10 * 1_048_576)
    assert refused.value.kind is Kind.REPOSITORY_TOO_LARGE


async def test_git_is_given_so_much_memory_and_no_more(new_repo: RepoFactory, take: Take, monkeypatch: pytest.MonkeyPatch):
    """A difference between two files may unpack to any size: what git would need for that is refused."""
    repo = new_repo(files={"data.bin": random.Random(1).randbytes(700_000)})
    await take(repo.path)
    monkeypatch.setitem(git._QUIET, "GIT_ALLOC_LIMIT", "200k")  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(RepositoryError, match="too much memory") as refused:
        await take(repo.path)
    assert refused.value.kind is Kind.REPOSITORY_TOO_LARGE


async def test_a_repository_above_the_cap(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"data.bin": random.Random(1).randbytes(3_000_000)})
    for options in ({}, {"dirty": True}):
        with pytest.raises(RepositoryError, match=r"larger than 1 MiB: it was stopped at \d\.?\d* MiB") as refused:
            await take(repo.path, max_bytes=1_048_576, **options)
        assert refused.value.kind is Kind.REPOSITORY_TOO_LARGE
        assert "budget.max_repository_mb" in suggested(refused.value)[-1]


async def test_submodules_are_not_fetched(new_repo: RepoFactory, take: Take):
    library = new_repo("library", files={"lib.py": "x"})
    repo = new_repo(files={"app.py": "one"})
    repo.git("submodule", "add", "-q", str(library.path), "vendored")
    repo.commit()
    snapshot = await take(repo.path)
    assert not list(snapshot.git_dir.glob("modules"))
    assert "vendored/lib.py" not in paths_in(snapshot)


async def test_missing_objects_are_told_as_such(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    blob = repo.git("rev-parse", "HEAD:app.py")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(RepositoryError, match="cannot read the objects"):
        await take(repo.path)


async def test_a_worktree_that_leads_nowhere(take: Take, tmp_path: Path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / ".git").write_text("gitdir: /nonexistent/worktrees/x\n")
    with pytest.raises(RepositoryError, match="leads to no repository"):
        await take(tmp_path / "broken")


async def test_the_inside_of_a_repository_is_refused(new_repo: RepoFactory, take: Take):
    repo = new_repo(files={"app.py": "one"})
    with pytest.raises(RepositoryError, match="inside of a repository"):
        await take(repo.path / ".git")


async def test_dirty_goes_with_local_folders_only(new_repo: RepoFactory, take: Take):
    with pytest.raises(UsageError):
        await take("https://host.invalid/owner/repo", dirty=True)
    with pytest.raises(UsageError):
        await take(new_repo(files={"app.py": "one"}).path, dirty=True, ref="main")


async def test_the_folder_for_the_snapshot_cannot_be_made(new_repo: RepoFactory, take: Take, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(AutoDeployerError):
        await take(new_repo(files={"app.py": "one"}).path, into=tmp_path / "file" / "snapshot.git")


async def test_progress_is_told(new_repo: RepoFactory, take: Take):
    lines: list[str] = []
    await take(new_repo(files={"app.py": "one"}).path, on_progress=lines.append)
    assert any("objects" in line for line in lines)
