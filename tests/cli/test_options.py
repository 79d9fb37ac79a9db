from __future__ import annotations

from pathlib import Path

import pytest

from auto_deployer.cli.options import app_params, environment, repository
from auto_deployer.cli.source import PlanOptions, SourceOptions
from auto_deployer.model.errors import UsageError


@pytest.mark.parametrize(
    "url",
    ["https://host/a/b", "ssh://git@host/a", "git@host:owner/repo", "host.example:owner/repo", "file:///tmp/x", "ext::sh -c id"],
)
def test_urls_stay_as_they_are(url: str):
    assert repository(url) == url


def test_folders_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert repository(".") == str(tmp_path)
    assert repository("-x") == str(tmp_path / "-x")
    assert repository("~/shop") == "/home/somebody/shop"
    (tmp_path / "odd:name").mkdir()
    assert repository("odd:name") == str(tmp_path / "odd:name")


def test_variables_are_split_at_the_first_equals_sign():
    assert environment(["A=1", "B=x=y", "C=", "A=2"]) == {"A": "2", "B": "x=y", "C": ""}


@pytest.mark.parametrize("pair", ["secret-value", "=secret-value", "1A=secret-value", "MY-VAR=secret-value"])
def test_a_wrong_variable_is_refused_without_repeating_it(pair: str):
    with pytest.raises(UsageError) as refused:
        environment([pair])
    assert "secret-value" not in refused.value.message


@pytest.mark.parametrize(("name", "folder"), [(None, None), ("shop", "/srv/shop")])
def test_an_app_is_named_in_one_way(name: str | None, folder: str | None):
    with pytest.raises(UsageError):
        app_params(name, folder)


@pytest.mark.parametrize(
    ("option", "positional", "expected"),
    [(None, None, ""), ("app", None, "app"), (None, "app", "app"), ("app", "./app", "app")],
)
def test_the_repository_may_be_given_without_its_option(
    option: str | None, positional: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert SourceOptions(repo=option, positional_repo=positional).values()["repo"] == str(tmp_path / expected)


def test_two_different_repositories_are_refused():
    with pytest.raises(UsageError, match="two repositories"):
        PlanOptions(repo="https://host/a", positional_repo="https://host/b").values()


def test_paths_of_a_deploy_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    values = PlanOptions(repo="app", deploy_dir="out", env_file=".env").values()
    expected = {"repo": tmp_path / "app", "deploy_dir": tmp_path / "out", "env_file": tmp_path / ".env"}
    assert {name: values[name] for name in expected} == {name: str(path) for name, path in expected.items()}
