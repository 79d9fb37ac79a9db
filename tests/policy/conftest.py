"""The fixtures' commands, and the policy of a deployment as they mean it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from auto_deployer.model.log import PolicyVerdict
from auto_deployer.model.settings import PolicyRule, PolicySettings
from auto_deployer.orchestrator.policy import CommandPolicy

HOME = "/home/ada"
DEPLOY_DIR = f"{HOME}/deployments/site"
RELEASE_DIR = f"{DEPLOY_DIR}/releases/r2"
FIXTURES = Path(__file__).parent / "fixtures"


def policy(**rules: list[str]) -> CommandPolicy:
    """The policy with the user's rules: lists of prefixes under `allow`, `ask`, `deny`."""
    made = {kind: tuple(PolicyRule(prefix=prefix) for prefix in prefixes) for kind, prefixes in rules.items()}
    return CommandPolicy(PolicySettings(**made), deploy_dir=DEPLOY_DIR, home=HOME, log_dir=f"{HOME}/site/agent_logs")


def judged(command: str, cwd: str = RELEASE_DIR, **rules: list[str]) -> PolicyVerdict:
    return policy(**rules).judge(command, cwd=cwd)


def fixtures(verdict: str) -> list[tuple[str, str]]:
    """(group, command) of a fixture file."""
    groups = tomllib.loads((FIXTURES / f"{verdict}.toml").read_text(encoding="utf-8"))
    return [(group, command) for group, commands in groups.items() for command in commands]
