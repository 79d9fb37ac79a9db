"""The files that a build made for the same content, by the same commands: copied instead of installed for and built again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote

from ..model.plan import Check, CommandCheck, FileCheck, PlannedCommand
from ..model.ports import PlanInput
from .recipe import Draft
from .reuse import key_of, seen_from

_EFFECTS = ("migrat", "seed", "db:", "db push", "deploy", "publish", "curl", "wget", "ssh", "git ")
"""Words of builds that do, or fetch, more than the files they leave behind."""


@dataclass(frozen=True)
class KeptBuild:
    """What a build made.

    Attributes:
        output: absolute path in the release of the folder that is served.
    """

    key: str
    deploy_dir: str
    release_dir: str
    output: str
    env_file: str
    fresh: bool = False

    @property
    def kept(self) -> str:
        """Where it is kept; the name exists only when it is complete."""
        return f"{self.deploy_dir}/cache/builds/{self.key}"

    @property
    def taken(self) -> str:
        """A file in the release that says: its build is reused."""
        return f"{self.release_dir}/.build-is-reused"

    def around(self, draft: Draft) -> Draft:
        """The draft that takes the kept files where it can, and else installs, builds and keeps what that made."""
        if self.fresh:
            return replace(draft, build=(*draft.build, self._keep()))
        install = tuple(self._unless_taken(command) for command in draft.install)
        build = (*(self._unless_taken(command) for command in draft.build), self._unless_taken(self._keep()))
        first = self._take()
        return replace(
            draft,
            install=(first, *install) if install else (),
            build=build if install else (first, *build),
            install_checks=tuple(self._or_taken(check) for check in draft.install_checks),
        )

    def _take(self) -> PlannedCommand:
        kept, output, taken = quote(self.kept), quote(self.output), quote(self.taken)
        # Builds read the app's variables: the same content with other variables is another build.
        same_env = f"cat {quote(self.env_file)} 2>/dev/null | cmp -s - {kept}/env"
        copy = f"rm -rf {output} && mkdir -p {output} && cp -a {kept}/files/. {output} && touch {taken} {kept}"
        return PlannedCommand(
            command=f"rm -f {taken}; if [ -d {kept} ] && {same_env}; then {copy} && echo 'The build is reused.'; fi", cwd="/",
            reasoning="The same files were built before, by the same commands with the same variables: they are copied.",
        )  # fmt: skip

    def _keep(self) -> PlannedCommand:
        kept, new, env = quote(self.kept), quote(f"{self.kept}.new"), quote(self.env_file)
        made = (
            f"rm -rf {kept} {new} && mkdir -p {new} && (umask 077; cat {env} > {new}/env 2>/dev/null || true) && "
            f"cp -a {quote(self.output)} {new}/files && mv {new} {kept}"
        )
        # Without a page, the step's checks say what is wrong. What cannot be kept is no failure.
        return PlannedCommand(
            command=f"[ ! -f {quote(self.output)}/index.html ] || {{ {made}; }} || rm -rf {new}", cwd="/",
            reasoning="Keep what was built for a later deployment of the same content.",
        )  # fmt: skip

    def _unless_taken(self, command: PlannedCommand) -> PlannedCommand:
        mark = quote(seen_from(command.cwd, self.taken))
        return command.model_copy(update={"command": f"[ -e {mark} ] || {{ {command.command}\n}}"})

    def _or_taken(self, check: Check) -> Check:
        match check:
            case FileCheck():
                return CommandCheck(command=f"[ -e {quote(self.taken)} ] || [ -e {quote(check.path)} ]")
            case CommandCheck():
                return check.model_copy(update={"command": f"[ -e {quote(self.taken)} ] || {{ {check.command}\n}}"})
            case _:
                return check


def with_kept_build(draft: Draft, given: PlanInput, output: str, *parts: object, scripts: str = "") -> Draft:
    """The draft with its build reused, where that is the same as building again.

    Args:
        output: absolute path of the folder that the build makes.
        parts: what the build is made from besides the repository's content and the draft's commands: versions of tools.
        scripts: text of the scripts that it runs.
    """
    told = (given.overrides.install, given.overrides.build, given.overrides.output_dir)
    has_effects = any(word in scripts for word in _EFFECTS)
    if not given.repo.content_id or not draft.build or has_effects or any(each is not None for each in told):
        return draft
    commands = [(each.command, each.cwd, each.env) for each in (*draft.install, *draft.build)]
    paths = given.paths
    key = key_of(given, "build", given.repo.content_id, output, commands, *parts)
    return KeptBuild(key, paths.deploy_dir, paths.release_dir, output, paths.env_file, fresh=given.no_cache).around(draft)
