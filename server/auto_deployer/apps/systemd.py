"""The systemd user unit that brings apps back after a reboot."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..model.errors import AppError
from ..model.suggestions import suggest

UNIT_NAME = "auto-deployer-apps.service"
_PLAIN = re.compile(r"[A-Za-z0-9_@/.:=+,-]+")
_TIMEOUT_S = 30.0


def unit_text(command: Sequence[str], environment: Sequence[tuple[str, str]] = ()) -> str:
    """The unit file that runs a command once, when the user manager starts (man systemd.service, systemd.exec).

    What the command starts stays in the unit: TERM at a shutdown reaches each keeper, which then lets its app go. No time limit:
    apps are waited for one after the other.
    """
    variables = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in environment)
    words = (_quoted(word.replace("$", "$$")) for word in command)  # only there it would be expanded
    return f"""[Unit]
Description=Apps deployed by auto-deployer

[Service]
Type=oneshot
RemainAfterExit=yes
{variables}ExecStart={" ".join(words)}
TimeoutStartSec=infinity
TimeoutStopSec=20

[Install]
WantedBy=default.target
"""


def install_unit(text: str, folder: Path | None = None) -> Path:
    """Write the unit and enable it; it runs from the next start of the user manager on.

    Args:
        folder: Where units of the user lie; default ~/.config/systemd/user.

    Raises:
        AppError: no user manager answers (nothing is written then), or it refuses.
    """
    _systemctl("show-environment", otherwise="No systemd user manager answers here")
    path = (folder or _unit_folder()) / UNIT_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    _systemctl("daemon-reload", otherwise=f"{path} was written, but the user manager does not read it")
    _systemctl("enable", UNIT_NAME, otherwise=f"{path} was written, but cannot be enabled")
    return path


def _unit_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _systemctl(*arguments: str, otherwise: str) -> None:
    try:
        done = subprocess.run(
            ["systemctl", "--user", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S,
            check=False,
        )  # fmt: skip
        failed = done.returncode != 0
        said = done.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        failed, said = True, str(error)
    if failed:
        raise AppError(
            f"{otherwise}: {said or 'systemctl --user failed'}.",
            suggestions=(
                suggest(
                    "Bring apps back with cron instead, by a line for `crontab -e`", command="@reboot auto-deployer apps resume"
                ),
            ),
        )


def _quoted(word: str) -> str:
    """A word of a unit file: in quotes where it needs them; % and backslashes have a meaning of their own there."""
    escaped = word.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"').replace("\n", "\\n")
    return word if _PLAIN.fullmatch(word) else f'"{escaped}"'
