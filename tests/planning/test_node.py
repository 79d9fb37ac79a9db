"""Node projects from package.json to draft."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Candidate, Detection, HostFacts, Tool
from auto_deployer.model.plan import Overrides
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.node import NodeRecipe

from .conftest import HOST, DictTree, plan_input

RELEASE = "/srv/shop/releases/20261124-064812-a1b2"
LISTENS = "require('express')().listen(process.env.PORT || 3000)"
EXPRESS = {"express": "^4"}


def package(**content: Any) -> str:
    return json.dumps(content)


def detected(files: dict[str, str], subdir: str = "") -> Detection:
    detection = NodeRecipe().detect(DictTree(files, subdir))
    assert detection is not None
    return detection


def drafted(files: dict[str, str], subdir: str = "", **given: Any) -> Draft:
    detection = detected(files, subdir)
    return NodeRecipe().draft(plan_input(detection, subdir=subdir, **given), detection)


def refused(files: dict[str, str], subdir: str = "", **given: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        drafted(files, subdir, **given)
    return caught.value


def commands(draft: Draft) -> list[str]:
    return [planned.command.partition(" <<")[0] for planned in (*draft.install, *draft.build)]


def test_an_express_app_with_a_start_script() -> None:
    files = {
        "package.json": package(scripts={"start": "node server.js"}, dependencies=EXPRESS),
        "server.js": LISTENS,
        "package-lock.json": "{}",
    }
    detection, draft = detected(files), drafted(files)
    assert (detection.framework, detection.project_type, detection.runnable) == ("express", "nodejs", True)
    assert commands(draft) == ["npm ci --no-audit --no-fund"]
    assert draft.install[0].cwd == RELEASE
    assert draft.install[0].env == {"npm_config_include": "dev"}
    assert (draft.app.command, draft.app.env, draft.app.fixed_port) == ("npm start", {"NODE_ENV": "production"}, None)
    assert (draft.strategy, draft.app.health.expect, draft.tools) == ("traditional", "server", ("node", "npm"))


def test_without_a_lock_file_the_plan_says_so() -> None:
    draft = drafted({"package.json": package(scripts={"start": "node a.js"}, dependencies=EXPRESS)})
    assert commands(draft) == ["npm install --no-audit --no-fund"]
    assert "No lock file" in draft.risks[0]


def test_without_dependencies_nothing_is_installed() -> None:
    files = {"package.json": package(main="app.js"), "app.js": "require('http').createServer().listen(process.env.PORT)"}
    draft = drafted(files)
    assert (commands(draft), draft.install_checks, draft.app.command) == ([], (), "node app.js")


def test_a_hard_coded_port_is_known_beforehand() -> None:
    draft = drafted(
        {
            "package.json": package(scripts={"start": "node ."}, main="lib/app.js"),
            "lib/app.js": "const p = 5000;\napp.listen(p, go)",
        }
    )
    assert draft.app.fixed_port == 5000
    assert "port 5000" in " ".join(draft.notes)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"name": "x",\n "scripts": {"start": "node ."},}', "line 2, column "),
        ("[1]", "no JSON object"),
        ("", "line 1, column 1"),
        ("[" * 20_000, "too deep"),
    ],
)
def test_a_broken_manifest_is_refused_with_the_place(text: str, where: str) -> None:
    error = refused({"package.json": text, "index.js": LISTENS})
    assert error.kind == Kind.MANIFEST_UNREADABLE
    assert where in error.message


def test_a_byte_order_mark_and_wrong_types_are_no_reason_to_refuse() -> None:
    text = "\ufeff" + package(
        name=7, scripts={"start": "node a.js", "build": 3}, dependencies=["x"], engines="node", main={"a": 1}, workspaces=5
    )
    assert drafted({"package.json": text}).app.command == "npm start"


class TestBelowItsManifest:
    """A folder without package.json below one that has it."""

    FILES: ClassVar = {
        "package.json": package(name="express", files=["index.js"], devDependencies={"morgan": "1"}),
        "index.js": "module.exports = require('./lib/express')",
        "lib/express.js": "app.listen = function listen() { return server.listen.apply(server, arguments) } // .listen(80)",
        "examples/hello/index.js": "var app = require('../../')();\nif (!module.parent) {\n  app.listen(3000);\n}",
        "examples/hello/public/client.js": "alert(1)",
    }

    def test_installs_and_starts_at_the_manifest(self) -> None:
        draft = drafted(self.FILES, "examples/hello")
        assert draft.install[0].cwd == RELEASE
        assert (draft.app.command, draft.app.cwd, draft.app.fixed_port) == ("node examples/hello/index.js", "", 3000)
        assert detected(self.FILES, "examples/hello").framework == "express"

    def test_a_folder_in_which_nothing_listens_is_no_app(self) -> None:
        assert NodeRecipe().detect(DictTree(self.FILES, "examples/hello/public")) is None

    def test_the_library_itself_has_nothing_to_run(self) -> None:
        error = refused(self.FILES, candidates=(Candidate(path="examples/hello", kind="express"),))
        assert error.kind == Kind.LIBRARY_NOTHING_TO_RUN
        assert "Deploy a sub-folder (express): --subdir examples/hello" in suggested(error)

    def test_its_manifest_may_be_in_between(self) -> None:
        files = {f"web/{path}": text for path, text in self.FILES.items()}
        draft = drafted(files, "web/examples/hello")
        assert draft.install[0].cwd == f"{RELEASE}/web"
        assert (draft.app.command, draft.app.cwd) == ("node examples/hello/index.js", "web")

    def test_a_broken_manifest_above_is_not_this_folders(self) -> None:
        assert NodeRecipe().detect(DictTree({"package.json": "{", "docs/index.html": ""}, "docs")) is None


class TestWorkspaces:
    """A member of a workspace is installed at the workspace's root."""

    @pytest.mark.parametrize(
        "root",
        [
            {"package.json": package(workspaces=["packages/*"]), "package-lock.json": "{}"},
            {"package.json": package(workspaces={"packages": ["packages/api"]}), "package-lock.json": "{}"},
        ],
    )
    def test_npm(self, root: dict[str, str]) -> None:
        draft = drafted({**root, "packages/api/package.json": package(scripts={"start": "node a.js"})}, "packages/api")
        assert (draft.install[0].command, draft.install[0].cwd) == ("npm ci --no-audit --no-fund", RELEASE)
        assert draft.app.cwd == "packages/api"

    def test_pnpm(self) -> None:
        files = {
            "package.json": "{}",
            "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n",
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        }
        draft = drafted({**files, "apps/api/package.json": package(scripts={"start": "node a.js"})}, "apps/api")
        assert (draft.install[0].command, draft.install[0].cwd) == (
            "npx --yes pnpm@9 install --frozen-lockfile --filter '{apps/api}...'",
            RELEASE,
        )

    def test_a_folder_that_is_no_member_is_on_its_own(self) -> None:
        files = {
            "package.json": package(workspaces=["packages/*"]),
            "tools/package.json": package(scripts={"start": "node a.js"}, dependencies=EXPRESS),
        }
        assert drafted(files, "tools").install[0].cwd == f"{RELEASE}/tools"


