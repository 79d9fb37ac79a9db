"""`config`, `auth`, and the options that set settings for one command, as their users run them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pexpect
import pytest
from tests.cli.conftest import TIMEOUT_S, Cli
from tests.settings.file_keyring import variables

KEY = "sk-live-5Jd83kfLq0"


@pytest.fixture
def config(cli: Cli) -> Path:
    """The user's file of settings."""
    file = Path(cli.env["XDG_CONFIG_HOME"]) / "auto-deployer" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('planner = "recipe"\n[llm]\nmodel = "from the file"\n')
    return file


@pytest.fixture
def kept(cli: Cli, tmp_path: Path) -> Path:
    """Where the keyring of `cli` keeps its entries."""
    file = tmp_path / "keyring.json"
    cli.env.update(variables(file))
    return file


def test_config_show_tells_every_value_with_its_source(cli: Cli, config: Path):
    cli.env["AUTO_DEPLOYER_LLM_PROVIDER"] = "ollama"
    shown = cli.json("config", "show", "--set", "budget.max_tokens=5", "--model", "from the option")
    assert shown["planner"] == {"value": "recipe", "source": f"file {config}"}
    assert shown["llm.provider"] == {"value": "ollama", "source": "environment variable AUTO_DEPLOYER_LLM_PROVIDER"}
    assert shown["llm.model"] == {"value": "from the option", "source": "command line"}
    assert shown["budget.max_tokens"] == {"value": 5, "source": "command line"}
    assert shown["compression.threshold"] == {"value": 0.5, "source": "default"}


def test_config_show_for_people(cli: Cli, config: Path):
    lines = cli.run("config", "show").stdout.splitlines()
    assert lines[0].split() == ["Setting", "Value", "Source"]
    (planner,) = (line.split(maxsplit=2) for line in lines if line.startswith("planner "))
    assert planner == ["planner", "recipe", f"file {config}"]


def test_config_path_names_the_file_that_is_read(cli: Cli, config: Path, tmp_path: Path):
    assert cli.json("config", "path") == {"path": str(config), "exists": True}
    other = tmp_path / "other.toml"
    assert cli.json("config", "path", "--config", str(other)) == {"path": str(other), "exists": False}
    done = cli.run("config", "path", env={"AUTO_DEPLOYER_CONFIG": str(other)})
    assert done.stdout.strip() == str(other)
    assert "not there" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--set", "budget.max_token=5"), "did you mean budget.max_tokens?"),
        (("--set", "budget.max_tokens=many"), "command line: budget.max_tokens: Input should be a valid integer"),
        (("--set", "budget.max_tokens"), "--set takes KEY=VALUE"),
        (("--provider", "opnai"), "did you mean openai?"),
        (("--config", "absent.toml"), "there is no such file"),
    ],
)
def test_a_wrong_setting_is_a_usage_error_before_anything_begins(cli: Cli, site: Path, options: tuple[str, ...], told: str):
    done = cli.run("deploy", str(site), "--non-interactive", *options)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert not list((cli.folder / "agent_logs").glob("*.json"))


@pytest.mark.parametrize("command", [("config", "show"), ("plan", ".")])
def test_other_commands_take_the_same_options(cli: Cli, command: tuple[str, ...]):
    done = cli.run(*command, "--set", "budget.max_tokens=many")
    assert done.returncode == 2, done.stderr
    assert "budget.max_tokens: Input should be a valid integer" in done.stderr


def test_a_program_is_told_of_a_wrong_setting_in_its_json(cli: Cli, site: Path):
    done = cli.run("deploy", str(site), "--non-interactive", "--output", "json", "--set", "approval=sometimes")
    (line,) = done.stdout.splitlines()
    finished = json.loads(line)
    assert finished["method"] == "deploy/finished"
    assert finished["params"]["reason"]["kind"] == "settings_invalid"
    assert done.returncode == 2


# --- auth ---


