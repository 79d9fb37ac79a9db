"""The package manager of a project and its call on a target."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipes.node_manifest import read_manifest
from auto_deployer.planning.recipes.node_packages import Caller, caller, choose_manager

from .conftest import HOST, DictTree


def called(files: dict[str, str], host: HostFacts = HOST, **content: Any) -> Caller:
    tree = DictTree({"package.json": json.dumps(content), **files})
    return caller(choose_manager(tree, "", read_manifest(tree, "")), host)


def host_with(name: str, version: str) -> HostFacts:
    return HOST.model_copy(update={"tools": (*HOST.tools, Tool(name=name, path=f"/usr/bin/{name}", version=version))})


@pytest.mark.parametrize(
    ("files", "content", "install"),
    [
        ({"package-lock.json": ""}, {}, "npm ci --no-audit --no-fund"),
        ({"npm-shrinkwrap.json": ""}, {}, "npm ci --no-audit --no-fund"),
        ({}, {}, "npm install --no-audit --no-fund"),
        ({"pnpm-lock.yaml": "lockfileVersion: '6.0'", "yarn.lock": ""}, {}, "npx --yes pnpm@8 install --frozen-lockfile"),
        ({"pnpm-lock.yaml": "lockfileVersion: 5.4"}, {}, "npx --yes pnpm@7 install --frozen-lockfile"),
        ({"pnpm-lock.yaml": ""}, {"packageManager": "pnpm@10.4.1+sha512.abc"}, "npx --yes pnpm@10.4.1 install --frozen-lockfile"),
        ({"yarn.lock": ""}, {}, "npx --yes yarn@1 install --frozen-lockfile --non-interactive"),
        ({"yarn.lock": "", ".yarnrc.yml": ""}, {}, "npx --yes @yarnpkg/cli-dist@4 install --immutable"),
        ({"yarn.lock": ""}, {"packageManager": "yarn@3.8.7"}, "npx --yes @yarnpkg/cli-dist@3.8.7 install --immutable"),
        ({"bun.lock": "", "yarn.lock": ""}, {}, "npx --yes bun@1 install --frozen-lockfile"),
        ({}, {"engines": {"pnpm": ">=9"}}, "npx --yes pnpm@9 install --no-frozen-lockfile"),
        ({"package-lock.json": ""}, {"packageManager": "rm -rf /"}, "npm ci --no-audit --no-fund"),
        ({"package-lock.json": ""}, {"engines": {"yarn": "1.x"}}, "npm ci --no-audit --no-fund"),
    ],
)
def test_install(files: dict[str, str], content: dict[str, Any], install: str) -> None:
    assert called(files, **content).install == install


def test_the_one_on_the_target_is_used_when_it_reads_the_lock_file() -> None:
    lock = {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}
    assert called(lock, host_with("pnpm", "9.12.0")).install == "pnpm install --frozen-lockfile"
    other = called(lock, host_with("pnpm", "7.1.0"))
    assert other.prefix == "npx --yes pnpm@9"
    assert "7.1.0 is installed" in other.notes[0]
    assert called({"yarn.lock": ""}, host_with("yarn", "4.1.0")).prefix == "npx --yes yarn@1"


def test_the_yarn_of_the_repository_is_preferred() -> None:
    files = {"yarn.lock": "", ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.1.0.cjs\n", ".yarn/releases/yarn-4.1.0.cjs": ""}
    yarn = called(files)
    assert yarn.install == "node .yarn/releases/yarn-4.1.0.cjs install --immutable"
    assert yarn.node("node app.js") == "node .yarn/releases/yarn-4.1.0.cjs node app.js"
    linked = called({**files, ".yarnrc.yml": files[".yarnrc.yml"] + "nodeLinker: node-modules\n"})
    assert linked.node("node app.js") == "node app.js"


def test_a_yarn_outside_of_the_repository_is_not() -> None:
    assert called({"yarn.lock": "", ".yarnrc.yml": "yarnPath: ../../evil.cjs\n", "evil.cjs": ""}).prefix.startswith("npx ")


def test_starting_does_not_fetch_a_package_manager_each_time() -> None:
    pnpm = called({"pnpm-lock.yaml": ""})
    assert pnpm.start("start", "node app.js") == "npm start"
    assert pnpm.start("start:prod", "node app.js") == "npm run start:prod"
    assert pnpm.start("start", "pnpm migrate && node app.js") == "npx --yes pnpm@9 run start"


def test_neither_the_manager_nor_npm() -> None:
    with pytest.raises(RefusedError) as caught:
        called({"pnpm-lock.yaml": ""}, HostFacts(tools=(Tool(name="node", path="/usr/bin/node", version="20.1.0"),)))
    assert caught.value.kind == Kind.MISSING_TOOL


def test_a_workspace_says_which_manager_its_members_use() -> None:
    member = {"apps/api/package.json": "{}"}
    for root, prefix in (
        ({"package.json": '{"packageManager": "pnpm@9.15.0"}'}, "npx --yes pnpm@9.15.0"),
        ({"package.json": "{}", "pnpm-workspace.yaml": "packages:\n  - apps/*\n"}, "npx --yes pnpm@9"),
    ):
        tree = DictTree({**root, **member})
        assert caller(choose_manager(tree, "", read_manifest(tree, "apps/api")), HOST).prefix == prefix


def test_a_pnpm_that_is_too_new_for_the_node_here_gives_way_to_the_last_that_is_not() -> None:
    tree = DictTree({"package.json": '{"packageManager": "pnpm@11.9.0"}'})
    manager = choose_manager(tree, "", read_manifest(tree, ""))
    assert caller(manager, HOST, node="20.20.2").prefix == "npm_config_manage_package_manager_versions=false npx --yes pnpm@10"
    assert caller(manager, HOST, node="22.20.0").prefix == "npx --yes pnpm@11.9.0"


def test_browsers_of_tests_are_not_downloaded_those_of_the_app_are() -> None:
    assert called({}, devDependencies={"cypress": "13", "puppeteer": "22"}).install_env == {
        "npm_config_include": "dev",
        "CYPRESS_INSTALL_BINARY": "0",
        "PUPPETEER_SKIP_DOWNLOAD": "true",
    }
    assert called({}, dependencies={"puppeteer": "22"}).install_env == {"npm_config_include": "dev"}
