"""Packages with a compiled part that only exists, and only compiles, for certain releases of Node."""

from __future__ import annotations

from .node_config import major_of
from .node_manifest import Manifest

_NODE_SASS = {4: "<=14", 5: "<=15", 6: "<=16", 7: "<=18", 8: "<=19", 9: "<=20"}
"""Major version -> Node (its README, "Node version support policy"; the later releases of 7 compile on Node 18)."""


def natives_range(manifest: Manifest) -> tuple[str, str]:
    """(package with its range, range of Node) of what cannot be installed on any other; ("", "") where there is none."""
    range_ = manifest.dependencies.get("node-sass", "")
    node = "" if range_.startswith("npm:") else _NODE_SASS.get(major_of(manifest, "node-sass"), "")
    return (f"node-sass {range_}", node) if node else ("", "")
