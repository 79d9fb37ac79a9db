"""Commands that a model made: what is not known to be harmless is asked about. The data is in `known`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator

from .calls import Call
from .downloads import is_local
from .environment import steers
from .findings import Finding, ask
from .known import GIT_LOOKS, INTERPRETERS, KNOWN, MANAGERS, MANAGERS_LOOK, PROJECT_RUNNERS, PYTHON_MODULES, Known
from .marks import is_computed, readable
from .places import SYSTEM
from .rules.make import makefile_code
from .streams import Stream
from .written import Written

_NUMBERED = re.compile(r"-\d+")


def unknown(call: Call, language: str | None, written: Written) -> Iterator[Finding]:
    """What is not known of a command to be harmless.

    Args:
        language: The interpreter that it is, if any.
        written: What the deployment's commands wrote.
    """
    if is_computed(call.words[0]):
        return  # said by another rule
    own = "/" in call.words[0] and all(_is_inside(call, spot.path) for spot in call.spots(call.words[0]))
    known = INTERPRETERS.get(language or "") or KNOWN.get(call.name)
    if known is None and not own and call.name not in call.shell.functions:
        yield ask("not-known", f"Nothing is known of {call.name}: whether it does harm, nobody can tell from here.")
    if known is not None:
        yield from _words(call, known)
    yield from _sends(call)
    yield from _given(call)
    if language is not None:
        yield from _module(call) if language == "python" else ()
    if own or language is not None or call.name in PROJECT_RUNNERS:
        yield from _own_code(call, language, written)


def _words(call: Call, known: Known) -> Iterator[Finding]:
    """Options and the verb."""
    words = list(call.args)
    verb = ""
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            if not verb:
                verb = word
                if known.verbs is not None and word not in known.verbs and not _is_target(call, word):
                    yield ask("not-known", f"{call.name} {readable(word)} is not among what is known to do no harm.")
                if call.name in _RUNS_OTHERS or (call.name in _RUN_VERBS and verb in _RUN_VERBS[call.name]):
                    return
            continue
        name = word.partition("=")[0]
        if known.options is not None and not _is_known(word, name, known):
            yield ask("not-known", f"What the option {readable(name)} of {call.name} does is not known.")
        if name in known.valued and "=" not in word and words:
            words.pop(0)


_RUNS_OTHERS = frozenset({
    "npx", "bunx", "pnpx", "uvx", "flock", "python", "python3", "node", "nodejs", "deno", "php", "ruby", "perl",
})  # fmt: skip
"""Behind the first word come those of another program."""
_RUN_VERBS = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), frozenset({"exec", "x", "dlx", "run", "run-script", "start", "test"})),
    **dict.fromkeys(("uv", "poetry", "pipenv", "pdm", "rye", "hatch", "pixi"), frozenset({"run", "tool"})),
    **dict.fromkeys(("conda", "mamba", "micromamba"), frozenset({"run"})),
    "bundle": frozenset({"exec"}), "composer": frozenset({"exec", "run", "run-script"}),
}  # fmt: skip
"""… and behind these verbs."""


def _is_target(call: Call, word: str) -> bool:
    """A script's name of the manifest: `yarn lint`."""
    return call.name in ("yarn", "pnpm", "bun") and re.fullmatch(r"[\w:.-]+", word) is not None and not word.startswith("-")


def _is_known(word: str, name: str, known: Known) -> bool:
    options = known.options or frozenset()
    if word in options or name in options or _NUMBERED.fullmatch(word):
        return True
    if word.startswith("--"):
        return name.startswith("--no-") and f"--{name[5:]}" in options
    for index, letter in enumerate(word[1:], 1):  # short ones together, the last with its value
        option = f"-{letter}"
        if option not in options:
            return any(word.startswith(each) for each in known.valued if len(each) > 2 and not each.startswith("--"))
        if option in known.valued:
            return True
        if index > 8:
            return False
    return True


_MODULE = re.compile(r".*@.*|[\w-]+(?:\.[\w-]+)+/.*")
"""A module of Go that lies elsewhere: `example.org/x`."""


def _given(call: Call) -> Iterator[Finding]:
    """Packages and programs that are named on the command line of a tool which runs them."""
    named = [word for word in call.args if not word.startswith("-")]
    if call.name in ("npm", "pnpm", "yarn", "bun") and named[:1] == ["init"] and len(named) > 1:
        yield ask("not-known", f"{call.name} init runs the package {readable(named[1])}.")
    if call.name == "go" and named[:1] == ["run"] and len(named) > 1 and _MODULE.fullmatch(named[1]):
        yield ask("not-known", f"go runs {readable(named[1])}, which is not the project's.")
    for word in named if call.name in ("make", "gmake") else ():
        name, equals, value = word.partition("=")
        if equals and steers(name) and value not in KNOWN:
            yield ask("not-known", f"What make runs with {readable(word)} is not known.")


def _module(call: Call) -> Iterator[Finding]:
    """`python -m`: the standard library has modules that run whatever they are told."""
    if "-m" not in call.args[:-1]:
        return
    module = call.args[call.args.index("-m") + 1]
    if module.partition(".")[0] in sys.stdlib_module_names and module not in PYTHON_MODULES:
        yield ask("not-known", f"What the module {module} runs is not known.")


def _sends(call: Call) -> Iterator[Finding]:
    """Addresses that are put together while it runs may carry anything away."""
    if call.name not in ("curl", "wget", "wget2"):
        return
    for word in call.args:
        if is_computed(word) and not word.startswith("-") and not is_local(word):
            yield ask("sends-data", f"What {call.name} is told to fetch is put together when it runs, and may carry data away.")
            return