class TestSinglePageApps:
    """Builds that are served as files."""

    VITE: ClassVar = {
        "package.json": package(scripts={"build": "vite build", "dev": "vite"}, devDependencies={"vite": "^6", "vue": "3"}),
        "index.html": "",
        "vite.config.js": "export default { build: { outDir: 'out' } }",
    }

    def test_are_built_and_served_with_fallback(self) -> None:
        draft = drafted(self.VITE)
        assert commands(draft) == [
            "npm install --no-audit --no-fund",
            "npm run build",
            "mkdir -p /srv/shop/bin && cat > /srv/shop/bin/static_server.py.new",
        ]
        assert draft.app.command == "exec /usr/bin/python3 /srv/shop/bin/static_server.py --root out --spa"
        assert (draft.strategy, draft.app.kind, draft.app.health.expect) == ("static", "static", "static")
        assert [check.model_dump()["path"] for check in draft.build_checks] == [
            f"{RELEASE}/out/index.html",
            "/srv/shop/bin/static_server.py",
        ]

    def test_in_a_sub_folder(self) -> None:
        draft = drafted({f"web/{path}": text for path, text in self.VITE.items()}, "web")
        assert draft.app.cwd == "web"
        assert draft.app.command.endswith("--root out --spa")
        assert draft.build_checks[0].model_dump()["path"] == f"{RELEASE}/web/out/index.html"

    def test_an_output_folder_outside_of_the_repository_is_refused(self) -> None:
        assert (
            refused({**self.VITE, "vite.config.js": "export default { build: { outDir: '../../etc' } }"}).kind == Kind.PLAN_INVALID
        )

    def test_an_output_folder_beside_the_app_is_fine(self) -> None:
        files = {f"web/{path}": text for path, text in self.VITE.items()} | {
            "web/vite.config.js": "export default { build: { outDir: '../public' } }"
        }
        draft = drafted(files, "web")
        assert draft.build_checks[0].model_dump()["path"] == f"{RELEASE}/public/index.html"
        assert draft.app.command.endswith("--root ../public --spa")

    def test_create_react_app_is_not_built_under_ci(self) -> None:
        scripts = {"start": "react-scripts start", "build": "react-scripts build"}
        draft = drafted({"package.json": package(scripts=scripts, dependencies={"react-scripts": "5.0.1"})})
        assert draft.build[0].env == {"CI": "false"}
        assert draft.app.command.endswith("--root build --spa")

    def test_a_start_script_of_their_own_makes_them_servers(self) -> None:
        files = {
            **self.VITE,
            "package.json": package(scripts={"build": "vite build", "start": "node server.js"}, devDependencies={"vite": "6"}),
            "server.js": LISTENS,
        }
        draft = drafted(files)
        assert (draft.strategy, draft.app.command) == ("traditional", "npm start")
        assert commands(draft)[-1] == "npm run build"

    def test_without_python_they_are_refused(self) -> None:
        host = HostFacts(tools=tuple(tool for tool in HOST.tools if tool.name != "python3"))
        assert refused(self.VITE, host=host).kind == Kind.MISSING_TOOL


