"""Env files: reading the user's (`--env-file`), and the app's own, kept over releases as shared/.env.

The app's own file holds one KEY=VALUE a line, as it stands; a value with line breaks, quotes around it or blanks at its ends is
written as "…" with backslash escapes. The keeper reads it (`load_env` in keeper.sh) and the two must agree.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping

from ..model.errors import UsageError
from ..model.plan import PlannedCommand
from ..model.ports import DeployPaths
from ..model.suggestions import suggest
from ..sessions import system
from .native.calls import call

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[\w./:@%+,=?&~^*()\[\]{}|;<>!-]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse_env_file(text: str, source: str) -> dict[str, str]:
    """The variables of a dotenv file: comments, `export `, quotes ("…" with escapes and line breaks, '…' literal).

    Args:
        source: The file's name, for messages. Values never appear in them.

    Raises:
        UsageError: a line is not KEY=VALUE, a name is none, or a quote is not closed; the message has the line number.
    """
    found: dict[str, str] = {}
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(lines):
        line, first = lines[number].strip(), number + 1
        number += 1
        if not line or line.startswith("#"):
            continue
        name, separator, rest = line.removeprefix("export ").partition("=")
        if not separator or not _NAME.fullmatch(name.strip()):
            raise _bad_line(source, first, "it is not KEY=VALUE with a name of letters, digits and _")
        value = rest.strip()
        while value[:1] in ('"', "'") and _closing(value) is None and number < len(lines):
            value = f"{value}\n{lines[number]}"
            number += 1
        found[name.strip()] = _value(value, source, first)
    return found


def format_env(values: Mapping[str, str]) -> str:
    """The text of an env file in the app's own form."""
    return "".join(f"{name}={_encoded(value)}\n" for name, value in values.items())


def parse_env(text: str) -> dict[str, str]:
    """The variables of an env file in the app's own form; what is no variable is passed over, as the keeper does."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, separator, value = line.partition("=")
        if separator and _NAME.fullmatch(name):
            found[name] = _decoded(value)
    return found


def merge_env(existing: str, additions: Mapping[str, str]) -> str:
    """The app's env file with variables added or replaced; other lines (comments too) stay as they are."""
    waiting = dict(additions)
    lines: list[str] = []
    for line in existing.removesuffix("\n").split("\n") if existing else ():
        name = line.partition("=")[0]
        lines.append(f"{name}={_encoded(waiting.pop(name))}" if name in waiting else line)
    return "".join(f"{line}\n" for line in lines) + format_env(waiting)


def without_names(existing: str, names: Collection[str]) -> str:
    """The app's env file without some variables; other lines stay as they are."""
    kept = [line for line in existing.removesuffix("\n").split("\n") if line.partition("=")[0] not in names] if existing else []
    return "".join(f"{line}\n" for line in kept)


def to_dotenv(values: Mapping[str, str]) -> str:
    """The variables as `parse_env_file` reads them: what needs quotes is in "…" with escapes."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def env_file_command(temp: str, paths: DeployPaths) -> PlannedCommand:
    """Puts the merged env file, written to a 0600 file beforehand, in its place: the values are in no command line and no log."""
    why = "Keep the app's environment variables in its own file, readable by you alone"
    if system.is_windows_path(paths.deploy_dir):
        return PlannedCommand(command=call(paths.deploy_dir, "put-environment", temp), reasoning=why)
    shared, target = shlex.quote(paths.shared), shlex.quote(paths.env_file)
    return PlannedCommand(
        command=f"mkdir -p -m 700 {shared} && install -m 600 {shlex.quote(temp)} {target}.new && mv -f {target}.new {target}",
        reasoning=why,
    )


def _closing(value: str) -> int | None:
    """Index of the quote that closes the one at the start."""
    quote = value[0]
    at = 1
    while at < len(value):
        if value[at] == "\\" and quote == '"':
            at += 1
        elif value[at] == quote:
            return at
        at += 1
    return None


def _value(value: str, source: str, line: int) -> str:
    if value[:1] not in ('"', "'"):
        return re.split(r"\s+#", value, maxsplit=1)[0].rstrip() if not value.startswith("#") else ""
    closing = _closing(value)
    if closing is None:
        raise _bad_line(source, line, f"the {value[0]} is not closed")
    rest = value[closing + 1 :].strip()
    if rest and not rest.startswith("#"):
        raise _bad_line(source, line, f"there is text behind the closing {value[0]}")
    inner = value[1:closing]
    return _unescaped(inner) if value[0] == '"' else inner


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1] if found[1] in "\"\\$`'" else found[0]), text)


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = re.sub(r"[\"\\$`]", r"\\\g<0>", value)
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _encoded(value: str) -> str:
    plain = "\n" not in value and "\r" not in value and value == value.strip() and value[:1] not in ('"', "'")
    if plain:
        return value
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'


def _decoded(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], "\\" if found[1] == "\\" else found[0]), value[1:-1])
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] == "'" else value


def _bad_line(source: str, line: int, why: str) -> UsageError:
    return UsageError(
        f"{source}, line {line}: {why}.",
        suggestions=(suggest("Write one KEY=VALUE a line; put values with blanks, # or line breaks in quotes."),),
    )
