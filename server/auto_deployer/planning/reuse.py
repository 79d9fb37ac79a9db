"""What an earlier deployment installed or built, used again while nothing that it was made from has changed.

All lies in `<deployDir>/cache/`, named by a key: a hash of what it was made from. A name exists only when its content is complete,
so what a deployment left half done never counts. `apps.cache` deletes what no kept release uses.

- `venvs/<key>-<release>`: a virtual environment where it was made (its programs hold its path, so it is never moved), linked into
  every release that uses it; `venvs/<key>` points at the complete one
- `packages/<key>/files`: the `node_modules` as they were after their installation; releases get copies, because builds change files
  in them. They share their content with the release that installed them: `packages/<key>/listing` tells whether that changed it
- `builds/<key>/files`, `/env`, `/release`: what a build made, the env file that it read, and the release that it was made in
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

    @property
    def is_live(self) -> str:
        """Shell test: the live release runs in this very environment."""
        link = quote(self.link)
        live = quote(self.link.replace(f"{self.deploy_dir}/releases/{self.release}", f"{self.deploy_dir}/current", 1))
        return f'[ -L {link} ] && [ "$(readlink {link})" = "$(readlink {live})" ]'

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


LIST_OF_FILES = r"find . -type f -printf '%p %s %T@\n' | LC_ALL=C sort | cksum"
"""Tells apart what was written to since (without reading it all)."""
_OUTERMOST = "find . -name node_modules -type d -prune"


@dataclass(frozen=True)
class KeptPackages:
    """A `node_modules` as it was after its installation; in a workspace those of its members, too."""

    key: str
    deploy_dir: str
    folder: str
    """Absolute path in the release of the folder where they are installed."""
    members: bool = False
    """There are more of them, in folders below."""
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
        keep = self._keep()
        # Where files cannot be linked, or there are none, nothing is kept: that is no failure.
        kept_after = PlannedCommand(
            command=f"{{ {keep}; }} || rm -rf {kept}.new" if self.fresh else f"{there} || {{ {keep}; }} || rm -rf {kept}.new",
            cwd=self.folder, reasoning="Keep the packages for later releases with the same lock file and Node.",
        )  # fmt: skip
        if self.fresh:
            return (install, kept_after)
        return (
            self._copied(),
            _unless(there, install),
            *((_unless(missing, own_scripts),) if own_scripts is not None else ()),
            kept_after,
        )

    def _copied(self) -> PlannedCommand:
        """Real copies, and clones where the file system has them: builds write into files of packages."""
        kept = quote(self.kept)
        listed = f'[ "$(cd {kept}/files && {LIST_OF_FILES})" = "$(cat {kept}/listing)" ]'
        gone = (
            f"[ ! -d {kept} ] || {listed} || {{ rm -rf {kept} && echo 'The kept packages were written to: they are not used.'; }}"
        )
        old = f"{_OUTERMOST} -exec rm -rf {{}} +" if self.members else "rm -rf node_modules"
        copy = f"{{ cp -a --reflink=auto {kept}/files/. . 2>/dev/null || cp -a {kept}/files/. .; }}"
        return PlannedCommand(
            command=f"{gone}; [ ! -d {kept} ] || {{ {old} && echo 'The packages are reused.' && {copy} && touch {kept}; }}",
            cwd=self.folder, reasoning="The same packages as in an earlier deployment are copied.",
        )  # fmt: skip

    def _keep(self) -> str:
        """Shell text, run where they are installed. Links instead of copies: a first deployment is not to pay for the next one."""
        kept, new = quote(self.kept), quote(f"{self.kept}.new")
        link = f"{_OUTERMOST} -exec cp -al --parents -t {new}/files {{}} +" if self.members else f"cp -al node_modules {new}/files"
        listed = f"(set -o pipefail; cd {new}/files && {LIST_OF_FILES}) > {new}/listing"
        some = f'[ -n "$(ls -A {new}/files)" ]'
        return f"rm -rf {kept} {new} && mkdir -p {new}/files && {link} && {some} && {listed} && mv {new} {kept}"


def kept_packages(given: PlanInput, folder: str, *parts: object, members: bool) -> KeptPackages | None:
    """The packages of an installation; None when it cannot be told whether they would be the same again.

    Args:
        folder: see `KeptPackages`.
        parts: what they are made from, besides the dependency files: the lock file, the command, versions of tools.
        members: see `KeptPackages`.
    """
    if not given.repo.dependencies_id:
        return None
    key = key_of(given, "packages with their listing", given.repo.dependencies_id, *parts)
    return KeptPackages(key, given.paths.deploy_dir, folder, members, fresh=given.no_cache)


def _unless(condition: str, command: PlannedCommand) -> PlannedCommand:
    return command.model_copy(update={"command": f"{condition} || {{ {command.command}; }}"})
