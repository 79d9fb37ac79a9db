"""Limits by parsed command name."""

from __future__ import annotations

import pytest

from auto_deployer.sessions.timeouts import DEFAULT, FOLLOWER, LONG, MAX_SLEEP_S, Limits, limits_for


@pytest.mark.parametrize(
    "command", ["rm -f file", "rm -rf dir", "docker compose -f deploy.yml ps", "docker-compose -f a.yml down", "ln -sfn a b"]
)
def test_d19_force_and_file_options_are_no_follow(command: str) -> None:
    assert limits_for(command) == DEFAULT


def test_d19_a_sleep_does_not_eat_the_install_s_limits() -> None:
    assert limits_for("sleep 900 && npm install") == Limits(LONG.total_s + 900, LONG.idle_s + 900)


@pytest.mark.parametrize(
    "command",
    ["apt-get install -y nginx", "apt install curl", "sudo -n apt-get update", "sudo -u root DEBIAN_FRONTEND=x apt install -y a"],
)
def test_d19_system_packages_are_installs(command: str) -> None:
    assert limits_for(command) == LONG


@pytest.mark.parametrize(
    "command",
    [
        "npm ci",
        "cd app && pnpm install --frozen-lockfile",
        "yarn",
        "NODE_ENV=production npx vite build",
        "/usr/bin/npm install",
        ".venv/bin/pip install -r requirements.txt",
        "python3 -m pip install .",
        "python3.12 -u -m venv .venv",
        "uv sync --frozen",
        "docker build -t app .",
        "docker compose -f deploy.yml up -d",
        "docker --context other compose --profile web build",
        "docker-compose -f a.yml up",
        "cargo build --release",
        "./mvnw -B package",
        "./gradlew build",
        "node-gyp rebuild",
        "go -C cmd build ./...",
        "git -C repo clone https://example.org/a.git",
        "env -u X A=1 timeout -k 5 900 nice -n 5 npm ci",
        "nohup npm ci > install.log 2>&1",
        "if [ -f package.json ]; then npm ci; fi",
        "for d in a b; do (cd $d && npm ci); done",
        "bash -lc 'npm ci'",
        "sh -ec \"cd x; bash -c 'npm ci'\"",
        "version=$(npm view x version)",
        "echo start\nnpm ci",
        "npm ci # don't stop",
        "yes | npm init vite",
    ],
)
def test_installs_and_builds_get_the_long_limits(command: str) -> None:
    assert limits_for(command) == LONG


@pytest.mark.parametrize(
    "command",
    [
        "true",
        "",
        "echo npm install",
        "cat npm",
        "ls node_modules/npm",
        "echo 'run; npm ci'",
        "cat < npm",
        "docker ps",
        "docker compose ps",
        "git status",
        "git -C clone status",
        "go version",
        "python3 -m flask run",
        "python3 manage.py -m pip",
        "tail -n 5 log",
        "kubectl get pods -f x.yml",
        "docker logs app",
    ],
)
def test_everything_else_gets_the_defaults(command: str) -> None:
    assert limits_for(command) == DEFAULT


@pytest.mark.parametrize(
    "command",
    [
        "tail -f log",
        "tail -n5 -F log",
        "journalctl -fu app",
        "docker logs -f app",
        "docker compose -f x.yml logs --follow",
        "kubectl -n a logs -f b",
    ],
)
def test_followers_may_be_silent_for_longer(command: str) -> None:
    assert limits_for(command) == FOLLOWER


@pytest.mark.parametrize(
    ("command", "seconds"),
    [("sleep 5", 5), ("sleep 1.5m", 90), ("sleep 1 2 && sleep .5", 3.5), ("sleep infinity", 0), ("echo sleep 9", 0)],
)
def test_sleeps_add_up(command: str, seconds: float) -> None:
    assert limits_for(command) == Limits(DEFAULT.total_s + seconds, DEFAULT.idle_s + seconds)


def test_no_sleep_makes_a_command_endless() -> None:
    assert limits_for("sleep 99999d").total_s == DEFAULT.total_s + MAX_SLEEP_S
