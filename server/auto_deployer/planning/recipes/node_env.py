"""Variables that a Node app cannot start without: those whose absence it answers with an error, and those a validator demands.

A plain `process.env.X` gives undefined where X is not set, so it demands nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from ...model.facts import EnvVariable
from ...model.ports import RepoTree
from ..env_needs import ALWAYS_SET
from .listening import sources
from .node_manifest import Manifest
from .node_source import reachable, strip_comments

_NAME = r"[A-Z][A-Z0-9_]*"
_READ = rf"process\.env(?:\.({_NAME})\b|\[\s*[\"']({_NAME})[\"']\s*\])"
_GUARD = re.compile(
    r"\bif\s*\(([^{};]*?)\)\s*\{?\s*(?:[\w.]*(?:console|[lL]og|[lL]ogger)\.\w+\([^;{}]*\)\s*;?\s*)*(?:throw\b|process\.exit\(\s*[1-9])"
)
"""An `if` whose block does nothing but complain and end."""
_ABSENT = re.compile(rf"^\(?\s*(?:!\s*(?:{_READ}|(\w+))|(?:{_READ}|(\w+))\s*={{2,3}}\s*(?:undefined|null|\"\"|''))\s*\)?$")
_TAKEN_APART = re.compile(r"\b(?:const|let|var)\s*\{([^{}]*)\}\s*=\s*process\.env\b")
_CONSTANT = re.compile(rf"\b(?:const|let|var)\s+(\w+)\s*(?::\s*\w+[\w|\s]*)?=\s*(?:\w+\s*\?\s*)?{_READ}\s*(?::[^;\n]*)?[;\n]")
_ENV_VAR = re.compile(rf"\.get\(\s*[\"']({_NAME})[\"']\s*\)\.required\(\s*\)")
_ENVALID = re.compile(r"\bcleanEnv\s*\(\s*process\.env\s*,\s*\{")
_ZOD_PARSED = re.compile(r"\.parse\(\s*process\.env\s*\)|\bcreateEnv\s*\(")
_JOI_PARSED = re.compile(r"\.validate\(\s*process\.env\b|\bvalidationSchema\b")
_FIELD = re.compile(rf"^[ \t]*[\"']?({_NAME})[\"']?\s*:\s*(?=(?:z|Joi|yup)\b)", re.MULTILINE)
_ENVALID_FIELD = re.compile(rf"[\"']?\b({_NAME})[\"']?\s*:\s*(\w+)\s*(?:<[^<>]*>)?\(((?:[^()]|\([^()]*\))*)\)")
_HAS_DEFAULT = re.compile(r"\b(?:default|devDefault)\s*:")
_OPTIONAL = re.compile(
    r"\.(?:optional|nullish|default|catch|coerce\.(?:boolean|string))\b|\bz\.(?:preprocess|any|unknown|literal)\b"
)
"""What lets a field be without a value; `coerce` makes false and "undefined" of none."""
_VALIDATORS = (
    "src/env.mjs", "src/env.js", "src/env.ts", "env.mjs", "env.js", "env.ts", "src/lib/env.ts", "src/config/env.ts",
    "src/env/server.mjs",
)  # fmt: skip
"""Where frameworks' projects keep the validation that their build runs."""
_SCHEMA_PACKAGES = ("@fastify/env", "fastify-env", "env-schema")
"""They check the environment against a JSON schema."""
_REQUIRED_LIST = re.compile(r"\brequired[\"']?\s*:\s*\[([^\[\]]*)\]")
_COMMITTED = (".env", ".env.production", ".env.defaults")


