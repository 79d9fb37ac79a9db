"""Failures of pip and of Python programs that are known well enough to mend by rule."""

from __future__ import annotations

import re
from shlex import join, quote

from ..model.plan import AppSpec, PlannedCommand
from ..model.reasons import Reason
from ..planning.recipes.python_imports import package_of
from .known_failure import KnownFailure, Mend, RepairRule, pattern, with_command

_PIP = pattern(r"\bpip3? install\b")
_FOREIGN = (
    "pkg[-_]resources==0\\.0\\.0|pywin32|pypiwin32|pywinpty|wincertstore|win-inet-pton|win32-setctime|twisted-iocpsupport|"
    "python-apt|appnope|pyobjc[a-z-]*|distro-info|ubuntu-[a-z-]+|systemd-python|dbus-python|command-not-found"
)
"""Lines that `pip freeze` writes for packages of an operating system: no index has them, or only for that system."""
_NO_VERSION = r"No matching distribution found for ([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*={2,3}"
_NO_BUILD = (
    r"Failed (?:building wheel for|to build:?|to build installable wheels for[^(]*\() ?'?([A-Za-z0-9][\w.-]*)"
    r"|Encountered error while generating package metadata\.\s+╰─> (?!See)([A-Za-z0-9][\w.-]*)"
)
_MISSING_MODULE = r"(?:ModuleNotFoundError|ImportError): No module named '?([A-Za-z_]\w*)"
_SAID_WHAT_IS_MISSING = (
    (r"Install '?email[_-]validator'?|email-validator is not installed", "email-validator"),
    (r'Form data requires "python-multipart"', "python-multipart"),
    (r"jinja2 must be installed to use Jinja2Templates", "jinja2"),
    (r"the greenlet library is required", "greenlet"),
    (r"Couldn't import Django\. Are you sure it's installed", "django"),
    (r"Cannot use ImageField because Pillow is not installed", "pillow"),
    (r"Error: class uri '(?:gevent|gunicorn\.workers\.ggevent)", "gevent"),
    (r"Error: class uri '(?:eventlet|gunicorn\.workers\.geventlet)", "eventlet"),
)
"""What frameworks print for an optional package that the app needs after all."""


def missing_package(output: str) -> str:
    """The package whose absence a program's output tells; "" when none, or nobody can be sure which."""
    for shown, package in _SAID_WHAT_IS_MISSING:
        if re.search(shown, output):
            return package
    found = re.findall(_MISSING_MODULE, output)
    return package_of(found[-1]) if found else ""


def start_repair(reason: Reason, spec: AppSpec, release_dir: str) -> RepairRule | None:
    """What mends a Python app that did not start for want of a package; None when that is not known to be why.

    Args:
        reason: why it does not serve, with the last lines of its log.
        release_dir: of the release that did not start.
    """
    package = missing_package(reason.message) if ".venv/bin" in spec.command else ""
    if not package:
        return None
    message = f"The app stopped because {package} is not installed, which its manifest does not name: it is installed."
    folder = f"{release_dir}/{spec.cwd}" if spec.cwd else release_dir
    planned = PlannedCommand(command=_adding(package), cwd=folder, env={"PIP_NO_INPUT": "1"}, reasoning=message)
    return RepairRule(f"start-without:{package}", Reason(kind=reason.kind, message=message), (planned,))


def _adding(package: str) -> str:
    """Installs a package and changes none of those that are there: the live release may run in the same environment."""
    python, there = ".venv/bin/python", ".venv/installed.txt"
    return f"{python} -m pip freeze --exclude-editable | grep == > {there}; {python} -m pip install -c {there} {quote(package)}"


def _of_file(edit: str) -> Mend:
    """`pip install -r FILE` with a copy beside it (its includes are relative) that a sed or grep command has changed."""

    def mend(command: str, seen: re.Match[str]) -> tuple[str, ...]:
        file = re.search(r" -r (\S+)", command)
        if file is None:
            return ()
        about = next((re.escape(group) for group in seen.groups() if group), "")
        made = edit.replace("FILE", file[1]).replace("ABOUT", re.sub(r"[-_.\\]+", "[-_.]", about))
        return (f"{made} > {file[1]}.here && {command.replace(file[0], f'{file[0]}.here', 1)}",)

    return mend


