"""Where package managers get what they install or run from.

A package named as its registry knows it is what deployments are made of, and so are the dependencies in the project's own manifest,
wherever those point. An address on the command line (a URL, a repository, an archive elsewhere) is code that nobody has looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..calls import Call, Options, options
from ..findings import Finding, ask
from ..marks import readable

_ADDRESS = re.compile(
    r"(?:[\w.\[\],-]+\s*@\s*)?(?:(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|ftp)://|"
    r"(?:git\+)?[\w.-]+@(?!(?:npm|jsr|workspace|file|link|catalog|patch|portal):)[\w.-]+:|(?:github|gitlab|bitbucket|gist):)",
    re.IGNORECASE,
)
"""`https://…`, `git+ssh://…`, `git@host:…`, `github:user/repo`, each also behind `NAME @`."""
_HOSTED = re.compile(r"(?:@?[\w.-]+(?:/[\w.-]+)?@)?[A-Za-z0-9][\w-]*/[\w.-]+(?:#.*)?")
"""`user/repo`: a repository at GitHub for the managers of Node.js packages, also where such a folder is there."""


@dataclass(frozen=True)
class _Manager:
    """How a package manager's words are read.

    Attributes:
        installs: Verbs behind which each word is a package …
        runs: … and those behind which only the first is one, and it is run; () stands for no verb.
        valued: Letters of options that take a value.
        valued_long: Long options that do.
        sources: Options whose value says where a package comes from.
        hosted: `user/repo` means a repository.
    """

    installs: tuple[tuple[str, ...], ...] = ()
    runs: tuple[tuple[str, ...], ...] = ()
    valued: str = ""
    valued_long: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    hosted: bool = False


def _verbs(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(verb.split()) for verb in text.split(","))


_NODE_LONG = (
    "--prefix", "--dir", "--cwd", "--filter", "--workspace", "--registry", "--package", "--call", "--userconfig", "--cache",
    "--loglevel", "--tag", "--store-dir", "--modules-folder", "--cache-folder", "--network-timeout", "--omit", "--include",
    "--reporter", "--lockfile-dir", "--script-shell",
)  # fmt: skip
_PYTHON_LONG = (
    "--index-url", "--extra-index-url", "--find-links", "--trusted-host", "--proxy", "--target", "--prefix", "--root",
    "--requirement", "--constraint", "--editable", "--cache-dir", "--platform", "--python-version", "--python", "--dest",
    "--wheel-dir", "--timeout", "--retries", "--cert", "--log", "--src", "--report", "--no-binary", "--only-binary", "--group",
    "--config-settings", "--global-option", "--default-index", "--index", "--extra", "--from", "--with", "--with-editable",
    "--with-requirements", "--requirements", "--constraints", "--spec", "--project", "--directory", "--source", "--suffix",
    "--pip-args", "--marker", "--git",
)  # fmt: skip
_PYTHON_SOURCES = (
    "-r", "-c", "-e", "--requirement", "--constraint", "--editable", "--from", "--with", "--with-editable", "--with-requirements",
    "--requirements", "--constraints", "--spec", "--git",
)  # fmt: skip


def _node(installs: str, runs: str, valued: str) -> _Manager:
    return _Manager(_verbs(installs), _verbs(runs), valued, _NODE_LONG, ("-p", "--package"), hosted=True)


def _python(installs: str, runs: str = "", valued: str = "tcrefi") -> _Manager:
    return _Manager(_verbs(installs), _verbs(runs) if runs else (), valued, _PYTHON_LONG, _PYTHON_SOURCES)


_PIP = _python("install,download,wheel")
_MANAGERS: Mapping[str, _Manager] = {
    "pip": _PIP, **{f"pip{version}": _PIP for version in ("2", "3", *(f"3.{minor}" for minor in range(6, 20)))},
    "uv": _python("add,pip install,tool install,pip sync,pip compile", "tool run,run"),
    "uvx": _Manager((), ((),), "pci", _PYTHON_LONG, _PYTHON_SOURCES),
    "pipx": _python("install,inject,upgrade", "run"), "poetry": _python("add", valued="eEG"), "pipenv": _python("install"),
    "pdm": _python("add,install", valued="epG"), "rye": _python("add,install"), "hatch": _python("dep add"),
    **dict.fromkeys(("conda", "mamba", "micromamba"), _python("install,create,env create,env update", valued="ncpf")),
    "npm": _node("install,i,in,add,ci,update,up", "exec,x,create,init,innit", "Cwc"),
    "pnpm": _node("add,install,i,update,up", "dlx,create,exec", "CFc"),
    "yarn": _node("add,global add,up,upgrade", "dlx,create", ""), "bun": _node("add,a,install,i,update", "x,create", ""),
    **dict.fromkeys(("npx", "bunx", "pnpx"), _Manager((), ((),), "pCc", _NODE_LONG, ("-p", "--package"), hosted=True)),
    "cargo": _Manager(
        _verbs("install,add"), valued_long=("--git", "--index", "--registry", "--path", "--root"), sources=("--git",),
    ),
    "bundle": _Manager(
        _verbs("add"), valued="rvgs", valued_long=("--git", "--github", "--version", "--source"), sources=("--git",),
    ),
    "luarocks": _Manager(_verbs("install,build")), "mix": _Manager(_verbs("archive.install,escript.install")),
    "gem": _Manager(_verbs("install,specific_install"), valued="sv", valued_long=("--source", "--version")),
    **dict.fromkeys(("docker", "podman", "nerdctl"), _Manager(
        _verbs("build,buildx build,image build"), valued="tfolm", valued_long=(
            "--tag", "--file", "--build-arg", "--output", "--label", "--target", "--platform", "--cache-from", "--cache-to",
        ),
    )),
}  # fmt: skip


def from_addresses(call: Call) -> Iterator[Finding]:
    """Findings on packages that come from an address."""
    manager = _MANAGERS.get(call.name)
    if manager is None:
        return
    found = _packages(manager, call.args)
    if found is None:
        return
    packages, given = found
    for word in (*packages, *given.values_of(*manager.sources)):
        if is_address(word, hosted=manager.hosted):
            yield ask("fetch-to-exec", f"{call.name} installs or runs what is at {word}, unseen.")
            return
    if "github" in given.long or (call.name == "mix" and packages[:1] and packages[0] in ("git", "github")):
        yield ask("fetch-to-exec", f"{call.name} installs from a repository, unseen.")


def _packages(manager: _Manager, args: Sequence[str]) -> tuple[Sequence[str], Options] | None:
    """The words that name packages, and the manager's own options; None where it neither installs nor runs any."""
    given = options(args, manager.valued, manager.valued_long)
    for verb in manager.installs:
        if given.operands[: len(verb)] == verb:
            return given.operands[len(verb) :], given
    for verb in manager.runs:
        if given.operands[: len(verb)] == verb:
            own = _up_to_operand(manager, args, len(verb))
            return own.operands[len(verb) :], own
    return None


def _up_to_operand(manager: _Manager, args: Sequence[str], index: int) -> Options:
    """The options before an operand, and it: what follows are the words of the program that is run."""
    for end in range(1, len(args)):
        given = options(args[:end], manager.valued, manager.valued_long)
        if len(given.operands) > index:
            return given
    return options(args, manager.valued, manager.valued_long)


def is_address(package: str, *, hosted: bool = False) -> bool:
    """Whether a package is named by where it lies."""
    word = readable(package)
    if _ADDRESS.match(word):
        return True
    return hosted and _HOSTED.fullmatch(word) is not None and not _is_scoped(word)


def _is_scoped(word: str) -> bool:
    """`@scope/name`, with or without a version."""
    return re.fullmatch(r"@[\w.-]+/[\w.-]+(?:@[^/]*)?", word) is not None
