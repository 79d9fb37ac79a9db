"""Go: programs that serve HTTP, built into one binary."""

from __future__ import annotations

import posixpath
import re
from shlex import quote

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Detection, Evidence, HostFacts
from ...model.plan import AppSpec, FileCheck
from ...model.ports import PlanInput, RepoTree
from ...model.reasons import Kind, Reason
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from ..reused_build import with_kept_build
from ..versions import at_least
from .listening import fixed_port, sources
from .toolchain import toolchain

_SERVES = re.compile(
    r"\bListenAndServe(?:TLS)?\(|\bhttp\.Serve\(|\bgin\.(?:Default|New)\(|\becho\.New\(|\bfiber\.New\(|\biris\.(?:New|Default)\(|"
    r"\bbeego\.Run\(|\bweb\.Run\(|\bhertz\b.*\bserver\.(?:Default|New)\(|\brevel\.Run\("
)
_PORT = re.compile(r"(?:(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen)\(\s*|\bAddr:\s*)\"[\w.]*:(\d{2,5})\"")
_MAIN = re.compile(r"(?m)^package main\b")
_SUBCOMMAND = re.compile(r"\bUse:\s*\"(serve|server|web|start|run)\b")
_SERVER_NAMES = ("server", "web", "api", "app", "main", "http", "serve")
_NEEDS_C = ("github.com/mattn/go-sqlite3", "github.com/confluentinc/confluent-kafka-go")


class GoFindings(Model):
    """What a plan needs to know of the program."""

    package: str | None = None
    """Folder of the program that is built, relative to the deployed one; None for a library."""
    binary: str = "app"
    """Its name, as `go install` would call it."""
    module: bool = True
    """There is a go.mod."""
    downloads: bool = False
    """It requires modules that are not in vendor/."""
    needs_c: bool = False
    """It uses a C compiler through cgo."""
    version: str = ""
    """The Go that go.mod asks for."""
    subcommand: str = ""
    port: int | None = None


class GoRecipe:
    """Folders with a go.mod or a go.work, or with a main.go."""

    name = "go"

    def detect(self, tree: RepoTree) -> Detection | None:
        module = tree.read("go.mod") or _workspace(tree)
        if module is None and not tree.is_file("main.go"):
            return None
        texts = dict(sources(tree, ".go"))
        texts = {path: text for path, text in texts.items() if not path.endswith("_test.go")}
        package = _package(texts, module or "")
        manifest = next((name for name in ("go.mod", "go.work") if tree.is_file(name)), "main.go")
        evidence = [Evidence(file=manifest, saw="a Go module" if module else "a Go program", weight=3.0)]
        serving = next((path for path, text in texts.items() if _SERVES.search(text)), "")
        runnable = package is not None and bool(serving)
        if runnable:
            evidence.append(Evidence(file=serving, saw="serves HTTP", weight=4.0))
        inside = list(texts.values())
        findings = GoFindings(
            package=package,
            binary=posixpath.basename(package or "") or _module_name(module or "") or "app",
            module=module is not None,
            downloads=bool(module and re.search(r"(?m)^(?:require\b|\t\S+ v)", module)) and not tree.is_dir("vendor"),
            needs_c=any(name in (module or "") for name in _NEEDS_C) or any(re.search(r'(?m)^import "C"', text) for text in inside),
            version=match[1] if (match := re.search(r"(?m)^go (\d+(?:\.\d+)+)", module or "")) else "",
            subcommand=next((match[1] for text in inside if (match := _SUBCOMMAND.search(text))), ""),
            port=fixed_port(inside, _PORT),
        )
        return Detection(
            recipe=self.name,
            project_type="go",
            framework=_framework(module or ""),
            score=sum(item.weight for item in evidence),
            evidence=tuple(evidence),
            runnable=runnable,
            refusal=None if runnable else _nothing_serves(module or ""),
            details=findings.model_dump(mode="json"),
        )

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """Download the modules, build one binary, start it.

        Raises:
            RefusedError: Go is not there, or too old to read go.mod.
        """
        findings = GoFindings.model_validate(detection.details)
        tools = toolchain(given, "Go", ("go",))
        _refuse_old_go(given.host, findings.version)
        folder = app_folder(given)
        env = {} if findings.needs_c else {"CGO_ENABLED": "0"}
        binary = f"bin/{findings.binary}"
        target = f"./{findings.package or ''}" if findings.module else "main.go"
        build = tools.command(given, f"go build -o {quote(binary)} {quote(target)}", "One program.", **env)
        download = tools.command(given, "go mod download", "What go.mod requires, as go.sum pins it.")
        app = AppSpec(
            name=given.app_name,
            command=f"exec {' '.join(filter(None, (quote(binary), findings.subcommand)))}",
            cwd=given.repo.source.subdir,
            fixed_port=findings.port,
        )
        draft = Draft(
            strategy="traditional",
            app=app,
            tools=tools.tools,
            install=(download,) if findings.downloads else (),
            build=(build,) if findings.package is not None else (),
            build_checks=(FileCheck(path=f"{folder}/{binary}"),) if findings.package is not None else (),
            package_manager="go modules",
            command_prefix=f'{tools.prefix}export PATH="$PWD/bin:$PATH"; ',
        )
        draft = apply_overrides(draft, given, cwd=folder, prefix=draft.command_prefix)
        return with_kept_build(draft, given, f"{folder}/{binary}", *tools.versions, outputs=(f"{folder}/{binary}",))


