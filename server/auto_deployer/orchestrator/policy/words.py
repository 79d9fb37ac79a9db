"""What the shell makes of a word before the command sees it: quotes, escapes, variables, braces, splitting.

The result is all fields a word can become, for each combination of the values that its variables can have. What is not known
stands as `UNKNOWN` or `LOOSE`; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import product

from .marks import GLOB, LOOSE, STRANGE, UNKNOWN
from .parser import decoded

_OPEN, _CLOSE, _COMMA, _SPLIT = "\x05", "\x06", "\x07", "\x08"
"""Unquoted `{`, `}`, `,`, and a blank that an unquoted variable brought."""
_TILDE = "\x0e"
"""An unquoted `~`: the shell expands it after braces, so only a whole field tells whether it is a home."""
_HOME = re.compile(rf"([A-Za-z_]\w*=)?{_TILDE}([\w.+-]*)(?=/|{_SPLIT}|$)")
_MAX_COMBINATIONS = 24
_SPECIAL = {"{": _OPEN, "}": _CLOSE, ",": _COMMA, "*": GLOB + "*", "?": GLOB + "?", "[": GLOB + "[", "~": _TILDE}
_PLAIN_RUN = re.compile(r"[^\\'\"$`{},*?\[()<>~]+")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!_-]")
_DEFAULT = re.compile(r"([A-Za-z_]\w*|[0-9@*])(:?)([-=+])(.*)", re.DOTALL)
_NUMBERS = {
    "#": "0",
    "?": "0",
    "-": "hB",
    "PPID": "0",
    "UID": "0",
    "EUID": "0",
    "BASHPID": "0",
    "RANDOM": "0",
    "SECONDS": "0",
}
"""Variables that the shell sets to a number (those of letters can be assigned, but not to harm: they only stand in words)."""
_JOB = "%0"
"""What `$!` and `$$` stand for: a process that the same script started, or is."""
_ANSI_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_ANSI = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)|(.))", re.DOTALL)

Values = Callable[[str], tuple[str, ...]]
"""All values that a variable can have; (UNKNOWN,) when nothing is known of it."""


class Word:
    """One word of the source.

    Args:
        raw: Its text, quotes and all.
        at: Offset of the text in the source …
        substitutions: … in which substitutions begin and end, with the text they print where that is known.
    """

    def __init__(self, raw: str, at: int, values: Values, substitutions: Mapping[int, tuple[int, str | None]], home: str) -> None:
        self._raw, self._at, self._values, self._substitutions, self._home = raw, at, values, substitutions, home
        self._parts: list[tuple[str, ...]] = []
        self._quoted = False

    def fields(self) -> list[list[str]]:
        """Each alternative: the fields it becomes."""
        self._scan()
        count = 1
        for part in self._parts:
            count *= len(part)
        if count > _MAX_COMBINATIONS:
            self._parts = [part if len(part) == 1 else (LOOSE,) for part in self._parts]
        joined = dict.fromkeys("".join(combination) for combination in product(*self._parts))
        return [self._split(text) for text in joined]

    def _split(self, text: str) -> list[str]:
        fields: list[str] = []
        for word in _braces(text) if _OPEN in text else (text,):
            keeps_empty = self._quoted and _SPLIT not in word
            plain = self._at_home(word).replace(_OPEN, "{").replace(_CLOSE, "}").replace(_COMMA, ",")
            fields += [decoded(field) for field in plain.split(_SPLIT) if field or keeps_empty]
        return fields

    def _scan(self) -> None:
        raw, index = self._raw, 0
        while index < len(raw):
            run = _PLAIN_RUN.match(raw, index)
            if run is not None:
                self._parts.append((run[0],))
                index = run.end()
            else:
                index = self._special(index)

    def _special(self, index: int) -> int:
        raw, char = self._raw, self._raw[index]
        match char:
            case "\\":
                following = raw[index + 1 : index + 2]
                self._parts.append(("" if following == "\n" else following,))
                return index + 2
            case "'":
                self._quoted = True
                end = _end(raw, "'", index + 1)
                self._parts.append((_harmless(raw[index + 1 : end]),))
                return end + 1
            case '"':
                self._quoted = True
                return self._double_quoted(index + 1)
            case "$" | "`":
                return self._dollar(index, quoted=False)
            case "<" | ">" | "(":
                end, text = self._substitutions.get(self._at + index, (self._at + len(raw), None))
                self._parts.append((UNKNOWN if text is None else text,))
                return max(end - self._at, index + 1)
            case _:
                self._parts.append((_SPECIAL.get(char, char),))
                return index + 1

    def _double_quoted(self, index: int) -> int:
        raw = self._raw
        while index < len(raw) and raw[index] != '"':
            if raw[index] == "\\":
                following = raw[index + 1 : index + 2]
                keeps_backslash = following not in ("$", "`", '"', "\\", "\n")
                self._parts.append(("" if following == "\n" else ("\\" if keeps_backslash else "") + following,))
                index += 2
            elif raw[index] in "$`":
                index = self._dollar(index, quoted=True)
            else:
                end = next((at for at in range(index, len(raw)) if raw[at] in '\\"$`'), len(raw))
                self._parts.append((_harmless(raw[index:end]),))
                index = end
        return index + 1

    def _dollar(self, index: int, *, quoted: bool) -> int:
        """A `$…` or a substitution at `index`; returns where the text goes on."""
        raw = self._raw
        found = self._substitutions.get(self._at + index)
        if found is not None:
            self._add_text((UNKNOWN,) if found[1] is None else (found[1],), quoted=quoted)
            return found[0] - self._at
        following = raw[index + 1 : index + 2]
        if raw[index] == "`" or following in ("(", "["):  # arithmetic was among the substitutions
            self._parts.append((UNKNOWN,))
            return len(raw)
        if following == "{":
            end = _end_of_braces(raw, index + 2)
            self._add_text(self._parameter(raw[index + 2 : end]), quoted=quoted)
            return end + 1
        if following in ("'", '"') and not quoted:
            return self._dollar_quote(index + 1)
        name = _NAME.match(raw, index + 1)
        if name is None:
            self._parts.append(("$",))
            return index + 1
        self._add_text(self._variable(name[0]), quoted=quoted)
        return name.end()

    def _dollar_quote(self, index: int) -> int:
        """`$'…'` with its escapes, `$"…"` as without the dollar; `index` is the quote's."""
        self._quoted = True
        if self._raw[index] == '"':
            return self._double_quoted(index + 1)
        end = _end_of_ansi(self._raw, index + 1)
        self._parts.append((_ansi(self._raw[index + 1 : end]),))
        return end + 1

    def _parameter(self, inside: str) -> tuple[str, ...]:
        """`${…}`."""
        plain = _NAME.fullmatch(inside)
        if plain is not None:
            return self._variable(inside)
        if inside.startswith("#") and _NAME.fullmatch(inside[1:]):
            return ("0",)
        default = _DEFAULT.fullmatch(inside)
        if default is None or any(char in default[4] for char in "`(<>{"):
            return (UNKNOWN,)
        others = Word(default[4], -1, self._values, {}, self._home).fields()
        texts = tuple(" ".join(fields) for fields in others)
        return dict_tuple(("", *texts) if default[3] == "+" else (*self._variable(default[1]), *texts))

    def _variable(self, name: str) -> tuple[str, ...]:
        if name in ("!", "$"):
            return (_JOB,)
        return (_NUMBERS[name],) if name in _NUMBERS else self._values(name)

    def _add_text(self, texts: tuple[str, ...], *, quoted: bool) -> None:
        """What a variable or a substitution brings: unquoted it is split, and its patterns match files."""
        if quoted:
            self._parts.append(texts)
            self._quoted = True
            return
        self._parts.append(tuple(_loosened(text) for text in texts))

    def _at_home(self, word: str) -> str:
        """The word with its tilde expanded: at its start, or behind the `=` of what looks like an assignment."""
        return _HOME.sub(self._user_home, word, count=1).replace(_TILDE, "~") if _TILDE in word else word

    def _user_home(self, found: re.Match[str]) -> str:
        if found.start() > 0:
            return found[0]
        homes = {"": self._home, "root": "/root", "+": ".", "-": UNKNOWN}
        on_stack = found[2].lstrip("+-").isdigit()  # `~1`: a folder of the stack of pushd
        return (found[1] or "") + (UNKNOWN if on_stack else homes.get(found[2], f"/home/{found[2]}"))


