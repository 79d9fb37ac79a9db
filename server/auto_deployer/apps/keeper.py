"""The commands that start and stop a release through the keeper script (keeper.sh, see there)."""

from __future__ import annotations

import hashlib
import shlex
from functools import cache
from importlib.resources import files

from ..model.plan import AppSpec, PlannedCommand
from .env_file import format_env
from .layout import mark_of, run_dir

STOP_GRACE_S = 10
"""Seconds between TERM and KILL (supervisor's stopwaitsecs)."""
CLEANUP_GRACE_S = 1
"""The same for what a failed change started."""
HURRIED_GRACE_S = 0
"""The same when the deployment is being stopped: a shutdown has about 1 s for everything (keeper.sh still waits for 0.2 s)."""

_HEREDOC_END = "END_OF_KEEPER"


@cache
def processes_script() -> str:
    """Shell functions that read processes and sockets."""
    return files("auto_deployer.apps").joinpath("processes.sh").read_text(encoding="utf-8")


@cache
def _keeper_script() -> str:
    keeper = files("auto_deployer.apps").joinpath("keeper.sh").read_text(encoding="utf-8")
    return f"#!/bin/sh\n{processes_script()}\n{keeper}"


def keeper_path(deploy_dir: str) -> str:
    """Where the script lies. Its name tells its content: a running shell reads its script bit by bit, so it never changes."""
    return f"{deploy_dir}/run/keeper-{hashlib.sha256(_keeper_script().encode()).hexdigest()[:8]}.sh"


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


def prepare_command(deploy_dir: str, release: str, spec: AppSpec) -> PlannedCommand:
    """Writes down what the keeper needs to start the release."""
    content = {"command": spec.command, "cwd": spec.cwd or ".", "mark": mark_of(deploy_dir, release), "env": format_env(spec.env)}
    folder = run_dir(deploy_dir, release)
    writes = [f"printf '%s\\n' {shlex.quote(text)} > {shlex.quote(f'{folder}/{name}')}" for name, text in content.items()]
    return PlannedCommand(
        command=" &&\n".join([f"umask 077 && mkdir -p {shlex.quote(folder)}", *writes]),
        reasoning="Write down how the app is started",
    )


def start_command(deploy_dir: str, release: str, port: int, host: str, *, reasoning: str = "") -> PlannedCommand:
    """Starts the release; returns at once. Nothing happens when it runs already."""
    return PlannedCommand(
        command=f"{_keeper(deploy_dir)} start {shlex.quote(release)} {port} {shlex.quote(host)}",
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


def restart_command(
    deploy_dir: str, release: str, port: int, host: str, *, grace_s: int, stopped_for: str, reasoning: str
) -> PlannedCommand:
    """Stops (quickly) and starts: also right for a release whose stopping for another was cut short."""
    stop = stop_command(deploy_dir, release, grace_s=grace_s, stopped_for=stopped_for).command
    start = start_command(deploy_dir, release, port, host).command
    return PlannedCommand(command=f"{stop} && {start}", reasoning=reasoning)


def host_on(target: str) -> str:
    """HOST for an app: loopback on this machine, all addresses on a server."""
    return "127.0.0.1" if target == "local" else "0.0.0.0"  # noqa: S104 - a server is to be reached


def _keeper(deploy_dir: str) -> str:
    return f"bash {shlex.quote(keeper_path(deploy_dir))}"
