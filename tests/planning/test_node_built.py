"""Frameworks with a build of their own: what their settings say is built, and how it is started or served."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auto_deployer.model.plan import PlannedCommand
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.node import NodeRecipe

from .conftest import DictTree, plan_input


def drafted(files: dict[str, str] | None = None, **content: Any) -> Draft:
    found = NodeRecipe().detect(DictTree({"package.json": json.dumps({"name": "x", **content}), **(files or {})}))
    assert found is not None
    assert found.runnable, found.refusal
    return NodeRecipe().draft(plan_input(found), found)


def built(draft: Draft) -> PlannedCommand:
    return draft.build[0]


def site(draft: Draft) -> str:
    """The folder that is served, with " --spa" where unknown paths get the index page."""
    assert draft.strategy == "static"
    return draft.app.command.partition("--root ")[2]


ANGULAR = {
    "projectType": "application",
    "architect": {"build": {"builder": "@angular-devkit/build-angular:application", "options": {"outputPath": "dist/shop"}}},
}


def angular(**options: Any) -> dict[str, str]:
    target = {"builder": "@angular/build:application", "options": options}
    return {"angular.json": json.dumps({"projects": {"shop": {**ANGULAR, "architect": {"build": target}}}})}


@pytest.mark.parametrize(
    ("package", "build", "files", "folder"),
    [
        ("astro", "astro build", {"astro.config.mjs": "export default defineConfig({})"}, "dist"),
        ("astro", "astro check && astro build", {"astro.config.ts": "export default { outDir: './www' }"}, "www"),
        ("@11ty/eleventy", "npx @11ty/eleventy", {}, "_site"),
        ("@11ty/eleventy", "eleventy --output=public", {}, "public"),
        ("@11ty/eleventy", "eleventy", {".eleventy.js": "module.exports = () => ({ dir: { output: 'site' } })"}, "site"),
        ("gatsby", "gatsby build", {}, "public"),
        ("hexo", "hexo generate", {"_config.yml": "title: x\npublic_dir: www\n"}, "www"),
        ("@docusaurus/core", "docusaurus build", {}, "build"),
        ("vitepress", "vitepress build docs", {}, "docs/.vitepress/dist"),
        ("vuepress", "vuepress build src", {"src/.vuepress/config.js": ""}, "src/.vuepress/dist"),
        ("next", "next build", {"next.config.mjs": "export default { output: 'export' }"}, "out"),
        ("next", "next build && next export", {}, "out"),
        ("nuxt", "nuxt generate", {}, ".output/public"),
        ("@sveltejs/kit", "vite build", {"svelte.config.js": "import a from '@sveltejs/adapter-static'"}, "build"),
        (
            "@sveltejs/kit",
            "vite build",
            {"svelte.config.js": "import a from '@sveltejs/adapter-static'; a({ pages: 'web', fallback: 'index.html' })"},
            "web --spa",
        ),
        (
            "@react-router/dev",
            "react-router build",
            {"react-router.config.ts": "export default { ssr: false }"},
            "build/client --spa",
        ),
        ("@angular/core", "ng build", {"angular.json": json.dumps({"projects": {"shop": ANGULAR}})}, "dist/shop/browser --spa"),
        ("@angular/core", "ng build", angular(), "dist/shop/browser --spa"),
        ("@angular/core", "ng build", angular(outputPath={"base": "www", "browser": ""}), "www --spa"),
        ("@angular/core", "ng build", angular(ssr=True, outputMode="static"), "dist/shop/browser --spa"),
        ("parcel", "parcel build index.html", {"index.html": ""}, "dist --spa"),
        (
            "astro",
            "astro build",
            {"astro.config.mjs": "import n from '@astrojs/netlify'; export default { adapter: n() }"},
            "dist",
        ),
        (
            "@rsbuild/core",
            "rsbuild build",
            {"rsbuild.config.ts": "export default { output: { distPath: { root: 'out' } } }"},
            "out --spa",
        ),
        ("preact-cli", "preact build", {}, "build --spa"),
        ("ember-cli", "ember build --environment=production", {}, "dist --spa"),
        (
            "@stencil/core",
            "stencil build",
            {"stencil.config.ts": "export const config = { outputTargets: [{ type: 'www' }] }"},
            "www --spa",
        ),
        (
            "html-webpack-plugin",
            "webpack --mode production",
            {"webpack.config.js": "path: path.resolve(__dirname, 'web')"},
            "dist --spa",
        ),
        (
            "html-webpack-plugin",
            "webpack --config webpack.prod.js",
            {"webpack.prod.js": "module.exports = { output: { path: path.resolve(__dirname, 'web'), filename: 'a.js' } }"},
            "web --spa",
        ),
        ("expo", "expo export -p web", {}, "dist --spa"),
    ],
)
def test_sites(package: str, build: str, files: dict[str, str], folder: str) -> None:
    assert site(drafted(files, scripts={"build": build}, dependencies={package: "^3"})) == folder


@pytest.mark.parametrize(
    ("package", "build", "files", "start"),
    [
        ("next", "next build", {}, 'npx next start -H "$HOST" -p "$PORT"'),
        ("nuxt", "nuxt build", {}, "node .output/server/index.mjs"),
        ("nuxt-edge", "nuxt build", {}, 'npx nuxt start --hostname "$HOST" --port "$PORT"'),
        ("@remix-run/dev", "remix vite:build", {}, "npx remix-serve ./build/server/index.js"),
        ("@remix-run/dev", "remix build", {}, "npx remix-serve ./build/index.js"),
        ("@sveltejs/kit", "vite build", {"svelte.config.js": "import adapter from '@sveltejs/adapter-node'"}, "node build"),
        ("@nestjs/core", "nest build", {}, "node dist/main"),
        (
            "astro",
            "astro build",
            {"astro.config.mjs": "import node from '@astrojs/node'; export default { adapter: node({ mode: 'standalone' }) }"},
            "node dist/server/entry.mjs",
        ),
        ("@angular/core", "ng build", angular(ssr={"entry": "server.ts"}), "node dist/shop/server/server.mjs"),
        ("nitropack", "nitro build", {}, "node .output/server/index.mjs"),
    ],
)
def test_servers(package: str, build: str, files: dict[str, str], start: str) -> None:
    assert drafted(files, scripts={"build": build}, dependencies={package: "^3"}).app.command == start


def test_react_router_is_served_by_its_own_server_or_in_the_workers_runtime() -> None:
    def start(*packages: str) -> str:
        wanted = dict.fromkeys(["@react-router/dev", *packages], "7")
        return drafted(scripts={"build": "react-router build"}, dependencies=wanted).app.command

    assert start("@react-router/serve") == "npx react-router-serve ./build/server/index.js"
    assert start("@cloudflare/vite-plugin").startswith("npx vite preview")


def test_sveltekit_may_be_set_up_in_vites_settings() -> None:
    files = {"vite.config.js": "import adapter from '@sveltejs/adapter-node'; sveltekit({ adapter: adapter() })"}
    assert drafted(files, scripts={"build": "vite build"}, devDependencies={"@sveltejs/kit": "2"}).app.command == "node build"


def test_tanstack_start_is_previewed_where_nothing_makes_a_server() -> None:
    def start(**packages: str) -> str:
        return drafted(scripts={"build": "vite build"}, dependencies={"@tanstack/react-start": "1", **packages}).app.command

    assert start(nitro="3") == "node .output/server/index.mjs"
    assert start().startswith("npx vite preview")


def test_qwik_is_built_for_its_adapter_or_for_the_preview() -> None:
    content: dict[str, Any] = {"scripts": {"build": "qwik build"}, "dependencies": {"@builder.io/qwik-city": "1"}}
    draft = drafted({"src/entry.express.tsx": ""}, **content)
    assert (built(draft).command, draft.app.command) == ("npm run build", "node server/entry.express.js")
    draft = drafted(**content)
    assert (built(draft).command, draft.app.command) == ("npx qwik build preview", 'npx vite preview --host "$HOST" --port "$PORT"')


def test_parcel_builds_what_the_manifest_calls_its_source() -> None:
    files = {"src/index.html": ""}
    draft = drafted(
        files, scripts={"start": "parcel", "build": "parcel build"}, source="src/index.html", devDependencies={"parcel": "2"}
    )
    assert site(draft) == "dist --spa"


def test_nexts_own_start_needs_a_build_and_pages() -> None:
    content: dict[str, Any] = {"scripts": {"start": "next start"}, "dependencies": {"next": "15"}}
    draft = drafted({"app/page.tsx": ""}, **content)
    assert (built(draft).command, draft.app.command) == ("npx next build", "npm start")
    found = NodeRecipe().detect(DictTree({"package.json": json.dumps({"name": "x", **content})}))
    assert found is not None
    assert not found.runnable


def test_sveltekit_without_a_platform_is_built_for_node() -> None:
    files = {"svelte.config.js": "import adapter from '@sveltejs/adapter-auto'"}
    draft = drafted(files, scripts={"build": "vite build"}, devDependencies={"@sveltejs/kit": "2"})
    assert built(draft).env == {"GCP_BUILDPACKS": "true"}
    assert "exec node build" in draft.app.command


def test_sveltekit_for_another_platform_is_previewed() -> None:
    files = {"svelte.config.js": "import adapter from '@sveltejs/adapter-vercel'"}
    draft = drafted(files, scripts={"build": "vite build"}, devDependencies={"@sveltejs/kit": "2"})
    assert draft.app.command.startswith("npx vite preview")
    assert any("vercel" in note for note in draft.notes)


def test_an_exported_site_is_not_started_by_the_frameworks_server() -> None:
    scripts = {"build": "next build", "start": "next start"}
    draft = drafted({"next.config.js": "module.exports = { output: 'export' }"}, scripts=scripts, dependencies={"next": "15"})
    assert site(draft) == "out"


def test_a_start_script_of_the_projects_own_still_decides() -> None:
    scripts = {"build": "next build", "start": "node server.js"}
    assert drafted(scripts=scripts, dependencies={"next": "15"}).app.command == "npm start"


def test_without_a_build_script_the_frameworks_own_command_builds() -> None:
    draft = drafted(scripts={"start": "eleventy --serve"}, devDependencies={"@11ty/eleventy": "3"})
    assert (built(draft).command, site(draft)) == ("npx @11ty/eleventy", "_site")


def test_the_script_that_builds_may_have_another_name() -> None:
    draft = drafted(scripts={"docs:build": "vitepress build docs"}, devDependencies={"vitepress": "1"})
    assert (built(draft).command, site(draft)) == ("npm run docs:build", "docs/.vitepress/dist")


def test_the_manual_of_an_app_is_not_the_app() -> None:
    scripts = {"build": "vite build", "docs:build": "vitepress build docs"}
    draft = drafted({"index.html": ""}, scripts=scripts, devDependencies={"vite": "7", "vitepress": "1"})
    assert site(draft) == "dist --spa"


@pytest.mark.parametrize(
    ("content", "files"),
    [
        ({"scripts": {"docs:build": "vitepress build"}, "devDependencies": {"vitepress": "1"}, "exports": "./x.js"}, {}),
        ({"scripts": {"build": "vite build"}, "devDependencies": {"@sveltejs/kit": "2"}}, {}),
        ({"scripts": {"build": "ng build"}, "dependencies": {"@angular/core": "19"}}, {"angular.json": "{"}),
        (
            {"scripts": {"build": "astro build"}, "dependencies": {"astro": "5"}},
            {"astro.config.mjs": "import v from '@astrojs/vercel'; export default { adapter: v() }"},
        ),
        ({"scripts": {"build": "expo export"}, "dependencies": {"expo": "52"}}, {}),
    ],
)
def test_what_settings_do_not_tell_is_refused(content: dict[str, Any], files: dict[str, str]) -> None:
    found = NodeRecipe().detect(DictTree({"package.json": json.dumps({"name": "x", **content}), **files}))
    assert found is not None
    assert not found.runnable


def test_builds_ask_nothing_and_report_nothing() -> None:
    draft = drafted(angular(), scripts={"build": "ng build"}, dependencies={"@angular/core": "19"})
    assert built(draft).env == {"NG_CLI_ANALYTICS": "false"}
