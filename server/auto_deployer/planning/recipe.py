"""What a recipe is: it sees its ecosystem in a tree (`detect`), and drafts how to deploy it from facts alone (`draft`).

A recipe file imports `model` and this module only; `assemble` turns its draft into a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..model.facts import Detection
from ..model.plan import AppSpec, Check, DeploymentStep, PlannedCommand, Strategy
from ..model.ports import PlanInput, RepoTree


@dataclass(frozen=True)
class Draft:
    """The decisions of a recipe; checkout, start, switch and verify are added by `planning.assemble`."""

    strategy: Strategy
    app: AppSpec
    tools: tuple[str, ...] = ()
    """Programs that must be on the target (checked again by the prerequisite step)."""
    install: tuple[PlannedCommand, ...] = ()
    """Run in the release; `cwd` absolute."""
    install_checks: tuple[Check, ...] = ()
    build: tuple[PlannedCommand, ...] = ()
    build_checks: tuple[Check, ...] = ()
    steps: tuple[DeploymentStep, ...] = ()
    """Further steps with commands and checks of their own, between build and start; ids and dependencies are given later."""
    package_manager: str = ""
    images: tuple[str, ...] = ()
    """See `DeploymentPlan.images`."""
    dependency_cache: str = ""
    """See `DeploymentPlan.dependency_cache`."""
    command_prefix: str = ""
    """Shell text before commands of the user's or a Procfile's: the programs installed for the app come first on PATH."""
    risks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    required_env: tuple[str, ...] = ()
    required_services: tuple[str, ...] = ()


class Recipe(Protocol):
    """One ecosystem. Stateless."""

    @property
    def name(self) -> str: ...

    def detect(self, tree: RepoTree) -> Detection | None:
        """What speaks for this recipe, or None when nothing does. Executes nothing, follows no links.

        All that `draft` needs goes into `Detection.details` (JSON data), so that a plan is made from facts alone.
        """
        ...

    def draft(self, given: PlanInput, detection: Detection) -> Draft:
        """The decisions, overrides applied.

        Raises:
            RefusedError: it cannot be planned, with kind, what was looked for, what was found, and the override that helps.
        """
        ...
