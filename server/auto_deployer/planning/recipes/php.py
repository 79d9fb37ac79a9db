"""PHP: plain pages, Laravel and other Composer projects, served by PHP's built-in web server."""

from __future__ import annotations

import posixpath
from shlex import quote

from ...model.base import Model
from ...model.facts import Detection, Evidence
from ...model.plan import AppSpec, FileCheck, PlannedCommand
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from .json_texts import json_object
from .local_services import LocalService, refuse_missing
from .php_services import php_services
from .shell import kept_secret
from .toolchain import Toolchain, toolchain

_FOLDERS = ("public", "web", "www", "htdocs", "webroot", "html", "")
"""Where the front page may lie; one below the root keeps the sources out of reach."""
_FRAMEWORKS = {
    "laravel/framework": "laravel", "laravel/lumen-framework": "lumen", "symfony/framework-bundle": "symfony", "slim/slim": "slim",
    "cakephp/cakephp": "cakephp", "codeigniter4/framework": "codeigniter", "yiisoft/yii2": "yii", "laminas/laminas-mvc": "laminas",
}  # fmt: skip
_WORKERS = {"PHP_CLI_SERVER_WORKERS": "4"}
"""Otherwise one request after the other."""


class PhpFindings(Model):
    """What a plan needs to know of the app."""

    root: str
    """Folder of the front page, relative to the deployed one."""
    composer: bool
    """Composer has packages to install."""
    locked: bool = False
    framework: str = ""
    assets: bool = False
    """package.json builds the front end's files."""
    asset_lock: bool = False
    sample_settings: bool = False
    """There is an .env.example and no .env."""
    services: tuple[LocalService, ...] = ()


class PhpRecipe:
    """Folders with an index.php, its own or a public one, or a composer.json."""

    name = "php"

    def detect(self, tree: RepoTree) -> Detection | None:
        composer = json_object(tree.read("composer.json"))
        root = next((folder for folder in _FOLDERS if tree.is_file(posixpath.join(folder, "index.php"))), None)
        if root is None and not tree.is_file("composer.json"):
            return None
        required = composer.get("require")
        packages = [name for name in required if "/" in name] if isinstance(required, dict) else []
        framework = next((name for package, name in _FRAMEWORKS.items() if package in packages), "")
        evidence: list[Evidence] = []
        if tree.is_file("composer.json"):
            evidence.append(Evidence(file="composer.json", saw="packages for Composer", weight=3.0))
        if framework:
            evidence.append(Evidence(file="composer.json", saw=f"requires {framework}", weight=2.0))
        if root is not None:
            evidence.append(Evidence(file=posixpath.join(root, "index.php"), saw="the front page", weight=4.0))
        assets = json_object(tree.read("package.json")).get("scripts")
        findings = PhpFindings(
            root=root or "",
            composer=bool(packages),
            locked=tree.is_file("composer.lock"),
            framework=framework,
            assets=isinstance(assets, dict) and "build" in assets,
            asset_lock=tree.is_file("package-lock.json"),
            sample_settings=tree.is_file(".env.example") and not tree.is_file(".env"),
            services=php_services(tree, laravel=framework == "laravel"),
        )
        return Detection(
            recipe=self.name,
            project_type="php",
            framework=framework,
            score=sum(item.weight for item in evidence),
            evidence=tuple(evidence),
            runnable=root is not None,
            refusal=None if root is not None else _nothing_to_serve(str(composer.get("name", ""))),
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Composer's packages, the front end's files, and PHP's own server.

        Raises:
            RefusedError: PHP, Composer or npm is not there, or a database on the target.
        """
        findings = PhpFindings.model_validate(detection.details)
        needed = (("php",), *((("composer",),) if findings.composer else ()), *((("npm",),) if findings.assets else ()))
        tools = toolchain(given, "PHP", *needed)
        refuse_missing(given, findings.services)
        laravel = findings.framework == "laravel"
        key = kept_secret(given, "APP_KEY", prefix="base64:") if laravel else ""
        app = AppSpec(
            name=given.app_name,
            command=f'{tools.prefix}{key}exec php -S "$HOST:$PORT" -t {quote(findings.root or ".")}',
            cwd=given.repo.source.subdir,
            env=_WORKERS,
        )
        install = _install(given, findings, tools)
        vendor = (FileCheck(path=f"{app_folder(given)}/vendor/autoload.php"),) if findings.composer else ()
        draft = Draft(
            strategy="traditional",
            app=app,
            tools=tools.tools,
            install=install,
            install_checks=vendor,
            build=_build(given, findings, tools, key),
            package_manager="composer" if findings.composer else "",
            command_prefix=tools.prefix,
            notes=("PHP's built-in web server is used; for many visitors put php-fpm behind a web server.",),
        )
        return apply_overrides(draft, given, cwd=app_folder(given), prefix=tools.prefix)


def _install(given: PlanInput, findings: PhpFindings, tools: Toolchain) -> tuple[PlannedCommand, ...]:
    commands: list[PlannedCommand] = []
    if findings.sample_settings and findings.framework:
        commands.append(tools.command(given, "cp .env.example .env", "The sample of the settings, as the framework's guide says."))
    if findings.composer:
        why = "What composer.lock says." if findings.locked else "What composer.json asks for; there is no lock file."
        words = "composer install --no-dev --no-interaction --no-progress --optimize-autoloader"
        commands.append(tools.command(given, words, why))
    if findings.assets:
        commands.append(tools.command(given, "npm ci" if findings.asset_lock else "npm install", "The front end's build tools."))
    return tuple(commands)


def _build(given: PlanInput, findings: PhpFindings, tools: Toolchain, key: str) -> tuple[PlannedCommand, ...]:
    commands: list[PlannedCommand] = []
    if findings.framework == "laravel":
        database = "mkdir -p database && touch database/database.sqlite"
        migrate = f"{key}{database} && php artisan migrate --force && php artisan storage:link --force"
        commands.append(tools.command(given, migrate, "Bring the database up to date."))
    if findings.assets:
        commands.append(tools.command(given, "npm run build", "The front end's files."))
    return tuple(commands)


def _nothing_to_serve(name: str) -> Reason:
    return Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN,
        message=f"{name or 'This'} is a Composer package without a front page: no index.php here or in {', '.join(_FOLDERS[:-1])}.",
        suggestions=(
            suggest("Deploy one of its examples", "subdir"),
            suggest("Or say how to start it", "overrides.start", 'php -S "$HOST:$PORT" -t .'),
        ),
    )
