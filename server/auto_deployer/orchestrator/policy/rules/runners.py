"""Programs that run a tool of the project, or another program, which their words name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..calls import Call, after_options
from ..findings import Finding

_PLAIN: tuple[str, ...] = ()
_RUNNERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "uv": (("run",), ("tool", "run")), "uvx": (_PLAIN,), "pipx": (("run",),),
    **dict.fromkeys(("poetry", "pipenv", "pdm", "hatch", "rye", "pixi", "conda", "mamba", "micromamba"), (("run",),)),
    **dict.fromkeys(("bundle", "composer"), (("exec",),)),
    **dict.fromkeys(("mise", "rtx", "asdf", "direnv", "rbenv", "pyenv", "nodenv"), (("exec",), ("x",))),
    **dict.fromkeys(("npx", "bunx", "pnpx", "shx", "corepack", "cross-env", "cross-env-shell", "ssh-agent", "rlwrap", "daemonize"),
                    (_PLAIN,)),
    "npm": (("exec",), ("x",)), "pnpm": (("exec",), ("dlx",), ("x",)), "yarn": (("exec",), ("dlx",), ("run",)),
    "bun": (("x",), ("run",)), "jobs": (("-x",),), "cmake": (("-E",),), "ld.so": (_PLAIN,),
    **dict.fromkeys(("envdir", "chpst", "softlimit"), (_PLAIN,)),
}  # fmt: skip
"""Program -> the words after which the command begins."""
_COREPACK_S = frozenset({"enable", "disable", "prepare", "use", "install", "up", "pack", "hydrate", "cache"})
_LOADER = re.compile(r"ld-(?:linux|musl).*\.so.*")
_CODE_OPTIONS: Mapping[str, frozenset[str]] = {
    "nix-shell": frozenset({"--run", "--command"}), "nodemon": frozenset({"--exec", "-x"}),
    "go": frozenset({"-exec", "-toolexec", "-vettool"}), "fc": frozenset({"-e"}),
}  # fmt: skip
"""Program -> options whose value is run."""
_CODE_WORDS = frozenset({"concurrently", "hyperfine", "npm-run-all", "run-p", "run-s", "yarn"})
"""Programs whose words are commands, each."""
_CMAKE_TOOLS = {
    "remove_directory": ("rm", "-rf"), "remove": ("rm", "-f"), "copy": ("cp",), "copy_directory": ("cp", "-r"), "rename": ("mv",),
    "make_directory": ("mkdir",), "create_symlink": ("ln", "-s"),
}  # fmt: skip


def run(call: Call) -> Iterator[Finding]:
    """Findings on what a runner runs."""
    if _LOADER.fullmatch(call.name):
        yield from call.runs(after_options(call.args, ("--library-path", "--preload", "--argv0")))
    own = call.name == "corepack" and not _COREPACK_S.isdisjoint(call.args[:1])
    for verb in _RUNNERS.get(call.name, ()) if not own else ():
        if verb == call.args[: len(verb)]:
            yield from _inner(call, after_options(call.args[len(verb) :], ()))
    for option, value in _option_values(call):
        if option in _CODE_OPTIONS.get(call.name, ()):
            yield from call.runs_code(value)
    if call.name in _CODE_WORDS:
        yield from (found for word in call.args if " " in word for found in call.runs_code(word))
    if call.name == "start-stop-daemon":
        yield from _daemon(call)


def _inner(call: Call, words: list[str]) -> Iterator[Finding]:
    while words and call.name.startswith("cross-env") and "=" in words[0]:
        words.pop(0)
    if not words:
        return
    program = re.sub(r"(?<=.)@[^/]*$", "", words[0])
    tool = _CMAKE_TOOLS.get(program, (program,)) if call.name == "cmake" else (program,)
    yield from call.runs((*tool, *words[1:]))


def _option_values(call: Call) -> Iterator[tuple[str, str]]:
    for index, word in enumerate(call.args):
        name, equals, value = word.partition("=")
        if equals:
            yield name, value
        elif index + 1 < len(call.args):
            yield word, call.args[index + 1]


def _daemon(call: Call) -> Iterator[Finding]:
    rest = call.args[call.args.index("--") + 1 :] if "--" in call.args else ()
    for option, value in _option_values(call):
        if option in ("--exec", "-x", "--startas", "-a"):
            yield from call.runs((value, *rest))
