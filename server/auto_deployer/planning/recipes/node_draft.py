"""A Node project's findings become a draft: install, build, start or serve, on what the target has."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import Tool
from ...model.plan import AppSpec, Check, FileCheck, PlannedCommand
from ...model.ports import PlanInput
from ...model.reasons import Kind
from ...model.suggestions import suggest
from .. import static_server
from ..interpreters import pick_node, require_node
from ..overrides import apply_overrides
from ..quoting import path_word
from ..recipe import Draft
from ..reuse import KeptPackages, kept_packages
from ..reused_build import with_kept_build
from ..runtimes import node_offer
from ..versions import node_fits
from .node_clients import ServiceUse
from .node_packages import Caller, PackageManager, caller
from .node_reuse import ReuseFindings
from .node_services import described, missing_service
from .node_start import Start
from .node_workspace import WorkspaceFindings
from .shell import NODE_PATH

_SYSTEM_FOLDERS = frozenset({"/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin"})
_NO_LOCK = "No lock file: the versions installed may differ from one deployment to the next."


class NodeFindings(Model):
    """All that a plan needs to know of the repository. Paths are relative to its root."""

    folder: str
    """Of the manifest; commands run there."""
    install_folder: str
    """The manifest's folder, or its workspace's."""
    manager: PackageManager
    has_dependencies: bool
    has_build: bool
    start: Start
    services: tuple[ServiceUse, ...] = ()
    engines: str = ""
    """The range of `engines.node`."""
    native: str = ""
    """A package with a compiled part that only some releases of Node can have, with its range …"""
    native_range: str = ""
    """… and the range of Node."""
    engine_strict: bool = False
    """npm is told to refuse a Node outside of that range."""
    version_file: str = ""
    """Name of the file that names a Node version …"""
    version_wanted: str = ""
    """… and the version."""
    reuse: ReuseFindings = ReuseFindings()
    workspace: WorkspaceFindings = WorkspaceFindings()


def draft_node(given: PlanInput, findings: NodeFindings) -> Draft:
    """The draft for this target, overrides applied.

    Raises:
        RefusedError: a service, a fitting Node or a package manager is missing, or the output folder is not inside the repository.
    """
    if given.overrides.start is None and (refusal := missing_service(findings.services, given.env_names, given.host)):
        raise refusal
    node = _chosen_node(given, findings)
    below = posixpath.relpath(findings.install_folder or ".", findings.folder or ".")
    drafting = _Drafting(given, findings, node, caller(findings.manager, given.host, below, node.version))
    output = _output(given, findings)
    draft = drafting.server() if output is None else drafting.site(output)
    draft = apply_overrides(draft, given, cwd=drafting.absolute(findings.folder), prefix=draft.command_prefix)
    if output is None:
        return drafting.with_kept_server(draft)
    return drafting.with_web_server(drafting.with_kept_build(draft, output), output)


@dataclass(frozen=True)
class _Drafting:
    """One draft being made: the facts, and the tools chosen on the target."""

    given: PlanInput
    findings: NodeFindings
    node: Tool
    call: Caller

    def server(self) -> Draft:
        """A process of the project's own that listens."""
        start, call = self.findings.start, self.call
        command = call.start(start.script, start.because) if start.script else call.node(start.command)
        # npx looks for what it has fetched before it asks the registry: a restart needs no network.
        env = {"NODE_ENV": "production"} | ({"npm_config_prefer_offline": "true"} if "npx --yes" in command else {})
        app = AppSpec(
            name=self.given.app_name,
            command=self.path_prefix + command,
            cwd=self.findings.folder,
            env=env,
            fixed_port=self._fixed_port,
        )
        built = (
            (FileCheck(path=self.absolute(start.built_entry)),) if start.built_entry and self.given.overrides.start is None else ()
        )
        return replace(self._prepared(app), strategy="traditional", build_checks=built)

    def site(self, output: str) -> Draft:
        """A folder of built files, served by our own web server."""
        below = posixpath.relpath(output or ".", self.findings.folder or ".")
        build = self.findings.start.build
        command = static_server.serve_command(self.given.paths, self.given.host, below, spa=build is not None and build.spa)
        return replace(
            self._prepared(static_server.site_app(self.given.app_name, command, self.findings.folder)), strategy="static"
        )

    def with_web_server(self, draft: Draft, output: str) -> Draft:
        """The draft with the web server written at the end of the build, whoever said how to build."""
        page = FileCheck(path=self.absolute(posixpath.join(output, "index.html")))
        paths = self.given.paths
        return replace(
            draft,
            tools=(*draft.tools, static_server.python_program(self.given.host)),
            build=(*draft.build, static_server.write_program(paths)),
            build_checks=(page, static_server.written_check(paths)),
        )

    def with_kept_build(self, draft: Draft, output: str) -> Draft:
        """The draft with the site taken from an earlier build of the same content."""
        if not output or self.findings.start.build is None or self.findings.reuse.renders_data:
            return draft  # the repository itself is served, or there may be other pages tomorrow
        folder = self.absolute(output)
        return with_kept_build(
            draft, self.given, f"{folder}/index.html", *self._versions, outputs=(folder,), scripts=self.findings.reuse.build_scripts
        )

    def with_kept_server(self, draft: Draft) -> Draft:
        """The draft with what builds the server taken from an earlier build, unless a service may have a say in that."""
        if not self._build() or self.findings.services or self.findings.reuse.renders_data:
            return draft
        entry = self.findings.start.built_entry
        proof = self.absolute(entry) if entry else ""
        return with_kept_build(draft, self.given, proof, *self._versions, scripts=self.findings.reuse.build_scripts)

    def _prepared(self, app: AppSpec) -> Draft:
        """What servers and sites have in common."""
        findings = self.findings
        no_lock = (_NO_LOCK,) if findings.has_dependencies and not findings.manager.lock else ()
        return Draft(
            strategy="traditional",
            app=app,
            tools=tuple(dict.fromkeys((self._node_program, *map(self._program, self.call.tools)))),
            install=self._install(),
            install_checks=self._install_checks(),
            build=(*self._build(), *self._after_build(), *map(self._env_file, findings.start.env_files)),
            package_manager=findings.manager.label,
            dependency_cache=packages.kept if (packages := self._packages) and not packages.fresh else "",
            command_prefix=self.path_prefix + NODE_PATH,
            risks=(*(f"The app expects {service}." for service in described(findings.services)), *no_lock),
            notes=self._notes(),
            required_services=described(findings.services),
        )

    def _install(self) -> tuple[PlannedCommand, ...]:
        if not self.findings.has_dependencies:
            return ()
        lock = self.findings.manager.lock
        why = f"Exactly what {lock} says, development dependencies too." if lock else "There is no lock file."
        install = self._command(
            self.call.install + self._only_this_member, self.findings.install_folder, why, self.call.install_env
        )
        packages = self._packages
        return packages.installed(install, self._own_scripts()) if packages else (install,)

    @property
    def _only_this_member(self) -> str:
        """What has pnpm install a member and what it depends on; the root's own task runner needs all."""
        findings = self.findings
        if findings.manager.name != "pnpm" or findings.folder == findings.install_folder or findings.workspace.runner:
            return ""
        return " --filter " + shlex.quote(f"{{{posixpath.relpath(findings.folder, findings.install_folder or '.')}}}...")

    def _own_scripts(self) -> PlannedCommand | None:
        runs = [self.call.run(script) for script in self.findings.reuse.own_scripts]
        why = "The packages are there already: the project's own install scripts still have to run."
        return self._command(" && ".join(runs), self.findings.install_folder, why, self.call.install_env) if runs else None

    @property
    def _packages(self) -> KeptPackages | None:
        """Where the packages are kept; None where they cannot be."""
        findings, given = self.findings, self.given
        if not findings.has_dependencies or not findings.reuse.packages:
            return None
        made_by = (findings.install_folder, self.call.install, findings.manager.lock, *self._versions)
        return kept_packages(given, self.absolute(findings.install_folder), *made_by, members=findings.reuse.members)

    @property
    def _versions(self) -> tuple[str, ...]:
        """Versions of what installs and builds."""
        manager = self.given.host.tool(self.findings.manager.label)
        return (self.node.version, manager.version if manager else "")

    def _install_checks(self) -> tuple[Check, ...]:
        if not self.findings.has_dependencies or self.findings.manager.plug_and_play:
            return ()
        return (FileCheck(path=self.absolute(posixpath.join(self.findings.install_folder, "node_modules"))),)

    def _build(self) -> tuple[PlannedCommand, ...]:
        """Within a workspace what the project depends on is built first."""
        findings, own = self.findings, self._own_build()
        workspace, script = findings.workspace, findings.start.build_script
        if own and workspace.runner and not findings.start.build_command and not findings.manager.plug_and_play:
            why = f"The workspace's own {workspace.runner}: what it depends on first."
            env = {**own[0].env, **workspace.runner_env}
            return (self._command(self.call.beside(workspace.runner_command(script)), findings.install_folder, why, env),)
        return (*map(self._member_build, workspace.builds), *own)

    def _member_build(self, folder: str) -> PlannedCommand:
        return self._command(self.call_in(folder).run("build"), folder, "A member of the workspace that it depends on.", {})

    def call_in(self, folder: str) -> Caller:
        """The package manager, called in another folder of the workspace."""
        below = posixpath.relpath(self.findings.install_folder or ".", folder or ".")
        return caller(self.findings.manager, self.given.host, below, self.node.version)

    def _own_build(self) -> tuple[PlannedCommand, ...]:
        start = self.findings.start
        env = start.build.build_env(self.node.version) if start.build else start.build_env
        if start.build_command:
            command = self.call.beside(start.build_command) if "/nx " in start.build_command else start.build_command
            return (self._command(command, self.findings.folder, "No script builds: the usual command.", env),)
        if start.build_script == "build" and not self.findings.has_build:
            return ()
        return (self._command(self.call.run(start.build_script), self.findings.folder, "The project's own build script.", env),)

    def _after_build(self) -> tuple[PlannedCommand, ...]:
        text = self.findings.start.after_build
        return (self._command(text, self.findings.folder, "What the build leaves elsewhere.", {}),) if text else ()

    def _env_file(self, name: str) -> PlannedCommand:
        why = "Its start insists on the file; the app's variables come from the environment."
        return self._command(f"touch {path_word(name)}", self.findings.folder, why, {})

    def _notes(self) -> tuple[str, ...]:
        findings, version = self.findings, self.node.version
        notes = [*self.call.notes, *findings.start.notes]
        if findings.engines and not node_fits(findings.engines, version):
            notes.append(f"Warning: package.json asks for Node {findings.engines}; {version} is what is here.")
        if findings.version_wanted and not node_fits(findings.version_wanted, version):
            notes.append(f"{findings.version_file} names Node {findings.version_wanted}; {version} is used.")
        if findings.start.source and self._fixed_port and self.given.overrides.start is None:
            notes.append(f"{findings.start.source.entry} listens on port {self._fixed_port} whatever PORT says.")
        return tuple(notes)

    @property
    def _fixed_port(self) -> int | None:
        source = self.findings.start.source
        return source.fixed_port if source else None

    @property
    def path_prefix(self) -> str:
        """Shell text that puts the chosen Node first on PATH; "" where it is found without."""
        folder = posixpath.dirname(self.node.path)
        if folder in _SYSTEM_FOLDERS or "/shims" in folder or not folder:
            return ""
        return f'export PATH={shlex.quote(folder)}:"$PATH"; '

    @property
    def _node_program(self) -> str:
        return self.node.path if self.path_prefix else "node"

    def _program(self, name: str) -> str:
        """A program for the check of the target: by its path where it comes with the chosen Node, which is not on PATH."""
        tool, folder = self.given.host.tool(name), posixpath.dirname(self.node.path)
        return tool.path if tool and self.path_prefix and posixpath.dirname(tool.path) == folder else name

    def _command(self, command: str, folder: str, why: str, env: dict[str, str]) -> PlannedCommand:
        return PlannedCommand(command=self.path_prefix + command, cwd=self.absolute(folder), env=env, reasoning=why)

    def absolute(self, path: str) -> str:
        """A path from the repository's root as one in the release."""
        return posixpath.join(self.given.paths.release_dir, path).rstrip("/")