class TestNothingToStart:
    """Refusals before anything is installed."""

    def test_main_that_is_not_there(self) -> None:
        error = refused({"package.json": package(main="inbex.js"), "index.js": "console.log('hello')"})
        assert error.kind == Kind.NO_START_COMMAND
        assert "inbex.js, which is not there" in error.message
        assert "--start 'node index.js'" in " ".join(suggested(error))

    def test_a_wrong_main_does_not_matter_when_a_server_is_there(self) -> None:
        assert (
            drafted({"package.json": package(main="index.js", dependencies=EXPRESS), "server.js": LISTENS}).app.command
            == "node server.js"
        )

    def test_a_development_server_is_no_start(self) -> None:
        error = refused({"package.json": package(scripts={"start": "webpack serve"})})
        assert error.kind == Kind.NO_START_COMMAND
        assert "development" in error.message

    def test_a_library(self) -> None:
        error = refused(
            {"package.json": package(name="lib", main="lib/index.js", exports="./lib/index.js"), "lib/index.js": "exports.a = 1"}
        )
        assert error.kind == Kind.LIBRARY_NOTHING_TO_RUN

    @pytest.mark.parametrize("scripts", [{}, {"start": "postcss a.css -o b.css", "test": "jest"}])
    def test_an_entry_that_is_only_required_is_a_library(self, scripts: dict[str, str]) -> None:
        error = refused({"package.json": package(name="lib", main="lib.js", scripts=scripts), "lib.js": "exports.a = 1"})
        assert error.kind == Kind.LIBRARY_NOTHING_TO_RUN
        assert "lib.js starts no server" in error.message

    def test_a_main_file_that_exports_nothing_is_no_library(self) -> None:
        error = refused({"package.json": package(name="app", main="index.js"), "index.js": "console.log('hello')"})
        assert error.kind == Kind.NO_START_COMMAND

    def test_a_build_in_another_folder_is_not_this_folders_site(self) -> None:
        scripts = {"build": "cd client && react-scripts build", "start": "cd client && react-scripts start"}
        error = refused({"package.json": package(scripts=scripts)})
        assert error.kind == Kind.NO_START_COMMAND

    def test_tools_beside_a_python_package_count_little(self) -> None:
        files = {"package.json": package(devDependencies={"prettier": "3"}), "pyproject.toml": "[project]"}
        assert detected(files).score == 0

    @pytest.mark.parametrize(
        ("dependency", "hint"),
        [
            ("nuxt", "node .output/server/index.mjs'"),
            ("@angular/core", "--output-dir dist/NAME/browser"),
            ("astro", "--output-dir dist"),
        ],
    )
    def test_frameworks_without_a_recipe_name_the_override(self, dependency: str, hint: str) -> None:
        error = refused({"package.json": package(scripts={"build": "x build"}, dependencies={dependency: "1"})})
        assert error.kind == Kind.UNSUPPORTED_ECOSYSTEM
        assert hint in " ".join(suggested(error))

    def test_assets_of_another_app_never_win(self) -> None:
        files = {
            "composer.json": "{}",
            "vite.config.js": "",
            "package.json": package(scripts={"build": "vite build"}, devDependencies={"vite": "7"}),
        }
        detection = detected(files)
        assert (detection.runnable, detection.score <= 0) == (False, True)

    def test_no_node_on_the_target(self) -> None:
        error = refused({"package.json": package(scripts={"start": "node ."})}, host=HostFacts())
        assert error.kind == Kind.MISSING_TOOL
        assert "nvm" in error.message

    def test_not_a_node_project(self) -> None:
        assert NodeRecipe().detect(DictTree({"app.py": "", "index.js": LISTENS})) is None


