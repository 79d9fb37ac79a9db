"""What lies in a deploy directory, and the owner record that says whose it is.

Below the deploy directory:

- `.auto-deployer.json`: the owner record: app, repository, sub-folder, port, releases that went live
- `.auto-deployer.lock`: held while a deployment or a verb works here
- `repo/`: the snapshots
- `releases/<id>/`: one deployed version each
- `current`: link to the live one
- `cache/`: what deployments installed and built, for later ones (see `apps.cache`)
- `shared/.env`: the app's env file, 0600, kept over releases
- `shared/data/<path>`: the app's data, kept over releases; each release links to it at <path>. `shared/paths` names the links
- `shared/rescued/<id>/<path>`: data that a release had and no other one sees, from before the release was deleted
- `run/keeper-<hash>.sh`: starts and stops releases, starts them again when they crash, moves data
- `run/<id>/`: what the keeper knows of a release (see keeper.sh and data.sh), its log and, in `aside/`, copies of data that the
  kept ones took the place of
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import ValidationError

from ..model.base import Model, Time
from ..model.plan import AppSpec, PlannedCommand
from ..sessions import system
from .native.calls import TEXT, call

RECORD_NAME = ".auto-deployer.json"
LOCK_NAME = ".auto-deployer.lock"
PRIVATE_FOLDERS = ("releases", "repo", "run", "shared")
"""Folders of ours below a deploy directory that nobody else may enter (0700)."""
KEPT_RELEASES = 3
"""Releases kept for a rollback, the live one included."""


class ReleaseRecord(Model):
    """A release that went live: all that is needed to start it again."""

    id: str
    spec: AppSpec
    requested_port: int
    """What PORT said."""
    port: int
    """Where it really listened."""
    url: str = ""
    ignores_port: bool = False
    """It listens on a port of its own whatever PORT says."""
    live_since: Time = ""


class OwnerRecord(Model):
    """Whose deploy directory this is."""

    version: int = 1
    app: str
    repo: str = ""
    """URL or folder, without credentials."""
    subdir: str = ""
    created: Time = ""
    port: int | None = None
    """The port the app keeps over its releases."""
    previous: str | None = None
    """The release that was live before the current one."""
    releases: tuple[ReleaseRecord, ...] = ()
    """Newest first."""

    def release(self, release: str | None) -> ReleaseRecord | None:
        """The record of a release, or None when it never went live (or is not kept any more)."""
        return next((entry for entry in self.releases if entry.id == release), None)

    def older_than(self, release: str | None) -> ReleaseRecord | None:
        """The newest kept release before this one."""
        return next((entry for entry in self.releases if release is not None and entry.id < release), None)

    def gone_live(self, entry: ReleaseRecord, *, before: str | None) -> OwnerRecord:
        """The record once `entry` is live in the place of `before`; at most `KEPT_RELEASES` releases are kept."""
        others = [other for other in self.releases if other.id != entry.id]
        wanted = [other for other in others if other.id == before] + [other for other in others if other.id != before]
        kept = sorted([entry, *wanted[: KEPT_RELEASES - 1]], key=lambda each: each.id, reverse=True)
        return self.model_copy(update={"port": entry.port, "previous": before, "releases": tuple(kept)})

    def without(self, release: str) -> OwnerRecord:
        """The record without a release that did not prove itself."""
        kept = tuple(entry for entry in self.releases if entry.id != release)
        return self.model_copy(update={"previous": None, "releases": kept})


SNAPSHOT_REFS = "refs/deployments"
"""Below it, in `repo/`, a ref for each release keeps the commit it was made from."""


def parse_record(text: str) -> OwnerRecord | None:
    """The owner record of a file's text; None when it is not one."""
    try:
        return OwnerRecord.model_validate_json(text)
    except ValidationError:
        return None


def record_path(deploy_dir: str) -> str:
    return f"{deploy_dir}/{RECORD_NAME}"


def run_dir(deploy_dir: str, release: str) -> str:
    """Where the keeper keeps what it knows of a release."""
    return f"{deploy_dir}/run/{release}"


def log_path(deploy_dir: str, release: str) -> str:
    """The app's own output."""
    return f"{run_dir(deploy_dir, release)}/app.log"


