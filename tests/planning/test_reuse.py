"""What is reused and when: the keys, and the commands themselves, run on real folders."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.plan import Overrides, PlannedCommand
from auto_deployer.model.ports import DeployPaths, PlanInput
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.generators import HugoRecipe
from auto_deployer.planning.recipes.go import GoRecipe
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
    ['{"dependencies": {"koa": "2", "own": "file:../own"}}', '{"dependencies": {"koa": "2", "own": "link:./own"}}'],
)
def test_packages_with_code_of_the_repository_are_not_kept(manifest: str) -> None:
    assert node_draft(EXPRESS | {"package.json": manifest}, given()).dependency_cache == ""


WORKSPACE = {
    "package.json": '{"workspaces": ["packages/*"], "dependencies": {"koa": "2"}, "scripts": {"start": "node server.js"}}',
    "packages/ui/package.json": '{"name": "ui", "dependencies": {"lodash": "4"}}',
    "packages/core/package.json": '{"name": "core", "dependencies": {"ui": "workspace:*"}}',
}


def test_the_packages_of_a_workspace_are_kept_with_those_of_its_members() -> None:
    draft = node_draft(EXPRESS | WORKSPACE, given())
    assert draft.dependency_cache.startswith("/srv/shop/cache/packages/")
    assert "-name node_modules" in draft.install[0].command


@pytest.mark.parametrize(
    "member",
    ['{"name": "ui", "scripts": {"postinstall": "node gen.js"}}', '{"name": "ui", "dependencies": {"own": "file:../../own"}}'],
    ids=["runs something", "own code"],
)
def test_a_member_that_an_installation_does_more_for_is_installed_each_time(member: str) -> None:
    assert node_draft(EXPRESS | WORKSPACE | {"packages/ui/package.json": member}, given()).dependency_cache == ""


NEXT = {
    "package.json": '{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15", "react": "19"}}',
    "package-lock.json": "{}",
}
GO = {"go.mod": "module shop\n\ngo 1.21\n", "main.go": 'package main\n\nfunc main() { http.ListenAndServe(":8080", nil) }\n'}


def build_keys(draft: Draft) -> set[str]:
    commands = " ".join(command.command for command in (*draft.install, *draft.build))
    return set(re.findall(r"cache/builds/(\w+)", commands))


def test_the_build_of_a_server_is_keyed_by_content_tools_and_commands() -> None:
    first = build_keys(node_draft(NEXT, given()))
    assert len(first) == 1
    assert build_keys(node_draft(NEXT, given(release="20261125-000000-ffff"))) == first
    other = [given(content="c2"), given(host=newer(HOST, "node", "22.1.0")), given(host=HOST.model_copy(update={"arch": "arm64"}))]
    assert not any(build_keys(node_draft(NEXT, known)) & first for known in other)


def test_a_server_needs_its_packages_whether_its_build_is_reused_or_not() -> None:
    assert all("build-is-reused" not in command.command for command in node_draft(NEXT, given()).install)


@pytest.mark.parametrize(
    ("client", "start", "source"),
    [
        ("pg", "next start", ""),
        (
            "mongoose",
            "node server.js",
            'require("mongoose").connect(process.env.MONGO_URL); require("http").createServer().listen(80)',
        ),
    ],
    ids=["rendered pages", "a service"],
)
def test_what_may_be_built_from_a_database_is_built_again(client: str, start: str, source: str) -> None:
    manifest = NEXT["package.json"].replace('"react": "19"', f'"{client}": "8"').replace("next start", start)
    known = replace(given(), env_names=frozenset({"MONGO_URL"}))
    assert build_keys(node_draft(NEXT | {"package.json": manifest, "server.js": source}, known)) == set()


@pytest.mark.parametrize("client", ["@sanity/client", "@11ty/eleventy-fetch", "gatsby-source-contentful"])
def test_pages_made_from_a_services_content_are_built_again(client: str) -> None:
    def manifest(*names: str) -> dict[str, str]:
        packages = {"@11ty/eleventy": "3", **dict.fromkeys(names, "1")}
        return {"package.json": json.dumps({"scripts": {"build": "eleventy"}, "dependencies": packages}), ".eleventy.js": ""}

    assert build_keys(node_draft(manifest("gatsby-source-filesystem"), given()))
    assert build_keys(node_draft(manifest(client), given())) == set()


def test_a_program_of_its_own_needs_nothing_that_was_downloaded_for_its_build() -> None:
    go = HOST.model_copy(update={"tools": (*HOST.tools, Tool(name="go", path="/usr/bin/go", version="1.22.0"))})
    module = GO | {"go.mod": GO["go.mod"] + "\nrequire example.org/x v1.0.0\n"}
    detection = GoRecipe().detect(DictTree(module))
    assert detection is not None
    draft = GoRecipe().draft(given(host=go), detection)
    assert len(build_keys(draft)) == 1
    assert draft.install[1].command.startswith("[ -e ")
    assert "go mod download" in draft.install[1].command


def test_pages_whose_day_may_come_are_built_again() -> None:
    hugo = HOST.model_copy(update={"tools": (*HOST.tools, Tool(name="hugo", path="/usr/bin/hugo", version="0.111.3"))})
    detection = HugoRecipe().detect(DictTree({"hugo.toml": 'title = "x"\n', "content/a.md": "# a"}))
    assert detection is not None
    assert build_keys(HugoRecipe().draft(given(host=hugo), detection)) == set()


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


def install_packages(
    deploy_dir: Path, name: str, install: str, own: str = "", *, members: bool = False, fresh: bool = False
) -> str:  # fmt: skip
    folder = release(deploy_dir, name)
    kept = KeptPackages("k1", str(deploy_dir), str(folder), members, fresh=fresh)
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
    assert (tmp_path / "cache/packages/k1/files/node_modules/x/index.js").exists()


def test_packages_that_a_release_wrote_to_are_not_used(tmp_path: Path) -> None:
    install_packages(tmp_path, "r1", INSTALL)
    (tmp_path / "releases/r1/node_modules/x/index.js").write_text("patched by a build\n")
    assert install_packages(tmp_path, "r2", INSTALL).splitlines()[-1] == "installed"
    assert (tmp_path / "releases/r2/node_modules/x/index.js").read_text() == "1\n"
    assert install_packages(tmp_path, "r3", INSTALL) == "The packages are reused.\n"


def test_new_files_beside_the_packages_spoil_nothing(tmp_path: Path) -> None:
    install_packages(tmp_path, "r1", INSTALL)
    (tmp_path / "releases/r1/node_modules/.cache").mkdir()
    assert install_packages(tmp_path, "r2", INSTALL) == "The packages are reused.\n"
    assert not (tmp_path / "releases/r2/node_modules/.cache").exists()


MEMBERS = (
    "mkdir -p node_modules 'packages/a b/node_modules/y' && echo 1 > node_modules/x && echo 2 > 'packages/a b/node_modules/y/z' && "
    "ln -s '../packages/a b' node_modules/ab && echo installed"
)


def test_members_of_a_workspace_get_their_packages_too(tmp_path: Path) -> None:
    assert install_packages(tmp_path, "r1", MEMBERS, members=True) == "installed\n"
    assert install_packages(tmp_path, "r2", MEMBERS, members=True) == "The packages are reused.\n"
    assert (tmp_path / "releases/r2/packages/a b/node_modules/y/z").read_text() == "2\n"
    assert (tmp_path / "releases/r2/node_modules/ab/node_modules/y/z").read_text() == "2\n"


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
    around = KeptBuild(
        "k1", str(deploy_dir), str(folder), f"{deploy_dir}/shared/.env", f"{folder}/dist/index.html", (f"{folder}/dist",)
    ).around(draft)
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


SERVER = (
    "mkdir -p .next/cache/webpack src node_modules/client && echo page > .next/page && echo x > .next/cache/webpack/0 && "
    "echo generated >> src/types.ts && echo made > node_modules/client/index.js && ln -s page .next/latest && echo built"
)
"""Stands in for the build of a server: writes new files, into a file of the repository and into packages."""


def build_server(deploy_dir: Path, name: str, command: str = SERVER, *, fresh: bool = False) -> str:
    """The builds are counted by what they print."""
    folder = release(deploy_dir, name)
    run(
        (
            PlannedCommand(
                command="mkdir src && echo source > src/types.ts && mkdir node_modules && echo p > node_modules/p", cwd=str(folder)
            ),
        )
    )
    draft = Draft(
        strategy="traditional", app=node_draft(NEXT, given()).app,
        install=(PlannedCommand(command="echo installed", cwd=str(folder)),),
        build=(PlannedCommand(command=command, cwd=str(folder)),),
    )  # fmt: skip
    kept = KeptBuild("k1", str(deploy_dir), str(folder), f"{deploy_dir}/shared/.env", "", fresh=fresh)
    around = kept.around(draft)
    return run((*around.install, *around.build))


def test_a_servers_build_is_taken_with_all_that_it_wrote(tmp_path: Path) -> None:
    assert build_server(tmp_path, "r1") == "installed\nbuilt\n"
    assert build_server(tmp_path, "r2") == "installed\nThe build is reused.\n"
    folder = tmp_path / "releases/r2"
    assert (folder / ".next/latest").read_text() == "page\n"
    assert (folder / "src/types.ts").read_text() == "source\ngenerated\n"
    assert (folder / "node_modules/client/index.js").read_text() == "made\n"
    assert (folder / "node_modules/p").read_text() == "p\n"
    assert not (folder / ".next/cache/webpack").exists()


def test_a_build_that_names_its_release_names_the_one_that_takes_it(tmp_path: Path) -> None:
    naming = r'{ mkdir "a b"; printf "x\\0%s/data\\0y" "$PWD" > "a b/code.js"; chmod 700 "a b/code.js"; echo built; }'
    build_server(tmp_path, "r1", naming)
    assert build_server(tmp_path, "r2", naming).endswith("reused.\n")
    code = tmp_path / "releases/r2/a b/code.js"
    assert code.read_bytes() == f"x\0{tmp_path}/releases/r2/data\0y".encode()
    assert code.stat().st_mode & 0o777 == 0o700
    assert b"releases/r1/" in (tmp_path / "cache/builds/k1/files/a b/code.js").read_bytes()


def test_where_programs_are_signed_they_stay_as_they_were_built(tmp_path: Path) -> None:
    for name in ("r1", "r2"):
        folder = release(tmp_path, name)
        kept = KeptBuild("k1", str(tmp_path), str(folder), f"{tmp_path}/.env", "", (f"{folder}/app",), renames=False)
        compile_ = PlannedCommand(command='echo "$PWD" > app', cwd=str(folder))
        draft = Draft(strategy="traditional", app=node_draft(NEXT, given()).app, build=(compile_,))
        run(kept.around(draft).build)
    assert (folder / "app").read_text() == f"{tmp_path}/releases/r1\n"


def test_a_build_whose_links_name_its_release_is_done_each_time(tmp_path: Path) -> None:
    linking = 'ln -s "$PWD/src" code && echo built'
    build_server(tmp_path, "r1", linking)
    assert build_server(tmp_path, "r2", f"rm -f code && {linking}").endswith("built\n")
    assert (tmp_path / "releases/r2/code").readlink() == tmp_path / "releases/r2/src"


def test_an_app_that_writes_into_its_build_does_not_change_what_is_kept(tmp_path: Path) -> None:
    build_server(tmp_path, "r1")
    build_server(tmp_path, "r2")
    for name in ("r1", "r2"):
        (tmp_path / "releases" / name / ".next/page").write_text("spoilt\n")
        (tmp_path / "releases" / name / ".next/image").write_text("cached\n")
    assert build_server(tmp_path, "r3") == "installed\nThe build is reused.\n"
    assert (tmp_path / "releases/r3/.next/page").read_text() == "page\n"
    assert not (tmp_path / "releases/r3/.next/image").exists()


def test_a_server_is_built_again_for_other_variables_and_without_the_cache(tmp_path: Path) -> None:
    build_server(tmp_path, "r1")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/.env").write_text("API=https://example.org\n")
    assert build_server(tmp_path, "r2").endswith("built\n")
    assert build_server(tmp_path, "r3", fresh=True).endswith("built\n")
    assert build_server(tmp_path, "r4").endswith("reused.\n")


def test_a_build_that_failed_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        build_server(tmp_path, "r1", f"{SERVER} && false")
    assert build_server(tmp_path, "r2") == "installed\nbuilt\n"


def test_a_build_that_made_a_database_is_done_each_time(tmp_path: Path) -> None:
    making = f"{SERVER} && echo rows > shop.sqlite3"
    assert build_server(tmp_path, "r1", making).endswith("built\n")
    assert build_server(tmp_path, "r2", making).endswith("built\n")


def test_what_has_become_data_is_not_copied_over(tmp_path: Path) -> None:
    build_server(tmp_path, "r1")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/paths").write_bytes(b"uploads\0")
    assert build_server(tmp_path, "r2").endswith("reused.\n")
    (tmp_path / "shared/paths").write_bytes(b"uploads\0.next/page\0")
    assert build_server(tmp_path, "r3").endswith("built\n")
