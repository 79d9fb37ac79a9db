"""When the content of a repository counts as the same: for an installation, and for a build."""

from __future__ import annotations

import pytest

from auto_deployer.analysis.fingerprints import content_id, dependencies_id, names_registry

from .conftest import RepoFactory, TreeOf

FILES: dict[str, str | bytes] = {
    "package.json": "{}", "package-lock.json": "{}", "web/requirements.txt": "flask", "prisma/schema.prisma": "model A",
    "README.md": "hello", "src/app.js": "1", ".github/workflows/ci.yml": "on: push",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "same_dependencies", "same_content"),
    [
        ("package-lock.json", False, False),
        ("web/requirements.txt", False, False),
        ("prisma/schema.prisma", False, False),
        ("requirements/base.txt", False, False),
        ("README.md", True, False),
        ("src/app.js", True, False),
        (".github/workflows/ci.yml", True, True),
    ],
)
async def test_what_a_change_means(
    new_repo: RepoFactory, tree_of: TreeOf, path: str, same_dependencies: bool, same_content: bool
) -> None:
    repo = new_repo("shop", FILES)
    before = await tree_of(repo.path)
    repo.commit({path: "changed"})
    after = await tree_of(repo.path)
    assert (dependencies_id(before) == dependencies_id(after)) is same_dependencies
    assert (content_id(before) == content_id(after)) is same_content


async def test_the_same_content_in_another_commit_is_the_same(new_repo: RepoFactory, tree_of: TreeOf) -> None:
    repo = new_repo("shop", FILES)
    before = await tree_of(repo.path)
    repo.commit(message="nothing")
    after = await tree_of(repo.path)
    assert (content_id(before), dependencies_id(before)) == (content_id(after), dependencies_id(after))


async def test_a_program_that_may_be_run_is_another_content(new_repo: RepoFactory, tree_of: TreeOf) -> None:
    repo = new_repo("shop", FILES)
    before = content_id(await tree_of(repo.path))
    (repo.path / "src/app.js").chmod(0o755)
    repo.commit()
    assert content_id(await tree_of(repo.path)) != before


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"requirements.txt": "flask\n"}, False),
        ({"requirements.txt": "--index-url https://example.org/simple\nflask\n"}, True),
        ({"web/.npmrc": "registry=https://example.org/\n"}, True),
        ({"pyproject.toml": '[[tool.uv.index]]\nurl = "https://example.org/simple"\n'}, True),
        ({"pyproject.toml": '[project]\nname = "x"\n'}, False),
    ],
)
async def test_who_names_where_packages_come_from(
    new_repo: RepoFactory, tree_of: TreeOf, files: dict[str, str | bytes], named: bool
) -> None:
    assert names_registry(await tree_of(new_repo("shop", files).path)) is named
