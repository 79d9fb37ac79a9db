"""The app's environment as the user gave it: `env` and `envFile` merged into the kept file, values known as secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..apps.env_file import env_file_command, merge_env, parse_env, parse_env_file
from ..masking import SecretRegistry
from ..model.errors import UsageError
from ..model.plan import DeploymentPlan, DeploymentStep
from ..model.ports import DeployPaths
from ..model.requests import SourceParams
from .workdir import write_private

ENV_FILE = "env"


@dataclass(frozen=True)
class AppEnvironment:
    """Variables for the app's env file: those that this deployment adds or replaces, and those that the app has kept."""

    given: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    kept: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    shown: frozenset[str] = frozenset()
    """Values that stand in every log of this deployment, whoever gives them to a variable as well."""

    @property
    def values(self) -> dict[str, str]:
        """All that is in the file afterwards."""
        return {**self.kept, **self.given}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.values)

    def known_to(self, secrets: SecretRegistry) -> None:
        """Let all values be masked, as far as they are not to be read by anybody anyway."""
        for values in (self.kept, self.given):
            secrets.add_given(values, self.shown)

    def below(self, defaults: Mapping[str, str]) -> AppEnvironment:
        """The same with values for names that the request does not give."""
        return replace(self, given={**defaults, **self.given})

    def adding(self, answers: Mapping[str, str]) -> AppEnvironment:
        """The same with values that the user gave when asked."""
        return replace(self, given={**self.given, **answers})


def read_environment(
    params: SourceParams, paths: DeployPaths, secrets: SecretRegistry, handed: Path | None = None
) -> AppEnvironment:
    """The variables of the request on top of those the app has kept; all of them are known to `secrets` from here on.

    Args:
        handed: Env file of the deployment that this one continues: a log keeps no values.

    Raises:
        UsageError: the env file cannot be read, or a line of it is wrong.
    """
    given = {**parse_env(_read(handed)), **_from_file(params.env_file), **params.env}
    kept = parse_env(_read(Path(paths.env_file)))
    environment = AppEnvironment(given, kept, _shown_anyway(params, paths))
    environment.known_to(secrets)
    secrets.add_env(os.environ)
    return environment


def _shown_anyway(params: SourceParams, paths: DeployPaths) -> frozenset[str]:
    """The names that make up where the app comes from and where it goes."""
    texts = (params.repo.removesuffix(".git"), params.subdir or "", paths.deploy_dir, str(Path.home()))
    return frozenset({params.repo, params.ref or "", *texts, *(part for text in texts for part in re.split(r"[/\\:@]", text))})


def hand_over(environment: AppEnvironment, paths: DeployPaths, work_dir: Path) -> None:
    """Write the merged env file (0600) to the working folder, from where a command of the plan takes it."""
    if not environment.given:
        return
    write_private(work_dir / ENV_FILE, merge_env(_read(Path(paths.env_file)), environment.given))


def with_env_file(plan: DeploymentPlan, environment: AppEnvironment, paths: DeployPaths, work_dir: Path) -> DeploymentPlan:
    """The plan with a command that puts the handed file in place, in its first step that runs commands."""
    if not environment.given:
        return plan
    first = next(step for step in plan.steps if step.commands)
    changed = _with_command(first, work_dir / ENV_FILE, paths)
    return plan.model_copy(update={"steps": tuple(changed if step is first else step for step in plan.steps)})


def _with_command(step: DeploymentStep, handed: Path, paths: DeployPaths) -> DeploymentStep:
    command = env_file_command(str(handed), paths)
    return step.model_copy(update={
        "commands": (*step.commands, command), "estimated_commands": (*step.estimated_commands, command.command),
    })  # fmt: skip


def _from_file(name: str | None) -> dict[str, str]:
    if name is None:
        return {}
    path = Path(name).expanduser()
    try:
        return parse_env_file(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The env file {path} cannot be read: {error}.") from error


def _read(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path is not None else ""
    except OSError:
        return ""
