"""Which run of the machine this is: a process that was noted in another one is gone."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

_PREFETCH = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"


@cache
def boot_id() -> str:
    """A text that is another one after each start of the machine.

    "" where it cannot be known: two of these are never the same start.
    """
    try:
        return _read()
    except (OSError, subprocess.SubprocessError):
        return ""


if sys.platform == "linux":

    def _read() -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()

elif sys.platform == "darwin":

    def _read() -> str:
        words = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=5, check=True)
        return done.stdout.strip()

elif sys.platform == "win32":

    def _read() -> str:
        """Windows counts its starts; only the machine's administrators can change that."""
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _PREFETCH) as key:
            count, _ = winreg.QueryValueEx(key, "BootId")
        return str(count)

else:

    def _read() -> str:
        return ""
