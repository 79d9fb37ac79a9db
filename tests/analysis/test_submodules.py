"""Submodules: reported, fetched when asked for, and addressed as strictly as what a user names."""

from __future__ import annotations

from pathlib import Path

import pytest

from auto_deployer.analysis import GitLogin, SnapshotTree, analyze, parse_source
from auto_deployer.analysis.submodules import resolve_url
from auto_deployer.model.errors import AuthenticationFailedError, AutoDeployerError, RepositoryError
from auto_deployer.model.reasons import Kind

from .conftest import Repo, RepoFactory, Take, paths_in, show
from .servers import PASSWORD, USER, HttpsGitServer


def add_submodule(repo: Repo, path: str, other: Repo, url: str) -> str:
    """Record the newest commit of another repository at a path, with the address that others are to use."""
    commit = other.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    with (repo.path / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n')
    repo.git("add", ".gitmodules")
    repo.git("commit", "-q", "-m", f"add {path}")
    return commit


async def test_submodules_are_reported_and_left_out(new_repo: RepoFactory, take: Take):
    shop, theme = new_repo("shop", {"app.py": "app"}), new_repo("theme", {"style.css": "css"})
    add_submodule(shop, "themes/plain", theme, "../theme")
    snapshot = await take(shop.path)
    with await SnapshotTree.load(snapshot.git_dir, snapshot.commit) as tree:
        facts = analyze(tree, snapshot, parse_source(str(shop.path)), ())
    assert facts.submodules == ("themes/plain",)
    assert any("themes/plain" in note and "--submodules" in note for note in facts.notes)


async def test_submodules_of_submodules_by_relative_addresses(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    icons = new_repo("icons", {"star.svg": "star"})
    theme = new_repo("theme", {"style.css": "css"})
    add_submodule(theme, "icons", icons, "../icons.git")
    shop = new_repo("shop", {"app.py": "app"})
    old = add_submodule(shop, "themes/plain", theme, "../theme.git")
    theme.commit({"style.css": "newer"})
    for repo in (icons, theme, shop):
        https_server.publish(repo.path, f"{repo.path.name}.git")
    url = f"https://{https_server.host}/shop.git"
    snapshot = await take(url, submodules=True)
    assert paths_in(snapshot) == [
        ".gitmodules", "app.py", "themes/plain/.gitmodules", "themes/plain/icons/star.svg", "themes/plain/style.css",
    ]  # fmt: skip
    assert show(snapshot, "themes/plain/style.css") == "css"
    assert old != theme.git("rev-parse", "HEAD")
    assert any("themes/plain, themes/plain/icons" in note for note in snapshot.notes)
    assert snapshot.commit == (await take(url, submodules=True)).commit


async def test_a_local_folder_has_its_submodules_in_its_own_repository(new_repo: RepoFactory, take: Take):
    shop, theme = new_repo("shop", {"app.py": "app"}), new_repo("theme", {"style.css": "css"})
    shop.git("submodule", "--quiet", "add", "--name", "look", str(theme.path), "theme")
    shop.git("commit", "-q", "-m", "add theme")
    theme.path.rename(theme.path.with_name("moved"))
    assert show(await take(shop.path, submodules=True), "theme/style.css") == "css"


async def test_a_repository_without_submodules_stays_as_it_is(new_repo: RepoFactory, take: Take):
    shop = new_repo("shop", {"app.py": "app"})
    snapshot = await take(shop.path, submodules=True)
    assert snapshot.commit == shop.git("rev-parse", "HEAD")


async def test_a_private_submodule_of_the_same_host_gets_the_same_login(
    new_repo: RepoFactory, take: Take, https_server: HttpsGitServer
):
    shop, theme = new_repo("shop", {"app.py": "app"}), new_repo("theme", {"style.css": "css"})
    add_submodule(shop, "theme", theme, "../../private/theme.git")
    https_server.publish(theme.path, "private/theme.git")
    https_server.publish(shop.path, "open/shop.git")
    url = f"https://{https_server.host}/open/shop.git"
    with pytest.raises(AuthenticationFailedError, match="submodule theme"):
        await take(url, submodules=True)
    snapshot = await take(url, submodules=True, login=GitLogin(PASSWORD, USER))
    assert show(snapshot, "theme/style.css") == "css"


async def test_the_login_is_not_sent_to_another_host(
    new_repo: RepoFactory, take: Take, https_server: HttpsGitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with HttpsGitServer(tmp_path / "other") as other:
        both = tmp_path / "both.pem"
        both.write_text(https_server.certificate.read_text() + other.certificate.read_text())
        monkeypatch.setenv("GIT_SSL_CAINFO", str(both))
        shop, theme = new_repo("shop", {"app.py": "app"}), new_repo("theme", {"style.css": "css"})
        add_submodule(shop, "theme", theme, f"https://{other.host}/private/theme.git")
        other.publish(theme.path, "private/theme.git")
        https_server.publish(shop.path, "private/shop.git")
        with pytest.raises(RepositoryError, match="submodule theme") as refused:
            await take(f"https://{https_server.host}/private/shop.git", submodules=True, login=GitLogin(PASSWORD, USER))
        assert refused.value.kind is Kind.AUTHENTICATION_FAILED
        assert https_server.logins == {f"{USER}:{PASSWORD}"}
        assert other.logins == set()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("file://{here}/theme", Kind.INVALID_REPOSITORY_URL),
        ("{here}/theme", Kind.INVALID_REPOSITORY_URL),
        ("ext::sh -c touch% {here}/touched", Kind.INVALID_REPOSITORY_URL),
        ("http://host.invalid/theme", Kind.INVALID_REPOSITORY_URL),
        ("-u./evil", Kind.INVALID_REPOSITORY_URL),
        ("../../../../theme.git", Kind.INVALID_REPOSITORY_URL),
        ("../not-there.git", Kind.REPOSITORY_NOT_FOUND),
    ],
)
async def test_addresses_that_are_not_followed(
    new_repo: RepoFactory, take: Take, https_server: HttpsGitServer, tmp_path: Path, url: str, kind: Kind
):
    shop, theme = new_repo("shop", {"app.py": "app"}), new_repo("theme", {"style.css": "css"})
    add_submodule(shop, "theme", theme, url.format(here=tmp_path))
    https_server.publish(shop.path, "shop.git")
    with pytest.raises(AutoDeployerError, match="theme") as refused:
        await take(f"https://{https_server.host}/shop.git", submodules=True)
    assert refused.value.kind is kind
    assert not (tmp_path / "touched").exists()


async def test_a_submodule_that_no_address_belongs_to(new_repo: RepoFactory, take: Take):
    shop, theme = new_repo("shop", {"app.py": "app"}), new_repo("theme", {"style.css": "css"})
    shop.git("update-index", "--add", "--cacheinfo", f"160000,{theme.git('rev-parse', 'HEAD')},theme")
    shop.git("commit", "-q", "-m", "add theme")
    with pytest.raises(RepositoryError, match=r"theme.*gitmodules"):
        await take(shop.path, submodules=True)


async def test_repositories_that_contain_each_other_end(new_repo: RepoFactory, take: Take):
    shop = new_repo("shop", {"app.py": "app"})
    for _ in range(10):
        add_submodule(shop, "again", shop, str(shop.path))
    with pytest.raises(RepositoryError) as refused:
        await take(shop.path, submodules=True)
    assert refused.value.kind is Kind.REPOSITORY_TOO_LARGE


@pytest.mark.parametrize(
    ("parent", "url", "found"),
    [
        ("https://host/owner/shop.git", "../theme.git", "https://host/owner/theme.git"),
        ("https://host/owner/shop/", "./theme", "https://host/owner/shop/theme"),
        ("https://host:8443/owner/shop", "../../other/theme", "https://host:8443/other/theme"),
        ("ssh://git@host:22/owner/shop", "../theme", "ssh://git@host:22/owner/theme"),
        ("git@host:owner/shop.git", "../theme.git", "git@host:owner/theme.git"),
        ("git@host:shop.git", "../theme.git", "git@host:theme.git"),
        ("/srv/git/shop", "../theme", "/srv/git/theme"),
        ("https://host/owner/shop", "https://elsewhere/theme", "https://elsewhere/theme"),
    ],
)
def test_relative_addresses_start_from_the_parents(parent: str, url: str, found: str):
    assert resolve_url(parent, url) == found
