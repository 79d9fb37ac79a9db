"""An app's environment: what is in its env file, and changes to it. Values are in no command line."""

from __future__ import annotations

import posixpath
import shlex
from pathlib import Path

from ..analysis.env_sample import SAMPLE_NAME, parse_samples
from ..masking import is_secret_name, secrets_in
from ..model import requests as rq
from ..model.errors import UsageError
from ..model.facts import EnvVariable
from ..model.plan import PlannedCommand
from ..model.ports import DeployPaths, Session
from ..model.suggestions import suggest
from ..sessions import system
from .changes import RunCommand, must
from .env_file import merge_env, parse_env, without_names
from .layout import OwnerRecord
from .native.calls import TEXT, call
from .state import DeployDirState
from .text_file import read_text

OURS = frozenset({"PORT", "HOST"})
"""Variables whose value we decide at each start."""
_TEXT = "AUTO_DEPLOYER_ENV_TEXT"
_SAMPLE_BYTES = 65_536
_SAMPLES = 3


async def read_values(session: Session, deploy_dir: str) -> dict[str, str]:
    """The variables in the app's env file; {} where it has none."""
    return parse_env(await _text(session, deploy_dir))


async def describe(session: Session, state: DeployDirState, record: OwnerRecord) -> rq.AppEnv:
    """The app's variables by name, and what its sample of settings names besides."""
    values = await read_values(session, state.deploy_dir)
    wanted = [variable for variable in await _samples(session, state, record) if variable.name not in values]
    return rq.AppEnv(
        name=record.app, deploy_dir=state.deploy_dir, variables=tuple(_masked(*item) for item in values.items()),
        wanted=tuple(variable for variable in wanted if variable.name not in OURS),
    )  # fmt: skip


async def change(session: Session, run: RunCommand, state: DeployDirState, params: rq.SetEnvParams) -> bool:
    """Carry the changes out; tells whether the app runs without knowing of them.

    Raises:
        UsageError: a variable that is ours is to be set.
        AppError: the file cannot be written.
    """
    if ours := sorted(OURS.intersection(params.set)):
        raise UsageError(
            f"{', '.join(ours)}: set by the deployer at each start.",
            suggestions=(suggest("Deploy it with the port that it is to have", "port"),),
        )
    before = await _text(session, state.deploy_dir)
    after = merge_env(without_names(before, [name for name in params.unset if name not in params.set]), params.set)
    if parse_env(after) == parse_env(before):
        return False
    await must(run, _write_command(DeployPaths(state.deploy_dir, state.current or ""), after))
    return bool(state.running)


def _masked(name: str, value: str) -> rq.AppVariable:
    return rq.AppVariable(name=name, secret=is_secret_name(name) or bool(secrets_in(name, value)), value="***" if value else "")


async def _text(session: Session, deploy_dir: str) -> str:
    return await read_text(session, DeployPaths(deploy_dir, "").env_file)


async def _samples(session: Session, state: DeployDirState, record: OwnerRecord) -> tuple[EnvVariable, ...]:
    """What the samples in the live release's folder name."""
    live = record.release(state.current)
    if live is None:
        return ()
    where = posixpath.join(state.deploy_dir, "releases", live.id, live.spec.cwd)
    if system.is_native(session):
        return parse_samples(_samples_in(Path(where)))
    folder = shlex.quote(where)
    listed = await session.probe(f"cd {folder} && find . -maxdepth 1 -type f -name '*env*'")
    names = sorted(name for line in listed.stdout.splitlines() if SAMPLE_NAME.fullmatch(name := line.removeprefix("./")))
    texts = [await session.probe(f"cd {folder} && head -c {_SAMPLE_BYTES} {shlex.quote(name)}") for name in names[:_SAMPLES]]
    return parse_samples([(name, found.stdout) for name, found in zip(names, texts, strict=False)])


def _samples_in(folder: Path) -> list[tuple[str, str]]:
    names = sorted(entry.name for entry in folder.iterdir() if SAMPLE_NAME.fullmatch(entry.name) and entry.is_file())
    return [(name, (folder / name).read_text(encoding="utf-8", errors="replace")[:_SAMPLE_BYTES]) for name in names[:_SAMPLES]]


def _write_command(paths: DeployPaths, text: str) -> PlannedCommand:
    """Replaces the env file in one step; its text goes through the command's environment, which only its user can read."""
    why = "Change the app's environment"
    if system.is_windows_path(paths.deploy_dir):
        return PlannedCommand(command=call(paths.deploy_dir, "write-environment"), env={TEXT: text}, reasoning=why)
    shared, target = shlex.quote(paths.shared), shlex.quote(paths.env_file)
    write = f"umask 077; mkdir -p -m 700 {shared} && rm -f {target}.new && printf '%s' \"${_TEXT}\" > {target}.new"
    return PlannedCommand(
        command=f"{write} && mv -f {target}.new {target}",
        env={_TEXT: text},
        reasoning=why,
    )
