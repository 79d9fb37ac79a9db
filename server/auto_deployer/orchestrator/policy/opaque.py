"""Code in other languages on a command line (`python -c`, `node -e`, awk): opaque, but for what its strings and calls give away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .calls import Call, options
from .findings import Finding, ask
from .inline import nontrivial
from .marks import is_computed
from .streams import FETCHED

_FLAGS = {
    "python": "c", "perl": "eE", "ruby": "e", "node": "ep", "nodejs": "ep", "bun": "ep", "deno": "", "php": "r", "lua": "e",
    "Rscript": "e",
    "osascript": "e", "tclsh": "", "guile": "c", "julia": "eE", "irb": "e", "groovy": "e", "pwsh": "c", "elixir": "e", "erl": "",
}  # fmt: skip
"""Interpreter (its name without a version) and the letters of options that take code."""
_VALUED = {"python": "cmWX", "perl": "eEI", "ruby": "eIrC", "node": "epr", "nodejs": "epr", "php": "rdcSt"}
_IN_PLACE = re.compile(r"-[pnlawF0]*i")
"""perl's and ruby's option to edit files where they are."""
_LONG = frozenset({"--eval", "--print", "--command", "--run", "-Command", "--execute"})
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`((?:[^`\\]|\\.)*)`", re.DOTALL)
_SPAWNS = re.compile(
    r"\w\.system\b|\bos\s*\.\s*(?:system|popen|exec[lv]\w*|spawn\w*|posix_spawn\w*)\b|"
    r"\b(?:os\.system|os\.popen|os\.exec\w*|os\.spawn\w*|posix_spawn\w*|subprocess|popen\w*|pty\.spawn|commands\.getoutput|child_process|"
    r"execSync|execFile\w*|spawn\w*|shell_exec|passthru|proc_open|pcntl_exec|IO\.popen|Kernel\.(?:exec|system)|Open3|os\.execute|io\.popen|"
    r"system|exec|qx|readpipe|do shell script|Bun\.\$|Deno\.Command)\b\s*[({'\"\[`\\,. ]"
)
_DELETES = re.compile(
    r"\b(?:rmtree|Deno\.remove\w*|rmSync|rmdirSync|removedirs|rm_rf|rm_r|remove_tree|remove_dir_all|fs\.rm|rimraf|unlink\w*|os\.remove|rmdir)\b"
)
_WRITES = re.compile(
    r"\b(?:writeFile\w*|appendFile\w*|createWriteStream|write_text|write_bytes|copyfile|copy2?|copytree|symlink\w*|rename\w*|file_put_contents|"
    r"File\.write|fwrite|chmod\w*|chown\w*|move)\b|open\w*\([^)]*,\s*(?:mode\s*=\s*)?['\"][^'\"]*[wax+]"
)
_HIDES = re.compile(
    r"\b(?:eval|exec|compile|getattr|import_module|a2b_\w+|atob|Function|decode|chr|pack|globals|unescape|require\s*\([^'\"])\s*\(|"
    r"\b(?:__import__|b64decode|fromhex|unhexlify|marshal|fromCharCode|base64_decode|rot13|__builtins__|b85decode|zlib)|Buffer\.from|"
    r"\\x[0-9a-f]{2}|\w\s*=\s*(?:exec|eval|getattr|compile)\b"
)


_READS = re.compile(
    r"\b(?:open\w*|read\w*|createReadStream|cat|scandir|listdir|glob|iterdir|file_get_contents|getline|fopen|file|slurp|system)\b|>|<"
)
_HOME = re.compile(
    r"HOME|homedir|expanduser|Path\.home|Dir\.home|getenv|environ\b|ENVIRON|\bENV\b|process\.env|userInfo|\bposix_getpwuid|getpw\w+"
)
"""Ways to the user's home, or to any variable."""
_KEYS_FOLDER = re.compile(r"(?:^|/)(\.(?:ssh|aws|gnupg|kube|docker|azure)(?:/.*)?)$")
_LITERAL_ARGUMENT = re.compile(r"\s*(?:\s*(['\"`])[^'\"`$]*\1\s*[,)]|\s*\))")
_ADDRESS = re.compile(r"(?:https?|ftp)://")


def interpreter(name: str) -> str | None:
    """The interpreter's name without its version, or None."""
    base = re.sub(r"[\d.]+(?:-\w+)?$", "", name) or name
    base = "python" if base in ("pypy", "ipython", "python3-config") else base
    return base if base in _FLAGS else None


