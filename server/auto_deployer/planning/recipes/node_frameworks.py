"""The frameworks with a build of their own, as a table, and which of them a manifest declares or its scripts build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...model.errors import RefusedError
from ...model.reasons import Kind
from ...model.suggestions import suggest
from .node_manifest import Manifest
from .node_scripts import commands_of


@dataclass(frozen=True)
class Framework:
    """A framework with a build of its own that only works as it says itself."""

    name: str
    packages: tuple[str, ...]
    builds: tuple[str, ...] = ()
    """Programs (with their verb) that build it. The first is what is run when no script does."""
    serves: tuple[str, ...] = ()
    """Programs (with their verb) of its own server: a site that was exported cannot be served by them."""
    start: str = ""
    """What starts its built server."""
    output: str = ""
    """Where a static build of it lands, relative to the folder that is built."""
    renames_output: tuple[str, ...] = ()
    """Options of its build command that name another output folder."""
    spa: bool = False
    """A static build of it is one page, whose script does the routing."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """For its build: no questions, no usage statistics."""


BUILT = (
    Framework("next", ("next",), ("next build",), ("next start",),
              'npx next start -H "$HOST" -p "$PORT"', "out", env={"NEXT_TELEMETRY_DISABLED": "1"}),
    Framework("nuxt", ("nuxt", "nuxt3", "nuxt-edge"), ("nuxt build", "nuxi build", "nuxt generate", "nuxi generate"),
              ("nuxt start",), "node .output/server/index.mjs", ".output/public", env={"NUXT_TELEMETRY_DISABLED": "1"}),
    Framework("remix", ("@remix-run/serve", "@remix-run/node", "@remix-run/dev"), ("remix vite:build", "remix build"),
              ("remix-serve",), "npx remix-serve ./build/server/index.js"),
    Framework("react-router", ("@react-router/dev",), ("react-router build",), ("react-router-serve",),
              "npx react-router-serve ./build/server/index.js", "build/client"),
    Framework("tanstack-start", ("@tanstack/react-start", "@tanstack/solid-start"), ("vite build", "vinxi build"),
              start="node .output/server/index.mjs"),
    Framework("solid-start", ("@solidjs/start",), ("vinxi build", "vite build"), ("vinxi start",),
              "node .output/server/index.mjs"),
    Framework("sveltekit", ("@sveltejs/kit",), ("vite build",), start="node build", output="build"),
    Framework("qwik-city", ("@builder.io/qwik-city", "@qwik.dev/router"), ("qwik build",), start="node server/entry.express.js"),
    Framework("nestjs", ("@nestjs/core",), ("nest build", "tsc"), start="node dist/main"),
    Framework("astro", ("astro",), ("astro build",), start="node dist/server/entry.mjs", output="dist",
              renames_output=("--outDir",), env={"ASTRO_TELEMETRY_DISABLED": "1"}),
    Framework("angular", ("@angular/core",), ("ng build",), output="dist/NAME/browser", env={"NG_CLI_ANALYTICS": "false"}),
    Framework("gatsby", ("gatsby",), ("gatsby build",), output="public", env={"GATSBY_TELEMETRY_DISABLED": "1"}),
    Framework("docusaurus", ("@docusaurus/core",), ("docusaurus build",), output="build", renames_output=("--out-dir",)),
    Framework("vitepress", ("vitepress",), ("vitepress build",), output=".vitepress/dist", renames_output=("--outDir",)),
    Framework("vuepress", ("vuepress",), ("vuepress build",), output=".vuepress/dist", renames_output=("-d", "--dest")),
    Framework("eleventy", ("@11ty/eleventy",), ("eleventy",), output="_site", renames_output=("--output",)),
    Framework("hexo", ("hexo",), ("hexo generate", "hexo g"), output="public"),
    Framework("expo", ("expo",), ("expo export",), output="dist", renames_output=("--output-dir",)),
    Framework("parcel", ("parcel", "parcel-bundler"), ("parcel build",), output="dist", renames_output=("-d", "--dist-dir")),
    Framework("nitro", ("nitropack", "nitro"), ("nitro build", "nitropack build"), start="node .output/server/index.mjs"),
    Framework("ember", ("ember-cli",), ("ember build",), output="dist", renames_output=("-o", "--output-path"), spa=True),
    Framework("quasar", ("@quasar/app-vite", "@quasar/app-webpack", "@quasar/app"), ("quasar build",), output="dist/spa", spa=True),
    Framework("preact-cli", ("preact-cli",), ("preact build",), output="build", renames_output=("--dest",), spa=True),
    Framework("umi", ("umi", "@umijs/max"), ("umi build", "max build"), output="dist", spa=True),
    Framework("ionic", ("@ionic/cli",), ("ionic build",), output="www", spa=True),
    Framework("rspress", ("rspress", "@rspress/core"), ("rspress build",), output="doc_build"),
    Framework("rsbuild", ("@rsbuild/core",), ("rsbuild build",), output="dist", spa=True),
    Framework("slidev", ("@slidev/cli",), ("slidev build",), output="dist", renames_output=("-o", "--out"), spa=True),
    Framework("gridsome", ("gridsome",), ("gridsome build",), output="dist"),
    Framework("snowpack", ("snowpack",), ("snowpack build",), output="build", spa=True),
    Framework("stencil", ("@stencil/core",), ("stencil build",), output="www", spa=True),
    Framework("electron", ("electron",)),
    Framework("react-native", ("react-native",)),
)  # fmt: skip
"""Most telling first: several of these bring Vite, Express or each other along."""

_SERVERS = {
    "fastify": "fastify", "koa": "koa", "@hapi/hapi": "hapi", "express": "express", "hono": "hono",
    "polka": "polka", "restify": "restify", "elysia": "elysia", "hapi": "hapi", "@feathersjs/feathers": "feathers",
    "@apollo/server": "apollo", "apollo-server": "apollo", "graphql-yoga": "graphql-yoga", "h3": "h3", "socket.io": "socket.io",
}  # fmt: skip
_VITE_FLAVOURS = {
    "react": "react", "vue": "vue", "svelte": "svelte", "solid-js": "solid", "preact": "preact",
    "lit": "lit", "@builder.io/qwik": "qwik",
}  # fmt: skip


def built_framework(manifest: Manifest) -> Framework | None:
    """The framework with its own kind of build that the manifest depends on."""
    return next((framework for framework in BUILT if manifest.depends_on(*framework.packages)), None)


@dataclass(frozen=True)
class BuildRun:
    """What builds a framework: one of the manifest's scripts, or its own command where no script does."""

    framework: Framework
    script: str = ""
    """Name of the script; "" for the framework's own command."""
    verb: str = ""
    """The word that says what to do, such as "generate"."""
    args: tuple[str, ...] = ()
    """The words after the program's name."""

    @property
    def command(self) -> str:
        """The framework's own build command, as its packages install it."""
        return "@11ty/eleventy" if self.framework.name == "eleventy" else self.framework.builds[0]


