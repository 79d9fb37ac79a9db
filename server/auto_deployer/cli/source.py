"""The options that say what to deploy and how; shared by `deploy`, `plan` and `analyze`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import typer

from .options import absolute, environment, repository

_PLAN = "Replace a decision of the plan"

Text = str | None


@dataclass(frozen=True)
class SourceOptions:
    """What to deploy and where from."""

    repo: Annotated[
        Text, typer.Option("--repo", help="Git URL (https, ssh, git@host:owner/repo, file) or a local folder. (default: .)")
    ] = None
    positional_repo: Annotated[Text, typer.Argument(metavar="REPOSITORY", help="The same as --repo.", show_default=False)] = None
    ref: Annotated[Text, typer.Option("--ref", help="Branch, tag or commit. (default: HEAD)")] = None
    subdir: Annotated[
        list[str] | None,
        typer.Option("--subdir", help="Folder inside the repository that holds the app; `deploy` takes several, in their order."),
    ] = None
    submodules: Annotated[bool, typer.Option("--submodules", help="Fetch the repository's submodules too.")] = False
    lfs: Annotated[bool, typer.Option("--lfs", help="Fetch the content of Git LFS files too.")] = False
    dirty: Annotated[bool, typer.Option("--dirty", help="Take the working tree of a local folder, not its HEAD.")] = False
    local: Annotated[bool, typer.Option("--local", "-L", help="Deploy on this machine (the default).")] = False

    def values(self) -> dict[str, Any]:
        """Fields of `SourceParams`. Local paths are absolute, because whoever runs it may be in another directory.

        Raises:
            UsageError: two different repositories are given, or several folders.
        """
        return {
            "repo": self._repository(), "ref": self.ref, "subdir": self._folder(), "dirty": self.dirty, "target": "local",
            "submodules": self.submodules, "lfs": self.lfs,
        }  # fmt: skip

    def _folder(self) -> str | None:
        from ..model.errors import UsageError
        from ..model.suggestions import suggest

        folders = self.subdir or [None]
        if len(folders) > 1:
            raise UsageError(
                "several folders are given; only `deploy` takes more than one", suggestions=(suggest("Give one of them."),)
            )
        return folders[0]

    def _repository(self) -> str:
        from ..model.errors import UsageError
        from ..model.suggestions import suggest

        given = {repository(repo) for repo in (self.repo, self.positional_repo) if repo is not None}
        if len(given) > 1:
            raise UsageError("two repositories are given, one of them by --repo", suggestions=(suggest("Give one of them."),))
        return given.pop() if given else repository(".")


@dataclass(frozen=True)
class PlanOptions(SourceOptions):
    """What to deploy and how."""

    deploy_dir: Annotated[Text, typer.Option("--deploy-dir", help="Where the app lives. (default: ~/deployments/<repo>)")] = None
    app_port: Annotated[
        int | None,
        typer.Option("--app-port", min=1, max=65535, help="Port of the app; taken means failure. (default: a free one)"),
    ] = None
    env: Annotated[list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help="Variable of the app; repeatable.")] = None
    env_file: Annotated[Text, typer.Option("--env-file", help="File with variables of the app, NAME=VALUE a line.")] = None
    planner: Annotated[
        Literal["auto", "recipe", "llm"] | None,
        typer.Option("--planner", help="Who plans: recipes, the model, or the model where recipes are not sure. (default: auto)"),
    ] = None
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Install and build anew, whatever earlier deployments left.")] = False
    install_runtimes: Annotated[
        bool, typer.Option("--install-runtimes", help="A missing Node or Python may be installed below the deploy directory.")
    ] = False
    recipe: Annotated[
        Text, typer.Option("--recipe", help="Plan with this recipe (traditional: no container).", rich_help_panel=_PLAN)
    ] = None
    install: Annotated[Text, typer.Option("--install", help="Install command.", rich_help_panel=_PLAN)] = None
    build: Annotated[Text, typer.Option("--build", help="Build command.", rich_help_panel=_PLAN)] = None
    start: Annotated[Text, typer.Option("--start", help="Start command.", rich_help_panel=_PLAN)] = None
    output_dir: Annotated[Text, typer.Option("--output-dir", help="Folder of the built site.", rich_help_panel=_PLAN)] = None
    health_path: Annotated[
        Text, typer.Option("--health-path", help="Path that proves that the app answers.", rich_help_panel=_PLAN)
    ] = None

    def each(self) -> list[Self]:
        """The same options for one app after the other, in the order of their folders.

        Raises:
            UsageError: an option that is for one app is given for several.
        """
        from ..model.errors import UsageError
        from ..model.suggestions import suggest

        folders = list(dict.fromkeys(self.subdir or ()))
        if len(folders) < 2:
            return [replace(self, subdir=folders or None)]
        for option, value in (("--deploy-dir", self.deploy_dir), ("--app-port", self.app_port)):
            if value is not None:
                raise UsageError(
                    f"{option} is for one app, and {len(folders)} are given by --subdir",
                    suggestions=(suggest("Deploy them one by one, or leave that out."),),
                )
        return [replace(self, subdir=[folder]) for folder in folders]

    def values(self) -> dict[str, Any]:
        """Fields of `SourceParams`.

        Raises:
            UsageError: two different repositories are given, several folders, or an `--env` is not NAME=VALUE.
        """
        from ..model.plan import Overrides

        return {
            **super().values(),
            "deploy_dir": absolute(self.deploy_dir) if self.deploy_dir is not None else None,
            "port": self.app_port,
            "env": environment(self.env or []),
            "env_file": absolute(self.env_file) if self.env_file is not None else None,
            "planner": self.planner,
            "no_cache": self.no_cache,
            "install_runtimes": self.install_runtimes,
            "overrides": Overrides(
                recipe=self.recipe, install=self.install, build=self.build, start=self.start, output_dir=self.output_dir,
                health_path=self.health_path,
            ),
        }  # fmt: skip
