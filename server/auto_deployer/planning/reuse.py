"""What an earlier deployment installed or built, used again while nothing that it was made from has changed.

All lies in `<deployDir>/cache/`, named by a key: a hash of what it was made from. A name exists only when its content is complete,
so what a deployment left half done never counts. `apps.cache` deletes what no kept release uses.

- `venvs/<key>-<release>`: a virtual environment where it was made (its programs hold its path, so it is never moved), linked into
  every release that uses it; `venvs/<key>` points at the complete one
- `packages/<key>`: a `node_modules` as it was after its installation; releases get copies, because builds change files in it
- `builds/<key>/files`, `builds/<key>/env`: what a build made, and the env file that it read
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from dataclasses import dataclass
from shlex import quote

from ..model.plan import PlannedCommand
from ..model.ports import PlanInput

_KEY_LENGTH = 12
_COMPLETE = ".complete"
"""In an environment: its installation has ended well."""
_BY_HAND = ("pip", "uv ", "poetry", "pdm", "setup.py", "conda")
"""Words of commands that change an environment."""


def key_of(given: PlanInput, *parts: object) -> str:
    """A key for what is made from `parts` (JSON data) on this kind of machine. Paths of the release count as the same for all."""
    text = json.dumps([given.host.os, given.host.arch, *parts], sort_keys=True)
    return hashlib.sha256(text.replace(given.paths.release_dir, "").encode()).hexdigest()[:_KEY_LENGTH]


def changes_environments(command: str | None) -> bool:
    """Whether a command of the user's may install something into an environment, which then belongs to its release alone."""
    return command is not None and any(word in command for word in _BY_HAND)


def seen_from(cwd: str, path: str) -> str:
    """An absolute path as a command that runs in `cwd` names it."""
    return path if cwd == "/" else posixpath.relpath(path, cwd)


@dataclass(frozen=True)
class SharedVenv:
    """A virtual environment that releases with the same dependencies share."""

    key: str
    deploy_dir: str
    release: str
    link: str
    """Where the release has it: absolute path of its `.venv`."""
    fresh: bool = False
    """Make a new one, even when there is one."""

    @property
    def complete(self) -> str:
        """Leads to the environment once it is complete."""
        return f"{self.deploy_dir}/cache/venvs/{self.key}"

    @property
    def folder(self) -> str:
        """Where this deployment makes it, if it has to."""
        return f"{self.complete}-{self.release}"

    def linked(self) -> PlannedCommand:
        """The release's `.venv` is the complete environment, or the one to be made."""
        complete, link, folder = quote(self.complete), quote(self.link), quote(self.folder)
        new = f"mkdir -p {folder} && ln -s {folder} {link}"
        there = f"[ -x {complete}/bin/python ]"
        take = f"if {there}; then cp -P {complete} {link} && echo 'The environment is reused.'; else {new}; fi"
        return PlannedCommand(
            command=f"rm -rf {link} && {new if self.fresh else take}", cwd="/",
            reasoning="Releases with the same dependencies, installed in the same way with the same Python, share an environment.",
        )  # fmt: skip

    def unless_there(self, command: PlannedCommand) -> PlannedCommand:
        """The command, left out when the complete environment is reused."""
        mark = posixpath.join(seen_from(command.cwd, self.link), _COMPLETE)
        return command.model_copy(update={"command": f"[ -e {quote(mark)} ] || {command.command}"})

    def completed(self) -> PlannedCommand:
        """From now on it is complete, unless it points into the release: an editable installation is good for that one only."""
        release = quote(f"{self.deploy_dir}/releases/{self.release}/")
        links = "--include='*.pth' --include='*.egg-link' --include='__editable__*'"
        points = f"grep -rqsF {release} {quote(self.folder)}/bin || grep -rqsF {links} {release} {quote(self.folder)}/lib"
        share = f"{{ {points} || ln -sfn {quote(self.folder)} {quote(self.complete)}; }}"
        return PlannedCommand(
            command=f"[ -e {quote(self.link)}/{_COMPLETE} ] || {{ touch {quote(self.link)}/{_COMPLETE} && {share}; }}", cwd="/",
            reasoning="Complete: later releases may use it, unless something in it points into this release.",
        )  # fmt: skip


def shared_venv(given: PlanInput, link: str, *parts: object, local: bool = False) -> SharedVenv | None:
    """The environment for an installation; None when it cannot be told whether it would be the same again.

    Args:
        link: absolute path of the release's `.venv`.
        parts: what it is made from, besides the dependency files: the interpreter and its version, the commands.
        local: code of the repository is installed in it.
    """
    facts, paths = given.repo, given.paths
    if not facts.dependencies_id or changes_environments(given.overrides.build):
        return None
    key = key_of(given, "venv", facts.dependencies_id, facts.content_id if local else "", link, *parts)
    return SharedVenv(key, paths.deploy_dir, paths.release, link, fresh=given.no_cache)


@dataclass(frozen=True)
class KeptPackages:
    """A `node_modules` as it was after its installation."""

    key: str
    deploy_dir: str
    folder: str
    """Absolute path in the release of the folder that holds `node_modules`."""
    fresh: bool = False

    @property
    def kept(self) -> str:
        """Where it is kept; the name exists only when it is complete."""
        return f"{self.deploy_dir}/cache/packages/{self.key}"

    def installed(self, install: PlannedCommand, own_scripts: PlannedCommand | None) -> tuple[PlannedCommand, ...]:
        """Copied when there is one, otherwise installed and kept.

        Args:
            install: installs the packages and runs the project's own install scripts.
            own_scripts: runs those alone; None when there are none.
        """
        kept = quote(self.kept)
        there, missing = f"[ -d {kept} ]", f"[ ! -d {kept} ]"
        # Real copies, and clones where the file system has them: builds write into files of packages.
        copied = (
            f"{missing} || {{ rm -rf node_modules && echo 'The packages are reused.' && "
            f"{{ cp -a --reflink=auto {kept} node_modules 2>/dev/null || cp -a {kept} node_modules; }} && touch {kept}; }}"
        )
        keep = (
            f"mkdir -p {quote(self.deploy_dir)}/cache/packages && rm -rf {kept} {kept}.new && cp -al node_modules {kept}.new && "
            f"mv {kept}.new {kept}"
        )
        # Where files cannot be linked, or there are none, nothing is kept: that is no failure.
        kept_after = PlannedCommand(
            command=f"{{ {keep}; }} || rm -rf {kept}.new" if self.fresh else f"{there} || {{ {keep}; }} || rm -rf {kept}.new",
            cwd=self.folder, reasoning="Keep the packages for later releases with the same lock file and Node.",
        )  # fmt: skip
        if self.fresh:
            return (install, kept_after)
        return (
            PlannedCommand(command=copied, cwd=self.folder, reasoning="The same packages as in an earlier deployment are copied."),
            _unless(there, install),
            *((_unless(missing, own_scripts),) if own_scripts is not None else ()),
            kept_after,
        )


def _unless(condition: str, command: PlannedCommand) -> PlannedCommand:
    return command.model_copy(update={"command": f"{condition} || {{ {command.command}; }}"})