def dict_tuple(values: tuple[str, ...]) -> tuple[str, ...]:
    """Without repetitions, in order."""
    return tuple(dict.fromkeys(values))


def _harmless(quoted: str) -> str:
    """In quotes a strange character is but a character."""
    return quoted.replace(STRANGE, "?")


def _loosened(text: str) -> str:
    if text == UNKNOWN:
        return LOOSE
    marked = re.sub(r"(?<!\x04)([*?\[])", GLOB + r"\1", text.replace(UNKNOWN, LOOSE))
    return re.sub(r"[ \t\n]+", _SPLIT, marked)


def _ansi(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        hexadecimal = found[1] or found[2] or found[3]
        if hexadecimal or found[4]:
            code = int(hexadecimal, 16) if hexadecimal else int(found[4], 8)
            char = chr(min(code, 0x10FFFF))
            return char.encode("utf-8", "replace").decode("latin-1") if code > 127 else _visible(char)
        return STRANGE if found[5] else _visible(_ANSI_ESCAPES.get(found[6], "\\" + found[6]))

    return _ANSI.sub(one, text)


def _visible(text: str) -> str:
    return STRANGE if len(text) == 1 and text < " " and text not in "\n\t" else text


def _end(raw: str, closing: str, start: int) -> int:
    found = raw.find(closing, start)
    return len(raw) if found < 0 else found


def _end_of_ansi(raw: str, start: int) -> int:
    index = start
    while index < len(raw) and raw[index] != "'":
        index += 2 if raw[index] == "\\" else 1
    return index


def _end_of_braces(raw: str, start: int) -> int:
    depth, index = 1, start
    while index < len(raw):
        if raw[index] == "\\":
            index += 1
        elif raw[index] == "{":
            depth += 1
        elif raw[index] == "}":
            depth -= 1
            if depth == 0:
                return index
        index += 1
    return len(raw)


def _braces(text: str) -> list[str]:
    """`a{b,c}` as `ab`, `ac`; a sequence `{1..3}` is unknown text."""
    inner = re.search(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}", text)
    if inner is None:
        return [text]
    before, after = text[: inner.start()], text[inner.end() :]
    sequence_or_plain = [UNKNOWN] if ".." in inner[1] else ["{" + inner[1] + "}"]
    choices = inner[1].split(_COMMA) if _COMMA in inner[1] else sequence_or_plain
    return [expanded for choice in choices for expanded in _braces(before + choice + after)]
