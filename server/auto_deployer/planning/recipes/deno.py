"""Deno: a `start` task, or an entry file by its usual name."""

from __future__ import annotations

import posixpath
import re
from shlex import quote
from typing import Any

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence
from ...model.plan import AppSpec, PlannedCommand
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..quoting import path_word
from ..recipe import Draft
from .json_texts import as_object, json_object
from .listening import fixed_port, sources
from .node_source import strip_comments
from .toolchain import missing_tool

_CONFIGS = ("deno.json", "deno.jsonc")
_ENTRIES = tuple(f"{folder}{stem}.{suffix}" for folder in ("", "src/") for stem in ("main", "server", "mod", "index", "app")
                 for suffix in ("ts", "tsx", "js", "mjs"))  # fmt: skip
_SERVES = re.compile(r"\bDeno\.serve\(|\bserve\(|\.listen\(|export\s+default\s*\{[^}]*\bfetch\b|\bnew\s+(?:Hono|Application|App)\b")
_RUNS = re.compile(r"\bDeno\.serve\(")
_ELSEWHERE = re.compile(r"[\"'](?:jsr:|npm:|https?://)[^\"'\s]+[\"']")
_PORT = re.compile(r"(?:\bport\s*:|\.listen\()\s*(\d{2,5})\b")


class DenoFindings(Model):
    """What a plan needs to know of the program."""

    start: str = ""
    """Words after the program's name."""
    build: str = ""
    caches: str = ""
    """Words after the program's name that fetch what it imports; "" when it imports nothing from elsewhere."""
    locked: bool = False
    port: int | None = None


class DenoRecipe:
    """Folders with a deno.json."""

    name = "deno"

    def detect(self, tree: RepoTree) -> Detection | None:
        config = next((name for name in _CONFIGS if tree.is_file(name)), None)
        if config is None:
            return None
        settings = _settings(tree.read(config) or "")
        tasks = as_object(settings.get("tasks"))
        serves = _RUNS if "exports" in settings else _SERVES  # a package's modules only define what others start
        entry = next((path for path in _ENTRIES if serves.search(strip_comments(tree.read(path) or ""))), "")
        evidence = [Evidence(file=config, saw="settings of Deno", weight=3.0)]
        if not entry and "start" not in tasks:
            return Detection(
                recipe=self.name,
                project_type="deno",
                score=3.0,
                evidence=tuple(evidence),
                refusal=_library(config) if "exports" in settings else _nothing_to_start(config),
            )
        evidence.append(Evidence(file=config if "start" in tasks else entry, saw="what to start", weight=4.5))
        texts = [text for _, text in sources(tree, ".ts", ".tsx", ".js")]
        findings = DenoFindings(
            start="task start"
            if "start" in tasks
            else f"{'serve' if _is_module(tree, entry) else 'run'} --allow-all {quote(entry)}",
            build="task build" if "build" in tasks else "",
            caches=_caches(tree, settings, entry, str(tasks.get("start", ""))),
            locked=tree.is_file("deno.lock"),
            port=fixed_port(texts, _PORT),
        )
        return Detection(
            recipe=self.name,
            project_type="deno",
            framework="fresh" if "fresh" in (tree.read(config) or "") else "",
            score=7.5,
            evidence=tuple(evidence),
            runnable=True,
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Deno on the target, else the one that npm brings.

        Raises:
            RefusedError: neither Deno nor npm is there.
        """
        findings = DenoFindings.model_validate(detection.details)
        tool = "deno" if given.host.tool("deno") else "npm" if given.host.tool("npm") else ""
        if not tool and given.overrides.start is None:
            raise _no_deno(given)
        call = "deno" if tool == "deno" else "npx --yes deno@2"
        serve = ' --host "$HOST" --port "$PORT"' if findings.start.startswith("serve ") else ""
        words = findings.start.replace("serve ", f"serve{serve} ", 1) if serve else findings.start
        folder = app_folder(given)
        fetch = PlannedCommand(command=f"{call} {findings.caches}", cwd=folder, reasoning="What it imports from elsewhere.")
        build = PlannedCommand(command=f"{call} {findings.build}", cwd=folder, reasoning="The project's own build task.")
        draft = Draft(
            strategy="traditional",
            app=AppSpec(
                name=given.app_name,
                command=f"exec {call} {words}",
                cwd=given.repo.source.subdir,
                env={} if tool == "deno" else {"npm_config_prefer_offline": "true"},
                fixed_port=findings.port,
            ),
            tools=(tool,) if tool else (),
            install=(fetch,) if findings.caches else (),
            build=(build,) if findings.build else (),
            package_manager="deno",
            notes=() if tool == "deno" else ("Deno is fetched by npx: it is not installed.",),
        )
        return apply_overrides(draft, given, cwd=folder)


def _settings(text: str) -> dict[str, Any]:
    return json_object(re.sub(r",(\s*[}\]])", r"\1", strip_comments(text)))


def _caches(tree: RepoTree, settings: dict[str, Any], entry: str, start: str) -> str:
    """How what the program imports is fetched: all that the settings name, or what an entry leads to."""
    if tree.is_file("package.json"):
        return "install"
    named = re.search(r"[\w./-]+\.(?:tsx?|m?js)\b", start)
    file = posixpath.normpath(named[0]) if named else entry
    from_elsewhere = "imports" in settings or any(_ELSEWHERE.search(text) for _, text in sources(tree, ".ts", ".tsx", ".js"))
    if not from_elsewhere:
        return ""
    return f"cache {path_word(file)}" if file and tree.is_file(file) else "install"


def _is_module(tree: RepoTree, entry: str) -> bool:
    """Whether the entry only exports what answers: `deno serve` listens for it."""
    text = tree.read(entry) or ""
    return re.search(r"export\s+default\s*\{[^}]*\bfetch\b", text) is not None and "Deno.serve(" not in text


def _library(config: str) -> Reason:
    return Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN,
        message=f"{config} describes a package for others to import (`exports`): it has no `start` task, and no module serves.",
        suggestions=(
            suggest("Deploy one of its examples", "subdir"),
            suggest("Or say how to start it, such as `deno run -A` and a file", "overrides.start"),
        ),
    )


def _nothing_to_start(config: str) -> Reason:
    return Reason(
        kind=Kind.NO_START_COMMAND,
        message=f"Nothing says how to start this Deno project: looked for a `start` task in {config}, "
        "and for main.ts, server.ts and their like that serve.",
        suggestions=(suggest("Say how to start it, such as `deno run -A` and a file (PORT and HOST are set)", "overrides.start"),),
    )


def _no_deno(given: PlanInput) -> RefusedError:
    error = missing_tool(given.host, "Deno", [("deno", "npm")])
    return RefusedError(
        error.message,
        kind=error.kind,
        suggestions=(suggest("Install Deno", command="curl -fsSL https://deno.land/install.sh | sh"), *error.suggestions[1:]),
    )
