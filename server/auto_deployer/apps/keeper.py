"""The commands that start and stop a release through the keeper script (keeper.sh, see there)."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from ..model.plan import AppSpec, PlannedCommand, UpkeepSpec
from ..sessions import system
from .data_paths import NEVER_DATA
from .env_file import format_env
from .layout import mark_of, run_dir
from .native.calls import TEXT, call

STOP_GRACE_S = 10
"""Seconds between TERM and KILL (supervisor's stopwaitsecs)."""
CLEANUP_GRACE_S = 1
"""The same for what a failed change started."""
HURRIED_GRACE_S = 0
"""The same when the deployment is being stopped: a shutdown has about 1 s for everything (keeper.sh still waits for 0.2 s)."""

_HEREDOC_END = "END_OF_KEEPER"
_PREPARE = "Write down how the app is started"


@cache
def processes_script() -> str:
    """Shell functions that read processes and sockets."""
    return files("auto_deployer.apps").joinpath("processes.sh").read_text(encoding="utf-8")


@cache
def data_script() -> str:
    """Shell functions that list, move and link an app's data."""
    pruned = " -o ".join(f"-name {shlex.quote(name)}" for name in sorted(NEVER_DATA))
    functions = files("auto_deployer.apps").joinpath("data.sh").read_text(encoding="utf-8")
    return f"keeper_pruned={shlex.quote(pruned)}\n{functions}"


@cache
def _keeper_script() -> str:
    keeper = files("auto_deployer.apps").joinpath("keeper.sh").read_text(encoding="utf-8")
    return f"#!/bin/sh\n{processes_script()}\n{data_script()}\n{keeper}"


def keeper_path(deploy_dir: str) -> str:
    """Where the script lies. Its name tells its content: a running shell reads its script bit by bit, so it never changes."""
    return f"{deploy_dir}/run/keeper-{hashlib.sha256(_keeper_script().encode()).hexdigest()[:8]}.sh"


def drop_foreign(deploy_dir: str) -> None:
    """Remove what has our keeper's name and is not our keeper: a name is no proof of what a script does.

    Whoever calls this has the deploy directory locked.

    Raises:
        OSError: it cannot be read or removed.
    """
    path = Path(keeper_path(deploy_dir))
    if path.is_symlink() or (path.is_file() and path.read_bytes() != _keeper_script().encode()):
        path.unlink()


def install_command(deploy_dir: str) -> PlannedCommand:
    """Puts the keeper script into the deploy directory."""
    path = shlex.quote(keeper_path(deploy_dir))
    folders = " ".join(shlex.quote(f"{deploy_dir}/{name}") for name in ("run", "shared"))
    return PlannedCommand(
        command=(
            f"umask 077 && mkdir -p {folders} && cat > {path}.new <<'{_HEREDOC_END}' && mv -f {path}.new {path}\n"
            f"{_keeper_script()}{_HEREDOC_END}\n"
        ),
        reasoning="Install the small script that starts the app, keeps it running on its own and stops it",
    )


def prepare_command(deploy_dir: str, release: str, spec: AppSpec, *, was_live: bool = False) -> PlannedCommand:
    """Writes down what the keeper needs to start the release.

    Args:
        was_live: It is a release that went live before: what appeared in it since its first start is data.
    """
    content = {
        "command": spec.command, "cwd": spec.cwd or ".", "mark": mark_of(deploy_dir, release), "env": format_env(spec.env),
        "upkeep": _upkeep(spec.upkeep),
    }  # fmt: skip
    if spec.container is not None:
        content |= {
            "engine_stop": spec.container.stop, "engine_remove": spec.container.remove,
            "engine_remove_data": spec.container.remove_data,
        }  # fmt: skip
    if system.is_windows_path(deploy_dir):
        command, given = f"{_keeper(deploy_dir)} prepare {shlex.quote(release)}", {TEXT: json.dumps(content)}
        return PlannedCommand(command=command, env=given, reasoning=_PREPARE)
    folder = run_dir(deploy_dir, release)
    writes = [_put(f"{folder}/{name}", text) for name, text in content.items()]
    forget = [] if was_live else ["rm -f " + " ".join(shlex.quote(f"{folder}/{name}") for name in ("listing", "linked"))]
    return PlannedCommand(
        command=" &&\n".join([f"umask 077 && mkdir -p {shlex.quote(folder)}", *forget, *writes]),
        reasoning=_PREPARE,
    )


def _put(path: str, text: str) -> str:
    """What stands there already is not written again: that needs no space on a full disk, and loses nothing."""
    file, fresh = shlex.quote(path), shlex.quote(f"{path}.new")
    same = f'[ "$(cat {file} 2>/dev/null)" = {shlex.quote(text.rstrip())} ]'
    return f"{{ {same} || {{ printf '%s\\n' {shlex.quote(text)} > {fresh} && mv -f {fresh} {file}; }}; }}"


def start_command(
    deploy_dir: str, release: str, port: int, host: str, *, proven: bool = False, reasoning: str = ""
) -> PlannedCommand:
    """Starts the release; returns at once. Nothing happens when it runs already.

    Args:
        proven: It served before: start it again when it crashes.
    """
    up = " up" if proven else ""
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} start {shlex.quote(release)} {port} {shlex.quote(host)}{up}",
        reasoning=reasoning or f"Start release {release} with PORT={port}",
    )


