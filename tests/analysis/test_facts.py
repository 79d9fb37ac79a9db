"""Facts, ecosystems, candidates, and who wins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from auto_deployer.analysis import ECOSYSTEMS, analyze, ecosystem_named, parse_source
from auto_deployer.analysis.candidates import MAX_CANDIDATES, MAX_DEPTH
from auto_deployer.analysis.detection import Detector, detect
from auto_deployer.analysis.ecosystems import find_ecosystems
from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Detection, Evidence, HostFacts, RepoFacts, Tool
from auto_deployer.model.ports import RepoTree

from .conftest import RepoFactory, Take, TreeOf

FactsOf = Callable[..., Awaitable[RepoFacts]]


def sees(file: str, *, score: float = 5.0, runnable: bool = True, framework: str = "", recipe: str = "") -> Detector:
    """A recipe's detector that goes by one file."""

    def detector(tree: RepoTree) -> Detection | None:
        if not tree.is_file(file):
            return None
        evidence = (Evidence(file=file, saw="it is there", weight=score),)
        return Detection(
            recipe=recipe or file,
            project_type=f"type-{file}",
            framework=framework,
            score=score,
            runnable=runnable,
            evidence=evidence,
        )

    return detector


@pytest.fixture
def facts_of(take: Take, tree_of: TreeOf) -> FactsOf:
    async def run(repo: object, *detectors: Detector, **options: object) -> RepoFacts:
        snapshot = await take(repo, **options)
        tree = await tree_of(repo, **options)
        return analyze(tree, snapshot, parse_source(str(repo)), detectors)

    return run


async def test_what_the_snapshot_holds(new_repo: RepoFactory, facts_of: FactsOf):
    repo = new_repo(files={
        "README.md": "# Shop", "Procfile": "web: x", "src/app.py": "x", "vite.config.ts": "x", "gunicorn.conf.py": "x",
        "other.xyz": "12345",
        ".github/workflows/deploy.yml": "x", "node_modules/x/package.json": "{}", "deep/er/than/that/Dockerfile": "x",
        ".env.example": "# comment\nDATABASE_URL=postgres://x\nexport SECRET_KEY =\n  DEBUG=1\nnot a name\nDATABASE_URL=again\n",
        "env.sample": "MORE=1\n",
    })  # fmt: skip
    facts = await facts_of(repo.path, sees("Procfile", framework="flask"))
    assert facts.name == "shop"
    assert facts.source.commit == repo.git("rev-parse", "HEAD")
    assert (facts.source.repo, facts.source.ref, facts.source.kind) == (str(repo.path), "main", "commit")
    assert facts.file_count == 10
    assert facts.total_bytes > 5
    assert facts.top_level[:4] == (".env.example", ".github/", "Procfile", "README.md")
    assert "node_modules/" not in facts.top_level
    assert facts.key_files == (
        ".env.example", "Procfile", "README.md", "env.sample", "gunicorn.conf.py", "vite.config.ts", "src/app.py",
        ".github/workflows/deploy.yml",
    )  # fmt: skip
    assert facts.declared_env == ("DATABASE_URL", "SECRET_KEY", "DEBUG", "MORE")
    assert (facts.project_type, facts.framework) == ("type-Procfile", "flask")
    assert any("node_modules/" in note for note in facts.notes)


async def test_facts_of_a_sub_folder(new_repo: RepoFactory, facts_of: FactsOf):
    repo = new_repo(files={"package.json": "{}", "apps/web/index.html": "hi"})
    facts = await facts_of(repo.path, sees("index.html"), subdir="apps/web")
    assert (facts.source.subdir, facts.file_count, facts.top_level) == ("apps/web", 1, ("index.html",))


async def test_lfs_pointers_submodules_and_links_are_noted(new_repo: RepoFactory, facts_of: FactsOf):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"
    library = new_repo("library", files={"lib.py": "x"})
    repo = new_repo(files={"a.bin": pointer, "b.bin": pointer, "c.txt": "x" * 130, ".gitattributes": "*.bin filter=lfs diff=lfs\n"})
    repo.git("submodule", "add", "-q", str(library.path), "libs")
    (repo.path / "link").symlink_to("a.bin")
    repo.commit()
    facts = await facts_of(repo.path)
    assert facts.lfs_files == 2
    assert facts.submodules == ("libs",)
    assert sum(1 for note in facts.notes if "LFS" in note or "submodule" in note or "link" in note) == 3