def _workspace(tree: RepoTree) -> str | None:
    """The text of a workspace's file and of its modules' (they are built together); None without one."""
    text = tree.read("go.work")
    if text is None:
        return None
    folders = re.findall(r"(?m)^(?:use\s+|\s+)(\.[\w./-]*)\s*$", text)
    return "\n".join([text, *(tree.read(posixpath.normpath(f"{folder}/go.mod")) or "" for folder in folders)])


def _package(texts: dict[str, str], module: str) -> str | None:
    """The folder of the program: the one whose own files serve, else the one of the likeliest name; None for a library."""
    mains = {posixpath.dirname(path) for path, text in texts.items() if _MAIN.search(text) and "func main()" in text}
    if not mains:
        return None
    own = {
        folder for folder in mains if any(_SERVES.search(text) for path, text in texts.items() if posixpath.dirname(path) == folder)
    }
    wanted = [*_SERVER_NAMES, _module_name(module)]

    def rank(folder: str) -> tuple[bool, int, int, str]:
        name = posixpath.basename(folder)
        return folder not in own, folder.count("/") + bool(folder), wanted.index(name) if name in wanted else len(wanted), folder

    return min(mains, key=rank)


def _module_name(module: str) -> str:
    """The last part of the module's path that is no version."""
    named = re.search(r"(?m)^module\s+(\S+)", module)
    return posixpath.basename(re.sub(r"/v\d+$", "", named[1])) if named else ""


def _framework(module: str) -> str:
    known = {
        "gin-gonic/gin": "gin",
        "labstack/echo": "echo",
        "gofiber/fiber": "fiber",
        "go-chi/chi": "chi",
        "gorilla/mux": "gorilla",
    }
    return next((name for path, name in known.items() if path in module), "")


def _nothing_serves(module: str) -> Reason:
    return Reason(
        kind=Kind.LIBRARY_NOTHING_TO_RUN,
        message=f"{_module_name(module) or 'This'} is a Go library or a command-line program: no `package main` in it serves HTTP "
        "(looked for ListenAndServe, gin, echo, fiber, iris and their like).",
        suggestions=(
            suggest("Deploy one of its examples", "subdir"),
            suggest("Or say how to build it, such as `go build -o app` and a package", "overrides.build"),
            suggest("And how to start it", "overrides.start", "./app"),
        ),
    )


def _refuse_old_go(host: HostFacts, wanted: str) -> None:
    """Go before 1.21 cannot read the "1.22.0" of a newer go.mod, and does not fetch a newer one of itself."""
    go = host.tool("go")
    if go and wanted.count(".") > 1 and not at_least(go.version, "1.21") and not at_least(go.version, wanted):
        raise RefusedError(
            f"go.mod asks for Go {wanted}, and {go.version} is what is here.",
            kind=Kind.RUNTIME_VERSION_UNAVAILABLE,
            suggestions=(suggest(f"Install Go {wanted} or newer (https://go.dev/dl), and deploy again."),),
        )
