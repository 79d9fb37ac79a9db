"""The command policy: what may run, what a person is asked about, what never runs."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Self

from ...model.actions import CommandSource
from ...model.facts import HostFacts
from ...model.log import PolicyVerdict
from ...model.plan import PlannedCommand
from ...model.ports import DeployPaths
from ...model.settings import PolicySettings
from .findings import ask, worst
from .judgement import Judgement
from .places import Places
from .streams import Stream
from .user_rules import UserRules

_MAX_LENGTH = 500_000
"""Characters of a command that is still read (the longest of ours, a script put in place, has about 26,000)."""


class CommandPolicy:
    """Judges the commands of one deployment, right before each runs.

    It knows the text, the target's folders and what it was told to remember, no more.

    A repository's own scripts (`npm run build`, `make`, `python app.py`) are what a deployment is there to run: they are allowed
    and not looked into. So is installing and running packages by their names in a registry, as manifests do; what lies at an
    address on the command line is asked about. For commands that a model made the default is the other way round: what is not
    known to be harmless, in their programs, options and inline code, is asked about, and so is running what they wrote.

    Args:
        settings: The user's rules.
        deploy_dir: Where the deployment may write (absolute, on the target).
        home: The home directory on the target.
        log_dir: The folder of the deployment logs, when it is on the target.
        real_path: Where a path leads through links, for a target whose files can be looked at; None: paths are taken by their text.
    """

    def __init__(
        self, settings: PolicySettings, *, deploy_dir: str, home: str, log_dir: str | None = None,
        real_path: Callable[[str], str] | None = None,
    ) -> None:  # fmt: skip
        self._places = Places(deploy_dir, home, log_dir, real_path)
        self._rules = UserRules(settings)
        self._files: dict[str, Stream] = {}

    @classmethod
    def of(cls, settings: PolicySettings, paths: DeployPaths, host: HostFacts, *, target: str, log_dir: str | None = None) -> Self:
        """The policy of a deployment.

        Args:
            target: `Session.target`. Links are followed, and `log_dir` counts, only on "local".
        """
        is_local = target == "local"
        return cls(
            settings, deploy_dir=paths.deploy_dir, home=host.home or str(PurePosixPath(paths.deploy_dir).parent),
            log_dir=log_dir if is_local else None, real_path=os.path.realpath if is_local else None,
        )  # fmt: skip

    def judge(
        self, command: str, *, cwd: str = "", env: Mapping[str, str] | None = None, source: CommandSource = "recipe"
    ) -> PolicyVerdict:
        """The verdict on a command: of all its simple commands the worst, with the rule and the part that it is about.

        Args:
            cwd: Where it runs; "" means the home directory.
            env: Additions to its environment.
            source: Who made it. Of a model's, what is not known to be harmless is asked about.
        """
        return self._judged(command, cwd, env or {}, dict(self._files), doubts=source == "llm")

    def judge_planned(self, command: PlannedCommand, source: CommandSource | None = None) -> PolicyVerdict:
        """The verdict on a command of a plan, or on one that somebody else (`source`) wants to run."""
        return self.judge(command.command, cwd=command.cwd, env=command.env, source=source or command.source)

    def remember(self, command: PlannedCommand) -> None:
        """Keep in mind what a command that is about to run writes and fetches, for when a later one runs that."""
        self._judged(command.command, command.cwd, command.env, self._files, doubts=command.source == "llm")

    def _judged(self, command: str, cwd: str, env: Mapping[str, str], files: dict[str, Stream], *, doubts: bool) -> PolicyVerdict:
        if len(command) > _MAX_LENGTH:
            return worst([ask("unparsable", f"The command has {len(command)} characters.")])
        judgement = Judgement(self._places, self._rules, files, doubts=doubts)
        return worst(judgement.script_findings(command, cwd or self._places.home, env))
