"""From a request to facts and a plan: analysis and probing in parallel, then a planner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis import Snapshot, SnapshotTree, Source, analyze, know_committed, take_snapshot
from ..masking import SecretRegistry
from ..model.errors import RepositoryError
from ..model.facts import HostFacts, RepoFacts
from ..model.plan import DeploymentPlan
from ..model.ports import DeployPaths, LanguageModel, PlanInput, Session
from ..model.requests import SourceParams
from ..model.settings import PlannerName
from ..sessions.probe import probe_host
from ..sessions.registry import RegistryState, probe_registry
from .git_access import GitAccess
from .registries import likely_registry

if TYPE_CHECKING:
    from ..planning.llm_planner import LlmPlanner, PlanProblems
    from ..planning.repo_texts import RepoTexts

_LOADED_MEANWHILE = ("..planning.planners", "..orchestrator.policy")
"""Modules that are needed once the facts are there, and take about as long to load as those take to gather."""


@dataclass(frozen=True)
class Facts:
    """What is known before planning."""

    repo: RepoFacts
    host: HostFacts
    snapshot: Path
    """The bare repository that holds the snapshot commit."""
    texts: RepoTexts
    """What a model may read of it; empty where none is set up."""
    registry: asyncio.Task[RegistryState] | None = None
    """Tries the registry that the plan probably needs. Whoever asked for it cancels it in the end."""


async def gather_facts(
    params: SourceParams, source: Source, session: Session, into: Path, on_progress: Callable[[str], None] | None = None, *,
    access: GitAccess, secrets: SecretRegistry, with_texts: bool = False, with_registry: bool = False,
) -> Facts:  # fmt: skip
    """Take the snapshot, probe the target and load what plans at the same time, then analyse.

    Args:
        secrets: Gets to know what the repository's committed env files hold, before anything of it is told.
        with_texts: Read what a model is shown as well.
        with_registry: Begin to try the registry.

    Raises:
        RepositoryError, ConnectionFailedError, AuthenticationFailedError: the snapshot cannot be had.
    """
    probing = asyncio.ensure_future(probe_host(session))
    loading = asyncio.ensure_future(asyncio.to_thread(_load))
    try:
        snapshot = await take_snapshot(
            source, ref=params.ref, subdir=params.subdir, dirty=params.dirty, into=into, extras=access.extras,
            logins=access.logins, limits=access.limits, on_progress=on_progress,
        )  # fmt: skip
        await loading
        from ..planning.recipes import RECIPES
        from ..planning.repo_texts import RepoTexts, read_texts

        detectors = [recipe.detect for recipe in RECIPES]
        with await _known_tree(snapshot, secrets) as tree:
            repo = await asyncio.to_thread(analyze, tree, snapshot, source, detectors)
            texts = await asyncio.to_thread(read_texts, tree) if with_texts else RepoTexts()
        kind = likely_registry(repo) if with_registry else None
        registry = asyncio.ensure_future(probe_registry(session, kind)) if kind else None
        return Facts(repo, await probing, snapshot.git_dir, texts, registry)
    finally:
        probing.cancel()
        await asyncio.gather(probing, loading, return_exceptions=True)


async def _known_tree(snapshot: Snapshot, secrets: SecretRegistry) -> SnapshotTree:
    """The deployed folder, once `secrets` knows what is committed; that a folder is missing is told afterwards, too.

    Raises:
        RepositoryError: there is no such folder.
    """
    try:
        tree = await SnapshotTree.load(snapshot.git_dir, snapshot.commit, snapshot.subdir)
    except RepositoryError:
        await know_snapshot(snapshot.git_dir, snapshot.commit, secrets)
        raise
    await asyncio.to_thread(know_committed, tree, secrets)
    return tree


async def know_snapshot(git_dir: Path, commit: str, secrets: SecretRegistry) -> None:
    """Know the secrets in the committed env files of a snapshot that was taken before, if it is still there."""
    with suppress(RepositoryError), await SnapshotTree.load(git_dir, commit) as tree:
        await asyncio.to_thread(know_committed, tree, secrets)


def _load() -> None:
    for module in _LOADED_MEANWHILE:
        import_module(module, __package__)


@dataclass(frozen=True)
class Planning:
    """How one plan is made."""

    planner: PlannerName
    model: LanguageModel | None = None
    problem: str = ""
    """Why the model that the user has set up cannot be asked."""
    timeout_s: float = 60.0
    objections: PlanProblems = lambda _: ()

    def llm(self, target: str) -> Callable[[], LlmPlanner] | None:
        """Makes the planner that asks the model; None without one."""
        model = self.model
        if model is None:
            return None
        from ..planning.llm_planner import LlmPlanner

        return lambda: LlmPlanner(model, target=target, timeout_s=self.timeout_s, objections=self.objections)


async def make_plan(
    params: SourceParams, facts: Facts, paths: DeployPaths, env_names: frozenset[str], planning: Planning
) -> DeploymentPlan:
    """The plan.

    Raises:
        RefusedError: it cannot be planned.
    """
    given = PlanInput(
        repo=facts.repo, host=facts.host, overrides=params.overrides, paths=paths, snapshot=facts.snapshot.as_posix(),
        app_name=Path(paths.deploy_dir).name, port=params.port, env_names=env_names,
        no_cache=params.no_cache, install_runtimes=params.install_runtimes,
    )  # fmt: skip
    from ..planning.planners import plan_by

    return await plan_by(planning.planner, given, facts.texts, planning.llm(params.target), planning.problem)


def deploy_paths(params: SourceParams, source: Source, release: str) -> DeployPaths:
    """Where the deployment works: `~/deployments/<repo>[-<subdir>]` unless told otherwise."""
    if params.deploy_dir:
        folder = Path(params.deploy_dir).expanduser()
    else:
        subdir = "-".join(part for part in (params.subdir or "").split("/") if part not in ("", "."))
        folder = Path.home() / "deployments" / (f"{source.name}-{subdir}" if subdir else source.name)
    return DeployPaths(deploy_dir=folder.absolute().as_posix(), release=release)
