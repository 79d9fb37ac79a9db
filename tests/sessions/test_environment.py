"""The allow-list."""

from __future__ import annotations

import pytest

from auto_deployer.sessions.environment import child_environment, git_environment

OURS = {
    "PATH": "/bin",
    "HOME": "/home/a",
    "LC_TIME": "C",
    "XDG_CACHE_HOME": "/cache",
    "https_proxy": "http://proxy",
    "SSL_CERT_FILE": "/ca",
    "REQUESTS_CA_BUNDLE": "/ca",
    "NODE_EXTRA_CA_CERTS": "/ca",
    "PIP_INDEX_URL": "https://index",
    "UV_INDEX_URL": "https://index",
    "npm_config_registry": "https://registry",
    "PYENV_VERSION": "3.12",
    "PYENV_ROOT": "/pyenv",
    "NVM_DIR": "/nvm",
}
SECRET = {
    "AUTO_DEPLOYER_LLM_API_KEY": "k",
    "AUTO_DEPLOYER_SSH_PASSWORD": "k",
    "OPENAI_API_KEY": "k",
    "AWS_SECRET_ACCESS_KEY": "k",
    "GITHUB_TOKEN": "k",
    "DATABASE_URL": "k",
    "BASH_ENV": "/tmp/rc",
    "GIT_DIR": "/elsewhere",
    "BASH_FUNC_ls%%": "() { :; }",
}
FOR_GIT = {"SSH_AUTH_SOCK": "/agent", "GIT_SSH_COMMAND": "ssh -v", "GIT_CONFIG_COUNT": "0"}


def test_listed_names_pass_and_all_others_do_not() -> None:
    env = child_environment(base={**OURS, **SECRET, **FOR_GIT})
    assert OURS.items() <= env.items()
    assert not (SECRET.keys() | FOR_GIT.keys()) & env.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CI", "1"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("PAGER", "cat"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ],
)
def test_tools_are_told_not_to_ask_or_page(name: str, value: str) -> None:
    assert child_environment(base={name: "something else"})[name] == value


def test_colours_are_not_switched_off() -> None:
    assert "NO_COLOR" not in child_environment(base={})


def test_the_command_s_own_additions_win() -> None:
    assert child_environment({"CI": "", "PATH": "/mine"}, base=OURS)["PATH"] == "/mine"
    assert child_environment({"CI": ""}, base=OURS)["CI"] == ""


def test_git_alone_gets_the_ssh_agent() -> None:
    env = git_environment(base={**OURS, **SECRET, **FOR_GIT})
    assert (OURS | FOR_GIT).items() <= env.items()
    assert not SECRET.keys() & env.keys()


def test_our_own_environment_is_the_default_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVM_DIR", "/somewhere/nvm")
    monkeypatch.setenv("AUTO_DEPLOYER_LLM_API_KEY", "k")
    assert child_environment()["NVM_DIR"] == "/somewhere/nvm"
    assert "AUTO_DEPLOYER_LLM_API_KEY" not in git_environment()
