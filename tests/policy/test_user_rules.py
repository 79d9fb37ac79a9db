"""The user's rules: deny beats ask, ask beats allow, allow lifts what is built in as ask, nothing lifts a built-in denial."""

from __future__ import annotations

import pytest

from auto_deployer.model.settings import PolicyRule, PolicySettings
from auto_deployer.orchestrator.policy import CommandPolicy

from .conftest import DEPLOY_DIR, HOME, judged, policy


def test_allow_lifts_what_would_be_asked() -> None:
    verdict = judged("sudo systemctl restart nginx", allow=["sudo systemctl restart nginx"])
    assert (verdict.verdict, verdict.rule) == ("allow", "user-allow")
    assert judged("sudo systemctl restart postgresql", allow=["sudo systemctl restart nginx"]).verdict == "ask"


@pytest.mark.parametrize("command", ["rm -rf /", "sudo rm -rf /", "bash -c 'rm -rf /'", "cat ~/.ssh/id_rsa", "echo x > ~/.bashrc"])
def test_built_in_denials_cannot_be_allowed(command: str) -> None:
    assert judged(command, allow=["rm", "sudo", "bash", "cat", "echo", command]).verdict == "deny"


def test_allow_is_for_the_named_command_alone() -> None:
    assert judged("kill 5; sudo ls", allow=["kill"]).rule == "sudo"
    assert judged("bash -c 'kill 5'", allow=["bash"]).rule == "kill"
    assert judged("echo x > /etc/hosts", allow=["echo"]).rule == "outside-deploy-dir"
    assert judged("killall node", allow=["kill"]).rule == "kill"


def test_deny_beats_ask_and_ask_beats_allow() -> None:
    made = policy(allow=["docker"], ask=["docker compose"], deny=["docker compose down"])
    assert made.judge("docker ps").rule == "user-allow"
    assert made.judge("docker compose up").rule == "user-ask"
    assert made.judge("docker compose down").rule == "user-deny"


@pytest.mark.parametrize(
    "command", ["npm publish", "sudo npm publish", "/usr/bin/npm publish", "bash -c 'npm publish'", "n\\pm 'publish' x"]
)
def test_rules_see_what_is_run_however_it_is_written(command: str) -> None:
    assert judged(command, deny=["npm publish"]).rule == "user-deny"
    assert judged("npm ci", deny=["npm publish"]).verdict == "allow"


def test_a_rule_s_reason_is_told() -> None:
    settings = PolicySettings(deny=(PolicyRule(prefix="make deploy", reason="Deploys by hand only."),))
    made = CommandPolicy(settings, deploy_dir=DEPLOY_DIR, home=HOME)
    assert made.judge("make deploy").reason == "Deploys by hand only."


def test_a_prefix_with_an_open_quote_is_taken_as_it_stands() -> None:
    assert judged("echo it's", deny=["echo it's"]).verdict in ("ask", "deny")
    assert judged("npm ci", deny=["it's"]).verdict == "allow"
