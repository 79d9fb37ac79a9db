"""Applications of an Nx workspace: their build target says what is made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.node import NodeRecipe

from .conftest import DictTree, plan_input


def detected(target: dict[str, Any], files: dict[str, str] | None = None, **project: Any) -> Any:
    contents = {
        "package.json": json.dumps({"name": "shop", "dependencies": {"nx": "20", "next": "15"}}),
        "nx.json": "{}",
        "package-lock.json": "{}",
        "apps/web/project.json": json.dumps({"name": "web", "targets": {"build": target}, **project}),
        **(files or {}),
    }
    return NodeRecipe().detect(DictTree(contents, "apps/web"))


def drafted(target: dict[str, Any], files: dict[str, str] | None = None) -> Draft:
    found = detected(target, files)
    assert found is not None
    assert found.runnable, found.refusal
    return NodeRecipe().draft(plan_input(found, subdir="apps/web"), found)


@pytest.mark.parametrize(
    ("target", "files", "served"),
    [
        ({"executor": "@nx/vite:build", "options": {"outputPath": "dist/apps/web"}}, {}, "dist/apps/web"),
        ({"executor": "@nx/angular:application", "options": {"outputPath": {"base": "dist/web", "browser": ""}}}, {}, "dist/web"),
        ({"executor": "@angular/build:application", "options": {"outputPath": "dist/web"}}, {}, "dist/web/browser"),
        ({"executor": "@nx/webpack:webpack", "options": {"outputPath": "dist/apps/web"}}, {}, "dist/apps/web"),
        ({"outputs": ["{workspaceRoot}/dist/apps/web"]}, {"apps/web/rsbuild.config.ts": ""}, "dist/apps/web"),
        ({}, {"apps/web/vite.config.ts": "export default { build: { outDir: '../../dist/web' } }"}, "dist/web"),
        ({}, {"apps/web/vite.config.ts": "export default {}"}, "apps/web/dist"),
    ],
)
def test_sites(target: dict[str, Any], files: dict[str, str], served: str) -> None:
    draft = drafted(target, files)
    assert draft.strategy == "static"
    assert draft.app.command.endswith(f"--root {served} --spa")
    assert (draft.build[0].command, draft.app.cwd) == ("node_modules/.bin/nx run web:build", "")
    assert draft.build[0].env["NX_DAEMON"] == "false"


@pytest.mark.parametrize(
    ("target", "files", "start"),
    [
        ({"executor": "@nx/esbuild:esbuild", "options": {"outputPath": "dist/api", "main": "a/b.ts"}}, {}, "node dist/api/b.js"),
        ({"executor": "@nx/webpack:webpack", "options": {"outputPath": "dist/api", "target": "node"}}, {}, "node dist/api/main.js"),
        ({"executor": "@nx/next:build", "options": {"outputPath": "out"}}, {}, 'npx next start out -H "$HOST" -p "$PORT"'),
        ({}, {"apps/web/next.config.js": ""}, 'npx next start apps/web -H "$HOST" -p "$PORT"'),
    ],
)  # fmt: skip
def test_servers(target: dict[str, Any], files: dict[str, str], start: str) -> None:
    assert drafted(target, files).app.command == start


def test_the_production_configuration_is_built() -> None:
    target = {"executor": "@nx/vite:build", "configurations": {"production": {}}}
    assert drafted(target).build[0].command == "node_modules/.bin/nx run web:build:production"
    assert drafted({**target, "defaultConfiguration": "production"}).build[0].command == "node_modules/.bin/nx run web:build"


def test_a_manifest_without_scripts_changes_nothing() -> None:
    files = {
        "apps/web/package.json": '{"name": "@shop/web"}',
        "package.json": '{"workspaces": ["apps/*"], "dependencies": {"nx": "20"}}',
    }
    assert drafted({"executor": "@nx/vite:build"}, files).app.command.endswith("--root dist/web --spa")


def test_a_library_is_no_app() -> None:
    assert detected({"executor": "@nx/js:tsc"}, projectType="library") is None
