"""Rust: programs that serve HTTP, built by Cargo."""

from __future__ import annotations

import posixpath
import re
import tomllib
from shlex import quote
from typing import Any

from ...model.base import Model
from ...model.facts import Detection, Evidence
from ...model.plan import AppSpec, FileCheck
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from ..reused_build import with_kept_build
from .listening import fixed_port, sources
from .toolchain import toolchain

_SERVERS = (
    "actix-web",
    "axum",
    "rocket",
    "warp",
    "poem",
    "salvo",
    "tide",
    "rouille",
    "tiny_http",
    "gotham",
    "hyper",
    "ntex",
    "viz",
)
_LISTENS = re.compile(r"\bTcpListener::bind\(")
_PORT = re.compile(r"(?:bind|from|run)\(\s*\(?\s*(?:\"[\d.:a-z]*[:\"]\s*,?\s*|\[[\d, ]+\]\s*,\s*)(\d{2,5})\b")
_COMMANDS = re.compile(r"\bderive\([^)]*\bSubcommand\b|\.subcommand\(")
_SERVE = re.compile(
    r"(?m)^\s*(Serve|Server|Start|Run|Web)\b\s*(?:[,{(]|$)|"
    r"\.subcommand\(\s*(?:Command::new|SubCommand::with_name)\(\"(serve|server|start|run|web)\""
)
_NAME = re.compile(r"\w[\w-]*")
"""What Cargo takes for the name of a package or a program."""
_ROCKET = 'export ROCKET_ADDRESS="$HOST" ROCKET_PORT="$PORT"; '


class RustFindings(Model):
    """What a plan needs to know of the program."""

    binary: str = ""
    """ "" where none is known to serve: all are built."""
    package: str = ""
    """The workspace's member that makes it; "" for the root package."""
    locked: bool = False
    framework: str = ""
    subcommand: str = ""
    """The program's command that serves, where it has several."""
    port: int | None = None


