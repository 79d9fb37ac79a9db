"""PHP, Ruby and Deno: what is started, and what is missing."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts
from auto_deployer.model.ports import DeployPaths
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft, Recipe
from auto_deployer.planning.recipes.deno import DenoRecipe
from auto_deployer.planning.recipes.php import PhpRecipe
from auto_deployer.planning.recipes.ruby import BUNDLE, RubyRecipe
from auto_deployer.planning.recipes.shell import kept_secret

from .conftest import HOST, DictTree, plan_input
from .test_compiled import host, planned_kind

FULL = host(php="8.3.1", composer="2.7", ruby="3.2.2", bundle="2.4", deno="2.1.0")
LARAVEL = json.dumps({"require": {"php": "^8.2", "laravel/framework": "^12.0"}})


def drafted(recipe: Recipe, files: dict[str, str], *, on: HostFacts = FULL, env: frozenset[str] = frozenset()) -> Draft:
    found = recipe.detect(DictTree(files))
    assert found is not None
    assert found.runnable
    return recipe.draft(plan_input(found, host=on, env_names=env), found)


def refused(recipe: Recipe, files: dict[str, str], *, on: HostFacts = FULL) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        drafted(recipe, files, on=on)
    return caught.value


def commands(draft: Draft) -> list[str]:
    return [command.command for command in (*draft.install, *draft.build)]


class TestPhp:
    """Plain pages and Composer projects."""

    def test_plain_pages(self) -> None:
        draft = drafted(PhpRecipe(), {"index.php": "<?php"})
        assert (commands(draft), draft.app.command) == ([], 'exec php -S "$HOST:$PORT" -t .')

    def test_laravel(self) -> None:
        files = {"composer.json": LARAVEL, "composer.lock": "", "public/index.php": "", "artisan": "", ".env.example": "APP_KEY=\n"}
        draft = drafted(PhpRecipe(), files)
        assert commands(draft)[0] == "cp .env.example .env"
        assert commands(draft)[1].startswith("composer install --no-dev")
        assert "php artisan migrate --force" in commands(draft)[2]
        assert draft.app.command.endswith('exec php -S "$HOST:$PORT" -t public')
        assert 'export APP_KEY="base64:' in draft.app.command
        assert "APP_KEY" not in drafted(PhpRecipe(), files, env=frozenset({"APP_KEY"})).app.command

    def test_the_front_end_is_built(self) -> None:
        package = json.dumps({"scripts": {"build": "vite build"}})
        files = {"composer.json": LARAVEL, "public/index.php": "", "package.json": package, "package-lock.json": "{}"}
        assert [command for command in commands(drafted(PhpRecipe(), files)) if "npm" in command] == ["npm ci", "npm run build"]

    def test_composer_is_missing(self) -> None:
        error = refused(PhpRecipe(), {"composer.json": LARAVEL, "public/index.php": ""}, on=host(php="8.3"))
        assert (error.kind, "composer was not found" in error.message) == (Kind.MISSING_TOOL, True)

    async def test_a_library(self) -> None:
        kind = await planned_kind(PhpRecipe(), {"composer.json": '{"name": "a/b"}', "src/X.php": ""})
        assert kind is Kind.LIBRARY_NOTHING_TO_RUN


class TestRuby:
    """Rails, Rack and scripts."""

    RAILS: ClassVar = {"Gemfile": 'gem "rails"\ngem "propshaft"\n', "config/application.rb": "", "config.ru": ""}

    def test_rails(self) -> None:
        draft = drafted(RubyRecipe(), {**self.RAILS, "config/database.yml": "production:\n  adapter: sqlite3\n"})
        assert commands(draft)[0] == BUNDLE
        assert [command.rsplit("; ", 1)[-1] for command in commands(draft)[1:]] == [
            "bundle exec rails assets:precompile",
            "bundle exec rails db:prepare",
        ]
        assert draft.app.command.endswith('exec bundle exec rails server -b "$HOST" -p "$PORT"')
        assert draft.app.env["RAILS_ENV"] == "production"

    def test_rails_with_a_database_server(self) -> None:
        files = {**self.RAILS, "config/database.yml": "default: &default\n  adapter: postgresql\nproduction:\n  <<: *default\n"}
        assert refused(RubyRecipe(), files).kind is Kind.REQUIRED_SERVICE_MISSING
        assert drafted(RubyRecipe(), files, env=frozenset({"DATABASE_URL"})).required_services == ("postgresql",)

    @pytest.mark.parametrize(
        ("files", "start"),
        [
            ({"Gemfile": 'gem "sinatra"\ngem "puma"\n', "config.ru": ""}, 'exec bundle exec puma -b "tcp://$HOST:$PORT"'),
            ({"Gemfile": 'gem "rack"\ngem "rackup"\n', "config.ru": ""}, 'exec bundle exec rackup -o "$HOST" -p "$PORT"'),
            ({"Gemfile": 'gem "sinatra"\n', "app.rb": "require 'sinatra'\n"}, 'exec bundle exec ruby app.rb -o "$HOST" -p "$PORT"'),
            ({"app.rb": "require 'sinatra'\n"}, 'exec ruby app.rb -o "$HOST" -p "$PORT"'),
        ],
    )
    def test_rack_and_scripts(self, files: dict[str, str], start: str) -> None:
        assert drafted(RubyRecipe(), files).app.command == start

    def test_ruby_is_too_old_or_missing(self) -> None:
        files = {"Gemfile": 'ruby "~> 3.3"\ngem "rack"\n', "config.ru": ""}
        assert refused(RubyRecipe(), files).kind is Kind.RUNTIME_VERSION_UNAVAILABLE
        error = refused(RubyRecipe(), files, on=HOST.model_copy(update={"os": "darwin"}))
        assert "brew install ruby" in suggested(error)[0]

    async def test_a_library(self) -> None:
        kind = await planned_kind(RubyRecipe(), {"Gemfile": "gemspec\n", "x.gemspec": "", "lib/x.rb": ""})
        assert kind is Kind.LIBRARY_NOTHING_TO_RUN

    @pytest.mark.parametrize("files", [{"Rakefile": ""}, {"Gemfile": 'gem "jekyll"\n'}])
    def test_no_ruby_app(self, files: dict[str, str]) -> None:
        assert RubyRecipe().detect(DictTree(files)) is None


class TestDeno:
    """Tasks and entry files."""

    @pytest.mark.parametrize(
        ("files", "start"),
        [
            ({"deno.json": '{"tasks": {"start": "deno run -A x.ts"}}'}, "exec deno task start"),
            ({"deno.jsonc": "{ /* none */ }", "main.ts": "Deno.serve(() => new Response())"}, "exec deno run --allow-all main.ts"),
            (
                {"deno.json": "{}", "server.ts": "export default { fetch: () => new Response() }"},
                'exec deno serve --host "$HOST" --port "$PORT" --allow-all server.ts',
            ),
        ],
    )
    def test_start(self, files: dict[str, str], start: str) -> None:
        assert drafted(DenoRecipe(), files).app.command == start

    @pytest.mark.parametrize(
        ("files", "install"),
        [
            ({"deno.json": '{"imports": {"hono": "npm:hono@4"}}', "main.ts": "Deno.serve(app.fetch)"}, ["deno cache main.ts"]),
            ({"deno.json": '{"tasks": {"start": "deno run -A x.ts"}}', "x.ts": "import 'jsr:@oak/oak'"}, ["deno cache x.ts"]),
            ({"deno.json": '{"tasks": {"start": "vite preview"}}', "package.json": "{}"}, ["deno install"]),
            ({"deno.json": "{}", "main.ts": "Deno.serve(() => new Response())"}, []),
        ],
    )
    def test_what_it_imports_is_fetched_before_it_starts(self, files: dict[str, str], install: list[str]) -> None:
        assert [planned.command for planned in drafted(DenoRecipe(), files).install] == install

    async def test_a_package_for_others_is_no_app(self) -> None:
        files = {
            "deno.json": '{"name": "@oak/oak", "exports": "./mod.ts"}',
            "mod.ts": "// .listen(80)\nnew Application()",
        }
        assert await planned_kind(DenoRecipe(), files) is Kind.LIBRARY_NOTHING_TO_RUN

    def test_npm_brings_a_deno(self) -> None:
        draft = drafted(DenoRecipe(), {"deno.json": '{"tasks": {"start": "x", "build": "y"}}'}, on=HOST)
        assert (draft.app.command, commands(draft)) == ("exec npx --yes deno@2 task start", ["npx --yes deno@2 task build"])

    def test_neither_is_there(self) -> None:
        assert refused(DenoRecipe(), {"deno.json": '{"tasks": {"start": "x"}}'}, on=HostFacts()).kind is Kind.MISSING_TOOL

    async def test_nothing_to_start(self) -> None:
        assert await planned_kind(DenoRecipe(), {"deno.json": "{}", "mod.ts": "export const a = 1"}) is Kind.NO_START_COMMAND


def test_a_kept_secret_is_made_once_and_never_printed(tmp_path: Path) -> None:
    """The text runs in every release of the app; the second finds what the first made."""
    (tmp_path / "shared").mkdir()
    given = replace(plan_input(), paths=DeployPaths(deploy_dir=str(tmp_path), release="1"))
    text = kept_secret(given, "APP_KEY", prefix="base64:")
    runs = [subprocess.run(["bash", "-c", f"{text}printenv APP_KEY"], capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout) > 40
    assert (tmp_path / "shared" / "app_key").stat().st_mode & 0o077 == 0
