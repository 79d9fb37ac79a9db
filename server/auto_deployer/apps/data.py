"""An app's data over its releases: found in the release that ran, moved to shared/data, linked into the one that comes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Iterable, Sequence

from ..model.errors import AppError
from ..model.plan import DeploymentPlan
from ..model.ports import Session
from ..model.reasons import Kind
from ..model.suggestions import suggest
from ..sessions import system
from ..sessions.shell_words import SimpleCommand, simple_commands
from . import keeper
from .changes import RunCommand
from .data_paths import CHANGEABLE, DATA_FILES, DATABASES, DataPath, ReleaseListing, data_paths, never_counts
from .state import decoded, split_sections

Tell = Callable[[str, str], Awaitable[None]]
"""Called with the kind of a note and its text."""

DATA_NOTE = "data"
"""Kind of the notes about what was kept and what was not."""
_PATHS_BYTES = 60_000
"""Length of the paths in one command: the kernel takes 128 KiB for all of its text."""
_SHOWN = 10
_MIGRATION = re.compile(r"migrat|\bdb:(?:prepare|push)\b|\bdb (?:push|upgrade)\b|\balembic upgrade\b")
"""In what a program is told to do: it brings a database up to date."""
_HANDLES_FILES = frozenset({
    "git", "mkdir", "cp", "ln", "rm", "mv", "touch", "cat", "tar", "find", "grep", "cd", "export", "[", "test", "echo", "printf",
})  # fmt: skip
"""Programs whose words are names of files, or what is printed."""
_INSTALLS = frozenset({"install", "add"})
"""Verbs whose words are names of packages: `flask-migrate` changes no database."""


class AppData:
    """The data of one deploy directory's app."""

    def __init__(self, session: Session, deploy_dir: str, run: RunCommand, tell: Tell) -> None:
        self._session, self._deploy_dir, self._run, self._tell = session, deploy_dir, run, tell

    async def left_in(self, release: str, declared: Iterable[str] = ()) -> tuple[DataPath, ...]:
        """The data that lies in a release and nowhere else, that of a cut off change too.

        Raises:
            AppError: the release holds more new files than can be looked at.
        """
        return await left_in(self._session, self._deploy_dir, release, declared)

    async def rescue(self, release: str, declared: Iterable[str] = ()) -> None:
        """Keep what a stopped release wrote: moved to shared/data and linked back. What cannot be kept stays, and is told.

        Raises:
            AppError: see `left_in`.
            ChangeStoppedError: see `RunCommand`.
        """
        found = await self.left_in(release, declared)
        await self._keep(release, found)
        changed = [each.path for each in found if each.why == "changed"]
        if changed:
            text = f"The app has changed {_listed(changed)} since it was started: its copy is kept, not the repository's."
            await self._tell(DATA_NOTE, text)

    async def settle(self, release: str, declared: Iterable[str], known: Iterable[str], *, migrated: bool) -> None:
        """Before the first start of a release: keep what was declared, and databases that its build made.

        Args:
            known: What is kept already: that is linked, not taken from this release.
            migrated: The build brought a database up to date; kept from now on, the next one goes on with it.
        """
        declared = tuple(declared)
        if declared and system.is_native(self._session):
            await self._tell(DATA_NOTE, f"Not shared, as this system's apps keep their data in their release: {_listed(declared)}.")
        there = await _release_names(self._session, self._deploy_dir, release, declared, databases=migrated)
        await self._keep(release, [DataPath(path, "declared") for path in there if not _is_within(path, known)])

    async def put_aside(self, releases: Sequence[str]) -> list[str]:
        """The releases that can be deleted: data that only they have is in shared/rescued now. Where that fails they stay, told."""
        free: list[str] = []
        if system.is_native(self._session):
            return free  # what data they have lies in them still
        for release in releases:
            left = await left_in(self._session, self._deploy_dir, release, of_proven=True)
            results = [
                await self._run(keeper.rescue_command(self._deploy_dir, release, paths))
                for paths in _in_parts([each.path for each in left])
            ]
            paths = _listed([each.path for each in left])
            if any(result.exit_code != 0 or "not kept: " in result.output for result in results):
                await self._tell(DATA_NOTE, f"Release {release} is not deleted: it holds data that cannot be moved: {paths}.")
                continue
            free.append(release)
            if left:
                where = f"{self._deploy_dir}/shared/rescued/{release}"
                await self._tell(DATA_NOTE, f"Data that only release {release} had is in {where} now: {paths}.")
        return free

    async def _keep(self, release: str, found: Sequence[DataPath]) -> None:
        for paths in _in_parts([each.path for each in found]):
            result = await self._run(keeper.share_command(self._deploy_dir, release, paths))
            trouble = [line for line in result.output.splitlines() if line.startswith("not kept: ")]
            if result.exit_code != 0 or trouble:
                why = "; ".join(trouble) or result.output.strip()[-1000:]
                await self._tell(DATA_NOTE, f"Data of release {release} stays in it, later releases do not see it: {why}")
            else:
                await self._tell(DATA_NOTE, f"Kept for all releases, in {self._deploy_dir}/shared/data: {_listed(paths)}")


