"""Which package manager a project uses, and how it is called on this target."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import Literal

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.facts import HostFacts
from ...model.ports import RepoTree
from ...model.reasons import Kind
from ...model.suggestions import suggest
from ..quoting import path_word
from ..versions import node_fits
from .node_manifest import FILE_NAME, Manifest, read_manifest

ManagerName = Literal["npm", "pnpm", "yarn", "berry", "bun"]
"""`berry` is Yarn 2 and newer: another program than Yarn 1."""

_LOCKS: tuple[tuple[str, ManagerName], ...] = (
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    (".yarnrc.yml", "berry"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
"""In order of precedence; `.yarnrc.yml` only tells which Yarn the lock file belongs to."""
_LOCKS_OF: dict[ManagerName, tuple[str, ...]] = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"), "pnpm": ("pnpm-lock.yaml",), "yarn": ("yarn.lock",),
    "berry": ("yarn.lock",), "bun": ("bun.lock", "bun.lockb"),
}  # fmt: skip
BUN_TYPES = ("@types/bun", "bun-types")
"""Packages that only what runs on Bun needs."""
_PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "9"}
"""Lock file version -> the first pnpm that writes it (and runs install scripts without being asked)."""
_DEFAULT_MAJOR: dict[ManagerName, str] = {"npm": "", "pnpm": "9", "yarn": "1", "berry": "4", "bun": "1"}
_PNPM_11, _PNPM_11_NODE = 11, ">=22.13"
"""Which Node it asks for (its package.json); pnpm 10 reads the same lock files."""
_NOT_ITS_OWN_VERSION = "npm_config_manage_package_manager_versions=false"
"""Otherwise pnpm fetches and runs the version that `packageManager` names."""
_NPM_PACKAGE: dict[ManagerName, str] = {"npm": "npm", "pnpm": "pnpm", "yarn": "yarn", "berry": "@yarnpkg/cli-dist", "bun": "bun"}
_INSTALL: dict[ManagerName, tuple[str, str]] = {
    "npm": ("ci --no-audit --no-fund", "install --no-audit --no-fund"),
    "pnpm": ("install --frozen-lockfile", "install --no-frozen-lockfile"),
    "yarn": ("install --frozen-lockfile --non-interactive", "install --non-interactive"),
    "berry": ("install --immutable", "install --no-immutable"),
    "bun": ("install --frozen-lockfile", "install"),
}
"""With a lock file, and without."""
_DEV_TOO = {"npm_config_production": "false"}
_INSTALL_ENV: dict[ManagerName, dict[str, str]] = {"npm": {"npm_config_include": "dev"}, "pnpm": _DEV_TOO, "yarn": _DEV_TOO}
"""Development dependencies too, whatever the machine's settings: builds need them, and some apps at run time."""


_TEST_TOOLS: dict[str, dict[str, str]] = {
    "cypress": {"CYPRESS_INSTALL_BINARY": "0"}, "chromedriver": {"CHROMEDRIVER_SKIP_DOWNLOAD": "true"},
    "puppeteer": {"PUPPETEER_SKIP_DOWNLOAD": "true"}, "electron": {"ELECTRON_SKIP_BINARY_DOWNLOAD": "1"},
}  # fmt: skip
"""What the installation of a development tool does not have to download from elsewhere: nothing is tested here."""


class PackageManager(Model):
    """The project's package manager."""

    name: ManagerName = "npm"
    version: str = ""
    """Exact version or major that the project asks for; "" for any."""
    because: str = ""
    """The file (or field) that says so."""
    lock: str = ""
    """Name of its lock file; "" when there is none."""
    program: str = ""
    """The project's own copy of Yarn, relative to the install folder."""
    test_tools: tuple[str, ...] = ()
    """Development tools whose programs are not downloaded."""
    plug_and_play: bool = False
    """Yarn's mode without `node_modules`: Node only finds packages when Yarn starts it."""

    @property
    def label(self) -> str:
        return "yarn" if self.name == "berry" else self.name


