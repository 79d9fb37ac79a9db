"""Trees made from dicts and the facts around them, for tests of recipes and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from auto_deployer.model.facts import Candidate, Detection, EnvVariable, HostFacts, RepoFacts, SourceFacts, Tool
from auto_deployer.model.plan import Overrides
from auto_deployer.model.ports import DeployPaths, PlanInput

HOST = HostFacts(
    os="linux",
    arch="x86_64",
    tools=(
        Tool(name="git", path="/usr/bin/git", version="2.47.0"),
        Tool(name="python3", path="/usr/bin/python3", version="3.11.7"),
        Tool(name="node", path="/usr/bin/node", version="20.20.2"),
        Tool(name="npm", path="/usr/bin/npm", version="10.8.2"),
    ),
)
"""A usual host: git, Python 3.11, Node 20 with npm; no uv, pnpm or yarn, no Docker engine."""


@dataclass(frozen=True)
class DictTree:
    """`RepoTree` over a mapping of path to text; paths are relative to the repository's root."""

    contents: Mapping[str, str] = field(default_factory=dict[str, str])
    subdir: str = ""
    memo: dict[tuple[str, str], object] = field(default_factory=dict[tuple[str, str], object], compare=False)

    @property
    def files(self) -> Sequence[str]:
        prefix = f"{self.subdir}/" if self.subdir else ""
        return sorted(path.removeprefix(prefix) for path in self.contents if path.startswith(prefix))

    def is_file(self, path: str) -> bool:
        return self._full(path) in self.contents

    def is_dir(self, path: str) -> bool:
        return any(file.startswith(f"{self._full(path)}/") for file in self.contents)

    def size(self, path: str) -> int:
        return len(self.contents.get(self._full(path), "").encode())

    def read(self, path: str) -> str | None:
        return self.contents.get(self._full(path))

    def glob(self, pattern: str) -> list[str]:
        return [file for file in self.files if fnmatchcase(file, pattern)]

    def at_root(self) -> DictTree:
        return DictTree(self.contents, "", self.memo)

    def below(self, folder: str) -> DictTree:
        return DictTree(self.contents, self._full(folder), self.memo)

    def _full(self, path: str) -> str:
        return "/".join(part for part in (self.subdir, path.strip("/")) if part and part != ".")


def plan_input(
    *detections: Detection,
    host: HostFacts = HOST,
    overrides: Overrides | None = None,
    subdir: str = "",
    port: int | None = None,
    env_names: frozenset[str] = frozenset(),
    file_count: int = 3,
    ecosystems: tuple[str, ...] = (),
    candidates: tuple[Candidate, ...] = (),
    top_level: tuple[str, ...] = (),
    sample_env: tuple[EnvVariable, ...] = (),
) -> PlanInput:
    """What a planner is given for a repository with these detections (best first)."""
    repo = RepoFacts(
        name="shop",
        source=SourceFacts(repo="https://example.org/shop.git", commit="0123456789abcdef0123456789abcdef01234567", subdir=subdir),
        file_count=file_count,
        detections=detections,
        ecosystems=ecosystems,
        candidates=candidates,
        top_level=top_level,
        sample_env=sample_env,
    )
    return PlanInput(
        repo=repo,
        host=host,
        overrides=overrides or Overrides(),
        paths=DeployPaths(deploy_dir="/srv/shop", release="20261124-064812-a1b2"),
        snapshot="/var/cache/snapshot",
        app_name="shop",
        port=port,
        env_names=env_names,
    )
