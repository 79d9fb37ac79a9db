"""A cheap static look at JavaScript: what an entry file and the files it requires listen on and connect to. Runs nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...model.base import Model
from ...model.ports import RepoTree
from .node_clients import ServiceUse, services_in

MAX_FILES = 80
"""Files followed from one entry; an app's port and connections are near its entry."""

_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".json", "/index.js", "/index.ts")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", re.DOTALL)
_IMPORT = re.compile(r"""(?:\brequire\s*\(|\bimport\s*\(|\bfrom|\bimport)\s*["']([^"'\n]+)["']""")
_LISTEN = re.compile(r"\.listen\s*\(\s*([^,)\s]*(?:\s*(?:\|\||\?\?)\s*[^,)\s]+)?)")
_OTHER_SERVERS = re.compile(r"\bBun\.serve\s*\(|\bserve\s*\(\s*(?:\{|app\b)|\bstartStandaloneServer\s*\(|\bHapi\.[sS]erver\s*\(")
_READS_PORT = re.compile(
    r"""process\.env(?:\.PORT\b|\[\s*["']PORT["']\s*\])|process\.env\s*;?\s*$|\{[^{}]*\bPORT\b[^{}]*\}\s*=\s*process\.env""",
    re.MULTILINE,
)
_PORT_OPTION = re.compile(r"\bport\s*:\s*(\d{2,5})\b")
_SERVE_OPTIONS = re.compile(r"\b(?:Bun\.)?serve\s*\(\s*\{")
_EXPORTED_SERVER = re.compile(r"export\s+default\s+(?:\{[^}]*\bfetch\b|(\w+)\s*;?\s*$)", re.MULTILINE)
_WEB_FRAMEWORK = re.compile(r"=\s*new\s+(?:Hono|Elysia|OpenAPIHono)\b")


class SourceScan(Model):
    """What is in an entry file and the files it requires."""

    entry: str
    listens: bool = False
    """Somewhere a server is told to listen."""
    entry_listens: bool = False
    """… in the entry file itself, on a number or on PORT: a program rather than a library."""
    fixed_port: int | None = None
    """The port that is hard-coded, when PORT is read nowhere."""
    services: tuple[ServiceUse, ...] = ()


def strip_comments(code: str) -> str:
    """The code with its comments blanked (URLs in strings stay)."""
    return _COMMENT.sub(_blank, code)


def _blank(comment: re.Match[str]) -> str:
    return " " + "\n" * comment[0].count("\n")


def resolve(root: RepoTree, path: str) -> str | None:
    """The file that `node path` would run (suffixes and index files added), or None."""
    for suffix in _SUFFIXES:
        candidate = posixpath.normpath(f"{path}{suffix}".lstrip("/"))
        if not candidate.startswith("..") and root.is_file(candidate):
            return candidate
    source = re.sub(r"\.([cm]?)js$", r".\1ts", path)  # how TypeScript's modules name each other
    return resolve(root, source) if source != path else None


def scan(root: RepoTree, entry: str) -> SourceScan:
    """Look through an entry and what it requires by relative path, nearest first."""
    listens = entry_listens = reads_port = False
    ports: list[int] = []
    services: dict[tuple[str, str, str], ServiceUse] = {}
    for path, code in reachable(root, entry):
        targets = _listen_targets(code)
        listens |= bool(targets) or _OTHER_SERVERS.search(code) is not None
        reads_port |= _READS_PORT.search(code) is not None
        found = [port for target in targets if (port := _literal(target, code))]
        ports += found
        if path == entry:
            entry_listens = bool(found) or (listens and reads_port)
        services.update({(use.kind, use.address, use.variable): use for use in services_in(path, code)})
    return SourceScan(
        entry=entry,
        listens=listens,
        entry_listens=entry_listens,
        fixed_port=ports[0] if ports and not reads_port else None,
        services=tuple(services.values()),
    )


def exports_server(code: str) -> bool:
    """Whether a module only exports what answers, as Bun listens for it by itself."""
    found = _EXPORTED_SERVER.search(code)
    return found is not None and (found[1] is None or _WEB_FRAMEWORK.search(code) is not None)


def reachable(root: RepoTree, entry: str) -> Iterator[tuple[str, str]]:
    """Breadth first: path and text (comments blanked) of the entry and the files it requires."""
    queue, seen = [entry], {entry}
    while queue and len(seen) <= MAX_FILES:
        path = queue.pop(0)
        text = root.read(path)
        if text is None:
            continue
        code = strip_comments(text)
        yield path, code
        for name in _IMPORT.findall(code):
            target = resolve(root, posixpath.join(posixpath.dirname(path), name)) if name.startswith(".") else None
            if target and target not in seen:
                seen.add(target)
                queue.append(target)


def _listen_targets(code: str) -> list[str]:
    """First arguments of `.listen(…)`; for `listen({port: 80})` and `serve({fetch, port: 80})` the number."""
    calls = (_PORT_OPTION.search(code, match.end(), match.end() + 120) for match in _SERVE_OPTIONS.finditer(code))
    targets = [option[1] for option in calls if option]
    for match in _LISTEN.finditer(code):
        option = _PORT_OPTION.search(code, match.end(0), match.end(0) + 80) if match[1].startswith("{") else None
        targets.append(option[1] if option else match[1])
    return targets


def _literal(target: str, code: str) -> int | None:
    """The number a target stands for: written there, or by a constant of the same file."""
    if target.isidentifier():
        constant = re.search(rf"\b(?:const|let|var)\s+{target}\s*=\s*[\"']?(\d{{2,5}})[\"']?\s*[;,\n]", code)
        target = constant[1] if constant else ""
    number = target.strip("\"'")
    return int(number) if number.isdigit() and 0 < int(number) < 65536 else None