@dataclass(frozen=True)
class Caller:
    """How the package manager is called on a target."""

    manager: PackageManager
    prefix: str
    local: bool
    """It is installed there (or in the repository); else npx fetches it."""
    tools: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def install(self) -> str:
        frozen, lenient = _INSTALL[self.manager.name]
        return f"{self.prefix} {frozen if self.manager.lock else lenient}"

    @property
    def install_env(self) -> dict[str, str]:
        skipped = {name: value for tool in self.manager.test_tools for name, value in _TEST_TOOLS[tool].items()}
        return {**_INSTALL_ENV.get(self.manager.name, {}), **skipped}

    def run(self, script: str) -> str:
        return f"{self.prefix} run {shlex.quote(script)}"

    def beside(self, command: str) -> str:
        """A command that calls the package manager by its name (Turborepo and Nx do), which npx puts on PATH where it is not."""
        if self.local:
            return command
        before, _, package = self.prefix.rpartition(" ")
        return f"{before} --package={package} -c {shlex.quote(command)}"

    def start(self, script: str, text: str) -> str:
        """Runs a script at every start of the app: by npm where that does, rather than fetching a manager each time."""
        calls_manager = re.search(rf"\b{self.manager.label}\b", text) is not None
        by_npm = not self.local and not self.manager.plug_and_play and not calls_manager
        if by_npm or self.prefix == "npm":
            return "npm start" if script == "start" else f"npm run {shlex.quote(script)}"
        return self.run(script)

    def node(self, command: str) -> str:
        """A `node …` or `bun …` command, by way of Yarn where Node alone finds no packages."""
        if command.startswith("bun "):
            return f"{self.prefix if self.manager.name == 'bun' else 'npx --yes bun@1'} {command.removeprefix('bun ')}"
        return f"{self.prefix} {command}" if self.manager.plug_and_play else command


def choose_manager(root: RepoTree, folder: str, manifest: Manifest) -> PackageManager:
    """The `packageManager` field, else the lock file, else `engines`, else npm. `folder` is where the lock file would be."""
    top = _workspace_of(root, folder, manifest)
    present: list[tuple[str, ManagerName]] = [(file, name) for file, name in _LOCKS if root.is_file(posixpath.join(folder, file))]
    name, version, because = (
        _declared(manifest) or _declared(top) or _by_lock(present) or _by_workspace(root, folder) or _by_engines(manifest)
        or _by_engines(top) or _by_runtime(manifest)
    )  # fmt: skip
    lock = next((file for file, _ in present if file in _LOCKS_OF[name]), "")
    if name == "pnpm" and not version and lock:
        written = re.search(r"lockfileVersion:\s*['\"]?(\d+)", (root.read(posixpath.join(folder, lock)) or "")[:200])
        version = _PNPM_OF_LOCK.get(written[1], "") if written else ""
    program, plug_and_play = _own_yarn(root, folder) if name == "berry" else ("", False)
    return PackageManager(
        name=name, version=version, because=because, lock=lock, program=program, plug_and_play=plug_and_play,
        test_tools=tuple(tool for tool in _TEST_TOOLS if tool in manifest.development or tool in top.development),
    )  # fmt: skip