class RustRecipe:
    """Folders with a Cargo.toml."""

    name = "rust"

    def detect(self, tree: RepoTree) -> Detection | None:
        if not tree.is_file("Cargo.toml"):
            return None
        evidence = [Evidence(file="Cargo.toml", saw="a Cargo manifest", weight=3.0)]
        found = [binary for folder in _packages(tree) if (binary := _serving(tree, folder))]
        if len(found) != 1:
            refusal = _nothing_serves(tree, [binary.package or binary.binary for binary in found])
            details = RustFindings(locked=tree.is_file("Cargo.lock")).model_dump(mode="json")
            return Detection(
                recipe=self.name, project_type="rust", score=3.0, evidence=tuple(evidence), refusal=refusal, details=details
            )
        saw = f"depends on {found[0].framework}" if found[0].framework else "listens"
        evidence.append(Evidence(file="Cargo.toml", saw=f"{found[0].binary} {saw}", weight=4.0))
        return Detection(
            recipe=self.name,
            project_type="rust",
            framework=found[0].framework,
            score=7.0,
            evidence=tuple(evidence),
            runnable=True,
            details=found[0].model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Fetch the crates, build the program, start it.

        Raises:
            RefusedError: Cargo is not there.
        """
        findings = RustFindings.model_validate(detection.details)
        tools = toolchain(given, "Rust", ("cargo",))
        locked = " --locked" if findings.locked else ""
        package = f" --package {quote(findings.package)}" if findings.package else ""
        binary = f"target/release/{findings.binary}"
        target = f" --bin {quote(findings.binary)}" if findings.binary else ""
        fetch = tools.command(given, f"cargo fetch{locked}", "The crates that Cargo.lock names, if there is one.")
        build = tools.command(given, f"cargo build --release{locked}{package}{target}", "The program.")
        start = " ".join(filter(None, ("exec", quote(binary), findings.subcommand)))
        app = AppSpec(
            name=given.app_name,
            command=_ROCKET + start if findings.framework == "rocket" else start,
            cwd=given.repo.source.subdir,
            fixed_port=findings.port,
        )
        draft = Draft(
            strategy="traditional",
            app=app,
            tools=tools.tools,
            install=(fetch,),
            build=(build,),
            build_checks=(FileCheck(path=f"{app_folder(given)}/{binary}"),) if findings.binary else (),
            package_manager="cargo",
            command_prefix=tools.prefix,
        )
        draft = apply_overrides(draft, given, cwd=app_folder(given), prefix=tools.prefix)
        program = f"{app_folder(given)}/{binary}"
        return with_kept_build(draft, given, program, *tools.versions, outputs=(program,)) if findings.binary else draft


def _packages(tree: RepoTree) -> list[str]:
    """Folders of the packages: the root's own, and the members of its workspace."""
    workspace = _manifest(tree, "").get("workspace")
    members = workspace.get("members", []) if isinstance(workspace, dict) else []
    below = [posixpath.dirname(path) for member in members for path in tree.glob(f"{member}/Cargo.toml")]
    return ["", *dict.fromkeys(folder for folder in below if folder)]


def _serving(tree: RepoTree, folder: str) -> RustFindings | None:
    """The program of a package that serves; None for a library, and for a program that does not."""
    manifest, place = _manifest(tree, folder), tree.below(folder) if folder else tree
    package = manifest.get("package")
    name = str(package.get("name", "")) if isinstance(package, dict) else ""
    binaries = [binary for binary in _binaries(place, manifest, name) if _NAME.fullmatch(binary)]
    if not _NAME.fullmatch(name) or not binaries:
        return None
    texts = [text for _, text in sources(place, ".rs")]
    framework = next((crate for crate in _SERVERS if crate in (manifest.get("dependencies") or {})), "")
    if not framework and not any(_LISTENS.search(text) for text in texts):
        return None
    serve = next((match for text in texts if (match := _SERVE.search(text))), None)
    has_commands = any(_COMMANDS.search(text) for text in texts)
    if has_commands and serve is None:
        return None
    wanted = str(package.get("default-run", "")) if isinstance(package, dict) else ""
    return RustFindings(
        binary=wanted if wanted in binaries else name if name in binaries else binaries[0],
        package=name if folder else "",
        locked=tree.is_file("Cargo.lock"),
        framework=framework.removesuffix("-web"),
        subcommand=(serve[1] or serve[2]).lower() if has_commands and serve else "",
        port=None if framework == "rocket" else fixed_port(texts, _PORT),
    )


def _binaries(tree: RepoTree, manifest: dict[str, Any], name: str) -> list[str]:
    declared = manifest.get("bin")
    named = (
        [str(entry["name"]) for entry in declared if isinstance(entry, dict) and "name" in entry]
        if isinstance(declared, list)
        else []
    )
    found = [name] if tree.is_file("src/main.rs") else []
    return [*named, *found, *(posixpath.basename(path).removesuffix(".rs") for path in tree.glob("src/bin/*.rs"))]


def _manifest(tree: RepoTree, folder: str) -> dict[str, Any]:
    try:
        return tomllib.loads(tree.read(posixpath.join(folder, "Cargo.toml")) or "")
    except tomllib.TOMLDecodeError:
        return {}


def _nothing_serves(tree: RepoTree, several: list[str]) -> Reason:
    if several:
        return Reason(
            kind=Kind.NO_RUNNABLE_AT_ROOT,
            message=f"Several programs of this workspace serve: {', '.join(several)}.",
            suggestions=(
                suggest("Choose one: say how to start it, a program below `target/release`", "overrides.start"),
                suggest("And how to build it, if not all are to be built", "overrides.build"),
            ),
        )
    package = _manifest(tree, "").get("package")
    name = package.get("name") if isinstance(package, dict) else ""
    return Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN,
        message=f"{name or 'This'} is a Rust library or a command-line program: it depends on no HTTP server "
        f"(looked for {', '.join(_SERVERS[:6])} and their like) and listens nowhere.",
        suggestions=(
            suggest("Deploy one of its examples", "subdir"),
            suggest("Or say how to start it, a program below `target/release`", "overrides.start"),
        ),
    )