def code_of(call: Call, language: str) -> Iterator[Finding]:
    """Findings on the code that an interpreter is given as words or on its standard input."""
    args = tuple("-p" if word == "-pe" else word for word in call.args) if language in ("node", "nodejs", "bun") else call.args
    given = options(args, _VALUED.get(language, _FLAGS[language]), tuple(_LONG))
    codes = given.values_of(*(f"-{letter}" for letter in _FLAGS[language]), *_LONG)
    if language == "php" and given.values_of("-S"):
        yield from (found for folder in given.values_of("-t") for found in call.reads_all(folder))
        return
    if language == "deno" and "eval" in call.args[:1]:
        codes += call.args[1:]
    for code in codes:
        yield from judge_code(code, call)
        yield from _doubted(code, call)
    if language in ("perl", "ruby") and any(_IN_PLACE.match(word) for word in call.args):
        yield from (found for word in given.operands for found in call.writes(word))
    if codes or given.values_of("-m") or call.args in (("--version",), ("-V",), ("-v",)):
        return
    if address := next(filter(_ADDRESS.match, given.operands), None):
        yield ask("fetch-to-exec", f"{call.name} runs what is at {address}, unseen.")
    if given.operands and given.operands[0] not in ("-", "/dev/stdin"):
        yield from call.judge.script(given.operands[0], call, lambda text: _certain(judge_code(text, call)))
    else:
        yield from from_stdin(call)


def _doubted(code: str, call: Call) -> Iterator[Finding]:
    if call.judge.doubts and nontrivial(code):
        yield ask("inline-code", f"The model has {call.name} run code of its own, of which nobody can tell what it does.")