def caller(manager: PackageManager, host: HostFacts, install_folder_below: str = ".", node: str = "") -> Caller:
    """How to call it on this target.

    Args:
        install_folder_below: leads from the working directory to the install folder.
        node: version of the Node that runs it, "" when that is not known.

    Raises:
        RefusedError: `missing_tool`, neither it nor npm is there.
    """
    if manager.program:
        program = posixpath.normpath(posixpath.join(install_folder_below, manager.program))
        return Caller(manager, f"node {path_word(program)}", local=True, tools=())
    tool = host.tool(manager.label)
    if manager.name == "npm" and tool:
        return Caller(manager, "npm", local=True, tools=("npm",))
    if tool and _same_major(tool.version, manager):
        return Caller(manager, manager.label, local=True, tools=(manager.label,))
    if not host.tool("npm"):
        raise RefusedError(
            f"The project uses {manager.label} ({manager.because}); neither {manager.label} nor npm was found on the target.",
            kind=Kind.MISSING_TOOL,
            suggestions=(
                suggest(f"Install {manager.label}, or npm (it comes with Node.js: https://nodejs.org)."),
                suggest("Or say how to install", "overrides.install"),
            ),
        )
    if manager.name == "pnpm" and node and not node_fits(_PNPM_11_NODE, node) and int(_major(manager.version) or 0) >= _PNPM_11:
        note = f"pnpm 10 is used: pnpm {manager.version} needs Node {_PNPM_11_NODE}, and {node} is what is here."
        return Caller(manager, f"{_NOT_ITS_OWN_VERSION} npx --yes pnpm@10", local=False, tools=("npm",), notes=(note,))
    wanted = manager.version or _DEFAULT_MAJOR[manager.name]
    found = f"version {tool.version} is installed" if tool else "it is not installed"
    note = f"{manager.label} {wanted} is fetched by npx: the project asks for it ({manager.because}) and {found}."
    return Caller(manager, f"npx --yes {_NPM_PACKAGE[manager.name]}@{wanted}", local=False, tools=("npm",), notes=(note,))


_Choice = tuple[ManagerName, str, str]


def _declared(manifest: Manifest) -> _Choice | None:
    field = re.fullmatch(r"(npm|pnpm|yarn|bun)@(\d+(?:\.\d+)*(?:-[\w.]+)?)(?:\+.*)?", manifest.package_manager)
    if not field:
        return None
    return _manager_name(field[1], field[2]), field[2], f"`packageManager` is {field[1]}@{field[2]}"


def _workspace_of(root: RepoTree, folder: str, manifest: Manifest) -> Manifest:
    """The manifest of the folder to install in, where that is not the project's own."""
    if folder == manifest.folder or not root.is_file(posixpath.join(folder, FILE_NAME)):
        return manifest
    try:
        return read_manifest(root, folder)
    except RefusedError:  # it installs nothing then, and says so
        return manifest


def _by_workspace(root: RepoTree, folder: str) -> _Choice | None:
    file = "pnpm-workspace.yaml"
    return ("pnpm", "", file) if root.is_file(posixpath.join(folder, file)) else None


def _by_lock(present: list[tuple[str, ManagerName]]) -> _Choice | None:
    return (present[0][1], "", present[0][0]) if present else None


def _by_engines(manifest: Manifest) -> _Choice | None:
    for name in ("pnpm", "yarn", "bun"):
        if wanted := manifest.engines.get(name):
            major = re.search(r"\d+", wanted)
            number = major.group() if major else ""
            return _manager_name(name, number), number, f"`engines.{name}` is {wanted}"
    return None


def _by_runtime(manifest: Manifest) -> _Choice:
    """Bun for what runs on Bun, else npm."""
    return ("bun", "", "it runs on Bun") if manifest.depends_on(*BUN_TYPES) else ("npm", "", "package.json")


def _manager_name(name: str, version: str) -> ManagerName:
    if name == "yarn":
        return "yarn" if _major(version) in {"", "0", "1"} else "berry"
    return "pnpm" if name == "pnpm" else "bun" if name == "bun" else "npm"


def _own_yarn(root: RepoTree, folder: str) -> tuple[str, bool]:
    settings = root.read(posixpath.join(folder, ".yarnrc.yml")) or ""
    path = re.search(r"^yarnPath:\s*['\"]?([\w./-]+)", settings, re.MULTILINE)
    program = posixpath.normpath(path[1]) if path else ""
    is_there = bool(program) and not program.startswith(("..", "/")) and root.is_file(posixpath.join(folder, program))
    return program if is_there else "", re.search(r"^nodeLinker:\s*['\"]?(node-modules|pnpm)", settings, re.MULTILINE) is None


def _major(version: str) -> str:
    return version.split(".", maxsplit=1)[0]


def _same_major(found: str, manager: PackageManager) -> bool:
    wanted = manager.version or {"yarn": "1", "berry": ""}.get(manager.name, "")
    if manager.name == "berry" and not wanted:
        return _major(found) not in {"", "0", "1"}
    return not wanted or not found or _major(found) == _major(wanted)