async def left_in(
    session: Session, deploy_dir: str, release: str, declared: Iterable[str] = (), *, of_proven: bool = False
) -> tuple[DataPath, ...]:
    """See `AppData.left_in`; reads only.

    Args:
        of_proven: A release that never served has none.
    """
    if system.is_native(session):
        return ()  # it stays in its release: see `apps.native`
    script = _listing_script(deploy_dir, release, declared, of_proven=of_proven)
    sections = split_sections((await session.probe(script, timeout_s=60.0)).stdout)
    if "missing" in sections:
        return ()
    if "end" not in sections:
        raise AppError(
            f"Release {release} in {deploy_dir} holds more new files than can be looked at.",
            kind=Kind.COMMAND_FAILED, suggestions=(suggest("Name the folders with the app's data", "shared"),),
        )  # fmt: skip
    lines = {name: [decoded(line) for line in found] for name, found in sections.items()}
    pending = [DataPath(path, "new") for path in lines["pending"]]
    found = data_paths(_listing(lines), lines["declared"])
    return (*pending, *(each for each in found if each.path not in lines["pending"]))


def with_shared(plan: DeploymentPlan, paths: Iterable[str], subdir: str) -> DeploymentPlan:
    """The plan whose app shares these paths of the deployed folder, besides what it shares anyway."""
    if plan.app is None:
        return plan
    inside = (f"{subdir}/{path}" if subdir else path for path in paths)
    app = plan.app.model_copy(update={"shared": tuple(dict.fromkeys((*plan.app.shared, *inside)))})
    return plan.model_copy(update={"app": app})


def migrates(plan: DeploymentPlan) -> bool:
    """Whether a command of the plan brings a database up to date."""
    calls = (call for step in plan.steps for planned in step.commands for call in simple_commands(planned.command))
    return any(_MIGRATION.search(_told(call)) for call in calls)


def _told(call: SimpleCommand) -> str:
    """What a program is told to do: its name, its verbs and the files it runs, without the folders that these lie in."""
    if call.name in _HANDLES_FILES or not _INSTALLS.isdisjoint(call.args):
        return ""
    words = (word for word in call.args if not word.startswith(("-", "/")))
    return " ".join((call.name, *(word.rpartition("/")[2] for word in words)))


def _listing(lines: dict[str, list[str]]) -> ReleaseListing:
    new = [line for line in lines["new"] if line[1:2] == "/"]
    return ReleaseListing(
        new_files=tuple(line[2:] for line in new if line[0] == "f"),
        new_folders=tuple(line[2:] for line in new if line[0] == "d"),
        links=frozenset(line[2:] for line in new if line[0] == "l"),
        hollow=frozenset(lines["hollow"]),
        changed=tuple(line.removeprefix("./") for line in lines["changed"]),
        venvs=frozenset(line.removeprefix("./").removesuffix("pyvenv.cfg").rstrip("/") for line in lines["venvs"]),
    )


