"""Entries of Node projects: TypeScript, Bun, development scripts, what is compiled first, settings files, served folders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.node import NodeRecipe

from .conftest import DictTree, plan_input

LISTENS = "app.listen(process.env.PORT || 3000)"
HONO = "import { Hono } from 'hono'\nconst app = new Hono()\nexport default app\n"
EXPRESS = {"express": "^4"}


def tree(files: dict[str, str] | None = None, **content: Any) -> DictTree:
    return DictTree({"package.json": json.dumps({"name": "x", **content}), **(files or {})})


def drafted(files: dict[str, str] | None = None, **content: Any) -> Draft:
    found = NodeRecipe().detect(tree(files, **content))
    assert found is not None
    assert found.runnable, found.refusal
    return NodeRecipe().draft(plan_input(found), found)


def commands(draft: Draft) -> list[str]:
    return [planned.command for planned in draft.build]


@pytest.mark.parametrize(
    ("packages", "start"),
    [
        ({"express": "4"}, "npx --yes tsx src/index.ts"),
        ({"express": "4", "tsx": "4"}, "npx tsx src/index.ts"),
        ({"express": "4", "ts-node": "10"}, "npx ts-node src/index.ts"),
        ({"express": "4", "@types/bun": "1"}, "npx --yes bun@1 src/index.ts"),
    ],
)
def test_typescript_is_run_by_what_is_declared(packages: dict[str, str], start: str) -> None:
    assert drafted({"src/index.ts": LISTENS}, dependencies=packages).app.command == start


def test_a_front_end_in_typescript_that_listens_to_something_is_no_server() -> None:
    found = NodeRecipe().detect(tree({"src/main.ts": "worker.listen(handler)"}, dependencies={"vue": "3"}))
    assert found is not None
    assert not found.runnable


def test_bun_serves_what_a_module_exports() -> None:
    draft = drafted({"src/index.ts": HONO}, dependencies={"hono": "4"}, devDependencies={"@types/bun": "1"})
    assert (draft.app.command, draft.package_manager) == ("npx --yes bun@1 src/index.ts", "bun")
    found = NodeRecipe().detect(tree({"src/index.ts": HONO}, dependencies={"hono": "4"}))
    assert found is not None
    assert not found.runnable, "Node listens for nothing by itself"


def test_a_new_project_of_bun_is_no_library() -> None:
    files = {"index.ts": "Bun.serve({ port: 3000, fetch: () => new Response('x') })"}
    draft = drafted(files, module="index.ts", devDependencies={"@types/bun": "1"})
    assert (draft.app.command, draft.app.fixed_port) == ("npx --yes bun@1 index.ts", 3000)


@pytest.mark.parametrize(
    ("script", "start"),
    [
        ("tsx watch src/server/main.ts", "npx tsx src/server/main.ts"),
        ("nodemon src/server/main.ts", "npx ts-node src/server/main.ts"),
        ("nodemon -x ts-node src/server/main.ts", "npx ts-node src/server/main.ts"),
        ("nodemon --watch src --exec 'ts-node -r tsconfig-paths/register src/server/main.ts'",
         "npx ts-node -r tsconfig-paths/register src/server/main.ts"),
        ("ts-node-dev --respawn --transpile-only src/server/main.ts", "npx ts-node --transpile-only src/server/main.ts"),
        ("node --watch --import tsx src/server/main.ts", "node --import tsx src/server/main.ts"),
        ("bun run --hot src/server/main.ts", "npx --yes bun@1 src/server/main.ts"),
    ],
)  # fmt: skip
def test_a_server_that_is_only_developed_is_started_without_its_watcher(script: str, start: str) -> None:
    draft = drafted({"src/server/main.ts": LISTENS}, scripts={"dev": script}, dependencies=EXPRESS)
    assert draft.app.command == start


def test_a_development_script_that_watches_nothing_is_run_as_it_is() -> None:
    assert drafted({"lib/x.js": LISTENS}, scripts={"dev": "node lib/x.js"}, dependencies=EXPRESS).app.command == "npm run dev"


@pytest.mark.parametrize(
    ("scripts", "build"),
    [
        ({"start": "node lib/", "compile": "tsc"}, ["npm run compile"]),
        ({"start": "node dist/index.js"}, ["npx tsc"]),
        ({"start": "node dist/index.js", "prestart": "tsc"}, []),
        ({"start": "node dist/index.js", "build": "tsc -p ."}, ["npm run build"]),
    ],
)
def test_what_is_started_is_compiled_first(scripts: dict[str, str], build: list[str]) -> None:
    files = {"src/index.ts": LISTENS, "tsconfig.json": "{}"}
    assert commands(drafted(files, scripts=scripts, dependencies=EXPRESS, devDependencies={"typescript": "5"})) == build


def test_a_build_at_the_beginning_of_the_start_script_is_not_run_twice() -> None:
    scripts = {"build": "tsc", "start": "npm run build && node dist/index.js"}
    draft = drafted({"src/index.ts": LISTENS}, scripts=scripts, dependencies=EXPRESS)
    assert (commands(draft), draft.app.command) == (["npm run build"], "node dist/index.js")


def test_a_file_of_variables_that_node_insists_on_is_made() -> None:
    draft = drafted({"src/index.js": LISTENS}, scripts={"start": "node --env-file=.env src/index.js"}, dependencies=EXPRESS)
    assert commands(draft) == ["touch .env"]
    there = drafted({"index.js": LISTENS, ".env": "A=1"}, scripts={"start": "node --env-file .env index.js"}, dependencies=EXPRESS)
    assert commands(there) == []


def test_modules_of_typescript_name_each_other_by_what_they_become() -> None:
    files = {"src/index.ts": "import './server.js'", "src/server.ts": "serve({ fetch: app.fetch, port: 4321 })"}
    draft = drafted(files, scripts={"start": "tsx src/index.ts"}, dependencies={"hono": "4"})
    assert draft.app.fixed_port == 4321


@pytest.mark.parametrize(
    ("scripts", "root"),
    [
        ({"build": "node scripts/build.js", "serve": "http-server ./dist -p 7002"}, "dist"),
        ({"build": "rollup -c", "start": "sirv public --no-clear --single"}, "public --spa"),
        ({"build": "make", "start": "npm run build && serve -s build"}, None),
        ({"start": "http-server -a localhost -p 8000"}, "."),
    ],
)
def test_a_folder_that_a_script_serves_is_served_by_us(scripts: dict[str, str], root: str | None) -> None:
    draft = drafted({"index.html": "", "public/index.html": ""}, scripts=scripts)
    expected = ("static", f"--root {root}") if root else ("traditional", "npm start")
    assert (draft.strategy, draft.app.command[-len(expected[1]) :]) == expected


def test_a_built_server_may_be_started_by_its_preview() -> None:
    draft = drafted(scripts={"build": "vike build", "preview": "node dist/server/index.js"}, dependencies=EXPRESS)
    assert draft.app.command == "npm run preview"


def test_a_window_is_no_web_app() -> None:
    found = NodeRecipe().detect(tree(scripts={"start": "electron ."}, devDependencies={"electron": "30"}, main="main.js"))
    assert found is not None
    assert found.refusal is not None
    assert found.refusal.kind is Kind.UNSUPPORTED_ECOSYSTEM


def test_a_program_that_needs_no_packages_needs_no_manifest() -> None:
    code = "const http = require('http'); http.createServer(() => {}).listen(process.env.PORT)"
    found = NodeRecipe().detect(DictTree({"server.js": code}))
    assert found is not None
    draft = NodeRecipe().draft(plan_input(found), found)
    assert (draft.app.command, draft.install) == ("node server.js", ())
    assert NodeRecipe().detect(DictTree({"server.js": f"const app = require('express')(); {code}"})) is None


def test_the_files_of_nexts_standalone_server_are_put_beside_it() -> None:
    scripts = {"build": "next build", "start": "node .next/standalone/server.js"}
    build = commands(drafted(scripts=scripts, dependencies={"next": "15"}))
    assert build[0] == "npm run build"
    assert "cp -R .next/static .next/standalone/.next/" in build[1]


@pytest.mark.parametrize(
    ("script", "is_served"),
    [("vite --open --mode ssr", False), ("next start -p 3000", True), ("next -p 3000", False)],
)
def test_the_values_of_options_are_no_verbs(script: str, is_served: bool) -> None:
    found = NodeRecipe().detect(tree(scripts={"start": script}))
    assert found is not None
    assert (found.details["start"]["kind"] == "script") is is_served
