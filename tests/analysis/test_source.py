from __future__ import annotations

import re
from pathlib import Path

import pytest

from auto_deployer.analysis import parse_source
from auto_deployer.analysis.source import slug
from auto_deployer.model.errors import RepositoryError
from auto_deployer.model.reasons import Kind
from tests.suggestions import suggested

HOSTILE = [
    "",
    "   ",
    "-x",
    "--upload-pack=touch /tmp/pwned",
    "/..",
    "/",
    "https://host/..",
    "https://host/owner/..",
    "https://host/owner/%2e%2e",
    "https://host/owner/repo/../../x",
    "https://host/.git",
    "https://host/owner/.git",
    "https://host",
    "https://host/",
    "https:///owner/repo",
    "https://-host/owner/repo",
    "https://host/owner/-x",
    "https://host:port/owner/repo",
    "https://host:99999/owner/repo",
    "https://host/owner/repo?ref=x",
    "https://host/owner/repo#readme",
    "https://host/owner/re po",
    "https://host/owner/repo\n--upload-pack=x",
    "https://host/owner/repo\x00",
    "https://user:p%0aw@host/owner/repo",
    "https://host\\@evil.example/owner/repo",
    "https://github.com/owner/repo/tree/main/examples",
    "http://host/owner/repo",
    "git://host/owner/repo",
    "ftp://host/owner/repo",
    "javascript://host/x",
    "ext::sh -c touch% /tmp/pwned",
    "fd::17",
    "transport::https://host/x",
    "ssh://-oProxyCommand=touch/owner/repo",
    "ssh://-oProxyCommand=touch@host/owner/repo",
    "ssh://git@-oProxyCommand=touch/owner/repo",
    "ssh://git:secret@host/owner/repo",
    "git@-oProxyCommand=touch:owner/repo",
    "git@host:-x",
    "git@host:../..",
    "git@host:owner/../../x",
    "file://other-host/srv/repo",
    "file:///srv/../../etc",
    "file:///",
    "file:///srv/%00repo",
]


@pytest.mark.parametrize("repo", HOSTILE)
def test_hostile_or_unclear_input_is_refused_with_a_way_on(repo: str):
    with pytest.raises(RepositoryError) as refused:
        parse_source(repo)
    assert refused.value.kind is Kind.INVALID_REPOSITORY_URL
    assert suggested(refused.value)


@pytest.mark.parametrize(
    ("repo", "name", "protocol", "fetch_url"),
    [
        ("https://github.com/owner/shop", "shop", "https", "https://github.com/owner/shop"),
        ("HTTPS://host:8443/group/sub/shop.git", "shop", "https", "https://host:8443/group/sub/shop.git"),
        ("https://host/owner/shop/", "shop", "https", "https://host/owner/shop/"),
        ("https://host/owner/u.github.io", "u.github.io", "https", "https://host/owner/u.github.io"),
        ("https://host/owner/..shop", "shop", "https", "https://host/owner/..shop"),
        ("https://[::1]:8443/owner/shop", "shop", "https", "https://[::1]:8443/owner/shop"),
        ("ssh://git@host:2222/owner/shop.git", "shop", "ssh", "ssh://git@host:2222/owner/shop.git"),
        ("ssh://host/~dev/shop", "shop", "ssh", "ssh://host/~dev/shop"),
        ("git@host:owner/shop.git", "shop", "ssh", "git@host:owner/shop.git"),
        (" git@host:shop ", "shop", "ssh", "git@host:shop"),
        ("https://host/owner/%E9%A1%B9%E7%9B%AE", "repo", "https", "https://host/owner/%E9%A1%B9%E7%9B%AE"),
    ],
)
def test_what_git_and_people_write(repo: str, name: str, protocol: str, fetch_url: str):
    source = parse_source(repo)
    assert (source.name, source.protocol, source.fetch_url) == (name, protocol, fetch_url)
    assert source.folder is None
    assert source.secrets == ()


@pytest.mark.parametrize(
    ("userinfo", "credentials", "secrets"),
    [
        ("dev:s3cret", ("dev", "s3cret"), ("s3cret",)),
        ("dev:p%40ss%3Aw", ("dev", "p@ss:w"), ("p@ss:w", "p%40ss%3Aw")),
        ("ghp_0123456789abcdefghij", ("ghp_0123456789abcdefghij", ""), ("ghp_0123456789abcdefghij",)),
        ("dev", ("dev", ""), ()),
    ],
)
def test_credentials_are_kept_apart_and_never_shown(userinfo: str, credentials: tuple[str, str], secrets: tuple[str, ...]):
    source = parse_source(f"https://{userinfo}@host/owner/shop.git")
    assert source.credentials == credentials
    assert source.secrets == secrets
    assert source.display == source.fetch_url == "https://host/owner/shop.git"
    for secret in secrets:
        assert secret not in repr(source)


def test_an_error_about_a_url_does_not_repeat_its_password():
    with pytest.raises(RepositoryError) as refused:
        parse_source("https://dev:s3cret@host/owner/repo?x=1")
    assert "s3cret" not in refused.value.message


@pytest.mark.parametrize("form", ["{folder}", "file://{folder}", "{folder}/", "{folder}/sub/..", "file://localhost{folder}"])
def test_a_folder_by_path_or_file_url(tmp_path: Path, form: str):
    folder = tmp_path / "u.github.io"
    (folder / "sub").mkdir(parents=True)
    given = form.format(folder=folder)
    if given.startswith("file") and given.endswith(".."):
        pytest.skip("file URLs are taken without .. segments")
    source = parse_source(given)
    assert source.folder == folder.resolve()
    assert source.name == "u.github.io"
    assert source.display == given


def test_a_relative_folder_is_relative_to_the_base(tmp_path: Path):
    (tmp_path / "shop").mkdir()
    assert parse_source("shop", base=tmp_path).name == "shop"
    assert parse_source(".", base=tmp_path / "shop").folder == (tmp_path / "shop").resolve()


def test_a_file_url_is_percent_decoded(tmp_path: Path):
    (tmp_path / "my shop").mkdir()
    assert parse_source(f"file://{tmp_path}/my%20shop").name == "my-shop"


def test_a_folder_that_is_not_there_suggests_what_may_be_meant(tmp_path: Path):
    with pytest.raises(RepositoryError) as refused:
        parse_source("owner/shop", base=tmp_path)
    assert refused.value.kind is Kind.REPOSITORY_NOT_FOUND
    assert "https://github.com/owner/shop" in suggested(refused.value)[0]


def test_a_file_is_not_a_folder(tmp_path: Path):
    (tmp_path / "app.py").touch()
    with pytest.raises(RepositoryError, match="is a file"):
        parse_source(str(tmp_path / "app.py"))


def test_the_address_of_a_web_page_is_explained():
    with pytest.raises(RepositoryError) as refused:
        parse_source("https://github.com/owner/shop/tree/main/examples/hello")
    assert suggested(refused.value) == ["Use https://github.com/owner/shop with ref main and sub-folder examples/hello"]


@pytest.mark.parametrize("text", ["shop", "-x", "...", "a b/c", "é" * 80, "x" * 200, "..a-", "_", "a" * 63 + ".b"])
def test_a_slug_is_a_safe_name_or_empty(text: str):
    assert re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,63})?", slug(text))
