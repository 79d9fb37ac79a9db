"""Known ecosystems, with a recipe or without: how to see them, and what they need on the host. A table, as data."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..model.facts import HostFacts
from ..model.ports import RepoTree


@dataclass(frozen=True)
class Sign:
    """A file that speaks for an ecosystem."""

    pattern: str
    """`fnmatch` pattern for a path in the deployed folder ("*" does not cross "/")."""
    weight: float
    contains: str = ""
    """Regular expression that its text must match; "" for any text."""


@dataclass(frozen=True)
class Ecosystem:
    """A kind of project."""

    name: str
    label: str
    """For people."""
    project_type: str
    """As in the log format."""
    signs: tuple[Sign, ...]
    """The ecosystem's weight is that of the strongest sign seen; none seen: it is not there."""
    tools: tuple[tuple[str, ...], ...] = ()
    """Programs it needs on the host: one of each group."""
    docker_engine: bool = False
    """It needs a running Docker engine."""
    recipe: str = ""
    """Name of the recipe that plans it; "" for those that need the user's own commands."""

    def missing_tools(self, host: HostFacts) -> tuple[str, ...]:
        """What is not on the host, one name (or "a or b") for each group."""
        return tuple(" or ".join(group) for group in self.tools if not any(host.tool(name) for name in group))


def _named(*patterns: str, weight: float = 1.0) -> tuple[Sign, ...]:
    return tuple(Sign(pattern, weight) for pattern in patterns)


_SPHINX = r"(?m)^\s*(extensions|project|html_theme)\s*="
_RUBY = (("ruby",), ("bundle", "bundler"))

