"""Private repositories over https: whose login is used, who is asked, and where a login never turns up."""

from __future__ import annotations

from pathlib import Path

import pytest

from auto_deployer.analysis import GitLogin, LoginWanted, parse_source
from auto_deployer.analysis.logins import logged_in
from auto_deployer.model.errors import AuthenticationFailedError
from tests.suggestions import suggested

from .conftest import RepoFactory, Take, show
from .servers import PASSWORD, USER, HttpsGitServer

WRONG = "not-the-token-at-all"


class Person:
    """Answers as told, and remembers what was asked."""

    def __init__(self, login: GitLogin | None) -> None:
        self.login = login
        self.asked: list[LoginWanted] = []

    async def __call__(self, wanted: LoginWanted) -> GitLogin | None:
        self.asked.append(wanted)
        return self.login


@pytest.fixture
def private(new_repo: RepoFactory, https_server: HttpsGitServer) -> str:
    """The address of a repository that wants a login."""
    https_server.publish(new_repo(files={"app.py": "one"}).path, "private/shop.git")
    return f"https://{https_server.host}/private/shop.git"


async def test_a_given_login_is_used_and_stands_in_no_file_and_no_argument_list(
    private: str, take: Take, https_server: HttpsGitServer
):
    snapshot = await take(private, login=GitLogin(PASSWORD, USER))
    assert show(snapshot, "app.py") == "one"
    assert any(https_server.host in text for text in https_server.arguments)
    assert not [text for text in https_server.arguments if PASSWORD in text]
    for path in snapshot.git_dir.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()


async def test_a_server_that_asks_for_no_login_gets_none(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    https_server.publish(new_repo(files={"app.py": "one"}).path, "shop.git")
    await take(f"https://{https_server.host}/shop.git", login=GitLogin(PASSWORD, USER))
    assert https_server.logins == set()


async def test_the_credential_helper_counts_where_the_given_login_is_refused(
    private: str, take: Take, https_server: HttpsGitServer, own_home: Path
):
    with (own_home / ".gitconfig").open("a") as config:
        config.write("[credential]\n\thelper = store\n")
    (own_home / ".git-credentials").write_text(f"https://{USER}:{PASSWORD}@{https_server.host}\n")
    person = Person(None)
    snapshot = await take(private, login=GitLogin(WRONG, USER), ask=person)
    assert show(snapshot, "app.py") == "one"
    assert person.asked == []
    assert https_server.logins == {f"{USER}:{WRONG}", f"{USER}:{PASSWORD}"}
    assert WRONG not in (own_home / ".git-credentials").read_text()


async def test_a_person_is_asked_when_no_login_is_accepted(private: str, take: Take, https_server: HttpsGitServer):
    person = Person(GitLogin(PASSWORD, USER))
    assert show(await take(private, ask=person), "app.py") == "one"
    [wanted] = person.asked
    assert wanted.host == f"https://{https_server.host}"
    assert (wanted.repository, wanted.username, wanted.usual_username) == (private, "", "git")


async def test_a_person_is_asked_once(private: str, take: Take):
    person = Person(GitLogin(WRONG, USER))
    with pytest.raises(AuthenticationFailedError) as failed:
        await take(private, ask=person)
    assert len(person.asked) == 1
    assert WRONG not in failed.value.message


async def test_a_person_who_does_not_answer(private: str, take: Take):
    with pytest.raises(AuthenticationFailedError):
        await take(private, ask=Person(None))


async def test_a_repository_that_is_not_private_asks_nobody(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    https_server.publish(new_repo(files={"app.py": "one"}).path, "shop.git")
    person = Person(GitLogin(PASSWORD, USER))
    await take(f"https://{https_server.host}/shop.git", ask=person)
    assert person.asked == []


async def test_without_anyone_the_error_says_what_to_set(private: str, take: Take):
    with pytest.raises(AuthenticationFailedError) as failed:
        await take(private)
    said = " ".join(suggested(failed.value))
    assert "credential helper" in said
    assert "AUTO_DEPLOYER_GIT_TOKEN" in said


async def test_the_user_name_of_the_url_goes_with_a_given_token(new_repo: RepoFactory, take: Take, https_server: HttpsGitServer):
    https_server.publish(new_repo(files={"app.py": "one"}).path, "private/shop.git")
    url = f"https://{USER}@{https_server.host}/private/shop.git"
    assert show(await take(url, login=GitLogin(PASSWORD)), "app.py") == "one"


@pytest.mark.parametrize(
    ("url", "username"),
    [
        ("https://github.com/o/r", "x-access-token"),
        ("https://gitlab.com/o/r", "oauth2"),
        ("https://bitbucket.org/o/r", "x-token-auth"),
        ("https://git.example.org/o/r", "git"),
        ("https://ada@github.com/o/r", "ada"),
        ("https://a-token-in-the-place-of-a-name@github.com/o/r", "x-access-token"),
    ],
)
def test_the_user_name_that_a_token_goes_with(url: str, username: str):
    source = logged_in(parse_source(url), GitLogin("t0k/en"))
    assert source.credentials == (username, "t0k/en")
    assert {"t0k/en", "t0k%2Fen"} <= set(source.secrets)
    assert "t0k" not in repr(source)
