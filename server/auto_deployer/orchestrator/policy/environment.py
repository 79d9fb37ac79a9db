"""Variables whose value programs run, load, or look for commands in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .calls import Call
from .findings import Finding, ask
from .marks import is_computed
from .places import Places

_RUN_BY_PROGRAMS = frozenset({
    "BASH_ENV", "ENV", "PROMPT_COMMAND", "PS4", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER",
    "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "EDITOR", "VISUAL", "PAGER", "MANPAGER", "LESSOPEN", "LESSCLOSE",
    "SSH_ASKPASS", "SUDO_ASKPASS", "BROWSER", "RSYNC_RSH", "TAR_OPTIONS", "npm_config_script_shell",
})  # fmt: skip
"""Variables whose value programs run as a command."""
_LOADED_BY_PROGRAMS = frozenset({"LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PYTHONSTARTUP", "PERL5OPT"})
"""Variables whose value names code that every program loads."""
JUDGED = _RUN_BY_PROGRAMS | _LOADED_BY_PROGRAMS | {"GIT_WORK_TREE", "PATH", "NODE_OPTIONS", "MAKEFLAGS", "GOFLAGS"}
"""Variables that `findings_on` has something to say about."""
_LOADING_OPTION = re.compile(
    r"NODE_OPTIONS=.*(?:--require|--import|--loader|-r )|MAKEFLAGS=.*--eval|GOFLAGS=.*-(?:toolexec|exec|vettool)"
)
_PROJECT_TOOLS = frozenset({"node_modules/.bin", "./node_modules/.bin", ".venv/bin", "venv/bin", "vendor/bin", "bin"})
"""Relative folders of commands that projects commonly have on their path."""


def findings_on(name: str, value: str, call: Call) -> Iterator[Finding]:
    """Findings on a variable's value.

    Args:
        call: The assignment `NAME=VALUE` as the only word of a command, where it stands.
    """
    if name == "GIT_WORK_TREE":
        yield from call.writes(value)
    if name in _LOADED_BY_PROGRAMS and value:
        yield ask("hidden-code", f"Programs load the code that {name} names.")
    if _LOADING_OPTION.search(f"{name}={value}"):
        yield ask("hidden-code", f"{name} has the program run or load more code.")
    if name == "PATH" and any(_is_foreign(folder, call.places) for folder in value.split(":")):
        yield ask("redefined", "Commands would be looked for in a folder that anything may be written to.")
    if name in _RUN_BY_PROGRAMS:
        yield from call.runs_code(value)


def _is_foreign(folder: str, places: Places) -> bool:
    """Whether a folder of `PATH` is where the script runs, or a scratch folder."""
    if folder.startswith("/"):
        return places.is_scratch(folder)
    return not is_computed(folder) and folder not in _PROJECT_TOOLS
