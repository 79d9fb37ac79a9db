"""Plans: shape for any draft, and a checkout that works with real git."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from hypothesis import given as for_all
from hypothesis import strategies as st

from auto_deployer.model.plan import AppSpec, DeploymentPlan, PlannedCommand
from auto_deployer.model.ports import DeployPaths, PlanInput
from auto_deployer.planning.assemble import assemble
from auto_deployer.planning.checkout import checkout_commands
from auto_deployer.planning.recipe import Draft

from .conftest import plan_input

COMMANDS = st.lists(st.builds(PlannedCommand, command=st.text(min_size=1, max_size=20)), max_size=4).map(tuple)
DRAFTS = st.builds(
    Draft,
    strategy=st.sampled_from(["traditional", "static"]),
    app=st.builds(AppSpec, name=st.text(max_size=9), command=st.text(max_size=20), fixed_port=st.none() | st.integers(1, 65535)),
    tools=st.lists(st.text(min_size=1, max_size=9), max_size=3).map(tuple),
    install=COMMANDS,
    build=COMMANDS,
    notes=st.lists(st.text(max_size=9), max_size=2).map(tuple),
)


@for_all(DRAFTS)
def test_every_plan_is_a_chain_from_host_check_to_verify(draft: Draft) -> None:
    plan = assemble(draft, plan_input(), None)
    ids = [step.id for step in plan.steps]
    assert ids == list(range(1, len(ids) + 1))
    assert all(step.depends_on == ((step.id - 1,) if step.id > 1 else ()) for step in plan.steps)
    assert [step.category for step in plan.steps][:2] == ["prerequisite", "setup"]
    assert [step.driver for step in plan.steps][-2:] == ["start_app", "verify_app"]
    assert plan.steps[-1].category == "verify"
    assert len(ids) == 4 + bool(draft.install) + bool(draft.build)
    assert all(step.checks for step in plan.steps if step.driver != "commands" or step.id <= 2)
    assert DeploymentPlan.model_validate_json(plan.model_dump_json()) == plan


def test_user_port_and_app_name_are_kept() -> None:
    plan = assemble(Draft("traditional", AppSpec(name="x", command="run")), plan_input(port=8088), None)
    assert plan.app is not None
    assert (plan.app.name, plan.app.port) == ("shop", 8088)


def test_what_the_repository_only_points_to_is_a_risk() -> None:
    given = plan_input()
    facts = given.repo.model_copy(update={"submodules": ("themes/plain",), "lfs_files": 2})
    risks = assemble(Draft("traditional", AppSpec(name="x", command="run")), replace(given, repo=facts), None).risks
    assert any("themes/plain" in risk and "--submodules" in risk for risk in risks)
    assert any(risk.startswith("2 Git LFS") and "--lfs" in risk for risk in risks)
    assert assemble(Draft("traditional", AppSpec(name="x", command="run")), given, None).risks == ()


def test_names_with_spaces_and_quotes_stay_one_word() -> None:
    given = replace(plan_input(), paths=DeployPaths("/srv/it's a shop", "r1"), snapshot="/tmp/a b")
    text = "\n".join(planned.command for planned in checkout_commands(given))
    for planned in checkout_commands(given):
        subprocess.run(["bash", "-n", "-c", planned.command], check=True)
    assert "'/tmp/a b'" in text


def git(folder: Path, *words: str) -> str:
    identity = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True).stdout.strip()


def source_repository(folder: Path) -> str:
    """A repository with a sub-folder, an executable, a link and an attribute that asks for a filter; returns its second commit."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "web").mkdir()
    (folder / "web" / "app.py").write_bytes(b"print(1)\r\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    (folder / ".gitattributes").write_text("*.py filter=evil\n")
    for message in ("one", "two"):
        (folder / "note").write_text(message)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def input_for(snapshot: Path, commit: str, deploy_dir: Path) -> PlanInput:
    given = plan_input()
    source = given.repo.source.model_copy(update={"commit": commit})
    return replace(
        given,
        repo=given.repo.model_copy(update={"source": source}),
        snapshot=str(snapshot),
        paths=DeployPaths(str(deploy_dir), "r1"),
    )


def check_out(given: PlanInput, home: Path) -> None:
    for planned in checkout_commands(given):
        env = {"PATH": os.environ["PATH"], "HOME": str(home), **planned.env}
        cwd = planned.cwd or str(home)
        done = subprocess.run(["bash", "-c", planned.command], cwd=cwd, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{planned.command}\n{done.stderr}"


def test_checkout_writes_the_files_as_they_are_and_runs_no_filter_or_hook(tmp_path: Path) -> None:
    commit = source_repository(tmp_path / "source")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    config = (
        f'[core]\n hooksPath = {hooks}\n autocrlf = true\n[filter "evil"]\n smudge = touch {tmp_path}/ran; cat\n required = true\n'
    )
    (tmp_path / ".gitconfig").write_text(config)
    deploy_dir = tmp_path / "it's here"
    check_out(input_for(tmp_path / "source", commit, deploy_dir), tmp_path)
    release = deploy_dir / "releases" / "r1"
    assert (release / "web" / "app.py").read_bytes() == b"print(1)\r\n"
    assert os.access(release / "run.sh", os.X_OK)
    assert (release / "link").is_symlink()
    assert not (release / ".git").exists()
    assert not (tmp_path / "ran").exists()
    assert (deploy_dir / "shared").stat().st_mode & 0o777 == 0o700


def test_checkout_again_keeps_what_was_installed_and_needs_no_snapshot(tmp_path: Path) -> None:
    commit = source_repository(tmp_path / "source")
    given = input_for(tmp_path / "source", commit, tmp_path / "app")
    check_out(given, tmp_path)
    release = tmp_path / "app" / "releases" / "r1"
    (release / ".venv").mkdir()
    (release / "note").write_text("changed by a failed build")
    (tmp_path / "source").rename(tmp_path / "gone")
    check_out(given, tmp_path)
    assert (release / ".venv").is_dir()
    assert (release / "note").read_text() == "two"


def test_checkout_from_a_shallow_snapshot(tmp_path: Path) -> None:
    commit = source_repository(tmp_path / "source")
    git(tmp_path, "clone", "-q", "--bare", "--depth", "1", f"file://{tmp_path}/source", "shallow")
    given = input_for(tmp_path / "shallow", commit, tmp_path / "app")
    check_out(given, tmp_path)
    assert git(tmp_path, f"--git-dir={tmp_path}/app/repo", "rev-parse", "refs/deployments/r1") == commit
