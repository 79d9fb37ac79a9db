"""Code in other languages that a model put on a command line: what is trivial may run, everything else is asked about."""

from __future__ import annotations

import re

from .marks import is_computed

_MAX_CODE = 400
_ATOM = r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*(?:\[['\"\w]+\])*"
_STRING = r"(?:'[^'\\]*'|\"[^\"\\]*\")"
_VALUE = (
    r"(?:(?:len|str|int|repr|sorted|list|JSON\.stringify|String|Object\.keys)\()?"
    rf"(?:require\({_STRING}\)(?:\.\w+)*|{_ATOM}|{_STRING}|[\d.]+)\)?"
)
_SUM = rf"{_VALUE}(?:\s*(?:[-+*/%,]|[=!<>]=+|<|>)\s*{_VALUE})*"
_TRIVIAL = re.compile(
    rf"\s*(?:import\s+[\w., ]+|from\s+[\w.]+\s+import\s+[\w, ]+|print\((?:{_SUM})?\)|console\.log\((?:{_SUM})?\)|"
    rf"(?:print|say|puts)\s+{_SUM}|echo\s+{_SUM}|(?:const|let|var)\s+\w+\s*=\s*(?:{_SUM})|{_SUM}|process\.exit\(\d*\)|sys\.exit\(\d*\)|)\s*"
)
"""A statement that imports, looks at a value or prints it."""
_REACHES = re.compile(
    r"\b(?:os|subprocess|shutil|socket|pty|ctypes|importlib|runpy|pathlib|child_process|fs|net|http|https|vm|urllib|requests|"
    r"builtins|posix|code|multiprocessing|process\.(?!version|env\.\w+\b|platform|arch|exit|uptime|memoryUsage|node)\w+|environ|ENV|env)\b"
)
"""Modules and names that reach beyond the program, or to all variables."""

_PUT_TOGETHER = re.compile(r"[#@$%&]\s*[{(\[]")
"""Code inside of strings (Ruby's `#{…}`, Perl's `@{…}`, PHP's `${…}`) and Ruby's `%x(…)`."""


def nontrivial(code: str) -> bool:
    """Whether code in another language does more than importing, looking at values and printing them."""
    if len(code) > _MAX_CODE or is_computed(code):
        return True

    def bare(found: re.Match[str]) -> str:
        return found[0] if "require" in code[max(found.start() - 9, 0) : found.start()] else "''"

    without = re.sub(_STRING, bare, code)
    if _REACHES.search(without) or _PUT_TOGETHER.search(code):
        return True
    return not all(_TRIVIAL.fullmatch(statement) for statement in re.split(r"[;\n]", code))
