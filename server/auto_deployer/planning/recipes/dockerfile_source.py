"""Reading a Dockerfile: its stages, what it listens on, what it needs to be built. Pure text, nothing runs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .server_images import known_image

_INSTRUCTION = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})")
_FROM = re.compile(r"^(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?\s*$", re.IGNORECASE)
_COPY_FROM = re.compile(r"--from=(\S+)")
_PORT_IN_COMMAND = re.compile(
    r"(?:--(?:server\.)?port[ =,\"]+|-p[ ,\"]+|--(?:bind|listen|addr|host)[ =,\"]+\S*?:|\b(?:0\.0\.0\.0|127\.0\.0\.1|localhost):|"
    r"\[::\]:)(\d{2,5})\b"
)
_READS_PORT = re.compile(r"\$\{?PORT\b")
_OWN_INIT = re.compile(r"\bs6\b|linuxserver/|phusion/|baseimage")
_SHELLS = frozenset({"sh", "bash", "ash", "zsh", "fish", "sleep", "tail", "true", "cat", "irb", "psql"})
"""What starts nothing by itself: the image is a place to work in."""
_INTERPRETERS = frozenset({"node", "python", "python3", "ruby", "php", "deno", "bun", "julia"})
_HTTP_PORTS = (80, 8080, 3000, 8000, 5000, 8888, 4000, 8081, 5173, 4173, 4200, 8501, 7860, 3001, 9000)
_NO_HTTP = frozenset({22, 25, 53, 443, 465, 587, 3306, 5432, 5672, 6379, 8443, 9229, 27017, 35729})


@dataclass
class Stage:
    """One `FROM` and what follows it."""

    base: str
    """The image as written, variables replaced."""
    name: str = ""
    ports: list[str] = field(default_factory=list[str])
    env: dict[str, str] = field(default_factory=dict[str, str])
    args: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    volumes: list[str] = field(default_factory=list[str])
    entrypoint: str | None = None
    command: str | None = None
    probe: str = ""
    """The command of its HEALTHCHECK."""
    copies_from: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Dockerfile:
    """What the image that it makes is like."""

    port: int | None = None
    """Where the app listens in its container; None: nothing tells."""
    starts: bool = False
    """Its command is one that goes on, as far as can be told."""
    command: str = ""
    volumes: tuple[str, ...] = ()
    """Paths of its data."""
    args: tuple[str, ...] = ()
    """Names that can be given when it is built."""
    required_args: tuple[str, ...] = ()
    """Those without which not even the base image is known."""
    images: tuple[str, ...] = ()
    """Base images that have to be there."""
    own_init: bool = False
    """It brings a first process of its own, which has to be the first."""


def read_dockerfile(text: str) -> Dockerfile | None:
    """The image of the last stage; None when there is no stage."""
    instructions = list(_instructions(text))
    global_args = _global_args(instructions)
    stages = _stages(instructions, global_args)
    if not stages:
        return None
    named = {stage.name.lower(): stage for stage in stages if stage.name} | {str(at): stage for at, stage in enumerate(stages)}
    line = _line_of(stages[-1], named)
    known = known_image(line[-1].base)
    entrypoint, command = _started(line)
    words = " ".join(filter(None, (entrypoint, command)))
    volumes = dict.fromkeys(path for stage in reversed(line) for path in stage.volumes)
    return Dockerfile(
        port=_port(line, words) or (known.port if known else None),
        starts=_goes_on(words) if words else known is not None,
        command=words,
        volumes=(*volumes, *(path for path in (known.volumes if known else ()) if path not in volumes)),
        args=tuple(dict.fromkeys([*global_args, *(name for stage in stages for name in stage.args)])),
        required_args=tuple(name for name, value in global_args.items() if value is None and _named_in_from(name, instructions)),
        images=_images(stages[-1], named),
        own_init=entrypoint.startswith("/init") or _OWN_INIT.search(line[-1].base) is not None,
    )


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Name in upper case and the rest, line continuations joined, comments and here-documents left out."""
    joined: list[str] = []
    closing: list[str] = []
    for raw in text.splitlines():
        if closing:
            if raw.strip() == closing[0]:
                closing.pop(0)
            continue
        if raw.lstrip().startswith("#") or (joined and not raw.strip()):
            continue
        line = raw.rstrip()
        continues = line.endswith(("\\", "`"))
        joined.append(line[:-1] if continues else line)
        if continues:
            continue
        whole, joined = " ".join(joined), []
        if match := _INSTRUCTION.match(whole):
            closing = [found[2] for found in _HEREDOC.finditer(whole)] if match[1].upper() in ("RUN", "COPY", "ADD") else []
            yield match[1].upper(), match[2].strip()


def _global_args(instructions: Sequence[tuple[str, str]]) -> dict[str, str | None]:
    """The ARGs before the first FROM."""
    found: dict[str, str | None] = {}
    for name, rest in instructions:
        if name == "FROM":
            break
        if name == "ARG":
            found |= _declared(rest, {key: value or "" for key, value in found.items()})
    return found


def _stages(instructions: Sequence[tuple[str, str]], global_args: Mapping[str, str | None]) -> list[Stage]:
    stages: list[Stage] = []
    known = {name: value or "" for name, value in global_args.items()}
    for name, rest in instructions:
        if name == "FROM" and (match := _FROM.match(rest)):
            stages.append(Stage(replaced(match[1], known), match[2] or ""))
        elif stages:
            _apply(stages[-1], name, rest, known)
    return stages