def _listing_script(deploy_dir: str, release: str, declared: Iterable[str], *, of_proven: bool) -> str:
    """Without a listing (a release of an older version of ours) only databases are looked at."""
    names = _names((*DATABASES, *DATA_FILES, *CHANGEABLE))
    unproven = 'if [ -f "$run/listing" ] && [ ! -e "$run/proven" ]; then echo "== missing"; exit 0; fi' if of_proven else ""
    return f"""{_preamble(deploy_dir, release)}
{unproven}
echo '== pending'; [ ! -f "$run/sharing" ] || encoded < "$run/sharing"
echo '== declared'; {_existing(declared)}
echo '== venvs'; find_in "$release" f -name pyvenv.cfg | encoded
if [ -f "$run/listing" ]; then
  echo '== new'; list_release "$release" | LC_ALL=C comm -13 "$run/listing" -
  echo '== hollow'; hollow_folders < "$run/listing"
  echo '== changed'; find_in "$release" f {names} -newer "$run/listing" | encoded
else
  echo '== new'; echo '== hollow'
  echo '== changed'; find_in "$release" f {_names(DATABASES)} | encoded
fi
echo '== end'
"""


async def _release_names(session: Session, deploy_dir: str, release: str, declared: Iterable[str], *, databases: bool) -> list[str]:
    """Declared paths that are in the release (or are folders to be made), and databases in it that its commit does not have."""
    declared = list(declared)
    if (not declared and not databases) or system.is_native(session):
        return []
    git = f"git --git-dir={shlex.quote(f'{deploy_dir}/repo')}"
    ref = f"refs/deployments/{shlex.quote(release)}"
    script = f"""{_preamble(deploy_dir, release)}
echo '== declared'; {_existing(declared)}
echo '== databases'
if {str(databases).lower()} && {git} rev-parse --quiet --verify {ref} > /dev/null; then
  LC_ALL=C comm -23 <(find_in "$release" f {_names(DATABASES)} | encoded | sed 's/^..//' | LC_ALL=C sort) \
    <({git} ls-tree -r -z --name-only {ref} | encoded | LC_ALL=C sort)
fi
"""
    sections = split_sections((await session.probe(script, timeout_s=60.0)).stdout)
    made = [decoded(line) for line in sections.get("databases", [])]
    there = {decoded(line) for line in sections.get("declared", [])}
    given = [path.rstrip("/") for path in declared if path.strip("/") in there]
    new = [path for path in declared if path.rstrip("/") not in there and _is_folder(path)]
    return [*given, *(f"{path.rstrip('/')}/" for path in new), *(path for path in made if not never_counts(path))]


def _is_folder(path: str) -> bool:
    """What a declared path that is not there yet is to become."""
    return path.endswith("/") or "." not in path.rsplit("/", 1)[-1]


def _preamble(deploy_dir: str, release: str) -> str:
    return f"""{keeper.data_script()}
keeper_root={shlex.quote(deploy_dir)} release={shlex.quote(release)}
run=$keeper_root/run/$release
[ -d "$keeper_root/releases/$release" ] || {{ echo '== missing'; exit 0; }}"""


def _existing(declared: Iterable[str]) -> str:
    """Prints those that are there and are no links."""
    looked = []
    for path in declared:
        quoted = shlex.quote(path.rstrip("/"))
        there = f'"$keeper_root/releases/$release"/{quoted}'
        looked.append(f"if [ -e {there} ] && [ ! -L {there} ]; then printf '%s\\0' {quoted} | encoded; fi")
    return "; ".join(looked) or ":"


def _names(patterns: Iterable[str]) -> str:
    """Tests of `find` as shell words."""
    return "'(' " + " -o ".join(f"-name {shlex.quote(pattern)}" for pattern in patterns) + " ')'"


def _is_within(path: str, known: Iterable[str]) -> bool:
    plain = path.strip("/")
    return any(plain == other or plain.startswith(f"{other}/") for other in known)


def _in_parts(paths: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = []
    size = _PATHS_BYTES
    for path in paths:
        size += len(shlex.quote(path).encode()) + 1
        if size > _PATHS_BYTES:
            parts.append([])
            size = len(path)
        parts[-1].append(path)
    return parts


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