ECOSYSTEMS: tuple[Ecosystem, ...] = (
    Ecosystem("go", "Go", "go", (*_named("go.mod", "go.work"), Sign("main.go", 0.8)), (("go",),), recipe="go"),
    Ecosystem("rust", "Rust", "rust", _named("Cargo.toml"), (("cargo",),), recipe="rust"),
    Ecosystem("maven", "Java (Maven)", "java", _named("pom.xml", "pom.*.xml"), (("java",), ("mvn",)), recipe="java"),
    Ecosystem("gradle", "Java or Kotlin (Gradle)", "java", _named(
        "build.gradle", "build.gradle.kts", "gradlew",
    ), (("java",),), recipe="java"),
    Ecosystem("scala", "Scala (sbt)", "scala", _named("build.sbt"), (("java",), ("sbt",))),
    Ecosystem("clojure", "Clojure", "clojure", _named("project.clj", "deps.edn"), (("java",), ("lein", "clojure", "clj"))),
    Ecosystem("php", "PHP", "php", (
        Sign("composer.json", 1.0), *_named("index.php", "public/index.php", weight=0.9),
    ), (("php",),), recipe="php"),
    # a Rakefile alone does not make an app: many C, Go and documentation projects build with rake
    Ecosystem("ruby", "Ruby", "ruby", (Sign("config.ru", 1.0), Sign("Gemfile", 0.9), Sign("gems.rb", 0.9)), _RUBY, recipe="ruby"),
    Ecosystem("jekyll", "Jekyll", "static", (
        Sign("Gemfile", 1.1, r"(?i)\bjekyll\b|github-pages"),
        Sign("_config.yml", 0.7, r"(?m)^(theme|remote_theme|plugins|markdown|permalink)\s*:"),
    ), _RUBY, recipe="jekyll"),
    Ecosystem("elixir", "Elixir", "elixir", _named("mix.exs"), (("mix",), ("elixir",))),
    Ecosystem("erlang", "Erlang", "erlang", _named("rebar.config"), (("erl",), ("rebar3",))),
    Ecosystem("gleam", "Gleam", "gleam", _named("gleam.toml"), (("gleam",), ("erl",))),
    Ecosystem("dotnet", ".NET", "dotnet", (
        *_named("*.csproj", "*.fsproj", "*.vbproj"), *_named("*.sln", "*.slnx", "global.json", weight=0.8), Sign("*/*.csproj", 0.7),
    ), (("dotnet",),)),
    Ecosystem("dart", "Dart or Flutter", "dart", _named("pubspec.yaml"), (("dart", "flutter"),)),
    Ecosystem("swift", "Swift", "swift", _named("Package.swift"), (("swift",),)),
    Ecosystem("deno", "Deno", "deno", _named("deno.json", "deno.jsonc"), (("deno",),), recipe="deno"),
    Ecosystem("crystal", "Crystal", "crystal", _named("shard.yml"), (("crystal",), ("shards",))),
    Ecosystem("zig", "Zig", "zig", _named("build.zig"), (("zig",),)),
    Ecosystem("nim", "Nim", "nim", _named("*.nimble"), (("nim",), ("nimble",))),
    Ecosystem("haskell", "Haskell", "haskell", _named("stack.yaml", "cabal.project", "*.cabal"), (("stack", "cabal"),)),
    Ecosystem("ocaml", "OCaml", "ocaml", _named("dune-project"), (("dune",),)),
    Ecosystem("elm", "Elm", "elm", _named("elm.json"), (("elm",),)),
    Ecosystem("perl", "Perl", "perl", _named("cpanfile", "app.psgi"), (("perl",), ("cpanm", "cpan"))),
    Ecosystem("r", "R", "r", (*_named("app.R", "server.R"), Sign("DESCRIPTION", 0.8, r"(?m)^Package:")), (("Rscript",),)),
    Ecosystem("julia", "Julia", "julia", (Sign("Project.toml", 1.0, r"(?m)^\[deps\]"),), (("julia",),)),
    Ecosystem("lua", "Lua", "lua", _named("*.rockspec", weight=0.9), (("lua", "luajit"), ("luarocks",))),
    Ecosystem("cobol", "COBOL", "cobol", _named("*.cbl", "*.cob", weight=0.8), (("cobc",),)),
    Ecosystem("hugo", "Hugo", "static", (
        *_named("hugo.toml", "hugo.yaml", "hugo.json"), Sign("config/_default/*.toml", 0.9), Sign("config/_default/*.yaml", 0.9),
        *(Sign(f"config.{kind}", 0.9, r"(?i)\bbaseURL\b") for kind in ("toml", "yaml", "yml")),
    ), (("hugo",),), recipe="hugo"),
    Ecosystem("mkdocs", "MkDocs", "docs", _named("mkdocs.yml", "mkdocs.yaml"), (("python3",),), recipe="mkdocs"),
    Ecosystem("sphinx", "Sphinx", "docs", (
        Sign("conf.py", 1.0, _SPHINX), Sign("docs/conf.py", 0.6, _SPHINX), Sign("docs/source/conf.py", 0.6, _SPHINX),
    ), (("python3",),), recipe="sphinx"),
    Ecosystem("cmake", "C or C++", "cpp", (
        *_named("CMakeLists.txt", "meson.build", weight=0.8), Sign("configure.ac", 0.6),
    ), (("cmake", "meson", "make"),)),
    Ecosystem("shell", "Shell", "shell", _named("start.sh", weight=0.3), (("bash", "sh"),)),
    Ecosystem("compose", "Docker Compose", "docker", _named(
        "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", weight=0.5,
    ), docker_engine=True),
    Ecosystem("dockerfile", "Dockerfile", "docker", _named("Dockerfile", "Containerfile", weight=0.4), docker_engine=True),
)  # fmt: skip
"""Order breaks ties. A Dockerfile or compose file stands behind what it packages: it can run without an engine."""

_BY_NAME = {ecosystem.name: ecosystem for ecosystem in ECOSYSTEMS}


def ecosystem_named(name: str) -> Ecosystem:
    """The row of a name from `RepoFacts.ecosystems`.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def find_ecosystems(tree: RepoTree) -> tuple[Ecosystem, ...]:
    """The known ecosystems that the folder shows, strongest first."""
    near: tuple[list[str], ...] = ([], [], [])
    for path in tree.files:
        if (depth := path.count("/")) < len(near):
            near[depth].append(path)
    weights = [(max((sign.weight for sign in row.signs if _seen(sign, tree, near)), default=0.0), row) for row in ECOSYSTEMS]
    return tuple(row for weight, row in sorted(weights, key=lambda item: -item[0]) if weight > 0)


def _seen(sign: Sign, tree: RepoTree, near: Sequence[Sequence[str]]) -> bool:
    paths = [path for path in near[sign.pattern.count("/")] if fnmatchcase(path, sign.pattern)]
    if not sign.contains:
        return bool(paths)
    return any(re.search(sign.contains, tree.read(path) or "") for path in sorted(paths, key=posixpath.basename)[:5])
