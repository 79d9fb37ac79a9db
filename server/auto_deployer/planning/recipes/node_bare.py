"""Node programs without a manifest: one file that serves with what Node itself brings."""

from __future__ import annotations

import re

from ...model.ports import RepoTree
from .node_entry import CONVENTIONAL, is_typescript
from .node_manifest import Manifest
from .node_source import reachable, scan
from .node_start import Start

_REQUIRED = re.compile(r"""(?:\brequire\s*\(|\bimport\s*\(|\bfrom|\bimport)\s*["']([^"'\n]+)["']""")
_BUILT_IN = frozenset({
    "assert", "buffer", "child_process", "cluster", "console", "crypto", "dgram", "dns", "events", "fs", "fs/promises", "http",
    "http2", "https", "net", "os", "path", "perf_hooks", "process", "querystring", "readline", "stream", "stream/promises",
    "string_decoder", "timers", "timers/promises", "tls", "tty", "url", "util", "v8", "vm", "worker_threads", "zlib",
})  # fmt: skip
"""Node's own modules (its documentation); with the prefix `node:` all are."""


def bare_start(root: RepoTree, folder: str) -> Start | None:
    """The start of a folder's program by a usual name that listens and needs no packages; None when there is none."""
    here = Manifest(folder=folder)
    for path in map(here.path, CONVENTIONAL):
        if is_typescript(path) or not root.is_file(path) or not (source := scan(root, path)).listens:
            continue
        names = {name for _, code in reachable(root, path) for name in _REQUIRED.findall(code) if not name.startswith(".")}
        if all(name.startswith("node:") or name in _BUILT_IN for name in names):
            name = path.removeprefix(f"{folder}/") if folder else path
            return Start(kind="command", command=f"node {name}", because="listens, with Node's own modules", source=source)
    return None