async def test_nothing_known(new_repo: RepoFactory, facts_of: FactsOf):
    facts = await facts_of(new_repo(files={"notes.txt": "x"}).path, sees("app.py"))
    assert (facts.project_type, facts.framework, facts.detections, facts.candidates) == ("unknown", "", (), ())


async def test_the_highest_score_wins_and_the_runner_up_is_kept(new_repo: RepoFactory, tree_of: TreeOf):
    tree = await tree_of(new_repo(files={"a": "x", "b": "x", "c": "x"}).path)
    found, _ = detect(tree, [sees("a", score=3), sees("b", score=7), sees("c", score=3), sees("absent", score=9)])
    assert [detection.recipe for detection in found] == ["b", "a", "c"]


@pytest.mark.parametrize(("score", "wins"), [(7.9, False), (8.1, True)])
async def test_what_cannot_run_wins_only_with_more_than_twice_the_score(
    new_repo: RepoFactory, tree_of: TreeOf, score: float, wins: bool
):
    tree = await tree_of(new_repo(files={"a": "x", "b": "x"}).path)
    found, _ = detect(tree, [sees("a", score=4.0), sees("b", score=score, runnable=False)])
    assert (found[0].recipe == "b") is wins


async def test_a_score_of_nothing_never_wins(new_repo: RepoFactory, facts_of: FactsOf):
    facts = await facts_of(new_repo(files={"a": "x"}).path, sees("a", score=-1.0))
    assert facts.project_type == "unknown"
    assert len(facts.detections) == 1


async def test_a_recipe_that_stumbles_does_not_stop_the_others(new_repo: RepoFactory, facts_of: FactsOf):
    def stumbles(_tree: RepoTree) -> Detection | None:
        raise RecursionError

    facts = await facts_of(new_repo(files={"a": "x"}).path, stumbles, sees("a"))
    assert facts.project_type == "type-a"
    assert any("RecursionError" in note for note in facts.notes)


async def test_our_own_errors_are_not_swallowed(new_repo: RepoFactory, facts_of: FactsOf):
    def refuses(_tree: RepoTree) -> Detection | None:
        raise RefusedError("no")

    with pytest.raises(RefusedError):
        await facts_of(new_repo(files={"a": "x"}).path, refuses)


async def test_candidates_when_the_root_has_nothing_to_run(new_repo: RepoFactory, facts_of: FactsOf):
    repo = new_repo(files={
        "package.json": "{}", "examples/hello/index.js": "x", "examples/hello/public/index.js": "x", "examples/mvc/index.js": "x",
        "web/index.js": "x", "test/index.js": "x", ".hidden/index.js": "x", "node_modules/x/index.js": "x", "a/b/c/index.js": "x",
        "a/b/c/d/e/index.js": "x", "x/y/z/w/index.js": "x",
    })  # fmt: skip
    library = sees("package.json", runnable=False)
    facts = await facts_of(repo.path, library, sees("index.js", framework="express"))
    assert [candidate.path for candidate in facts.candidates] == ["web", "examples/hello", "examples/mvc", "a/b/c"]
    assert {candidate.kind for candidate in facts.candidates} == {"express"}
    assert all(candidate.path.count("/") < MAX_DEPTH for candidate in facts.candidates)


@pytest.mark.parametrize(
    "files",
    [
        {"pnpm-workspace.yaml": "packages: []"},
        {"turbo.json": "{}"},
        {"nx.json": "{}"},
        {"package.json": '{"workspaces": ["apps/*"]}'},
    ],
)
async def test_the_root_of_a_workspace_has_candidates_even_when_it_runs(
    new_repo: RepoFactory, facts_of: FactsOf, files: dict[str, str | bytes]
):
    repo = new_repo(files={**files, "main": "x", "apps/web/index.js": "x"})
    facts = await facts_of(repo.path, sees("main", score=9), sees("index.js", framework="express"))
    assert [(candidate.path, candidate.kind) for candidate in facts.candidates] == [("apps/web", "express")]


