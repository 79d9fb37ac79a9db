"""From a request to facts and a plan: analysis and probing in parallel, then a planner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..analysis import SnapshotTree, Source, analyze, take_snapshot
from ..model.errors import RefusedError
from ..model.facts import HostFacts, RepoFacts
from ..model.plan import DeploymentPlan
from ..model.ports import DeployPaths, PlanInput, Session
from ..model.reasons import Kind
from ..model.requests import SourceParams
from ..planning.planner import RecipePlanner
from ..planning.recipes import RECIPES
from ..sessions.probe import probe_host


@dataclass(frozen=True)
class Facts:
    """What is known before planning."""

    repo: RepoFacts
    host: HostFacts
    snapshot: Path
    """The bare repository that holds the snapshot commit."""


async def gather_facts(
    params: SourceParams, source: Source, session: Session, into: Path, on_progress: Callable[[str], None] | None = None
) -> Facts:
    """Take the snapshot and probe the target at the same time, then analyse.

    Raises:
        RepositoryError, ConnectionFailedError, AuthenticationFailedError: the snapshot cannot be had.
    """
    probing = asyncio.ensure_future(probe_host(session))
    try:
        snapshot = await take_snapshot(
            source, ref=params.ref, subdir=params.subdir, dirty=params.dirty, into=into, on_progress=on_progress
        )
        detectors = [recipe.detect for recipe in RECIPES]
        with await SnapshotTree.load(snapshot.git_dir, snapshot.commit, snapshot.subdir) as tree:
            repo = await asyncio.to_thread(analyze, tree, snapshot, source, detectors)
        return Facts(repo, await probing, snapshot.git_dir)
    finally:
        if not probing.done():
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)


async def make_plan(params: SourceParams, facts: Facts, paths: DeployPaths, env_names: frozenset[str]) -> DeploymentPlan:
    """The plan.

    Raises:
        RefusedError: it cannot be planned.
    """
    if params.planner == "llm":
        raise RefusedError(
            "The planner `llm` needs a model, and none is configured.",
            kind=Kind.PLANNER_UNAVAILABLE,
            suggestions=("Use --planner recipe (or auto).",),
        )
    given = PlanInput(
        repo=facts.repo, host=facts.host, overrides=params.overrides, paths=paths, snapshot=str(facts.snapshot),
        app_name=Path(paths.deploy_dir).name, port=params.port, env_names=env_names,
    )  # fmt: skip
    return await RecipePlanner().plan(given)


def deploy_paths(params: SourceParams, source: Source, release: str) -> DeployPaths:
    """Where the deployment works: `~/deployments/<repo>[-<subdir>]` unless told otherwise."""
    if params.deploy_dir:
        folder = Path(params.deploy_dir).expanduser()
    else:
        subdir = "-".join(part for part in (params.subdir or "").split("/") if part not in ("", "."))
        folder = Path.home() / "deployments" / (f"{source.name}-{subdir}" if subdir else source.name)
    return DeployPaths(deploy_dir=str(folder.absolute()), release=release)