def _output(given: PlanInput, findings: NodeFindings) -> str | None:
    """The folder of a static build, from the repository's root; None for a server."""
    overrides, build = given.overrides, findings.start.build
    if overrides.output_dir is not None:
        output = posixpath.normpath(posixpath.join(findings.folder, overrides.output_dir))
    elif overrides.start is None and build:
        output = build.output
    else:
        return None
    if posixpath.isabs(output) or output.split("/")[0] == "..":
        raise RefusedError(
            f"The build's output folder {output} lies outside of the repository.",
            kind=Kind.PLAN_INVALID,
            suggestions=(suggest("Name a folder inside of it, relative to the app", "overrides.outputDir", "dist"),),
        )
    return "" if output == "." else output


def _chosen_node(given: PlanInput, findings: NodeFindings) -> Tool:
    """The Node to use: where a private one may be installed, or npm is told to insist on it, one that fits.

    Raises:
        RuntimeMissingError: there is none at all, or none that has to fit does.
    """
    if findings.native_range and given.overrides.install is None:
        why = f"{findings.native} has a compiled part for Node {findings.native_range} only"
        return require_node(given.host, [findings.native_range], why)
    if findings.engine_strict and findings.engines:
        why = f"package.json asks for Node {findings.engines}, .npmrc makes that binding (engine-strict)"
        return require_node(given.host, [findings.engines], why)
    node = pick_node(given.host, findings.engines)
    wanted = [range_ for range_ in (findings.engines, _line_of(findings.version_wanted)) if range_]
    if given.install_runtimes and node_offer(given.host, wanted):
        return require_node(given.host, wanted, f"The project asks for Node {' and '.join(wanted)}")
    return node


def _line_of(version: str) -> str:
    """A plain version as its line: what a file names exactly, any later release of the same line runs."""
    number = re.fullmatch(r"v?(\d+)(\.\d+)*", version)
    return f"{number[1]}.x" if number else version
