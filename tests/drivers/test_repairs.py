"""Rules for known failures, on output as the tools print it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

import pytest

from auto_deployer.drivers.python_failures import start_repair
from auto_deployer.drivers.repairs import classify_failure, find_repair
from auto_deployer.model.log import CommandRecord
from auto_deployer.model.plan import AppSpec
from auto_deployer.model.reasons import Kind, Reason

NPM_OUT_OF_SYNC = (
    "npm error code EUSAGE\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or "
    "npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.\n"
    "npm error Missing: left-pad@1.3.0 from lock file"
)
PEER_CONFLICT = "npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree"
PNPM_OUTDATED = 'ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is not up to date'
YARN_OUTDATED = "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`."
BERRY_OUTDATED = "YN0028: The lockfile would have been modified by this install, which is explicitly forbidden."
NO_ENSUREPIP = "The virtual environment was not created successfully because ensurepip is not available."
NO_SETUPTOOLS = "ModuleNotFoundError: No module named 'pkg_resources'"
NO_INDEX = (
    "Looking in indexes: https://pypi.org/simple\nWARNING: Retrying (Retry(total=4)) after connection broken by "
    "'NewConnectionError(': Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/flask/"
)
RESET = "npm error code ECONNRESET\nnpm error network aborted"
HEAP = "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory"
OPENSSL = "Error: error:0308010C:digital envelope routines::unsupported\n  code: 'ERR_OSSL_EVP_UNSUPPORTED'"

GYP = "gyp ERR! stack FetchError: request to https://nodejs.org/download/release/v20.20.2/node-v20.20.2-headers.tar.gz failed"
OWN_HEADERS = (
    'prefix="$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")"; '
    'if [ -f "$prefix/include/node/node.h" ]; then export npm_config_nodedir="$prefix" JOBS=max; fi; '
)


def failed(
    command: str,
    exit_code: int = 1,
    timed_out: Literal["idle", "total"] | None = None,
    waiting_for_input: str = "",
    stopped: bool = False,
) -> CommandRecord:
    return CommandRecord(
        command=command, success=False, exit_code=exit_code, cwd="/srv/shop", timed_out=timed_out,
        waiting_for_input=waiting_for_input, stopped=stopped,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "output", "commands"),
    [
        ("npm ci --no-audit", NPM_OUT_OF_SYNC, ["npm install --no-audit"]),
        ("npm ci", PEER_CONFLICT, ["npm install --legacy-peer-deps"]),
        ("npm install --no-fund", PEER_CONFLICT, ["npm install --legacy-peer-deps --no-fund"]),
        ("pnpm install --frozen-lockfile", PNPM_OUTDATED, ["pnpm install --no-frozen-lockfile"]),
        ("yarn install --frozen-lockfile", YARN_OUTDATED, ["yarn install"]),
        ("yarn install --immutable", BERRY_OUTDATED, ["yarn install --no-immutable"]),
        ("uv sync --frozen --no-dev --inexact", "error: Failed to parse `uv.lock`", ["uv sync --no-dev --inexact"]),
        (
            "bin/python -m pip install -r base.txt", NO_SETUPTOOLS,
            ["bin/python -m pip install 'setuptools<81' wheel", "bin/python -m pip install --no-build-isolation -r base.txt"],
        ),
        (
            "bin/python -m pip install -c .venv/constraints.txt 'flask>3'", "ERROR: ResolutionImpossible: for help visit …",
            ["bin/python -m pip install 'flask>3'"],
        ),
        (
            "bin/pip install -r base.txt 'flask<3'", NO_INDEX,
            ["grep -vE '^[[:space:]]*(-i|--index-url)[ =]' base.txt > base.txt.here; bin/pip install -r base.txt.here 'flask<3'"],
        ),
        ("npm ci", RESET, ["npm ci"]),
        ("npm run build", HEAP, ['export NODE_OPTIONS="${NODE_OPTIONS:-} --max-old-space-size=4096"; npm run build']),
        ("npx --yes yarn@1 install", GYP, [f"{OWN_HEADERS}npx --yes yarn@1 install"]),
        ("npm run build", OPENSSL, ['export NODE_OPTIONS="${NODE_OPTIONS:-} --openssl-legacy-provider"; npm run build']),
    ],
)  # fmt: skip
def test_known_failure_is_repaired_once_and_says_why(command: str, output: str, commands: list[str]) -> None:
    rule = find_repair(failed(command), output, frozenset())
    assert rule is not None
    assert [planned.command for planned in rule.commands] == commands
    assert all(planned.cwd == "/srv/shop" for planned in rule.commands)
    assert rule.reason.message
    again = find_repair(failed(command), output, frozenset({rule.id}))
    assert again is None or again.id != rule.id


def test_a_lock_files_mirror_gives_way_to_the_targets_registry(tmp_path: Path) -> None:
    lock = tmp_path / "yarn.lock"
    lock.write_text('resolved "https://registry.npmmirror.com/vue/-/vue-3.5.0.tgz#abc"\n')
    rule = find_repair(failed("npx --yes yarn@1 install"), "Error: getaddrinfo ENOTFOUND registry.npmmirror.com", frozenset())
    assert rule is not None
    first = rule.commands[0].command.removesuffix("npx --yes yarn@1 install")
    npm = f"npm() {{ echo https://npm.example.org/; }}; {first}"
    subprocess.run(["bash", "-c", npm], cwd=tmp_path, check=True)
    assert lock.read_text() == 'resolved "https://npm.example.org/vue/-/vue-3.5.0.tgz#abc"\n'


@pytest.mark.parametrize(
    "command", ["npx --yes yarn@1 install", "npx --yes @yarnpkg/cli-dist@4 install", "npx --yes deno@2 cache a.ts"]
)
def test_managers_that_npx_fetches_install_too(command: str) -> None:
    assert classify_failure(failed(command), "getaddrinfo ENOTFOUND jsr.io") is Kind.DEPENDENCY_SOURCE_UNREACHABLE


def test_a_module_that_deno_cannot_fetch_is_out_of_reach() -> None:
    output = "error: JSR package manifest for '@hono/hono' failed to load. Import 'https://jsr.io/@hono/hono/meta.json' failed."
    assert classify_failure(failed("deno cache main.ts"), output) is Kind.DEPENDENCY_SOURCE_UNREACHABLE


def test_a_wrapper_that_cannot_fetch_its_gradle_is_out_of_reach() -> None:
    output = 'Exception in thread "main" java.net.UnknownHostException: services.example.org'
    assert classify_failure(failed("sh ./gradlew build -x test"), output) is Kind.DEPENDENCY_SOURCE_UNREACHABLE


def test_missing_venv_module_falls_back_to_virtualenv_then_uv(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\n[ "$2" = virtualenv ] && [ "$3" = --version ] && exit "$VIRTUALENV"\necho "virtualenv $3"\n')
    python.chmod(0o755)
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "uv $*"\n')
    uv.chmod(0o755)
    rule = find_repair(failed(f"{python} -m venv /srv/x/.venv"), NO_ENSUREPIP, frozenset())
    assert rule is not None

    def run(virtualenv: str) -> str:
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "VIRTUALENV": virtualenv}
        return subprocess.run(["bash", "-c", rule.commands[0].command], env=env, capture_output=True, text=True, check=True).stdout

    assert run("0") == "virtualenv /srv/x/.venv\n"
    assert run("1") == f"uv venv --seed --allow-existing --python {python} /srv/x/.venv\n"


@pytest.mark.parametrize(
    ("record", "output"),
    [
        (failed("npm ci"), "npm error code EACCES"),
        (failed("npm ci"), "npm warn ERESOLVE overriding peer dependency\nnpm error code 1"),
        (failed("npm run build"), "error TS2304: Cannot find name 'x'."),
        (failed("make"), NPM_OUT_OF_SYNC),
        (failed("npm ci", stopped=True), NPM_OUT_OF_SYNC),
        (failed("npm ci", exit_code=-1, timed_out="idle"), RESET),
        (failed("npm ci", exit_code=-1, waiting_for_input="Password:"), RESET),
    ],
)
def test_unknown_and_deliberate_ends_are_not_repaired(record: CommandRecord, output: str) -> None:
    assert find_repair(record, output, frozenset()) is None


@pytest.mark.parametrize(
    ("record", "output", "kind"),
    [
        (failed("composer install", 127), "composer: command not found", Kind.MISSING_TOOL),
        (failed("npm ci", -1, timed_out="idle"), "", Kind.COMMAND_TIMED_OUT),
        (failed("npm ci", -2, timed_out="total"), "", Kind.COMMAND_TIMED_OUT),
        (failed("git fetch", -1, timed_out="idle", waiting_for_input="Password: "), "", Kind.WAITING_FOR_INPUT),
        (failed("npm ci"), "npm error code ENOTFOUND\nnpm error network request failed", Kind.DEPENDENCY_SOURCE_UNREACHABLE),
        (failed("python -m pip install x"), "Failed to establish a new connection", Kind.DEPENDENCY_SOURCE_UNREACHABLE),
        (failed("go build -o app ."), "dial tcp: lookup proxy.golang.org: no such host", Kind.DEPENDENCY_SOURCE_UNREACHABLE),
        (failed("bundle install --jobs 4"), "Could not reach host index.rubygems.org.", Kind.DEPENDENCY_SOURCE_UNREACHABLE),
        (failed("mvn -q package"), "Could not transfer artifact org.x:y:pom:1", Kind.DEPENDENCY_SOURCE_UNREACHABLE),
        (failed("npm run build"), "Failed to fetch `Inter` from Google Fonts.", Kind.BUILD_NEEDS_NETWORK),
        (failed("npm run build"), "FetchError: getaddrinfo ENOTFOUND api.example.org", Kind.BUILD_NEEDS_NETWORK),
        (failed("npm run build"), "error TS2304", Kind.COMMAND_FAILED),
        (failed("python manage.py migrate"), "Connection refused", Kind.COMMAND_FAILED),
    ],
)  # fmt: skip
def test_failures_have_the_kind_of_their_cause(record: CommandRecord, output: str, kind: Kind) -> None:
    assert classify_failure(record, output) is kind


PIP = "bin/python -m pip install -r requirements.txt"
ADDING = (
    ".venv/bin/python -m pip freeze --exclude-editable | grep == > .venv/installed.txt; "
    ".venv/bin/python -m pip install -c .venv/installed.txt "
)


@pytest.mark.parametrize(
    ("command", "output", "commands"),
    [
        (
            PIP, "Error: pg_config executable not found.",
            [("sed -E 's/^psycopg2([^-_a-zA-Z0-9]|$)/psycopg2-binary\\1/I' requirements.txt > requirements.txt.here && "
             "bin/python -m pip install -r requirements.txt.here")],
        ),
        (
            "bin/python -m pip install 'psycopg2>=2.9' flask", "Error: pg_config executable not found.",
            ["bin/python -m pip install 'psycopg2-binary>=2.9' flask"],
        ),
        (
            PIP, "ERROR: No matching distribution found for numpy==1.11.0",
            [("sed -E 's/^(numpy(\\[[^]]*\\])?)[[:space:]]*={2,3}[^;#]*/\\1 /I' requirements.txt > requirements.txt.here && "
             "bin/python -m pip install -r requirements.txt.here")],
        ),
        (
            PIP, "error in suds setup command: use_2to3 is invalid.",
            ["bin/python -m pip install 'setuptools<46' wheel",
             "bin/python -m pip install --no-build-isolation -r requirements.txt"],
        ),
        (
            ".venv/bin/python manage.py migrate", "ModuleNotFoundError: No module named 'rest_framework.routers'",
            [f"{ADDING}djangorestframework", ".venv/bin/python manage.py migrate"],
        ),
    ],
)  # fmt: skip
def test_failures_of_old_python_projects(command: str, output: str, commands: list[str]) -> None:
    rule = find_repair(failed(command), output, frozenset())
    assert rule is not None
    assert [planned.command for planned in rule.commands] == commands


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("No matching distribution found for pkg-resources==0.0.0", "pkg-resources==0.0.0\nflask==1.0", "flask==1.0"),
        ("Could not find a version that satisfies the requirement pywin32==227", "pywin32==227\nflask==1.0", "flask==1.0"),
        ("No such file or directory: '/tmp/build/80754af9/certifi'", "certifi @ file:///tmp/build/80754af9/certifi", "certifi"),
        ("No matching distribution found for Pillow==5.0.0", "Pillow==5.0.0  # x\nflask", "Pillow # x\nflask"),
        ("Error: pg_config executable not found", "psycopg2==2.8\npsycopg2-binary", "psycopg2-binary==2.8\npsycopg2-binary"),
    ],
)
def test_lines_of_the_requirements_are_changed_in_a_copy(tmp_path: Path, before: str, line: str, after: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{line}\n")
    rule = find_repair(failed("true -m pip install -r requirements.txt"), before, frozenset())
    assert rule is not None
    subprocess.run(rule.commands[0].command, shell=True, check=True, cwd=tmp_path)
    assert (tmp_path / "requirements.txt.here").read_text() == f"{after}\n"


def test_a_rule_about_another_package_is_tried_again_but_not_for_ever() -> None:
    tried: set[str] = set()
    for name in ("numpy", "pandas", "lxml", "pillow", "scipy", "cffi", "gevent"):
        rule = find_repair(failed(PIP), f"ERROR: No matching distribution found for {name}==0.1", frozenset(tried))
        if rule is not None:
            tried.add(rule.id)
    assert len(tried) == 6
    assert (
        find_repair(failed(PIP), "ERROR: No matching distribution found for numpy==0.1", frozenset({"pin-does-not-fit:numpy"}))
        is None
    )


@pytest.mark.parametrize(
    ("log", "package"),
    [
        ("ModuleNotFoundError: No module named 'flask_cors'", "flask-cors"),
        ("Exception: Install 'email_validator' for email validation support.", "email-validator"),
        ('RuntimeError: Form data requires "python-multipart" to be installed.', "python-multipart"),
        ("ModuleNotFoundError: No module named 'our_own_module'", ""),
        ("ValueError: x", ""),
    ],
)
def test_an_app_that_did_not_start_for_want_of_a_package(log: str, package: str) -> None:
    spec = AppSpec(name="shop", command="exec .venv/bin/python app.py")
    repair = start_repair(Reason(kind=Kind.PROCESS_EXITED_NO_PORT, message=log), spec, "/srv/shop/releases/1")
    shown = "" if repair is None else repair.commands[0].command.removeprefix(ADDING)
    assert shown == package
