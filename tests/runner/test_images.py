"""Base images that are neither here nor to be had: told before anything is built."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.plan import AppSpec, ContainerSpec, DeploymentPlan, PlanChoice
from auto_deployer.model.reasons import Kind
from auto_deployer.runner.images import refuse_unreachable_images
from auto_deployer.sessions.local import LocalSession

PLAN = DeploymentPlan(
    strategy="docker",
    steps=(),
    app=AppSpec(name="shop", command="x", container=ContainerSpec(listening="", stop="", remove="")),
    choice=PlanChoice(recipe="dockerfile", score=1, package_manager="docker"),
    images=("here:1", "registry.example.org/absent:1"),
)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSession:
    """An engine that has `here:1`, and a network without a way anywhere."""
    programs = {
        "docker": 'case "$1 $3" in "info {{"*) echo 0 ;; "image here:1") ;; *) exit 1 ;; esac',
        "curl": "exit 6",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return LocalSession()


async def test_it_names_image_and_registry(session: LocalSession) -> None:
    with pytest.raises(RefusedError, match=r"registry\.example\.org/absent:1 comes from registry\.example\.org") as refused:
        await refuse_unreachable_images(PLAN, session)
    assert refused.value.kind is Kind.DEPENDENCY_SOURCE_UNREACHABLE


async def test_what_is_here_or_can_be_had_is_not_refused(session: LocalSession, tmp_path: Path) -> None:
    await refuse_unreachable_images(PLAN.model_copy(update={"images": ("here:1",)}), session)
    (tmp_path / "curl").write_text("#!/bin/bash\nexit 0\n")
    await refuse_unreachable_images(PLAN, session)


async def test_a_client_that_is_not_on_path_is_asked(session: LocalSession, tmp_path: Path) -> None:
    elsewhere = tmp_path / "my tools" / "docker"
    elsewhere.parent.mkdir()
    (tmp_path / "docker").rename(elsewhere)
    container = ContainerSpec(tool=shlex.quote(str(elsewhere)), listening="", stop="", remove="")
    plan = PLAN.model_copy(update={"app": AppSpec(name="shop", command="x", container=container)})
    await refuse_unreachable_images(plan.model_copy(update={"images": ("here:1",)}), session)
    with pytest.raises(RefusedError, match="absent:1"):
        await refuse_unreachable_images(plan, session)


async def test_an_engine_with_mirrors_of_its_own_is_left_to_them(session: LocalSession, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text('#!/bin/bash\n[ "$1" = info ] && echo 1\n[ "$1" != image ]\n')
    await refuse_unreachable_images(PLAN, session)
