"""Members of workspaces: what is built before them, by whom, and roots that are no app."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.node import NodeRecipe

from .conftest import DictTree, plan_input

RELEASE = "/home/ada/deployments/shop/releases/r1"
LOCK = {"package-lock.json": "{}"}


def package(**fields: Any) -> str:
    return json.dumps(fields)


def member(name: str, *, build: str = "tsc", start: str = "", needs: tuple[str, ...] = ()) -> str:
    scripts = {name: text for name, text in (("build", build), ("start", start)) if text}
    return package(name=name, scripts=scripts, dependencies=dict.fromkeys(needs, "*"))


MEMBERS = {
    "apps/web/package.json": member("web", build="node build.js", start="node server.js", needs=("@x/ui",)),
    "packages/ui/package.json": member("@x/ui", needs=("@x/core", "@x/plain")),
    "packages/core/package.json": member("@x/core"),
    "packages/plain/package.json": member("@x/plain", build=""),
    "packages/other/package.json": member("@x/other"),
}


def root(**fields: Any) -> str:
    return package(private=True, workspaces=["apps/*", "packages/*"], **fields)


def drafted(files: dict[str, str], subdir: str = "apps/web") -> Draft:
    detection = NodeRecipe().detect(DictTree(files, subdir))
    assert detection is not None
    return NodeRecipe().draft(plan_input(detection, subdir=subdir), detection)


def builds(draft: Draft) -> list[tuple[str, str]]:
    return [(planned.cwd.rpartition("/releases/")[2].partition("/")[2], planned.command) for planned in draft.build]


def test_what_it_depends_on_is_built_first_in_order() -> None:
    draft = drafted({"package.json": root(), **LOCK, **MEMBERS})
    assert builds(draft) == [
        ("packages/core", "npm run build"), ("packages/ui", "npm run build"), ("apps/web", "npm run build"),
    ]  # fmt: skip


def test_members_that_need_each_other_are_built_once() -> None:
    circle = {**MEMBERS, "packages/core/package.json": member("@x/core", needs=("@x/ui", "web"))}
    draft = drafted({"package.json": root(), **LOCK, **circle})
    assert [folder for folder, _ in builds(draft)] == ["packages/core", "packages/ui", "apps/web"]


def test_a_server_without_a_build_still_has_its_packages_built() -> None:
    files = {**MEMBERS, "apps/web/package.json": member("web", build="", start="node server.js", needs=("@x/core",))}
    assert builds(drafted({"package.json": root(), **LOCK, **files})) == [("packages/core", "npm run build")]


def test_turborepo_builds_where_the_workspace_uses_it() -> None:
    top = root(packageManager="npm@10.8.2", devDependencies={"turbo": "^2"})
    draft = drafted({"package.json": top, "turbo.json": "{}", **LOCK, **MEMBERS})
    assert builds(draft) == [("", "node_modules/.bin/turbo run build --filter=web --env-mode=loose")]
    assert draft.build[0].env["TURBO_TELEMETRY_DISABLED"] == "1"
    assert draft.app.cwd == "apps/web"


def test_nx_builds_under_the_name_of_its_project_file() -> None:
    top = root(devDependencies={"nx": "20"})
    files = {"package.json": top, "nx.json": "{}", "apps/web/project.json": '{"name": "storefront"}', **LOCK, **MEMBERS}
    draft = drafted(files)
    assert builds(draft) == [("", "node_modules/.bin/nx run storefront:build")]
    assert draft.build[0].env["NX_DAEMON"] == "false"


@pytest.mark.parametrize("name", ["web; touch x", "$(id)", "web build"])
def test_a_name_that_no_runner_should_see_is_not_passed_on(name: str) -> None:
    files = {**MEMBERS, "apps/web/package.json": member(name, start="node server.js", needs=("@x/core",))}
    top = root(packageManager="npm@10.8.2", devDependencies={"turbo": "^2"})
    draft = drafted({"package.json": top, "turbo.json": "{}", **LOCK, **files})
    assert [command for _, command in builds(draft)] == ["npm run build", "npm run build"]


def test_pnpm_builds_each_in_its_folder() -> None:
    files = {
        "package.json": "{}", "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", **MEMBERS,
    }  # fmt: skip
    assert [command for _, command in builds(drafted(files))] == ["npx --yes pnpm@9 run build"] * 3


@pytest.mark.parametrize(
    "start",
    ["turbo run start", "turbo start", "nx run-many --target=serve", "pnpm -r start", "npm start --workspaces", "lerna run start"],
)
def test_a_root_that_starts_all_members_is_no_app(start: str) -> None:
    files = {"package.json": root(scripts={"start": start}), **LOCK, **MEMBERS}
    detection = NodeRecipe().detect(DictTree(files))
    assert detection is not None
    assert not detection.runnable
    with pytest.raises(RefusedError) as refused:
        NodeRecipe().draft(plan_input(detection), detection)
    assert refused.value.kind is Kind.NO_RUNNABLE_AT_ROOT
    assert "apps/web" in refused.value.message


@pytest.mark.parametrize(
    "start", ["turbo run start --filter=web", "npm start --workspace web", "node server.js", "yarn workspace web start"]
)
def test_a_root_that_starts_one_member_is(start: str) -> None:
    detection = NodeRecipe().detect(DictTree({"package.json": root(scripts={"start": start}), **LOCK, **MEMBERS}))
    assert detection is not None
    assert detection.runnable


def test_a_task_runner_finds_the_package_manager_that_npx_fetches() -> None:
    top = root(packageManager="pnpm@9.15.0", devDependencies={"turbo": "^2"})
    files = {"package.json": top, "turbo.json": "{}", "pnpm-lock.yaml": "", "pnpm-workspace.yaml": "packages:\n  - apps/*\n"}
    draft = drafted({**files, **MEMBERS})
    command = "node_modules/.bin/turbo run build --filter=web --env-mode=loose"
    assert builds(draft) == [("", f"npx --yes --package=pnpm@9.15.0 -c '{command}'")]


def test_a_broken_manifest_of_another_member_does_not_matter() -> None:
    assert builds(drafted({"package.json": root(), **LOCK, **MEMBERS, "packages/broken/package.json": "{"}))