def _certain(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A program as long as a file does much that a one-liner has no reason for: only what is sure to be harm counts."""
    return (finding for finding in findings if finding.verdict == "deny")


def from_stdin(call: Call) -> Iterator[Finding]:
    """Code that flows into an interpreter."""
    match call.stdin.kind:
        case "text":
            yield from judge_code(call.stdin.text, call)
            yield from _doubted(call.stdin.text, call)
        case "fetched" | "computed":
            yield piped(call, call.name)
        case "none" | "file":
            return


def piped(call: Call, program: str) -> Finding:
    """Code of which only the running command will know."""
    if call.stdin == FETCHED:
        return ask("fetch-to-exec", f"{program} runs what was just fetched, unseen.")
    return ask("computed-code", f"What {program} runs is only known when it runs.")


def judge_code(code: str, call: Call) -> Iterator[Finding]:
    """Findings on code in another language."""
    if is_computed(code):
        yield ask("computed-code", f"The code that {call.name} runs is only known when it runs.")
    strings = [next(filter(None, found.groups()), "") for found in _STRING.finditer(code)]
    for text in strings:
        yield from _protected(text, call)
    if _HIDES.search(code):
        yield ask("hidden-code", f"The code for {call.name} makes other code or text while it runs.")
    if _DELETES.search(code):
        yield from _deletions(strings, call)
        if any(code[found.end() :].startswith("(") and not _LITERAL_ARGUMENT.match(code, found.end() + 1)
               for found in _DELETES.finditer(code)):  # fmt: skip
            yield ask("recursive-delete", f"What the code for {call.name} deletes is only known when it runs.")
    yield from _at_home(code, strings, call)
    yield from _written_by(code, strings, call)
    if _SPAWNS.search(code) or "`" in code:
        yield from _spawned(strings, call)


def _written_by(code: str, strings: list[str], call: Call) -> Iterator[Finding]:
    """Findings on files that code changes."""
    for text in strings:
        if text.startswith(">") and "\n" not in text:  # perl's `open F, ">x"`
            yield from call.overwrites(_expanded(text.lstrip("> "), call))
    if _WRITES.search(code):
        for text in strings:
            if text.startswith(("/", "~", "..")):
                yield from call.overwrites(_expanded(text, call))


def _at_home(code: str, strings: list[str], call: Call) -> Iterator[Finding]:
    """Files that code reaches through the home directory, whose path it puts together while it runs."""
    if not _HOME.search(code) or not any(pattern.search(code) for pattern in (_DELETES, _WRITES, _READS)):
        return
    if re.search(r"HOME|homedir|expanduser|Path\.home|Dir\.home|userInfo|getpw", code) or _DELETES.search(code):
        what = f"Which file the code for {call.name} reaches below the home directory"
        yield ask("computed-target", f"{what} is only known when it runs.")
    for text in strings:
        path = f"{call.places.home}/{text.lstrip('/')}"
        if text and "\n" not in text:
            yield from call.reads(path)
            yield from (found for found in call.writes(path) if found.verdict == "deny")


def _protected(text: str, call: Call) -> Iterator[Finding]:
    if "/" not in text and not text.startswith("."):
        return
    keys = _KEYS_FOLDER.search(text)
    path = f"{call.places.home}/{keys[1]}" if keys and not text.startswith("/") else _expanded(text, call)
    for spot in call.spots(path):
        if found := call.places.read(spot):
            yield found
        elif (found := call.places.write(spot)) and found.verdict == "deny" and found.rule != "raw-disk":
            yield ask(found.rule, f"{spot.path} is named in the code.")
        elif found and found.verdict == "deny":
            yield found


def _deletions(strings: list[str], call: Call) -> Iterator[Finding]:
    paths = [text for text in strings if text and not re.search(r"[\s()=]", text)]
    if not paths:
        yield ask("recursive-delete", f"What the code for {call.name} deletes is only known when it runs.")
    for text in paths:
        yield from call.deletes(_expanded(text, call))


def _spawned(strings: list[str], call: Call) -> Iterator[Finding]:
    """Each string as a command line, and all of them as the words of one."""
    for text in strings:
        if text and any(char.isalpha() for char in text):
            yield from call.runs_code(text)
    yield from call.runs([text for text in strings if text])
    yield ask("spawns-commands", f"The code for {call.name} runs other commands, which cannot all be seen.")


def _expanded(text: str, call: Call) -> str:
    return call.places.home + text[1:] if text == "~" or text.startswith("~/") else text


_AWK_SHELL = re.compile(r"\bsystem\s*\(|\|\s*getline|\|\s*&?\s*[\"(\w]|\|&")
_SED_SHELL = re.compile(r"(?:^|[;{}\n]|[\d$/]\s*)e(?:\s|$|;)|/[gpiImM\d]*e[gpiImM\d]*(?:$|[;}\n])")
_SED_WRITE = re.compile(r"(?:^|[;{}\n]|[\d$/!]\s*|/[gpiI\d]*)[wW](?:\s+|(?=\.\./))(\S+)")
_SED_READ = re.compile(r"(?:^|[;{}\n]|[\d$/!]\s*)[rR]\s*(\S+)")
_EDITOR_SHELL = re.compile(r"(?:^|[:|\n+])\s*(?:silent!?\s*)*!|\bsystem\w*\(|\b(?:shell-command|call-process|start-process)\b")
_EDITOR_LOOKS = re.compile(r"--?(?:version|help|h|R|n|b|v)|\+\d*")
_SED_SUBSTITUTES = re.compile(r"s([^\w\s\\])((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1([a-zA-Z0-9]*)", re.DOTALL)


def awk(call: Call) -> Iterator[Finding]:
    """A program that may run commands and write files."""
    for file in options(call.args, "fFv", ("--file",)).values_of("-f", "--file"):
        yield from call.judge.script(file, call)
    in_place = any(word in ("inplace", "-iinplace") for word in call.args)
    for word in call.args:
        strings = [found[2] or "" for found in _STRING.finditer(word)]
        for text in strings:
            yield from _protected(text, call)
        yield from _at_home(word, strings, call)
        if in_place:
            yield from (found for found in call.writes(word) if found.verdict == "deny")
        if _AWK_SHELL.search(word):
            yield from _spawned(strings, call)
        for found in re.finditer(r"(>>?)\s*\"([^\"]+)\"", word):
            yield from call.writes(found[2]) if found[1] == ">>" else call.overwrites(found[2])


def sed(call: Call) -> Iterator[Finding]:
    """In-place edits, and scripts that write files or run commands."""
    given = options(call.args, "eflE", ("--expression", "--file", "--line-length"))
    scripts = given.values_of("-e", "--expression") or given.operands[:1]
    for script in scripts:
        if _SED_SHELL.search(script) or any("e" in found[4] for found in _SED_SUBSTITUTES.finditer(script)):
            yield ask("hidden-code", "A sed script with the command or flag `e` runs what is in the text.")
        for found in _SED_WRITE.finditer(script):
            yield from call.overwrites(found[1])
        for found in _SED_READ.finditer(script):
            yield from call.reads(found[1])
    for file in given.values_of("-f", "--file"):
        yield from call.judge.script(file, call)
    if given.has("i", "in-place") or any(word.startswith("-i") for word in call.args):
        files = given.operands if given.values_of("-e", "--expression", "-f", "--file") else given.operands[1:]
        for word in files:
            yield from call.writes(word)


def editor(call: Call) -> Iterator[Finding]:
    """Editors that take commands from the command line or from what flows in."""
    texts = [*call.args, call.stdin.text]
    commands = any(word[:1] in ("-", "+") and not _EDITOR_LOOKS.fullmatch(word) for word in call.args)
    if commands or any(_EDITOR_SHELL.search(text) for text in texts):
        yield ask("hidden-code", f"{call.name} is told to run commands.")
    if call.stdin.kind in ("fetched", "computed"):
        yield piped(call, call.name)
    for word in call.args:
        if not word.startswith(("-", "+", ":")):
            yield from call.writes(word)


def debugger(call: Call) -> Iterator[Finding]:
    """Programs whose whole purpose is running code from their arguments."""
    yield ask("hidden-code", f"{call.name} runs commands of its own.")
    for word in call.args:
        if " " in word:
            yield from call.runs_code(word)
