"""Single-page apps: which build it is, and where its files land."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auto_deployer.planning.recipes.node_manifest import read_manifest
from auto_deployer.planning.recipes.node_start import Start, choose_start
from auto_deployer.planning.recipes.node_static import StaticBuild, static_build

from .conftest import DictTree


def built(build: str, files: dict[str, str] | None = None, **content: Any) -> StaticBuild | None:
    tree = DictTree({"package.json": json.dumps({"scripts": {"build": build}, **content}), "index.html": "", **(files or {})})
    found = static_build(tree, read_manifest(tree, ""))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("build", "config", "output"),
    [
        ("vite build", "", "dist"),
        ("tsc -b && vite build --outDir out", "", "out"),
        ("vite build --outDir=out", "export default { build: { outDir: 'other' } }", "out"),
        (
            "vite build",
            "export default defineConfig({ plugins: [vue()], build: { sourcemap: true, outDir: './public_html' } })",
            "public_html",
        ),
        ("vite build", "export default defineConfig({ plugins: [svelte()], outDir: 'build' })", "dist"),
        ("vite build", "export default defineConfig(({ mode }) => ({ build: { outDir: path.resolve(__dirname, 'www') } }))", "www"),
        ("vite build", "export default { /* build: { outDir: 'old' } */ build: { // outDir: 'older'\n minify: true } }", "dist"),
        ("vite build", "export default { build: { rollupOptions: { output: {} }, outDir: `site` } }", "site"),
        ("vite build", "export default { build: { outDir: process.env.OUT } }", "dist"),
        ("node x.js", "export default {}", "dist"),
    ],
)
def test_vite_output(build: str, config: str, output: str) -> None:
    found = built(build, {"vite.config.ts": config} if config else {}, devDependencies={"vite": "6"})
    assert found is not None
    assert (found.framework, found.output) == ("vite", output)


def test_vite_root_is_where_its_output_is_relative_to() -> None:
    config = "export default { root: 'client', server: { root: 'x' }, build: { outDir: '../dist' } }"
    found = built("vite build", {"vite.config.js": config, "client/index.html": ""}, devDependencies={"vite": "6"})
    assert found is not None
    assert found.output == "dist"


@pytest.mark.parametrize(
    ("dependency", "name"),
    [("react", "vite-react"), ("vue", "vite-vue"), ("svelte", "vite-svelte"), ("solid-js", "vite-solid"), ("lodash", "vite")],
)
def test_vite_flavours(dependency: str, name: str) -> None:
    found = built("vite build", devDependencies={"vite": "6", dependency: "1"})
    assert found is not None
    assert found.framework == name


@pytest.mark.parametrize(
    ("build", "files", "dependencies"),
    [
        ("vite build", {"vite.config.js": "export default { build: { lib: { entry: 'a.js' } } }"}, {"vite": "6"}),
        ("vite build --ssr src/server.js", {}, {"vite": "6"}),
        ("vite build", {}, {"vite": "6", "@sveltejs/kit": "2"}),
        ("vite build", {}, {"vite": "6", "@tanstack/react-start": "1"}),
        ("tsc", {}, {"vite": "6"}),
        ("tsc", {}, {}),
        ("", {}, {"vite": "6"}),
    ],
)
def test_no_single_page_app(build: str, files: dict[str, str], dependencies: dict[str, str]) -> None:
    assert built(build, files, devDependencies=dependencies) is None


def test_a_build_without_a_page_makes_assets_only() -> None:
    tree = DictTree({"package.json": json.dumps({"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}})})
    assert static_build(tree, read_manifest(tree, "")) is None


def test_a_base_path_is_told() -> None:
    found = built("vite build", {"vite.config.js": "export default { base: '/repo/' }"}, devDependencies={"vite": "6"})
    assert found is not None
    assert "/repo/" in found.notes[0]


def test_create_react_app_for_a_sub_path_is_built_for_the_root() -> None:
    found = built("react-scripts build", homepage="https://me.github.io/shop", dependencies={"react-scripts": "^4.0.3"})
    assert found is not None
    assert (found.framework, found.output) == ("cra", "build")
    assert found.build_env("20.1.0") == {"CI": "false", "PUBLIC_URL": "/", "NODE_OPTIONS": "--openssl-legacy-provider"}
    assert "NODE_OPTIONS" not in found.build_env("16.20.0")


def test_vue_cli() -> None:
    found = built(
        "vue-cli-service build",
        {"vue.config.js": "module.exports = { outputDir: 'web' }"},
        devDependencies={"@vue/cli-service": "^5.0.1"},
    )
    assert found is not None
    assert (found.framework, found.output, found.build_env("20.1.0")) == ("vue-cli", "web", {})


def test_hugo_takes_in_what_else_is_built() -> None:
    found = built("vite build && hugo --minify -d web", devDependencies={"vite": "6"})
    assert found is not None
    assert (found.framework, found.output, found.spa) == ("hugo", "web", False)


def test_an_ejected_create_react_app() -> None:
    found = built("node scripts/build.js", devDependencies={"react-dev-utils": "^12"})
    assert found is not None
    assert (found.framework, found.output) == ("cra", "build")


def chosen(files: dict[str, str], **content: Any) -> Start:
    tree = DictTree({"package.json": json.dumps(content), **files})
    return choose_start(tree, read_manifest(tree, ""))


def test_a_site_may_be_built_by_a_script_of_another_name() -> None:
    scripts = {"dev": "vue-cli-service serve", "build:prod": "vue-cli-service build", "preview": "node build/index.js --preview"}
    files = {"build/index.js": "require('connect')().listen(9526)"}
    start = chosen(files, scripts=scripts, devDependencies={"@vue/cli-service": "4.4.4"})
    assert (start.kind, start.build_script) == ("static", "build:prod")


@pytest.mark.parametrize(
    ("script", "page"),
    [
        ("require('concurrently')([{ command: 'browser-sync dist -w' }])", "dist/index.html"),
        ("const Server = require('webpack-dev-server'); new Server(c).listen(3000)", "index.html"),
    ],
)
def test_a_script_that_only_serves_for_development_gives_way_to_the_page_that_is_built(script: str, page: str) -> None:
    scripts = {"start": "npm run build && node scripts/start.js", "build": "node scripts/build-pug.js"}
    start = chosen({"scripts/start.js": script, page: "<html>"}, scripts=scripts)
    assert (start.kind, start.build and start.build.output, start.build_script) == ("static", page.rpartition("/")[0], "build")


@pytest.mark.parametrize(
    ("files", "content"),
    [
        ({"public/index.html": "<html>"}, {"scripts": {"build": "webpack"}, "dependencies": {"express": "4"}}),
        ({"public/index.html": "<title><%= title %></title>"}, {"scripts": {"build": "webpack"}}),
        ({"public/index.html": "<html>"}, {"scripts": {"dev": "webpack serve"}}),
        ({"public/index.html": "<html>"}, {"scripts": {"build": "rollup -c"}, "exports": "./dist/index.js"}),
    ],
)
def test_a_page_of_something_else_is_no_site(files: dict[str, str], content: dict[str, Any]) -> None:
    assert chosen(files, **content).kind == "none"


def test_a_script_whose_file_nobody_committed_gives_way_to_the_site() -> None:
    scripts = {"build": "webpack", "prod": "cp serve.js dist/serve.js && node serve.js"}
    start = chosen({}, scripts=scripts, devDependencies={"html-webpack-plugin": "4"})
    assert (start.kind, start.build and start.build.output) == ("static", "dist")
    start = chosen({"serve.js": "app.listen(80)"}, scripts=scripts, devDependencies={"html-webpack-plugin": "4"})
    assert (start.kind, start.script) == ("script", "prod")


@pytest.mark.parametrize(
    ("production", "kind"),
    [
        ("npm-run-all assets compile bundlewatch", "static"),
        ("npm run assets && node server.js", "script"),
        ("node a.js & tsc", "script"),
    ],
)
def test_a_script_for_production_may_be_a_build(production: str, kind: str) -> None:
    scripts = {"build": "sass a:dist", "assets": "node assets.js", "compile": "sass a:dist", "production": production}
    assert chosen({"dist/index.html": "<html>"}, scripts=scripts).kind == kind