def test_a_key_is_kept_shown_as_kept_and_removed(cli: Cli, kept: Path):
    with pexpect_of(cli, "auth", "set", "openai") as terminal:
        terminal.expect("Key for openai")
        until_it_hides(terminal)
        terminal.sendline(KEY)
        terminal.expect("is in the keyring")
        terminal.expect(pexpect.EOF)
        seen = str(terminal.before)
    assert KEY not in seen
    assert json.loads(kept.read_text()) == {"auto-deployer/openai": KEY}
    status = cli.run("auth", "status", "--output", "json")
    assert json.loads(status.stdout)["providers"]["openai"] == {"source": "keyring (openai)"}
    assert json.loads(status.stdout)["providers"]["anthropic"] == {"source": None}
    shown = cli.run("auth", "status")
    assert "keyring (openai)" in shown.stdout
    assert KEY[-4:] not in shown.stdout + shown.stderr + status.stdout
    assert "removed" in cli.run("auth", "remove", "openai").stdout
    assert json.loads(kept.read_text()) == {}
    assert "has no key" in cli.run("auth", "remove", "openai").stdout


def test_a_key_may_come_from_a_pipe(cli: Cli, kept: Path, tmp_path: Path):
    done = subprocess.run(
        cli.argv("auth", "set", "anthropic", "--stdin"),
        env=cli.env, cwd=tmp_path, input=f"{KEY}\n", text=True, capture_output=True, timeout=TIMEOUT_S, check=True,
    )  # fmt: skip
    assert json.loads(kept.read_text()) == {"auto-deployer/anthropic": KEY}
    assert KEY not in done.stdout + done.stderr


def test_a_key_is_not_taken_from_the_command_line(cli: Cli, kept: Path):
    assert cli.run("auth", "set", "openai", KEY).returncode == 2
    assert not kept.exists()


def test_nobody_to_ask_an_empty_key_and_a_wrong_provider_are_told(cli: Cli, kept: Path):
    assert "--stdin" in cli.run("auth", "set", "openai").stderr
    assert "the key is empty" in cli.run("auth", "set", "openai", "--stdin").stderr
    assert "did you mean openai?" in cli.run("auth", "set", "opnai").stderr
    assert not kept.exists()


def test_a_machine_without_a_keyring_is_told_what_to_do(cli: Cli):
    cli.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    done = cli.run("auth", "remove", "openai")
    assert done.returncode == 2
    assert "AUTO_DEPLOYER_LLM_API_KEY" in done.stderr
    status = cli.run("auth", "status", "--output", "json", env={"AUTO_DEPLOYER_LLM_API_KEY": KEY})
    told = json.loads(status.stdout)
    assert "no keyring" in told["keyring"]
    assert told["providers"]["openai"]["source"] == "environment variable AUTO_DEPLOYER_LLM_API_KEY"
    assert KEY not in status.stdout


def pexpect_of(cli: Cli, *arguments: str) -> pexpect.spawn[str]:
    program, *rest = cli.argv(*arguments)
    environment: os._Environ[str] = cli.env  # type: ignore[assignment]  (it is only read)
    return pexpect.spawn(program, rest, env=environment, cwd=str(cli.folder), timeout=TIMEOUT_S, encoding="utf-8")


def until_it_hides(terminal: pexpect.spawn[str]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while terminal.getecho():
        assert time.monotonic() < deadline, "it goes on showing what is typed"
        time.sleep(0.02)


def test_the_settings_of_a_command_reach_the_planner(cli: Cli, site: Path):
    """Without a model the planner `llm` cannot plan: who asks for it hears so, whichever source asks."""
    for options, env in ((("--planner", "llm"), {}), (("--set", "planner=llm"), {}), ((), {"AUTO_DEPLOYER_PLANNER": "llm"})):
        done = cli.run("plan", str(site), *options, env=env)
        assert "planner_unavailable" in done.stderr
        assert done.returncode == 3
    assert cli.run("plan", str(site), "--planner", "recipe", env={"AUTO_DEPLOYER_PLANNER": "llm"}).returncode == 0
