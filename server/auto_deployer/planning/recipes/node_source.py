"""A cheap static look at JavaScript: what an entry file and the files it requires listen on and connect to. Runs nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...model.base import Model
from ...model.ports import RepoTree

MAX_FILES = 80
"""Files followed from one entry; an app's port and connections are near its entry."""

_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".json", "/index.js", "/index.ts")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", re.DOTALL)
_IMPORT = re.compile(r"""(?:\brequire\s*\(|\bimport\s*\(|\bfrom|\bimport)\s*["']([^"'\n]+)["']""")
_LISTEN = re.compile(r"\.listen\s*\(\s*([^,)\s]*(?:\s*(?:\|\||\?\?)\s*[^,)\s]+)?)")
_OTHER_SERVERS = re.compile(r"\bBun\.serve\s*\(|\bserve\s*\(\s*(?:\{|app\b)|\bstartStandaloneServer\s*\(|\bHapi\.[sS]erver\s*\(")
_READS_PORT = re.compile(
    r"""process\.env(?:\.PORT\b|\[\s*["']PORT["']\s*\])|process\.env\s*;?\s*$|\{[^{}]*\bPORT\b[^{}]*\}\s*=\s*process\.env""",
    re.MULTILINE,
)
_PORT_OPTION = re.compile(r"\bport\s*:\s*(\d{2,5})\b")
SERVICE_URL = re.compile(
    r"\b(mongodb|mongodb\+srv|redis|rediss|postgres|postgresql|mysql|mariadb|amqp|amqps)://(?:[^\s\"'`/@]*@)?([\w.-]+)(:\d+)?"
)
_CONNECT = re.compile(r"\b(createClient|createConnection|createPool|Redis|Pool|Client|Sequelize|knex)\s*\(\s*\{([^{}]*)\}")
_HOST = re.compile(r"""\bhost\s*:\s*(?:process\.env\.(\w+)\s*(?:\|\||\?\?)\s*)?["']([\w.-]+)["']""")
_ENV_URL = re.compile(
    r"process\.env\.(\w*(?:MONGO|REDIS|DATABASE|POSTGRES|MYSQL|AMQP|RABBITMQ)\w*_(?:URL|URI))\b(?!\s*(?:\|\||\?\?))"
)
_ENV_SCHEMA = re.compile(
    r"^\s*(\w*(?:MONGO|REDIS|DATABASE|POSTGRES|MYSQL|AMQP|RABBITMQ)\w*_(?:URL|URI))\s*:\s*(Joi|yup|z)\b([^\n]*)", re.MULTILINE
)
"""A variable in the schema that the environment is validated with."""
_ENV_BEFORE = re.compile(r"""process\.env\.(\w+)\s*(?:\|\||\?\?)\s*["'`]$""")
_CONNECTS_TO = {
    "createClient": "redis",
    "Redis": "redis",
    "createConnection": "mysql",
    "createPool": "mysql",
    "Pool": "postgres",
    "Client": "postgres",
}
_KIND_OF_VARIABLE = {
    "MONGO": "mongodb",
    "REDIS": "redis",
    "POSTGRES": "postgres",
    "MYSQL": "mysql",
    "AMQP": "amqp",
    "RABBITMQ": "amqp",
}
_KINDS = {"mongodb+srv": "mongodb", "rediss": "redis", "postgresql": "postgres", "mariadb": "mysql", "amqps": "amqp"}


class ServiceUse(Model):
    """A service the code connects to."""

    kind: str
    """ "mongodb", "redis", "postgres", "mysql", "amqp", or "database" when the code does not tell."""
    address: str = ""
    """As written in the source; "" when only a variable holds it."""
    variable: str = ""
    """The environment variable that gives the address, where there is one."""
    file: str

    @property
    def is_container_name(self) -> bool:
        """The host is a bare name, as compose files give to their services: it means nothing on another machine."""
        host = self.address.split(":")[0]
        return bool(host) and "." not in host and host != "localhost"


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
    return None


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
        services.update({(use.kind, use.address, use.variable): use for use in _services(path, code)})
    return SourceScan(
        entry=entry,
        listens=listens,
        entry_listens=entry_listens,
        fixed_port=ports[0] if ports and not reads_port else None,
        services=tuple(services.values()),
    )


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
    """First arguments of `.listen(…)`; for `listen({port: 80})` the number."""
    targets: list[str] = []
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


def _services(path: str, code: str) -> Iterator[ServiceUse]:
    for match in SERVICE_URL.finditer(code):
        before = _ENV_BEFORE.search(code, max(0, match.start() - 120), match.start())
        kind = _KINDS.get(match[1], match[1])
        yield ServiceUse(kind=kind, address=f"{match[2]}{match[3] or ''}", variable=before[1] if before else "", file=path)
    for options in _CONNECT.finditer(code):
        if host := _HOST.search(options[2]):
            yield ServiceUse(kind=_CONNECTS_TO.get(options[1], "database"), address=host[2], variable=host[1] or "", file=path)
    schema = [name for name, library, rules in _ENV_SCHEMA.findall(code) if _is_required(library, rules)]
    for variable in (*_ENV_URL.findall(code), *schema):
        kind = next((kind for word, kind in _KIND_OF_VARIABLE.items() if word in variable), "database")
        yield ServiceUse(kind=kind, variable=variable, file=path)


def _is_required(library: str, rules: str) -> bool:
    """Whether a schema's rules demand a value: zod's do unless they say otherwise, Joi's and yup's when they say so."""
    return not re.search(r"\.(?:optional|nullish|default)\(", rules) if library == "z" else ".required(" in rules