def _with_binary_psycopg(command: str, seen: re.Match[str]) -> tuple[str, ...]:
    from_file = _of_file("sed -E 's/^psycopg2([^-_a-zA-Z0-9]|$)/psycopg2-binary\\1/I' FILE")(command, seen)
    named = re.sub(r"(?<=['\s])psycopg2(?![\w-])", "psycopg2-binary", command)
    return from_file or ((named,) if named != command else ())


def _install_missing(command: str, seen: re.Match[str]) -> tuple[str, ...]:
    package = package_of(seen[1])
    return (_adding(package), command) if package else ()


def _built_with(*packages: str) -> Mend:
    names = join(packages)
    return with_command(lambda command: (f"{pip_of(command)} install {names}", without_isolation(command)))


def pip_of(command: str) -> str:
    """The pip that a command installs with."""
    match = re.search(r"(\S+ -m pip|\S*pip3?) install", command)
    return match[1] if match else "pip"


def without_isolation(command: str) -> str:
    """`pip install` that builds with what is installed."""
    return re.sub(r"\bpip3? install\b", lambda match: f"{match[0]} --no-build-isolation", command, count=1)


PYTHON_FAILURES: tuple[KnownFailure, ...] = (
    KnownFailure(
        id="psycopg2-from-source",
        command=_PIP,
        output=pattern(r"pg_config executable not found|Error: pg_config|libpq-fe\.h: No such file"),
        message="psycopg2 is built from source and PostgreSQL's headers are not here: its binary build is installed instead.",
        mend=_with_binary_psycopg,
    ),
    KnownFailure(
        id="requirements-of-another-system",
        command=pattern(r"pip3? install.* -r "),
        output=pattern(rf"(?:No matching distribution|Could not find a version)[^\n]*(?:{_FOREIGN})|No such file or directory: "
                       r"'?/(?:tmp/build|croot|home|opt|Users|private|work|builds?)/|(?:unable to|cannot) .{0,40}@ file:///"),
        message="The requirements were written on another system: lines and paths that exist only there are left out.",
        mend=_of_file(f"grep -viE '^[[:space:]]*({_FOREIGN})' FILE | sed -E 's/ *@ file:[^;]*//'"),
    ),
    KnownFailure(
        id="setuptools-with-2to3",
        command=_PIP,
        output=pattern(r"use_2to3 is invalid|cannot import name 'Feature' from 'setuptools'"),
        message="A package is built in a way that setuptools dropped: an older one is installed first, and builds use it.",
        mend=_built_with("setuptools<46", "wheel"),
    ),
    KnownFailure(
        id="cython-before-3",
        command=_PIP,
        output=pattern(r"AttributeError: cython_sources|Cython\.Compiler\.Errors\.CompileError"),
        message="A package is built with a Cython older than 3: that is installed first, and builds use it.",
        mend=_built_with("cython<3", "setuptools<81", "wheel"),
    ),
    KnownFailure(
        id="old-setuptools-needed",
        command=_PIP,
        output=pattern(r"No module named '?(?:pkg_resources|setuptools|distutils)"),
        message="A package is built with an older setuptools: that is installed first, and builds use it.",
        mend=_built_with("setuptools<81", "wheel"),
    ),
    KnownFailure(
        id="pin-does-not-fit",
        command=pattern(r"pip3? install.* -r "),
        output=pattern(f"{_NO_VERSION}|{_NO_BUILD}"),
        message="The pinned version of {about} cannot be installed with this Python: another version of it is taken.",
        mend=_of_file("sed -E 's/^(ABOUT(\\[[^]]*\\])?)[[:space:]]*={2,3}[^;#]*/\\1 /I' FILE"),
    ),
    KnownFailure(
        id="module-missing",
        command=pattern(r"\.venv/bin/(?:python|flask|alembic)\b(?!.* -m pip)"),
        output=pattern(_MISSING_MODULE),
        message="The module {about} is missing: the package that brings it is installed.",
        mend=_install_missing,
    ),
)  # fmt: skip