async def test_no_candidates_when_the_root_runs_and_never_too_many(new_repo: RepoFactory, facts_of: FactsOf):
    files: dict[str, str | bytes] = {f"app{number:03}/index.js": "x" for number in range(MAX_CANDIDATES + 10)}
    repo = new_repo(files=files)
    facts = await facts_of(repo.path, sees("index.js"))
    assert len(facts.candidates) == MAX_CANDIDATES
    repo.commit({"main": "x"})
    facts = await facts_of(repo.path, sees("index.js"), sees("main"))
    assert facts.candidates == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"go.mod": "module x", "Dockerfile": "FROM x"}, ["go", "dockerfile"]),
        ({"main.go": "package main"}, ["go"]),
        ({"Cargo.toml": "x"}, ["rust"]),
        ({"pom.xml": "x"}, ["maven"]),
        ({"build.gradle.kts": "x", "gradlew": "x"}, ["gradle"]),
        ({"composer.json": "{}"}, ["php"]),
        ({"public/index.php": "x"}, ["php"]),
        ({"Rakefile": "x"}, []),
        ({"Gemfile": "gem 'rails'", "Rakefile": "x"}, ["ruby"]),
        ({"config.ru": "x"}, ["ruby"]),
        ({"Gemfile": "gem 'jekyll'", "_config.yml": "theme: x"}, ["jekyll", "ruby"]),
        ({"mix.exs": "x"}, ["elixir"]),
        ({"Shop.csproj": "x"}, ["dotnet"]),
        ({"Shop.sln": "x", "Shop/Shop.csproj": "x"}, ["dotnet"]),
        ({"pubspec.yaml": "x"}, ["dart"]),
        ({"Package.swift": "x"}, ["swift"]),
        ({"deno.json": "{}"}, ["deno"]),
        ({"hugo.toml": "x"}, ["hugo"]),
        ({"config.toml": "baseURL = 'x'"}, ["hugo"]),
        ({"config.toml": "debug = true"}, []),
        ({"mkdocs.yml": "x"}, ["mkdocs"]),
        ({"conf.py": "extensions = []"}, ["sphinx"]),
        ({"conf.py": "bind = ':80'"}, []),
        ({"Project.toml": "[deps]\n"}, ["julia"]),
        ({"start.sh": "x"}, ["shell"]),
        ({"Dockerfile": "x"}, ["dockerfile"]),
        ({"compose.yaml": "x", "Dockerfile": "x"}, ["compose", "dockerfile"]),
        ({"sub/go.mod": "x", "README.md": "x"}, []),
        ({"app.py": "x"}, []),
    ],
)
async def test_known_ecosystems(new_repo: RepoFactory, tree_of: TreeOf, files: dict[str, str | bytes], expected: list[str]):
    tree = await tree_of(new_repo(files=files).path)
    assert [ecosystem.name for ecosystem in find_ecosystems(tree)] == expected


async def test_the_type_of_an_ecosystem_without_a_recipe(new_repo: RepoFactory, facts_of: FactsOf):
    facts = await facts_of(new_repo(files={"pom.xml": "x"}).path)
    assert (facts.project_type, facts.ecosystems) == ("java", ("maven",))


def test_an_ecosystem_tells_which_tools_are_missing():
    host = HostFacts(tools=(Tool(name="java", path="/usr/bin/java"), Tool(name="stack", path="/usr/bin/stack")))
    assert ecosystem_named("maven").missing_tools(host) == ("mvn",)
    assert ecosystem_named("haskell").missing_tools(host) == ()
    assert ecosystem_named("dart").missing_tools(host) == ("dart or flutter",)
    assert ecosystem_named("dockerfile").docker_engine


def test_every_ecosystem_has_signs_and_needs_something():
    assert len({ecosystem.name for ecosystem in ECOSYSTEMS}) == len(ECOSYSTEMS)
    for ecosystem in ECOSYSTEMS:
        assert ecosystem.signs
        assert ecosystem.tools or ecosystem.docker_engine
