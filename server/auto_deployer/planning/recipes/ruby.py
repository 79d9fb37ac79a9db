"""Ruby: Rails, Rack apps and Sinatra scripts."""

from __future__ import annotations

import re
from shlex import quote

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence
from ...model.plan import AppSpec, PlannedCommand
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from ..versions import at_least
from .shell import kept_secret
from .toolchain import Toolchain, toolchain

_GEMFILES = ("Gemfile", "gems.rb")
_GEM = re.compile(r"(?m)^\s*gem\s*\(?\s*['\"]([\w-]+)['\"]")
_SCRIPTS = ("app.rb", "server.rb", "main.rb", "web.rb", "application.rb")
_SCRIPT = re.compile(r"(?m)^\s*require\s+['\"](sinatra|roda|webrick|agoo|hanami/router)['\"]")
BUNDLE = "bundle check >/dev/null 2>&1 || { bundle config set --local path vendor/bundle && bundle install --jobs 4; }"
"""Gems that are here already are used; otherwise they are installed into the release."""
_PRODUCTION = {"RAILS_ENV": "production", "RACK_ENV": "production", "APP_ENV": "production", "RAILS_LOG_TO_STDOUT": "1",
               "RAILS_SERVE_STATIC_FILES": "1"}  # fmt: skip
_DATABASES = {"pg": "postgresql", "mysql2": "mysql", "trilogy": "mysql"}


class RubyFindings(Model):
    """What a plan needs to know of the app."""

    way: str = ""
    """ "rails", "rack" or a script's path."""
    bundled: bool = True
    """There is a Gemfile."""
    gems: tuple[str, ...] = ()
    assets: bool = False
    """Rails compiles files for the browser."""
    database: str = ""
    """The service that Rails' database settings name for production; "" for a file."""
    version: str = ""
    """Ruby "major.minor" that the Gemfile asks for at least."""


