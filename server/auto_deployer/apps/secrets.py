"""What an app prints may hold the values it was given: they are masked before its log is shown, or an error that quotes it."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from ..analysis.committed_env import ENV_FILE_NAME, MAX_FILE_BYTES, MAX_FILES, know_settings
from ..masking import SecretRegistry
from ..model.ports import Session
from ..sessions import system
from .env_file import parse_env

_GIVEN = "shared/.env"
_NO_SECRETS = "shared/paths"
_SKIPPED = ("node_modules", ".venv", "venv", "vendor", "target", ".git", ".next")
_NAMES = (".env", ".env.*", "*.env", "env", "env.*", ".envrc", ".flaskenv")
_DEPTH = 5
_FILE = "== file "


async def app_secrets(session: Session, deploy_dir: str) -> SecretRegistry:
    """The values in the app's env file, the secrets that were made for it, and those in the env files of its releases."""
    registry = SecretRegistry()
    for path, text in await _texts(session, deploy_dir):
        if path == _GIVEN:
            registry.add_given(parse_env(text))
        elif path.startswith("shared/"):
            registry.add(text)
        else:
            know_settings(path.rpartition("/")[2], text, registry)
    return registry


async def _texts(session: Session, deploy_dir: str) -> list[tuple[str, str]]:
    """Files that hold secrets, by their paths in the deploy directory."""
    if system.is_native(session):
        return list(_read(Path(deploy_dir)))
    told = (await session.probe(_script(deploy_dir))).stdout
    parts = (part.partition("\n") for part in f"\n{told}".split(f"\n{_FILE}")[1:])
    return [(path, text) for path, _, text in parts]


def _script(deploy_dir: str) -> str:
    skipped = " -o ".join(f"-name {shlex.quote(name)}" for name in _SKIPPED)
    names = " -o ".join(f"-name {shlex.quote(name)}" for name in _NAMES)
    return f"""cd {shlex.quote(deploy_dir)} 2>/dev/null || exit 0
find shared -maxdepth 1 -type f ! -path {_NO_SECRETS} 2>/dev/null | while IFS= read -r path; do
  printf '{_FILE}%s\\n' "$path"; cat "$path"; echo
done
find releases -maxdepth {_DEPTH} '(' {skipped} ')' -prune -o -type f '(' {names} ')' -print 2>/dev/null | head -n {MAX_FILES} |
  while IFS= read -r path; do
    printf '{_FILE}%s\\n' "$path"; head -c {MAX_FILE_BYTES} "$path"; echo
  done
exit 0
"""


def _read(root: Path) -> Iterator[tuple[str, str]]:
    from .native.reading import part_of

    kept = [path for path in (root / "shared").glob("*") if path.is_file() and path != root / _NO_SECRETS]
    for path in kept:
        yield path.relative_to(root).as_posix(), part_of(str(path)).decode("utf-8", "replace")
    for path in itertools.islice(_env_files(root / "releases"), MAX_FILES):
        yield path.relative_to(root).as_posix(), part_of(str(path), count=MAX_FILE_BYTES).decode("utf-8", "replace")


def _env_files(releases: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(releases):
        deep = len(Path(folder).relative_to(releases).parts) >= _DEPTH - 1
        folders[:] = [] if deep else [name for name in folders if name not in _SKIPPED]
        yield from (Path(folder, name) for name in files if ENV_FILE_NAME.fullmatch(name))
