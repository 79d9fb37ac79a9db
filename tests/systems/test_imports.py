"""Every module of ours can be imported on Windows: without what only POSIX systems have."""

from __future__ import annotations

import subprocess
import sys

WITHOUT_POSIX = """
import importlib, os, pkgutil, signal, socket, sys, types
import asyncio, concurrent.futures, multiprocessing, platform, subprocess, tempfile, threading, uuid
for library in ("httpx2", "openai", "orjson", "platformdirs", "psutil", "pydantic", "pygls.lsp.server", "rapidfuzz", "rich",
                "ruamel.yaml", "tree_sitter", "tree_sitter_bash", "typer", "stamina", "keyring", "asyncssh"):
    try:
        importlib.import_module(library)  # theirs to know where they run
    except ImportError:
        pass
for name in ("fcntl", "pwd", "grp", "termios", "tty", "pty", "resource", "syslog"):
    sys.modules[name] = None
sys.modules["msvcrt"] = types.SimpleNamespace(locking=None, LK_NBLCK=2)
for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "fork", "forkpty", "setsid", "killpg", "getpgid", "getuid",
             "geteuid", "getgid", "fdatasync", "pread", "pwrite", "pidfd_open", "uname", "sysconf", "mkfifo", "WNOHANG"):
    delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGCONT", "SIGSTOP", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGCHLD"):
    delattr(signal, name)
del socket.AF_UNIX
sys.platform = "win32"
import auto_deployer
ours = [module.name for module in pkgutil.walk_packages(auto_deployer.__path__, "auto_deployer.")]
for name in ours:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(ours))
"""


def test_every_module_can_be_imported_without_a_posix_system() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_POSIX], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 100
