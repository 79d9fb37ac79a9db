"""When the packages and the build of a Node project can be those of an earlier deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...model.base import Model
from .node_manifest import Manifest
from .node_packages import PackageManager

_OWN_SCRIPTS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
"""Scripts of the project that an installation runs, in this order (npm's documentation, "Life Cycle Scripts")."""
_LOCAL = ("file:", "link:", "portal:", "workspace:", ".", "/", "~/")
"""How the range of a dependency begins that lies in the repository."""


class ReuseFindings(Model):
    """What decides on it."""

    packages: bool = False
    """One `node_modules` holds all packages, and none of the repository's own code."""
    own_scripts: tuple[str, ...] = ()
    """The project's install scripts, which run for each release."""
    build_scripts: str = ""
    """Text of the scripts that the build runs."""


def reuse_findings(manifest: Manifest, manager: PackageManager, build_script: str, *, is_alone: bool) -> ReuseFindings:
    """What decides on reusing; `is_alone`: the project is no member of a workspace."""
    local = any(range_.startswith(_LOCAL) for range_ in manifest.dependencies.values())
    return ReuseFindings(
        packages=is_alone and not manifest.workspaces and not manager.plug_and_play and not local,
        own_scripts=tuple(name for name in _OWN_SCRIPTS if manifest.scripts.get(name, "").strip()),
        build_scripts="\n".join(_called(build_script, manifest.scripts, set())),
    )


def _called(name: str, scripts: Mapping[str, str], seen: set[str]) -> list[str]:
    """The texts of a script, of what runs before and after it, and of those that these name."""
    texts: list[str] = []
    for each in (f"pre{name}", name, f"post{name}"):
        if each in scripts and each not in seen:
            seen.add(each)
            texts.append(scripts[each])
            words = re.findall(r"[\w:.-]+", scripts[each])
            texts += [text for word in words if word in scripts for text in _called(word, scripts, seen)]
    return texts
