"""What plans for containers run: nobody is asked about any of it; what lets a container out of its box is asked about."""

from __future__ import annotations

import pytest

from auto_deployer.model.settings import PolicySettings
from auto_deployer.orchestrator.policy import CommandPolicy
from tests.planning.containers import plan_of
from tests.planning.test_compose import FILES, GIVEN
from tests.planning.test_dockerfile import NODE

from .test_our_own_commands import commands_of, refused


@pytest.mark.parametrize("files", [FILES, {"Dockerfile": f"{NODE}ARG TOKEN\nVOLUME /data\n"}], ids=["compose", "dockerfile"])
async def test_plans_for_containers(files: dict[str, str]) -> None:
    plan = await plan_of(files, env_names=GIVEN)
    made = CommandPolicy(PolicySettings(), deploy_dir="/srv/shop", home="/home/ada", log_dir="/home/ada/logs")
    assert not [why for command in commands_of(plan) if (why := refused(made, command))]


@pytest.mark.parametrize(
    "options", ["--privileged -v /:/host", "--privileged", "-v /:/host", "--network=host", "--cap-add SYS_ADMIN"]
)
def test_a_container_is_not_let_out_of_its_box(options: str) -> None:
    made = CommandPolicy(PolicySettings(), deploy_dir="/srv/shop", home="/home/ada")
    assert made.judge(f"docker run {options} alpine sh").verdict != "allow"
