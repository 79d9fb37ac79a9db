"""What a build made for the same content, by the same commands with the same variables: copied instead of built again.

A copy in both directions: what the app, or another build, writes into its release never reaches what is kept.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace
from shlex import quote

from ..model.plan import Check, CommandCheck, FileCheck, PlannedCommand
from ..model.ports import PlanInput
from .recipe import Draft
from .reuse import key_of, seen_from

_EFFECTS = ("migrat", "seed", "db:", "db push", "deploy", "publish", "curl", "wget", "ssh", "git ")
"""Words of builds that do, or fetch, more than the files they leave behind."""
_CACHES = (
    "*/node_modules/.cache", "*/node_modules/.vite", "*/.next/cache/webpack", "*/.turbo", "*/.nx", "*/.angular", "*/.parcel-cache",
)  # fmt: skip
"""What builds keep for themselves: no app reads it."""
_DATABASE = r"\.(db|db3|sqlite|sqlite2|sqlite3|s3db|duckdb|mdb)$"
"""A build that leaves one has made data: that is not done by copying it."""
_BEGAN = ".build-began"
_FORMAT = 3
"""Of what is kept: another one has another key."""


@dataclass(frozen=True)
class KeptBuild:
    """What a build made. Paths are absolute, in the release.

    Attributes:
        proof: what it has to have made to be kept; "" where nothing tells.
        outputs: what is kept of it; none: every file that it wrote anywhere in the release.
        renames: files that name the release which they were built in name the one that takes them.
    """

    key: str
    deploy_dir: str
    release_dir: str
    env_file: str
    proof: str
    outputs: tuple[str, ...] = ()
    renames: bool = True
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
        """The draft that takes the kept files where it can, and else builds and keeps what that made.

        With `outputs` of its own the app needs nothing that was installed for the build: then that is left out, too.
        """
        if self.fresh:
            return replace(draft, build=(*self._begin(), *draft.build, self._keep()))
        build = (*(self._unless_taken(command) for command in draft.build), self._unless_taken(self._keep()))
        if not self.outputs or not draft.install:
            return replace(draft, build=(self._take(), *build))
        return replace(
            draft,
            install=(self._take(), *map(self._unless_taken, draft.install)),
            build=build,
            install_checks=tuple(self._or_taken(check) for check in draft.install_checks),
        )

    def _take(self) -> PlannedCommand:
        kept, taken = quote(self.kept), quote(self.taken)
        # Builds read the app's variables: the same content with other variables is another build.
        same_env = f"cat {quote(self.env_file)} 2>/dev/null | cmp -s - {kept}/env"
        old = f"rm -rf {' '.join(map(quote, self.outputs))} && " if self.outputs else ""
        # What the app's data took over is not to be copied over it.
        data = quote(f"{self.deploy_dir}/shared/paths")
        is_data = f"(cd {kept}/files && while IFS= read -r -d '' each; do [ ! -e \"$each\" ] || exit 0; done < {data}; exit 1)"
        same_length = f"was=$(cat {kept}/release) && [ ${{#was}} = {len(self._release)} ]"
        usable = f"[ -d {kept} ] && {same_length} && {same_env} && {{ [ ! -s {data} ] || ! {is_data}; }}"
        copy = f"{old}{self._copied()} && touch {taken} {kept} && echo 'The build is reused.'"
        began = "".join(f"; {command.command}" for command in self._begin())
        return PlannedCommand(
            command=f"rm -f {taken}; if {usable}; then {copy}; fi{began}", cwd="/",
            reasoning="The same files were built before, by the same commands with the same variables: they are copied.",
        )  # fmt: skip

    def _copied(self) -> str:
        """Shell text: into the release. Files that name the one they were built in then name this one: the app would write there.

        Names of releases are of one length: that does no harm to binaries. A link, or a file's name, that holds one spoils the
        stream: then the build is not taken.
        """
        if not self.renames:
            return f"cp -a {quote(self.kept)}/files/. {quote(self.release_dir)}"
        named = f'"s#releases/$(cat ../release)#releases/{self._release}#g"'
        stream = f"tar -cf - . | LC_ALL=C sed {named} | tar -xpf - -C {quote(self.release_dir)}"
        return f"(set -o pipefail; cd {quote(self.kept)}/files && {stream})"

    @property
    def _release(self) -> str:
        return posixpath.basename(self.release_dir)

    def _begin(self) -> tuple[PlannedCommand, ...]:
        """From now on what is written is the build's."""
        if self.outputs:
            return ()
        began = quote(f"{self.release_dir}/{_BEGAN}")
        # A file system's clock ticks every 10 ms at worst: what is written in the tick of the mark would not count as newer.
        command = f"touch {began} && sleep 0.02"
        return (PlannedCommand(command=command, cwd="/", reasoning="Files that change from now on are the build's."),)

    def _keep(self) -> PlannedCommand:
        kept, new, env = quote(self.kept), quote(f"{self.kept}.new"), quote(self.env_file)
        made = (
            f"rm -rf {kept} {new} && mkdir -p {new}/files && (umask 077; cat {env} > {new}/env 2>/dev/null || true) && "
            f"{self._files_to(f'{new}/files')} && echo {quote(self._release)} > {new}/release && mv {new} {kept}"
        )
        there = f"[ ! -e {quote(self.proof)} ] || " if self.proof else ""
        # Without the proof, the step's checks say what is wrong. What cannot be kept is no failure.
        return PlannedCommand(
            command=f"{there}{{ {made}; }} || rm -rf {new}", cwd="/",
            reasoning="Keep what was built for a later deployment of the same content.",
        )  # fmt: skip

    def _files_to(self, folder: str) -> str:
        """Shell text that copies what is kept, with its path in the release, below a folder (shell text too)."""
        if not self.outputs:
            caches = " -o ".join(f"-path {quote(pattern)}" for pattern in _CACHES)
            list_ = f"{folder}.written"
            written = rf"find . \( {caches} -o -name {_BEGAN} \) -prune -o \( -type f -o -type l \) -cnewer {_BEGAN} -print0"
            no_data = f"[ \"$(tr '\\0' '\\n' < {list_} | grep -cE {quote(_DATABASE)})\" = 0 ]"
            copied = f"tar -cf - --null -T {list_} | tar -xf - -C {folder}"
            return (
                f"(set -o pipefail; cd {quote(self.release_dir)} && {written} > {list_} && {no_data} && {copied}) && rm -f {list_}"
            )
        copies: list[str] = []
        for output in self.outputs:
            above = posixpath.dirname(posixpath.relpath(output, self.release_dir))
            target = f"{folder}/{quote(above)}" if above else folder
            copies.append(f"mkdir -p {target} && cp -a {quote(output)} {target}")
        return " && ".join(copies)

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


def with_kept_build(
    draft: Draft, given: PlanInput, proof: str, *parts: object, outputs: Iterable[str] = (), scripts: str = ""
) -> Draft:
    """The draft with its build reused, where that is the same as building again.

    Args:
        proof, outputs: see `KeptBuild`.
        parts: what the build is made from besides the repository's content and the draft's commands: versions of tools.
        scripts: text of the scripts that it runs.
    """
    told = (given.overrides.install, given.overrides.build, given.overrides.output_dir)
    has_effects = any(word in scripts for word in _EFFECTS)
    if not given.repo.content_id or not draft.build or has_effects or any(each is not None for each in told):
        return draft
    commands = [(each.command, each.cwd, each.env) for each in (*draft.install, *draft.build)]
    paths, outputs = given.paths, tuple(outputs)
    renames = given.host.os != "darwin" or not outputs  # programs are signed there
    key = key_of(given, "build", _FORMAT, given.repo.content_id, proof, outputs, commands, *parts)
    return KeptBuild(
        key, paths.deploy_dir, paths.release_dir, paths.env_file, proof, outputs, renames, fresh=given.no_cache
    ).around(draft)  # fmt: skip