_BUILD_SCRIPTS = (
    "build",
    "generate",
    "export",
    "docs:build",
    "build:docs",
    "build:web",
    "site:build",
    "build:site",
    "website:build",
)
"""Where a build stands, the usual place first."""


def build_run(manifest: Manifest) -> BuildRun | None:
    """The framework that is built here, and by what; None when a script of the project's own builds something else."""
    declared = [framework for framework in BUILT if framework.builds and manifest.depends_on(*framework.packages)]
    for script in _BUILD_SCRIPTS:
        for framework in declared:
            if runs := list(_runs(manifest, script, framework)):
                return BuildRun(framework, script, *runs[-1])  # what comes before is what it is made of
    if declared and not manifest.scripts.get("build", "").strip() and not manifest.is_published:
        return BuildRun(declared[0], verb=declared[0].builds[0].partition(" ")[2])
    return None


def runs_own_server(framework: Framework, script: str, scripts: Mapping[str, str]) -> bool:
    """Whether all a script does is to start the framework's own server."""
    commands = [_phrase(command.name, command.args) for command in commands_of(script, scripts)]
    return bool(commands) and all(any(_is(phrase, served) for served in framework.serves) for phrase in commands)


def _runs(manifest: Manifest, script: str, framework: Framework) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each run of the framework's build in a script: its verb and its words."""
    for command in commands_of(manifest.scripts.get(script, ""), manifest.scripts):
        if any(_is(_phrase(command.name, command.args), built) for built in framework.builds):
            yield _phrase(command.name, command.args).partition(" ")[2], command.args


def _phrase(program: str, args: tuple[str, ...]) -> str:
    return " ".join((program, *(word for word in args[:1] if not word.startswith("-"))))


def _is(phrase: str, known: str) -> bool:
    """Whether a command is a known one; where that names no verb, whatever the verb."""
    return phrase == known or (" " not in known and phrase.split(" ", 1)[0] == known)


def server_framework(manifest: Manifest) -> str:
    """The server library in use, or ""; the examples of a library use the library itself."""
    return next((name for package, name in _SERVERS.items() if manifest.depends_on(package) or manifest.name == package), "")


def vite_name(manifest: Manifest) -> str:
    """The flavour by what it renders with: "vite-react", "vite-vue", … or plain "vite"."""
    flavour = next((name for package, name in _VITE_FLAVOURS.items() if manifest.depends_on(package)), "")
    return f"vite-{flavour}" if flavour else "vite"


def unsupported(framework: Framework, found: str) -> RefusedError:
    """The refusal for a framework whose build cannot be planned, naming the overrides that would do."""
    suggestions = [suggest("Add a `start` script to package.json that starts the built app on $PORT.")]
    if framework.start:
        suggestions.insert(0, suggest("If it builds a server, say how to start it", "overrides.start", framework.start))
    if framework.output:
        suggestions.insert(0, suggest("If it builds a static site, name its folder", "overrides.outputDir", framework.output))
    return RefusedError(
        f"This project uses {framework.name}, and no recipe knows how its build is run "
        f"(looked for a `start` script that is no development server; {found}).",
        kind=Kind.UNSUPPORTED_ECOSYSTEM,
        suggestions=tuple(suggestions),
    )
