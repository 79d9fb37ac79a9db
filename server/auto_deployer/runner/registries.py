"""Before anything is installed: whether the registry that the plan needs can be reached, where nothing else has the packages."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from ..model.errors import RefusedError
from ..model.facts import RepoFacts
from ..model.plan import DeploymentPlan
from ..model.ports import Session
from ..model.reasons import Kind
from ..model.suggestions import Suggestion, suggest
from ..sessions.registry import RegistryKind, RegistryState
from ..sessions.system import is_native
from .images import refuse_unreachable_images

_KINDS: dict[str, RegistryKind] = {
    **dict.fromkeys(("pip", "pip(pyproject)", "uv", "poetry", "pdm", "pipenv"), "pypi"),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), "npm"),
}
"""Package manager -> registry."""
_LOCKED = ("npm ci", "--frozen", "--immutable")
"""Words of installations that know each file beforehand: they may find all of them in a cache."""
_WHAT_TO_SET: dict[RegistryKind, tuple[Suggestion, ...]] = {
    "pypi": (suggest("An index of your own: PIP_INDEX_URL, or", command="pip config set global.index-url URL"),),
    "npm": (suggest("A registry of your own: npm_config_registry, or", command="npm config set registry URL"),),
}
_BEHIND_A_PROXY = suggest("Behind a proxy: set HTTPS_PROXY and HTTP_PROXY (NO_PROXY names the hosts that need none).")


def likely_registry(repo: RepoFacts) -> RegistryKind | None:
    """The registry that the best detection's plan would need."""
    return {"python": "pypi", "docs": "pypi", "nodejs": "npm"}.get(repo.project_type)  # type: ignore[return-value]


async def refuse_unreachable_registry(
    plan: DeploymentPlan, repo: RepoFacts, session: Session, state: Callable[[RegistryKind], Awaitable[RegistryState]]
) -> None:
    """Refuse a plan that cannot get its packages; never one that might.

    Args:
        state: What is seen of a registry; asked for only when it decides.

    Raises:
        RefusedError: `dependency_source_unreachable`, with the host and what to set.
    """
    await refuse_unreachable_images(plan, session)
    kind = _KINDS.get(plan.choice.package_manager) if plan.choice else None
    installs = next((step for step in plan.steps if step.name == "Install dependencies"), None)
    if kind is None or installs is None or repo.names_registry or await _is_installed(plan, session):
        return
    seen = await state(kind)
    from_cache = seen.elsewhere == "cache" and any(word in command.command for command in installs.commands for word in _LOCKED)
    if seen.reachable or seen.elsewhere == "settings" or from_cache:
        return
    host = urlsplit(seen.url).netloc
    raise RefusedError(
        f"The packages come from {host}, which the target cannot reach: {seen.why} (looked at {seen.url}). Nothing was installed.",
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        suggestions=(_BEHIND_A_PROXY, *_WHAT_TO_SET[kind]),
    )


async def _is_installed(plan: DeploymentPlan, session: Session) -> bool:
    """Whether an earlier deployment installed the same."""
    path = plan.dependency_cache
    return bool(path) and not is_native(session) and (await session.probe(f"[ -e {shlex.quote(path)} ]")).exit_code == 0