def required_env(root: RepoTree, manifest: Manifest, entry: str | None) -> tuple[EnvVariable, ...]:
    """The variables that the entry and the files it requires demand (without an entry: a validator in its usual place)."""
    files = list(reachable(root, entry)) if entry else list(_validators(root, manifest))
    if manifest.depends_on(*_SCHEMA_PACKAGES):
        files += _schemas(root, manifest)
    supplied = ALWAYS_SET | _committed(root, manifest)
    found: dict[str, EnvVariable] = {}
    for path, code in files:
        for name, at in sorted(_demanded(code), key=lambda demand: demand[1]):
            if name not in supplied:
                found.setdefault(name, EnvVariable(name=name, place=f"{path}:{code.count(chr(10), 0, at) + 1}"))
    if any(re.search(r"[\"']dotenv-safe(?:/config)?[\"']", code) for _, code in files):
        for name in _sample_names(root, manifest):
            if name not in supplied:
                found.setdefault(name, EnvVariable(name=name, place=manifest.path(".env.example")))
    return tuple(found.values())


def _demanded(code: str) -> Iterator[tuple[str, int]]:
    """Name and offset of each variable that code demands."""
    yield from _guarded(code)
    yield from ((match[1], match.start()) for match in _ENV_VAR.finditer(code))
    for schema in _ENVALID.finditer(code):
        for field in _ENVALID_FIELD.finditer(code, schema.end(), _closing(code, schema.end())):
            if not _HAS_DEFAULT.search(field[3]):
                yield field[1], field.start(1)
    if any(f'"{name}"' in code or f"'{name}'" in code for name in _SCHEMA_PACKAGES):
        yield from _by_json_schema(code)
    zod, joi = _ZOD_PARSED.search(code), _JOI_PARSED.search(code)
    fields = list(_FIELD.finditer(code)) if zod or joi else []
    for field, following in zip_longest(fields, fields[1:]):
        rules = code[field.end() : following.start() if following else _closing(code, field.end())]
        if (zod and rules.startswith("z") and not _OPTIONAL.search(rules)) or (joi and ".required(" in rules):
            yield field[1], field.start(1)


def _by_json_schema(code: str) -> Iterator[tuple[str, int]]:
    for listed in _REQUIRED_LIST.finditer(code):
        for name in re.finditer(rf"[\"']({_NAME})[\"']", listed[1]):
            if not re.search(rf"\b{name[1]}[\"']?\s*:\s*\{{[^{{}}]*\bdefault\b", code):
                yield name[1], listed.start(1) + name.start()


def _guarded(code: str) -> Iterator[tuple[str, int]]:
    """Variables whose absence alone ends the program: `if (!process.env.A || !B) throw …`, with B taken from `process.env`."""
    names = {match[1]: match[2] or match[3] for match in _CONSTANT.finditer(code)}
    for taken in _TAKEN_APART.finditer(code):
        parts = [part.strip() for part in taken[1].split(",")]
        names |= {part: part for part in parts if re.fullmatch(_NAME, part)}
    for guard in _GUARD.finditer(code):
        if "&&" in guard[1]:
            continue
        for part in guard[1].split("||"):
            if match := _ABSENT.match(part.strip()):
                read = match[1] or match[2] or match[4] or match[5]
                if name := read or names.get(match[3] or match[6] or ""):
                    yield name, guard.start()


def _closing(code: str, start: int) -> int:
    """Where the brace that was opened before `start` is closed."""
    depth = 1
    for at in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return len(code)


def _validators(root: RepoTree, manifest: Manifest) -> Iterator[tuple[str, str]]:
    for path in map(manifest.path, _VALIDATORS):
        if text := root.read(path):
            yield path, strip_comments(text)


def _schemas(root: RepoTree, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The files that name one of those packages: plug-ins are loaded by folder, not by name."""
    prefix = f"{manifest.folder}/" if manifest.folder else ""
    for path, text in sources(root.below(manifest.folder), ".ts", ".js", ".mjs", ".cjs"):
        if any(name in text for name in _SCHEMA_PACKAGES):
            yield f"{prefix}{path}", strip_comments(text)


def _committed(root: RepoTree, manifest: Manifest) -> frozenset[str]:
    return frozenset(_names(root, [manifest.path(name) for name in _COMMITTED]))


def _sample_names(root: RepoTree, manifest: Manifest) -> list[str]:
    return list(_names(root, [posixpath.join(manifest.folder, ".env.example")]))


def _names(root: RepoTree, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield from re.findall(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=", root.read(path) or "")
