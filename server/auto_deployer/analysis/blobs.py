"""Reading file contents from a git repository through one `git cat-file --batch`, by object id only."""

from __future__ import annotations

import subprocess
import threading
import weakref
from contextlib import suppress
from pathlib import Path

from ..sessions.environment import git_environment

_CACHE_BYTES = 16_777_216


class BlobReader:
    """Reads blobs of one repository; the git process starts with the first read and ends with `close`. Thread-safe."""

    def __init__(self, git_dir: Path, max_total_bytes: int) -> None:
        self._git_dir = git_dir
        self._left = max_total_bytes
        self._cache: dict[str, bytes] = {}
        self._cached_bytes = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def read(self, object_id: str, size: int) -> bytes | None:
        """The blob; None once the total cap is reached, or when the object is not there."""
        with self._lock:
            if (known := self._cache.get(object_id)) is not None:
                return known
            if size > self._left:
                return None
            data = self._request(object_id)
            if data is None:
                return None
            self._left -= len(data)
            if self._cached_bytes + len(data) <= _CACHE_BYTES:  # several recipes read the same manifests
                self._cache[object_id] = data
                self._cached_bytes += len(data)
            return data

    def close(self) -> None:
        """End the git process."""
        with self._lock:
            if self._process is not None:
                _end(self._process)
                self._process = None

    def _request(self, object_id: str) -> bytes | None:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(object_id.encode() + b"\n")
            process.stdin.flush()
            header = process.stdout.readline().split()
            if len(header) != 3 or header[1] != b"blob":
                return None
            data = process.stdout.read(int(header[2]))
            process.stdout.read(1)  # the line break after the content
        except BrokenPipeError:
            return None
        return data

    def _start(self) -> subprocess.Popen[bytes]:
        env = {name: value for name, value in git_environment().items() if not name.startswith("GIT_")}
        process = subprocess.Popen(
            ["git", f"--git-dir={self._git_dir}", "cat-file", "--batch"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**env, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_NOSYSTEM": "1"},
        )  # fmt: skip
        weakref.finalize(self, _end, process)  # for a tree that nobody closed
        self._process = process
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
