"""Reading the settings of JavaScript build tools as text: their configuration files are programs, and none is run."""

from __future__ import annotations

import posixpath
import re

from ...model.ports import RepoTree
from .node_manifest import Manifest
from .node_source import strip_comments

_LITERAL = (
    r"""(?:(?:path\.)?(?:resolve|join)\s*\(\s*(?:__dirname|import\.meta\.dirname|process\.cwd\(\))\s*,\s*)?["'`]([^"'`$\n]+)["'`]"""
)
_SUFFIXES = ("ts", "js", "mjs", "mts", "cjs", "cts")


def config_path(root: RepoTree, manifest: Manifest, *stems: str) -> str | None:
    """Path of the configuration file of one of these names ("vite.config"), whatever its dialect, or None."""
    paths = (manifest.path(f"{stem}.{suffix}") for stem in stems for suffix in _SUFFIXES)
    return next((path for path in paths if root.is_file(path)), None)


def config_text(root: RepoTree, manifest: Manifest, *stems: str) -> str:
    """Its text without comments; "" when there is none."""
    return strip_comments(root.read(config_path(root, manifest, *stems) or "") or "")


def option(args: tuple[str, ...], *names: str) -> str:
    """The value of `--name value` or `--name=value`."""
    for index, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else "".join(args[index + 1 : index + 2])
    return ""


def operand(args: tuple[str, ...], verb: str) -> str:
    """The word right after a verb, unless it is an option: the folder of `vite build FOLDER`."""
    after = args[args.index(verb) + 1 :][:1] if verb in args else ()
    return next((word for word in after if not word.startswith("-")), "")


def block(text: str, key: str) -> str:
    """The inside of the first `key: { … }`, braces balanced; "" when there is none."""
    start = re.search(rf"\b{key}\s*:\s*\{{", text)
    if not start:
        return ""
    depth = 1
    for index in range(start.end(), len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return text[start.end() : index]
    return text[start.end() :]


def literal(text: str, key: str) -> str:
    """The text that a key is set to anywhere; "" when it is computed or not there."""
    found = re.search(rf"\b{key}[\"']?\s*:\s*{_LITERAL}", text)
    return found[1] if found else ""


def top_level_literal(text: str, key: str) -> str:
    """A literal of the configuration object itself: nested objects have keys of the same names."""
    inner = re.search(r"\{(?=[^{}]*(?:\{|\w+\s*:))", text[_config_start(text) :])
    if not inner:
        return ""
    body, depth, kept = text[_config_start(text) + inner.end() :], 0, []
    for char in body:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            break
        kept.append(char if depth == 0 else " ")
    return literal("".join(kept), key)


def major_of(manifest: Manifest, package: str) -> int:
    """The first number of the range that a dependency is declared with; a high one when it says none."""
    number = re.search(r"\d+", manifest.dependencies.get(package, ""))
    return int(number.group()) if number else 999


def below(folder: str, path: str) -> str:
    """A path that is written relative to a folder."""
    return posixpath.normpath(posixpath.join(folder, path))


def _config_start(text: str) -> int:
    found = re.search(r"export\s+default|module\.exports\s*=", text)
    return found.end() if found else 0