def stop_command(
    deploy_dir: str, release: str, *, grace_s: int = STOP_GRACE_S, stopped_for: str = "", reasoning: str = ""
) -> PlannedCommand:
    """Stops everything that belongs to the release. Nothing happens when it does not run.

    Args:
        grace_s: Seconds between TERM and KILL.
        stopped_for: The release that takes its place; kept as `RunState.stopped_for` until it is started or stopped for good.
    """
    makes_room = f" {shlex.quote(stopped_for)}" if stopped_for else ""
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} stop {shlex.quote(release)} {grace_s}{makes_room}",
        reasoning=reasoning or f"Stop release {release}",
    )


def stop_without_install_command(deploy_dir: str, release: str) -> PlannedCommand:
    """`stop_command` where the disk takes no keeper script: the script itself is part of the command."""
    words = shlex.join([_keeper_script(), keeper_path(deploy_dir), "stop", release, str(STOP_GRACE_S)])
    return PlannedCommand(command=f"bash -c {words}", reasoning=f"Stop release {release}")


def restart_command(
    deploy_dir: str, release: str, port: int, host: str, *, grace_s: int, stopped_for: str, reasoning: str
) -> PlannedCommand:
    """Stops (quickly) and starts: also right for a release whose stopping for another was cut short."""
    stop = stop_command(deploy_dir, release, grace_s=grace_s, stopped_for=stopped_for).command
    start = start_command(deploy_dir, release, port, host, proven=True).command
    return PlannedCommand(command=f"{stop} && {start}", reasoning=reasoning)


def share_command(deploy_dir: str, release: str, paths: Iterable[str]) -> PlannedCommand:
    """Moves data of a stopped release to shared/data and links it back; what was cut off before is completed first."""
    named = " ".join(map(shlex.quote, paths))
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} share {shlex.quote(release)} {named}",
        reasoning=f"Keep the data of release {release} for all releases",
    )


def link_data_command(deploy_dir: str, release: str) -> str:
    """Links the data that earlier releases left into one that is being prepared, so that its build brings that up to date.

    Nothing happens as long as no data is kept, or when the keeper here is not of this version (the start links it then).
    """
    script, kept = shlex.quote(keeper_path(deploy_dir)), shlex.quote(f"{deploy_dir}/shared/paths")
    return f"if [ -s {kept} ] && [ -f {script} ]; then bash {script} link {shlex.quote(release)}; fi"


def rescue_command(deploy_dir: str, release: str, paths: Iterable[str]) -> PlannedCommand:
    """Moves data of a release that is to be deleted to shared/rescued."""
    named = " ".join(map(shlex.quote, paths))
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} rescue {shlex.quote(release)} {named}",
        reasoning=f"Release {release} is to be deleted: put what data it alone has aside",
    )


def discard_command(deploy_dir: str, releases: Iterable[str]) -> PlannedCommand:
    """Removes what a container engine keeps of releases that are to be deleted; nothing happens to others."""
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} discard {' '.join(map(shlex.quote, releases))}",
        reasoning="Remove what the container engine keeps of these releases",
    )


def discard_data_command(deploy_dir: str, release: str) -> PlannedCommand:
    """Removes the volumes that a container engine keeps for the app."""
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} discard_data {shlex.quote(release)}", reasoning="Remove the app's volumes"
    )


def host_on(target: str) -> str:
    """HOST for an app: loopback on this machine, all addresses on a server."""
    return "127.0.0.1" if target == "local" else "0.0.0.0"  # noqa: S104 - a server is to be reached


def _upkeep(spec: UpkeepSpec) -> str:
    """One line, in the order in which `keep` of keeper.sh reads it."""
    return " ".join(map(str, (
        spec.restart_delay_s, spec.restart_delay_max_s, spec.steady_s, spec.quick_crashes, spec.log_max_bytes, spec.log_kept,
    )))  # fmt: skip


def _keeper(deploy_dir: str) -> str:
    if system.is_windows_path(deploy_dir):
        return call(deploy_dir)
    return f"bash {shlex.quote(keeper_path(deploy_dir))}"
