"""Where the model's commands run: the app's folder, or another one inside the deploy directory."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from shlex import quote

from ..model.ports import DeployContext, Session


@dataclass(frozen=True)
class WorkFolder:
    """The folders a model may work in, as they are on the target."""

    session: Session
    root: str
    """The deploy directory."""
    default: str
    """Where commands run when nothing is said: the app's folder, as long as there is none the nearest one that is there."""

    async def resolve(self, asked: str | None) -> str | None:
        """The absolute path for what the model asked for; None when it is not there, or not inside the deploy directory."""
        if not asked or not asked.strip():
            return self.default
        path = posixpath.normpath(posixpath.join(self.default, asked.strip()))
        if not _inside(path, posixpath.normpath(self.root)):
            return None
        # a link in the repository may lead out
        seen = await self.session.probe(f"cd -- {quote(self.root)} && pwd -P && cd -- {quote(path)} && pwd -P")
        root, _, real = seen.stdout.strip().partition("\n")
        return path if seen.exit_code == 0 and _inside(real, root) else None


async def work_folder(deploy: DeployContext) -> WorkFolder:
    """The folders of a deployment as far as they are there."""
    paths = deploy.paths
    subdir = deploy.source.subdir if deploy.source is not None else ""
    wanted = (f"{paths.release_dir}/{subdir}".rstrip("/"), paths.release_dir, paths.deploy_dir)
    tests = " || ".join(f"{{ [ -d {quote(path)} ] && echo {quote(path)}; }}" for path in dict.fromkeys(wanted))
    seen = await deploy.session.probe(tests)
    return WorkFolder(deploy.session, paths.deploy_dir, seen.stdout.strip() or deploy.host.home)


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")