class TestOverrides:
    """Single decisions replaced by the user."""

    FILES: ClassVar = {
        "package.json": package(scripts={"build": "nuxt build"}, dependencies={"nuxt": "3"}),
        "package-lock.json": "{}",
    }

    def test_start_lifts_a_refusal_and_keeps_install_and_build(self) -> None:
        draft = drafted(self.FILES, overrides=Overrides(start="node .output/server/index.mjs", health_path="health"))
        assert commands(draft) == ["npm ci --no-audit --no-fund", "npm run build"]
        assert draft.app.command.endswith("node .output/server/index.mjs")
        assert draft.app.health.path == "/health"

    def test_output_dir_makes_a_site_of_it(self) -> None:
        draft = drafted(self.FILES, overrides=Overrides(output_dir=".output/public"))
        assert draft.strategy == "static"
        assert draft.app.command.endswith("--root .output/public")
        assert draft.build_checks[0].model_dump()["path"] == f"{RELEASE}/.output/public/index.html"

    def test_build_of_a_site_keeps_its_web_server(self) -> None:
        draft = drafted(TestSinglePageApps.VITE, overrides=Overrides(build="make", install=""))
        assert draft.build[0].command.endswith("make")
        assert draft.build[1].command.startswith("mkdir -p /srv/shop/bin")
        assert draft.install == ()

    @pytest.mark.parametrize("folder", ["/etc", "../x"])
    def test_output_dir_stays_inside(self, folder: str) -> None:
        assert refused(self.FILES, overrides=Overrides(output_dir=folder)).kind == Kind.PLAN_INVALID


class TestNodeVersions:
    """`engines`, `.nvmrc` and several Nodes on one target."""

    OTHER = Tool(name="node", path="/root/.nvm/versions/node/v22.3.0/bin/node", version="22.3.0")

    def files(self, **engines: str) -> dict[str, str]:
        return {
            "package.json": package(scripts={"start": "node a.js"}, engines=engines, dependencies=EXPRESS),
            "package-lock.json": "{}",
        }

    def test_a_mismatch_is_a_warning(self) -> None:
        draft = drafted(self.files(node=">=24"))
        assert "Warning: package.json asks for Node >=24; 20.20.2 is what is here." in draft.notes

    def test_a_version_file_is_information(self) -> None:
        draft = drafted({**self.files(), ".nvmrc": "# comment\nv22\n"})
        assert draft.notes == (".nvmrc names Node v22; 20.20.2 is used.",)

    def test_another_node_that_fits_is_used(self) -> None:
        host = HOST.model_copy(update={"tools": (*HOST.tools, self.OTHER)})
        draft = drafted(self.files(node=">=22"), host=host)
        prefix = 'export PATH=/root/.nvm/versions/node/v22.3.0/bin:"$PATH"; '
        assert draft.install[0].command.startswith(prefix)
        assert draft.app.command == f"{prefix}npm start"
        assert draft.tools[0] == self.OTHER.path

    def test_a_binding_range_that_nothing_fits_is_refused(self) -> None:
        error = refused({**self.files(node=">=24"), ".npmrc": "engine-strict=true\n"})
        assert error.kind == Kind.RUNTIME_VERSION_UNAVAILABLE


@pytest.mark.parametrize(
    ("range_", "node", "kind"),
    [
        ("^4.14.1", "20.20.2", Kind.RUNTIME_VERSION_UNAVAILABLE),
        ("^4.14.1", "14.21.3", None),
        ("^9.0.0", "20.20.2", None),
        ("npm:sass@^1.32", "20.20.2", None),
    ],
)
def test_a_compiled_package_needs_a_node_of_its_time(range_: str, node: str, kind: Kind | None) -> None:
    files = {
        "package.json": package(scripts={"start": "node app.js"}, dependencies={**EXPRESS, "node-sass": range_}), "app.js": LISTENS,
    }  # fmt: skip
    tools = (*(tool for tool in HOST.tools if tool.name != "node"), Tool(name="node", path="/usr/bin/node", version=node))
    on = HOST.model_copy(update={"tools": tools})
    if kind is None:
        drafted(files, host=on)
    else:
        error = refused(files, host=on)
        assert error.kind is kind
        assert "nvm install 14" in " ".join(suggested(error))