def mark_of(deploy_dir: str, release: str) -> str:
    """Value of AUTO_DEPLOYER_APP in the environment of the release's processes.

    It ends with "/" so that no mark is the beginning of another.
    """
    return f"{hashlib.sha256(deploy_dir.encode()).hexdigest()[:12]}/{release}/"


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_record_command(deploy_dir: str, record: OwnerRecord) -> PlannedCommand:
    """Replaces the owner record in one step."""
    path, content = shlex.quote(record_path(deploy_dir)), record.model_dump_json(exclude_defaults=True)
    why = "Note which release is live, so that it can be started again and rolled back to"
    if system.is_windows_path(deploy_dir):
        return PlannedCommand(command=call(deploy_dir, "write", RECORD_NAME), env={TEXT: f"{content}\n"}, reasoning=why)
    return PlannedCommand(
        command=f"umask 077 && printf '%s\\n' {shlex.quote(content)} > {path}.new && mv -f {path}.new {path}", reasoning=why
    )


def keep_up_command(deploy_dir: str, release: str) -> PlannedCommand:
    """From now on the keeper starts the release again when it ends without having been asked to."""
    marks = " ".join(shlex.quote(f"{run_dir(deploy_dir, release)}/{name}") for name in ("up", "proven"))
    return PlannedCommand(
        command=call(deploy_dir, "keep-up", release) if system.is_windows_path(deploy_dir) else f"touch {marks}",
        reasoning=f"Release {release} has proven itself: start it again when it crashes",
    )


def switch_command(deploy_dir: str, release: str) -> PlannedCommand:
    """Points `current` at a release in one step (GNU and busybox mv know -T, that of macOS -h), and has it kept up."""
    why = f"Make release {release} the live one, and start it again when it crashes"
    if system.is_windows_path(deploy_dir):
        return PlannedCommand(command=call(deploy_dir, "switch", release), reasoning=why)
    current = shlex.quote(f"{deploy_dir}/current")
    make = f"ln -sfn {shlex.quote(f'releases/{release}')} {current}.new"
    return PlannedCommand(
        command=(
            f"{make} && {{ mv -fT {current}.new {current} 2>/dev/null || mv -fh {current}.new {current}; }} && "
            f"{keep_up_command(deploy_dir, release).command}"
        ),
        reasoning=why,
    )


def unlink_current_command(deploy_dir: str) -> PlannedCommand:
    """Takes `current` away: no release is live."""
    native = call(deploy_dir, "unlink") if system.is_windows_path(deploy_dir) else ""
    return PlannedCommand(
        command=native or f"rm -f {shlex.quote(f'{deploy_dir}/current')}", reasoning="No release is live any more"
    )


def forget_snapshots_command(deploy_dir: str) -> PlannedCommand:
    """Drops the snapshots of releases that are not there any more, and packs what is left, copied as it is."""
    why = "Forget the snapshots of releases that are gone"
    if system.is_windows_path(deploy_dir):
        return PlannedCommand(command=call(deploy_dir, "forget-snapshots"), reasoning=why)
    repo, releases = shlex.quote(f"{deploy_dir}/repo"), shlex.quote(f"{deploy_dir}/releases")
    git = f"git --git-dir={repo}"
    gone = (
        f"{git} for-each-ref --format='%(refname)' {SNAPSHOT_REFS} | while read -r ref; do "
        f'[ -d {releases}/"${{ref#{SNAPSHOT_REFS}/}}" ] || echo "delete $ref"; done'
    )
    return PlannedCommand(
        command=(
            f"{gone} | {git} update-ref --stdin && "
            f"{git} -c pack.window=0 -c pack.compression=1 -c core.bigFileThreshold=1m gc --quiet --prune=now"
        ),
        reasoning=why,
    )


def prune_command(deploy_dir: str, releases: Iterable[str], *, reasoning: str) -> PlannedCommand:
    """Deletes releases and what the keeper knows of them."""
    folders = [f"{deploy_dir}/{kind}/{release}" for release in releases for kind in ("releases", "run")]
    return PlannedCommand(command=f"rm -rf -- {' '.join(map(shlex.quote, folders))}", reasoning=reasoning)