def _own_code(call: Call, language: str | None, written: Written) -> Iterator[Finding]:
    """Code of the folder: the project's is what is deployed; what the model wrote, and what lies elsewhere, is asked about."""
    if language is None and (call.name == "git" and not GIT_LOOKS.isdisjoint(call.args[:1])):
        return
    if call.args in (("--version",), ("-v",), ("-V",)) or (call.name in MANAGERS and not MANAGERS_LOOK.isdisjoint(call.args[:1])):
        return
    if any(not _is_inside(call, cwd) for cwd in call.cwds):
        yield ask("foreign-code", f"{call.name} may run what lies in the folder it is called in, which is not the project's.")
    for word in call.args:
        value = word.partition("=")[2] if word.startswith("-") else word
        if "/" in value and "://" not in value and any(_is_elsewhere(call, spot.path) for spot in call.spots(value)):
            yield ask("foreign-code", f"{readable(word)} is outside of the project, and {call.name} may run what is there.")
    for path, content in written.near(call.cwds):
        yield from _made(path, content, call, written)


def _made(path: str, content: Stream, call: Call, written: Written) -> Iterator[Finding]:
    """Findings on a file that the model wrote and that this command may run: where it is understood, on what is in it."""
    name = path.rpartition("/")[2]
    code = _shell_code(name, content)
    if code is None:
        if _is_code(name, path, content, call):
            yield ask("own-code", f"{call.name} may run {name}, which was written while deploying and which nobody has looked at.")
        return
    written.looked_at.add(path)
    try:
        for text in code:
            yield from call.runs_code(text)
    finally:
        written.looked_at.discard(path)


def _shell_code(name: str, content: Stream) -> list[str] | None:
    """The shell code that a file has programs run; None where that cannot be told."""
    return _read(name, content.text) if content.kind == "text" else None


def _read(name: str, text: str) -> list[str] | None:
    if name in ("Makefile", "makefile", "GNUmakefile") or name.endswith(".mk"):
        return [makefile_code(text)]
    if name.endswith((".sh", ".bash")) or _SHEBANG.match(text):
        return [text]
    if name == "package.json":
        return _scripts(text)
    if _REQUIREMENTS.fullmatch(name):
        return None if _ADDRESSES.search(text) else []
    return None


def _scripts(manifest: str) -> list[str] | None:
    try:
        scripts = json.loads(manifest).get("scripts", {}).values()
    except (ValueError, AttributeError):
        return None
    return [script for script in scripts if isinstance(script, str)]


_SHEBANG = re.compile(r"#!\s*/(?:usr/)?bin/(?:env )?(?:ba|da|z|k)?sh\b")
_REQUIREMENTS = re.compile(r"(?:[\w.-]*requirements|constraints)[\w.-]*\.(?:txt|in|here)(?:\.\w+)?")
_ADDRESSES = re.compile(r"://|^\s*-(?!-hash)|\s@\s", re.MULTILINE)
_STEERS = re.compile(
    r"(?:package|composer|deno|angular|nx|turbo|project|babel\.config|nodemon|vercel|biome|lerna|tsconfig[\w.]*|\.\w+rc)\.jsonc?|docker-compose[\w.-]*|"
    r"compose[\w.-]*\.ya?ml|\.yarnrc\.yml|Taskfile\.ya?ml|\.pre-commit[\w.-]*|pom\.xml|build\.xml|settings\.xml|[\w.-]*\.config\.\w+|setup\.cfg|tox\.ini|pytest\.ini|"
    r"php\.ini|\.user\.ini|alembic\.ini|_config\.yml|mkdocs\.yml|hugo\.\w+|requirements[\w.-]*\.txt"
)
"""Files of data that have programs run something all the same."""
_DATA = re.compile(
    r".*\.(?:txt|md|rst|jsonc?|env|csv|tsv|css|scss|less|svg|html?|xml|png|jpe?g|gif|ico|webp|woff2?|lock|sum|log|pid|ya?ml|ini|conf|properties|"
    r"sql|db|sqlite3?|map|pdf|here|out|bak|example|sample|pem|crt|tgz|gz|zip|tar|port|err|diff|webmanifest|graphql|proto|po|mo|keep|gitkeep)|"
    r"\.env(?:\.\w+)*|\.gitignore|\.dockerignore|\.nvmrc|\.node-version|\.python-version|\.tool-versions|LICENSE|README|VERSION|CNAME"
)


def _is_code(name: str, path: str, content: Stream, call: Call) -> bool:
    """Whether a file may be run: by its name, its first characters, or because an interpreter is called with it."""
    if _STEERS.fullmatch(name):
        return not (_REQUIREMENTS.fullmatch(name) and content.kind != "text")
    if _DATA.fullmatch(name):
        return False
    if "." not in name and not _TOOLS.intersection(path.split("/")):
        told = content.kind != "text" or content.text.startswith("#!") or name in _NAMED
        return told or any(spot.path == path for word in call.args for spot in call.spots(word))
    return True


_TOOLS = frozenset({"bin", ".bin", "hooks", ".husky", "scripts"})
_NAMED = frozenset({
    "Dockerfile", "Containerfile", "Procfile", "Gemfile", "Rakefile", "Justfile", "justfile", "Vagrantfile", "Jenkinsfile",
    "artisan",
})  # fmt: skip


def _is_inside(call: Call, path: str) -> bool:
    folder = call.places.deploy_dir
    return path == folder or path.startswith((f"{folder}/", *SYSTEM))


def _is_elsewhere(call: Call, path: str) -> bool:
    return path.startswith("/") and not _is_inside(call, path) and not path.startswith("/dev/")
