"""What is reused and when: the keys, and the commands themselves, run on real folders."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from auto_deployer.model.facts import HostFacts
from auto_deployer.model.plan import Overrides, PlannedCommand
from auto_deployer.model.ports import DeployPaths, PlanInput
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.node import NodeRecipe
from auto_deployer.planning.recipes.python import PythonRecipe
from auto_deployer.planning.reuse import KeptPackages, SharedVenv
from auto_deployer.planning.reused_build import KeptBuild

from .conftest import HOST, DictTree, plan_input

FLASK = {"requirements.txt": "flask", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
EXPRESS = {
    "package.json": '{"dependencies": {"express": "4"}, "scripts": {"start": "node server.js", "postinstall": "node gen.js"}}',
    "package-lock.json": "{}",
    "server.js": 'require("express")().listen(process.env.PORT)',
}
VITE = {
    "package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6"}}',
    "vite.config.js": "export default {}",
    "index.html": "<p>",
}


def given(
    *, dependencies: str = "d1", content: str = "c1", host: HostFacts = HOST, release: str = "20261124-064812-a1b2",
    overrides: Overrides | None = None, no_cache: bool = False,
) -> PlanInput:  # fmt: skip
    start = plan_input(host=host, overrides=overrides)
    repo = start.repo.model_copy(update={"dependencies_id": dependencies, "content_id": content})
    return replace(start, repo=repo, paths=DeployPaths("/srv/shop", release), no_cache=no_cache)


def python_draft(files: dict[str, str], known: PlanInput) -> Draft:
    detection = PythonRecipe().detect(DictTree(files))
    assert detection is not None
    return PythonRecipe().draft(known, detection)


def node_draft(files: dict[str, str], known: PlanInput) -> Draft:
    detection = NodeRecipe().detect(DictTree(files))
    assert detection is not None
    return NodeRecipe().draft(known, detection)


def newer(host: HostFacts, name: str, version: str) -> HostFacts:
    tools = tuple(tool.model_copy(update={"version": version}) if tool.name == name else tool for tool in host.tools)
    return host.model_copy(update={"tools": tools})


def test_the_key_of_an_environment_is_the_same_for_another_release_and_other_sources() -> None:
    first = python_draft(FLASK, given()).dependency_cache
    assert first.startswith("/srv/shop/cache/venvs/")
    assert python_draft(FLASK, given(release="20261125-000000-ffff")).dependency_cache == first
    assert python_draft(FLASK, given(content="c2")).dependency_cache == first


@pytest.mark.parametrize(
    ("files", "known"),
    [
        (FLASK, given(dependencies="d2")),
        (FLASK, given(host=newer(HOST, "python3", "3.11.9"))),
        (FLASK | {"requirements.txt": "flask\ngunicorn"}, given()),
        (FLASK, given(host=HOST.model_copy(update={"arch": "aarch64"}))),
    ],
    ids=["manifests", "interpreter", "requirements", "machine"],
)
def test_another_key_when_what_it_is_made_from_changes(files: dict[str, str], known: PlanInput) -> None:
    assert python_draft(files, known).dependency_cache not in {"", python_draft(FLASK, given()).dependency_cache}


def test_an_environment_with_code_of_the_repository_is_the_same_for_the_same_content_only() -> None:
    packaged = FLASK | {"requirements.txt": "./vendored\nflask"}
    assert python_draft(packaged, given()).dependency_cache == python_draft(packaged, given()).dependency_cache
    assert python_draft(packaged, given()).dependency_cache != python_draft(packaged, given(content="c2")).dependency_cache


@pytest.mark.parametrize(
    "known",
    [given(dependencies=""), given(overrides=Overrides(build=".venv/bin/pip install -e ."))],
    ids=["unknown content", "a build that installs"],
)
def test_an_environment_of_the_releases_own(known: PlanInput) -> None:
    draft = python_draft(FLASK, known)
    assert draft.dependency_cache == ""
    assert draft.install[0].command.endswith("-m venv /srv/shop/releases/20261124-064812-a1b2/.venv")


def test_without_the_cache_everything_is_installed() -> None:
    draft = python_draft(FLASK, given(no_cache=True))
    assert draft.dependency_cache == ""
    assert "cp -P" not in draft.install[0].command
    packages = node_draft(EXPRESS, given(no_cache=True))
    assert packages.install[0].command == "npm ci --no-audit --no-fund"


def test_packages_are_keyed_by_lock_and_node() -> None:
    first = node_draft(EXPRESS, given()).dependency_cache
    assert first.startswith("/srv/shop/cache/packages/")
    assert node_draft(EXPRESS, given(content="c2")).dependency_cache == first
    assert node_draft(EXPRESS, given(dependencies="d2")).dependency_cache != first
    assert node_draft(EXPRESS, given(host=newer(HOST, "node", "22.1.0"))).dependency_cache != first


def test_the_projects_own_install_scripts_run_where_packages_are_reused() -> None:
    scripts = [command.command for command in node_draft(EXPRESS, given()).install if "postinstall" in command.command]
    assert len(scripts) == 1
    assert scripts[0].startswith("[ ! -d /srv/shop/cache/packages/")
    assert scripts[0].endswith("|| { npm run postinstall; }")


@pytest.mark.parametrize(
    "manifest",
    ['{"workspaces": ["packages/*"], "dependencies": {"koa": "2"}}', '{"dependencies": {"koa": "2", "own": "file:../own"}}'],
    ids=["workspace", "own code"],
)
def test_packages_with_code_of_the_repository_are_not_kept(manifest: str) -> None:
    assert node_draft(EXPRESS | {"package.json": manifest}, given()).dependency_cache == ""


def test_a_build_that_does_more_than_build_runs_each_time() -> None:
    assert "cache/builds" in " ".join(command.command for command in node_draft(VITE, given()).build)
    migrating = VITE | {"package.json": VITE["package.json"].replace("vite build", "prisma migrate deploy && vite build")}
    assert "cache/builds" not in " ".join(command.command for command in node_draft(migrating, given()).build)


# the commands, run for real


def run(commands: tuple[PlannedCommand, ...]) -> str:
    return "".join(
        subprocess.run(["bash", "-c", each.command], cwd=each.cwd or None, check=True, capture_output=True, text=True).stdout
        for each in commands
    )


def release(deploy_dir: Path, name: str) -> Path:
    folder = deploy_dir / "releases" / name
    folder.mkdir(parents=True)
    return folder


def install_venv(deploy_dir: Path, name: str, script: str = "true", key: str = "k1", *, fresh: bool = False) -> str:
    folder = release(deploy_dir, name)
    venv = SharedVenv(key, str(deploy_dir), name, f"{folder}/.venv", fresh=fresh)
    program = f"{venv.folder}/bin/python"
    make = f"mkdir -p {venv.folder}/bin {venv.folder}/lib && printf '#!/bin/sh\\n' > {program} && chmod +x {program}"
    steps = (
        PlannedCommand(command=f"sh -c {make!r}", cwd="/"),
        PlannedCommand(command=f"sh -c {(script + f'; echo installed; echo {name} > {venv.folder}/by')!r}", cwd=str(folder)),
    )
    return run((venv.linked(), *map(venv.unless_there, steps), venv.completed()))


def made_by(deploy_dir: Path, name: str) -> str:
    return (deploy_dir / "releases" / name / ".venv" / "by").read_text().strip()


def test_a_second_release_links_the_environment_of_the_first(tmp_path: Path) -> None:
    assert "installed" in install_venv(tmp_path, "r1")
    assert install_venv(tmp_path, "r2") == "The environment is reused.\n"
    assert made_by(tmp_path, "r2") == "r1"
    assert "installed" in install_venv(tmp_path, "r3", key="k2")


def test_an_installation_that_broke_off_does_not_count(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        install_venv(tmp_path, "r1", script="exit 1")
    assert "installed" in install_venv(tmp_path, "r2")
    assert made_by(tmp_path, "r2") == "r2"


def test_an_environment_whose_interpreter_is_gone_does_not_count(tmp_path: Path) -> None:
    install_venv(tmp_path, "r1")
    (tmp_path / "cache/venvs/k1-r1/bin/python").unlink()
    assert "installed" in install_venv(tmp_path, "r2")
    assert install_venv(tmp_path, "r3") == "The environment is reused.\n"
    assert made_by(tmp_path, "r3") == "r2"


def test_an_environment_that_points_into_its_release_stays_its_own(tmp_path: Path) -> None:
    pth = tmp_path / "cache/venvs/k1-r1/lib/python3.11/site-packages"
    install_venv(tmp_path, "r1", script=f"mkdir -p {pth}; echo {tmp_path}/releases/r1/src > {pth}/shop.pth")
    assert "installed" in install_venv(tmp_path, "r2")
    assert made_by(tmp_path, "r1") == "r1"


def test_a_fresh_environment_leaves_the_one_in_use_alone(tmp_path: Path) -> None:
    install_venv(tmp_path, "r1")
    assert "installed" in install_venv(tmp_path, "r2", fresh=True)
    assert (made_by(tmp_path, "r1"), made_by(tmp_path, "r2")) == ("r1", "r2")
    install_venv(tmp_path, "r3")
    assert made_by(tmp_path, "r3") == "r2"


def install_packages(deploy_dir: Path, name: str, install: str, own: str = "", *, fresh: bool = False) -> str:
    folder = release(deploy_dir, name)
    kept = KeptPackages("k1", str(deploy_dir), str(folder), fresh=fresh)
    scripts = PlannedCommand(command=own, cwd=str(folder)) if own else None
    return run(kept.installed(PlannedCommand(command=install, cwd=str(folder)), scripts))


INSTALL = "mkdir -p node_modules/x && echo 1 > node_modules/x/index.js && echo installed"


def test_packages_are_copied_and_the_copies_are_independent(tmp_path: Path) -> None:
    assert install_packages(tmp_path, "r1", INSTALL, own="echo own") == "installed\n"
    assert install_packages(tmp_path, "r2", INSTALL, own="echo own") == "The packages are reused.\nown\n"
    (tmp_path / "releases/r2/node_modules/x/index.js").write_text("changed in place")
    assert (tmp_path / "releases/r1/node_modules/x/index.js").read_text() == "1\n"
    assert install_packages(tmp_path, "r3", INSTALL) == "The packages are reused.\n"
    assert (tmp_path / "releases/r3/node_modules/x/index.js").read_text() == "1\n"


def test_packages_that_were_half_kept_do_not_count(tmp_path: Path) -> None:
    half = tmp_path / "cache/packages/k1.new/y"
    half.mkdir(parents=True)
    assert install_packages(tmp_path, "r1", INSTALL) == "installed\n"
    assert not half.exists()
    assert (tmp_path / "cache/packages/k1/x/index.js").exists()


def test_fresh_packages_take_the_place_of_the_kept_ones(tmp_path: Path) -> None:
    install_packages(tmp_path, "r1", INSTALL)
    assert install_packages(tmp_path, "r2", INSTALL.replace("echo 1", "echo 2"), fresh=True) == "installed\n"
    install_packages(tmp_path, "r3", INSTALL)
    assert (tmp_path / "releases/r3/node_modules/x/index.js").read_text() == "2\n"


def build(deploy_dir: Path, name: str, page: str = "index.html") -> str:
    folder = release(deploy_dir, name)
    draft = Draft(
        strategy="static", app=node_draft(VITE, given()).app,
        install=(PlannedCommand(command="echo installed", cwd=str(folder)),),
        build=(PlannedCommand(command=f"mkdir -p dist && echo {name} > dist/{page} && echo built", cwd=str(folder)),),
    )  # fmt: skip
    around = KeptBuild("k1", str(deploy_dir), str(folder), f"{folder}/dist", f"{deploy_dir}/shared/.env").around(draft)
    return run((*around.install, *around.build))


def test_the_same_build_is_copied_and_nothing_is_installed_for_it(tmp_path: Path) -> None:
    assert build(tmp_path, "r1") == "installed\nbuilt\n"
    assert build(tmp_path, "r2") == "The build is reused.\n"
    assert (tmp_path / "releases/r2/dist/index.html").read_text() == "r1\n"


def test_other_variables_make_another_build(tmp_path: Path) -> None:
    build(tmp_path, "r1")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/.env").write_text("VITE_API=https://example.org\n")
    assert build(tmp_path, "r2") == "installed\nbuilt\n"
    assert build(tmp_path, "r3") == "The build is reused.\n"
    assert (tmp_path / "cache/builds/k1/env").stat().st_mode & 0o077 == 0


def test_a_build_without_a_page_is_not_kept(tmp_path: Path) -> None:
    build(tmp_path, "r1", page="other.txt")
    assert build(tmp_path, "r2") == "installed\nbuilt\n"
