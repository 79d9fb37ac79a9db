"""Apps come back with a real systemd user manager, started anew as at a boot."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from auto_deployer.apps.systemd import UNIT_NAME

from .conftest import TIMEOUT_S, Cli

MANAGER = "/lib/systemd/systemd"
# A manager starts only where systemd has booted: in a mount namespace of its own it believes that.
BOOTED = f'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec {MANAGER} --user --log-target=console "$@"'

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not Path(MANAGER).exists() or shutil.which("unshare") is None or Path("/run/systemd/system").exists(),
    reason="needs root, unshare and systemd, on a machine that systemd did not boot, to start a user manager in private",
)


class UserManager:
    """A systemd user manager that is started and ended as by a reboot."""

    def __init__(self, cli: Cli, runtime_dir: Path) -> None:
        self._cli = cli
        self._process: subprocess.Popen[bytes] | None = None
        cli.env["XDG_RUNTIME_DIR"] = str(runtime_dir)
        cli.env.pop("DBUS_SESSION_BUS_ADDRESS", None)

    def boot(self, until: Callable[..., None]) -> None:
        argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", BOOTED, "sh"]
        self._process = subprocess.Popen(
            argv, env=self._cli.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: self.systemctl("show-environment").returncode == 0)

    def systemctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["systemctl", "--user", *arguments],
            env=self._cli.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip

    def shut_down(self) -> None:
        """TERM to what the units started, as at the end of a session; then the manager is gone."""
        if self._process is not None:
            self.systemctl("exit")
            self._process.wait(TIMEOUT_S)
            self._process = None


@pytest.fixture
def manager(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserManager]:
    runtime_dir = tmp_path_factory.mktemp("run")
    runtime_dir.chmod(0o700)
    manager = UserManager(cli, runtime_dir)
    yield manager
    manager.shut_down()


def power_off(app: dict[str, Any]) -> None:
    """The app and its keeper are gone at once, and nobody could write anything down."""
    keeper = psutil.Process(app["pid"]).parent()
    assert keeper is not None
    keeper.kill()
    os.killpg(os.getpgid(app["pid"]), signal.SIGKILL)


def test_an_app_comes_back_at_each_boot(cli: Cli, site: Path, manager: UserManager, until: Callable[..., None]):
    def serves() -> bool:
        (seen,) = cli.json("apps")["apps"]
        return seen["status"] == "running" and httpx2.get(app["url"]).status_code == 200

    assert cli.run("deploy", "--repo", "site").returncode == 0
    (app,) = cli.json("apps")["apps"]

    manager.boot(until)
    installed = cli.run("apps", "resume", "--install-systemd")
    assert installed.returncode == 0, installed.stderr
    assert UNIT_NAME in installed.stdout
    manager.shut_down()
    power_off(app)

    manager.boot(until)
    until(serves)
    until(lambda: "active (exited)" in manager.systemctl("status", UNIT_NAME).stdout)
    manager.shut_down()  # the app belongs to the unit now, and ends with it
    until(lambda: cli.json("apps")["apps"][0]["status"] != "running")

    manager.boot(until)
    until(serves)
