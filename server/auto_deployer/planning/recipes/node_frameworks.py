"""Which framework a manifest declares, and what the ones without a recipe of their own would need to be told."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import RefusedError
from ...model.reasons import Kind
from .node_manifest import Manifest


@dataclass(frozen=True)
class Framework:
    """A framework with a build of its own that only works as it says itself."""

    name: str
    packages: tuple[str, ...]
    start: str = ""
    """What starts its built server."""
    output: str = ""
    """Where a static build of it lands."""


BUILT = (
    Framework("next", ("next",), start="npx next start", output="out"),
    Framework("nuxt", ("nuxt", "nuxt3", "nuxt-edge"), start="node .output/server/index.mjs", output=".output/public"),
    Framework("remix", ("@remix-run/serve", "@remix-run/node", "@remix-run/dev"), start="npx remix-serve ./build/server/index.js"),
    Framework(
        "react-router", ("@react-router/dev",), start="npx react-router-serve ./build/server/index.js", output="build/client"
    ),
    Framework("tanstack-start", ("@tanstack/react-start", "@tanstack/solid-start"), start="node .output/server/index.mjs"),
    Framework("solid-start", ("@solidjs/start",), start="node .output/server/index.mjs"),
    Framework("sveltekit", ("@sveltejs/kit",), start="node build", output="build"),
    Framework("qwik-city", ("@builder.io/qwik-city",), start="node server/entry.express.js"),
    Framework("nestjs", ("@nestjs/core",), start="node dist/main"),
    Framework("astro", ("astro",), start="node dist/server/entry.mjs", output="dist"),
    Framework("angular", ("@angular/core",), output="dist/NAME/browser"),
    Framework("gatsby", ("gatsby",), output="public"),
    Framework("docusaurus", ("@docusaurus/core",), output="build"),
    Framework("vitepress", ("vitepress",), output=".vitepress/dist"),
    Framework("vuepress", ("vuepress",), output=".vuepress/dist"),
    Framework("eleventy", ("@11ty/eleventy",), output="_site"),
    Framework("hexo", ("hexo",), output="public"),
    Framework("expo", ("expo",), output="dist"),
    Framework("electron", ("electron",)),
)
"""Most telling first: several of these bring Vite, Express or each other along."""

_SERVERS = {
    "fastify": "fastify", "koa": "koa", "@hapi/hapi": "hapi", "express": "express", "hono": "hono",
    "polka": "polka", "restify": "restify",
}  # fmt: skip
_VITE_FLAVOURS = {
    "react": "react", "vue": "vue", "svelte": "svelte", "solid-js": "solid", "preact": "preact",
    "lit": "lit", "@builder.io/qwik": "qwik",
}  # fmt: skip


def built_framework(manifest: Manifest) -> Framework | None:
    """The framework with its own kind of build that the manifest depends on."""
    return next((framework for framework in BUILT if manifest.depends_on(*framework.packages)), None)


def server_framework(manifest: Manifest) -> str:
    """The server library in use, or ""; the examples of a library use the library itself."""
    return next((name for package, name in _SERVERS.items() if manifest.depends_on(package) or manifest.name == package), "")


def vite_name(manifest: Manifest) -> str:
    """The flavour by what it renders with: "vite-react", "vite-vue", … or plain "vite"."""
    flavour = next((name for package, name in _VITE_FLAVOURS.items() if manifest.depends_on(package)), "")
    return f"vite-{flavour}" if flavour else "vite"


def unsupported(framework: Framework, found: str) -> RefusedError:
    """The refusal for a framework whose build cannot be planned, naming the overrides that would do."""
    suggestions = ["Add a `start` script to package.json that starts the built app on $PORT."]
    if framework.start:
        suggestions.insert(0, f'If it builds a server: `--start "{framework.start}"`.')
    if framework.output:
        suggestions.insert(0, f"If it builds a static site: `--output-dir {framework.output}`.")
    return RefusedError(
        f"This project uses {framework.name}, and no recipe knows how its build is run "
        f"(looked for a `start` script that is no development server; {found}).",
        kind=Kind.UNSUPPORTED_ECOSYSTEM,
        suggestions=tuple(suggestions),
    )