def _apply(stage: Stage, name: str, rest: str, known: Mapping[str, str]) -> None:
    values = {**{arg: value or known.get(arg, "") for arg, value in stage.args.items()}, **stage.env}
    match name:
        case "ARG":
            stage.args |= _declared(rest, values)
        case "ENV":
            stage.env |= _assigned(rest, values)
        case "EXPOSE":
            stage.ports += replaced(rest, values).split()
        case "VOLUME":
            stage.volumes += [path for path in _list(rest) if path.startswith("/")]
        case "CMD":
            stage.command = " ".join(_list(rest))
        case "ENTRYPOINT":
            stage.entrypoint, stage.command = " ".join(_list(rest)), None
        case "HEALTHCHECK":
            stage.probe = replaced(rest, values)
        case "COPY" | "ADD":
            stage.copies_from += _COPY_FROM.findall(rest)
        case _:
            stage.copies_from += re.findall(r"--mount=\S*\bfrom=([^,\s]+)", rest) if name == "RUN" else []


def replaced(text: str, values: Mapping[str, str]) -> str:
    """The text with `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` replaced; what is not known becomes nothing."""

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1] or match[2], "")
        if match[3] == "-":
            return found or match[4]
        return match[4] if match[3] == "+" and found else "" if match[3] == "+" else found

    return _VARIABLE.sub(value, text)


def _declared(rest: str, values: Mapping[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for word in _words(rest):
        name, equals, value = word.partition("=")
        found[name] = replaced(value, values) if equals else None
    return found


def _assigned(rest: str, values: Mapping[str, str]) -> dict[str, str]:
    words = _words(rest)
    if words and "=" not in words[0]:  # the old form, ENV NAME the whole rest
        name, _, value = rest.partition(" ")
        return {name: replaced(value.strip(), values)}
    return {name: replaced(value, values) for name, equals, value in (word.partition("=") for word in words) if equals}


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _list(rest: str) -> list[str]:
    """The words of an instruction in either form, `["a", "b"]` or `a b`."""
    if rest.startswith("["):
        try:
            return [str(word) for word in json.loads(rest)]
        except ValueError:
            return []
    return rest.split()


def _line_of(stage: Stage, named: Mapping[str, Stage]) -> list[Stage]:
    """The stage and those it is made from, itself first."""
    line = [stage]
    while (base := named.get(line[-1].base.lower())) is not None and base not in line:
        line.append(base)
    return line


def _started(line: Sequence[Stage]) -> tuple[str, str]:
    """ENTRYPOINT and CMD; an ENTRYPOINT lets go of the CMD that came before it."""
    command = ""
    for stage in line:
        command = command or stage.command or ""
        if stage.entrypoint is not None:
            return stage.entrypoint, command
    return "", command


def _goes_on(words: str) -> bool:
    programs = [word.rsplit("/", 1)[-1] for word in words.split() if not word.startswith("-")]
    programs = [name for name in programs if name not in ("dumb-init", "tini", "exec", "env")]
    if not programs or (programs[0] in _INTERPRETERS and len(words.split()) == 1):
        return False
    return programs[0] not in _SHELLS or (programs[0] in ("sh", "bash", "ash") and len(programs) > 1)


def _port(line: Sequence[Stage], command: str) -> int | None:
    env = {name: value for stage in reversed(line) for name, value in stage.env.items()}
    told = env.get("PORT", "")
    exposed = [port for stage in line for text in stage.ports if (port := _tcp(text)) is not None]
    if told.isdigit() and (not exposed or int(told) in exposed):
        return int(told)
    if exposed:
        return likely_http(exposed)
    if found := _PORT_IN_COMMAND.search(command):
        return int(found[1])
    if probe := next((stage.probe for stage in line if stage.probe), ""):
        found = _PORT_IN_COMMAND.search(probe)
        return int(found[1]) if found else None
    return _HTTP_PORTS[1] if _READS_PORT.search(command) else None


def likely_http(ports: Sequence[int]) -> int:
    """Of several ports the one that a browser would be sent to."""
    wanted = [port for port in _HTTP_PORTS if port in ports]
    others = [port for port in ports if port not in _NO_HTTP]
    return next(iter((*wanted[:1], *others, *ports)))


def _tcp(text: str) -> int | None:
    """The port of an EXPOSE; of a range the first."""
    number, _, protocol = text.partition("/")
    first = number.partition("-")[0]
    return int(first) if first.isdigit() and 0 < int(first) < 65536 and protocol.lower() in ("", "tcp") else None


def _named_in_from(name: str, instructions: Sequence[tuple[str, str]]) -> bool:
    wanted = re.compile(rf"\$(?:{name}\b|\{{{name}\}})")
    return any(instruction == "FROM" and wanted.search(rest) for instruction, rest in instructions)


def _images(last: Stage, named: Mapping[str, Stage]) -> tuple[str, ...]:
    """Images from elsewhere that the last stage needs, directly or through other stages."""
    found: dict[str, None] = {}
    seen: list[Stage] = []
    waiting = [last]
    while waiting:
        stage = waiting.pop()
        if stage in seen:
            continue
        seen.append(stage)
        for name in (stage.base, *stage.copies_from):
            if (other := named.get(name.lower())) is not None:
                waiting.append(other)
            elif name and name != "scratch" and "$" not in name and not name.startswith("-"):
                found[name] = None
    return tuple(found)
