"""The parent of an app: notes its process and its end, and starts it again when it crashes, as `keep` of keeper.sh."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from ...sessions.portable import to_powershell
from ...sessions.powershell import arguments, find_powershell
from ...sessions.system import has_posix_shell
from ..env_file import parse_env
from . import files
from .control import now
from .processes import MARK, live_processes, token_of

_EXIT = "try {{\n{script}\n}} catch {{ [Console]::Error.WriteLine($_.Exception.Message); exit 127 }}"
_PREFIXES = ("LC_", "XDG_", "NVM_", "FNM_", "PYENV_", "RBENV_", "NODENV_", "ASDF_", "MISE_")
_KEPT = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "HTTP_PROXY", "HTTPS_PROXY",
    "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "VOLTA_HOME", "SDKMAN_DIR", "JAVA_HOME", "DOTNET_ROOT",
    "GEM_HOME", "GEM_PATH",
    # without these Windows starts next to nothing
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA",
    "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "COMMONPROGRAMFILES", "PSMODULEPATH",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "OS",
})  # fmt: skip
"""What an app needs of its starter's environment: nothing that was set for build commands, no keys."""


def keep(root: Path, release: str, port: str, host: str) -> None:
    """Run the app until nobody wants it any more."""
    _Keeper(root, release, port, host).run()


class _Keeper:
    def __init__(self, root: Path, release: str, port: str, host: str) -> None:
        self._root, self._release = root, release
        self._run, self._port, self._host = root / "run" / release, port, host
        limits = (self._run / "upkeep").read_text(encoding="utf-8").split()
        self._first_s, self._max_s, self._steady_s, self._quick_max = (int(limit) for limit in limits[:4])
        self._restarts = self._quick = 0
        self._delay_s = self._first_s

    def run(self) -> None:
        own = os.getpid()
        self._me = f"{own} {token_of(own)}"
        files.write(self._run / "keeper", f"{self._me}\n")
        while True:
            began = time.monotonic()
            self._run_once()
            while self._is_wanted() and live_processes(self._run):  # it put itself into the background
                time.sleep(1)
            if not self._is_wanted() or not self._back_off(time.monotonic() - began):
                return
            self._restarts += 1
            (self._run / "exit").replace(self._run / "last_exit")
            files.write(self._run / "restarts", f"{self._restarts}\n")
            files.write(self._run / "started", f"{now()}\n")

    def _run_once(self) -> None:
        """The app from start to end: its pid at once, its exit code when it ends."""
        with (self._run / "app.log").open("ab") as log:
            try:
                app = subprocess.Popen(
                    _shell_command((self._run / "command").read_text(encoding="utf-8").removesuffix("\n")), cwd=self._folder(),
                    env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=os.name == "posix", creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )  # fmt: skip
            except OSError as error:
                log.write(f"the app could not be started: {error}\n".encode())
                files.write(self._run / "pid", "0 none\n")
                files.write(self._run / "exit", f"127 {now()}\n")
                return
        files.write(self._run / "pid", f"{app.pid} {token_of(app.pid)}\n")
        if not self._restarts:
            (self._run / "stopping").unlink(missing_ok=True)
        code = app.wait()
        files.write(self._run / "exit", f"{code if code >= 0 else 128 - code} {now()}\n")

    def _folder(self) -> Path:
        return self._root / "releases" / self._release / (self._run / "cwd").read_text(encoding="utf-8").strip()

    def _environment(self) -> Mapping[str, str]:
        chosen = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_PREFIXES)}
        for file in (self._run / "env", self._root / "shared" / ".env"):
            with contextlib.suppress(FileNotFoundError):
                chosen |= parse_env(file.read_text(encoding="utf-8"))
        mark = (self._run / "mark").read_text(encoding="utf-8").strip()
        return {**chosen, "PORT": self._port, "HOST": self._host, MARK: mark}

    def _is_wanted(self) -> bool:
        """It is the live release, it has proven itself, and nobody asked for its end."""
        with contextlib.suppress(OSError):
            mine = (self._run / "keeper").read_text(encoding="utf-8").strip() == self._me
            live = files.pointed(self._root / "current")
            up = (self._run / "up").exists() and not (self._run / "stopping").exists()
            return mine and up and live is not None and live.name == self._release
        return False

    def _back_off(self, ran_s: float) -> bool:
        """Wait before another start, twice as long each time; False when there is to be none. A steady run begins anew."""
        if ran_s >= self._steady_s:
            self._quick, self._delay_s = 0, self._first_s
        self._quick += 1
        if self._quick >= self._quick_max:
            files.write(self._run / "gave_up", f"{self._quick}\n")
            return False
        until = time.monotonic() + self._delay_s
        while time.monotonic() < until:
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))
            if not self._is_wanted():
                return False
        self._delay_s = min(self._max_s, self._delay_s * 2)
        return self._is_wanted()


def _shell_command(text: str) -> list[str]:
    """The app's command in this machine's own shell."""
    if has_posix_shell():
        return ["bash", "-c", text]
    return arguments(find_powershell(), _EXIT.format(script="$ErrorActionPreference = 'Stop'\n" + to_powershell(text)))
