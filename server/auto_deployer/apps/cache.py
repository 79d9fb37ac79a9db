"""What deployments keep below `cache/` for later ones (see `planning.reuse`), and what of it nobody needs any more.

- an environment is kept as long as a release links to it
- packages and builds: the `layout.KEPT_RELEASES` of each that were used last
- what a deployment left half done goes
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..model.plan import PlannedCommand
from ..model.ports import Session
from ..sessions import system
from .changes import RunCommand
from .layout import KEPT_RELEASES
from .state import split_sections


async def prune_cache(session: Session, deploy_dir: str, run: RunCommand) -> None:
    """Delete what no kept release uses. What cannot be deleted stays: no change fails on that."""
    unused = await unused_in_cache(session, deploy_dir)
    if unused:
        paths = " ".join(shlex.quote(f"{deploy_dir}/cache/{path}") for path in unused)
        why = "Delete installations and builds that no kept release uses"
        await run(PlannedCommand(command=f"rm -rf -- {paths}", reasoning=why))


async def unused_in_cache(session: Session, deploy_dir: str) -> tuple[str, ...]:
    """Paths below `cache/` that nobody needs; reads only, and tells nothing where not everything could be looked at."""
    if system.is_native(session):
        return ()  # nothing is kept there
    sections = split_sections((await session.probe(_SCRIPT.replace("DEPLOY_DIR", shlex.quote(deploy_dir)), timeout_s=60.0)).stdout)
    if "end" not in sections:
        return ()
    used = {path.rstrip("/").rsplit("/", 1)[-1] for path in sections["used"]}
    venvs = [name for name in sections["venvs"] if name not in used]
    pointers = [pair.split("\t")[0] for pair in sections["pointers"] if pair.split("\t")[-1].rsplit("/", 1)[-1] not in used]
    return tuple(
        f"{kind}/{name}"
        for kind, names in (("venvs", [*venvs, *pointers]), *((kind, _old(sections[kind])) for kind in ("packages", "builds")))
        for name in names
    )


def _old(newest_first: Sequence[str]) -> list[str]:
    complete = [name for name in newest_first if not name.endswith(".new")]
    return [*complete[KEPT_RELEASES:], *(name for name in newest_first if name.endswith(".new"))]


_SCRIPT = r"""
cd DEPLOY_DIR/cache 2>/dev/null || exit 0
echo '== used'
find ../releases -name node_modules -prune -o -type l -name .venv -exec readlink {} \; || exit 1
echo '== venvs'
for each in venvs/*; do [ -L "$each" ] || [ ! -d "$each" ] || echo "${each##*/}"; done
echo '== pointers'
for each in venvs/*; do [ ! -L "$each" ] || printf '%s\t%s\n' "${each##*/}" "$(readlink "$each")"; done
for kind in packages builds; do
  echo "== $kind"
  [ ! -d "$kind" ] || ls -1t "$kind"
done
echo '== end'
"""