class RubyRecipe:
    """Folders with a config.ru, a Rails app, or a script that serves."""

    name = "ruby"

    def detect(self, tree: RepoTree) -> Detection | None:
        gemfile = next((name for name in _GEMFILES if tree.is_file(name)), "")
        text = tree.read(gemfile) or "" if gemfile else ""
        gems = tuple(dict.fromkeys(_GEM.findall(text)))
        evidence = [Evidence(file=gemfile, saw="gems for Bundler", weight=3.0)] if gemfile else []
        way, proof, framework = _entry(tree, gems)
        if not way:
            return _without_entry(self.name, gemfile, tuple(evidence), tree) if gemfile and "jekyll" not in gems else None
        if framework in gems:
            evidence.append(Evidence(file=gemfile, saw=f"depends on {framework}", weight=2.0))
        evidence.append(Evidence(file=proof, saw=f"{framework or 'a Rack app'} to start", weight=4.0))
        findings = RubyFindings(
            way=way,
            bundled=bool(gemfile),
            gems=gems,
            assets=bool({"sprockets-rails", "propshaft", "sassc-rails"} & set(gems))
            or tree.is_file("app/assets/config/manifest.js"),
            database=_database(tree, gems) if way == "rails" else "",
            version=_wanted_version(text),
        )
        return Detection(
            recipe=self.name,
            project_type="ruby",
            framework=framework,
            score=sum(item.weight for item in evidence),
            evidence=tuple(evidence),
            runnable=True,
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Bundler's gems, Rails' assets and database, and the app's own server.

        Raises:
            RefusedError: Ruby or Bundler is not there or too old, or the database has no address.
        """
        findings = RubyFindings.model_validate(detection.details)
        tools = toolchain(given, "Ruby", ("ruby",), *((("bundle",),) if findings.bundled else ()))
        if given.overrides.start is None:
            _refuse(given, findings)
        rails = findings.way == "rails"
        secret = kept_secret(given, "SECRET_KEY_BASE") if rails else ""
        app = AppSpec(
            name=given.app_name,
            command=f"{tools.prefix}{secret}exec {'bundle exec ' if findings.bundled else ''}{_start(findings)}",
            cwd=given.repo.source.subdir,
            env=_PRODUCTION,
        )
        install = tools.command(given, BUNDLE, "The gems of the Gemfile.", BUNDLE_WITHOUT="development:test")
        draft = Draft(
            strategy="traditional",
            app=app,
            tools=tools.tools,
            install=(install,) if findings.bundled else (),
            build=_rails_build(given, findings, tools, secret) if rails else (),
            package_manager="bundler" if findings.bundled else "",
            command_prefix=tools.prefix,
            required_services=(findings.database,) if findings.database else (),
        )
        return apply_overrides(draft, given, cwd=app_folder(given), prefix=tools.prefix)


def _entry(tree: RepoTree, gems: tuple[str, ...]) -> tuple[str, str, str]:
    """(way, file that shows it, framework); "" when nothing serves."""
    if ("rails" in gems or "railties" in gems) and tree.is_file("config/application.rb"):
        return "rails", "config/application.rb", "rails"
    if tree.is_file("config.ru"):
        return "rack", "config.ru", next((name for name in ("sinatra", "roda", "hanami", "grape", "padrino") if name in gems), "")
    for path in _SCRIPTS:
        if found := _SCRIPT.search(tree.read(path) or ""):
            return path, path, found[1].split("/")[0]
    return "", "", ""


def _start(findings: RubyFindings) -> str:
    if findings.way == "rails":
        return 'rails server -b "$HOST" -p "$PORT"'
    if findings.way != "rack":
        return f'ruby {quote(findings.way)} -o "$HOST" -p "$PORT"'
    server = next((name for name in ("puma", "falcon", "thin") if name in findings.gems), "")
    if server == "puma":
        return 'puma -b "tcp://$HOST:$PORT"'
    return f'rackup{f" -s {server}" if server else ""} -o "$HOST" -p "$PORT"'


def _rails_build(given: PlanInput, findings: RubyFindings, tools: Toolchain, secret: str) -> tuple[PlannedCommand, ...]:
    commands: list[PlannedCommand] = []
    if findings.assets:
        compile_assets = f"{secret}bundle exec rails assets:precompile"
        commands.append(tools.command(given, compile_assets, "Files for the browser.", **_PRODUCTION))
    migrate = f"{secret}bundle exec rails db:prepare"
    commands.append(tools.command(given, migrate, "Create the database, or bring it up to date.", **_PRODUCTION))
    return tuple(commands)


def _database(tree: RepoTree, gems: tuple[str, ...]) -> str:
    """The database server that production uses, by config/database.yml, else by the gem; "" for SQLite and none at all."""
    text = tree.read("config/database.yml")
    if text is None:
        return ""
    production = re.search(r"(?m)^production:.*\n((?:[ \t]+.*\n?|\s*\n)*)", text)
    adapter = re.search(r"adapter:\s*(\w+)", production[1] if production else "") or re.search(r"adapter:\s*(\w+)", text)
    name = adapter[1] if adapter else next((gem for gem in _DATABASES if gem in gems), "")
    return "" if name.startswith("sqlite") else _DATABASES.get(name, name)


def _wanted_version(text: str) -> str:
    """The least Ruby "major.minor" of the Gemfile's `ruby` line."""
    found = re.search(r"(?m)^\s*ruby\s+[^\d\n]*(\d+\.\d+)", text)
    return found[1] if found else ""


def _refuse(given: PlanInput, findings: RubyFindings) -> None:
    ruby = given.host.tool("ruby")
    if ruby and findings.version and not at_least(ruby.version, findings.version):
        raise RefusedError(
            f"The Gemfile asks for Ruby {findings.version}, and {ruby.version} is what is here.",
            kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
            suggestions=(
                suggest(f"Install Ruby {findings.version}, and deploy again", command=f"mise use ruby@{findings.version}"),
            ),
        )
    if findings.database and "DATABASE_URL" not in given.env_names:
        raise RefusedError(
            f"The app needs {findings.database} (config/database.yml), and DATABASE_URL is not set.",
            kind=Kind.REQUIRED_SERVICE_MISSING,
            suggestions=(suggest(f"Start {findings.database} and give its address", "env", "DATABASE_URL"),),
        )


def _without_entry(recipe: str, gemfile: str, evidence: tuple[Evidence, ...], tree: RepoTree) -> Detection:
    library = next(iter(tree.glob("*.gemspec")), "")
    reason = Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN if library else Kind.NO_START_COMMAND,
        message=f"{f'{library} makes a library' if library else 'This is a Ruby project'}, and nothing shows what serves "
        f"(looked for config.ru, a Rails app, and Sinatra in {', '.join(_SCRIPTS)}).",
        suggestions=(
            suggest("Say how to start it, such as `bundle exec ruby` and a file (PORT and HOST are set)", "overrides.start"),
        ),
    )
    score = sum(item.weight for item in evidence) if library else 1.0
    evidence = evidence if library else (Evidence(file=gemfile, saw="gems, perhaps for tools only", weight=1.0),)
    return Detection(recipe=recipe, project_type="ruby", score=score, evidence=evidence, refusal=reason)
