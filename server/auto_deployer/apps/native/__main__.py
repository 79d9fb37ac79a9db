"""`python -m auto_deployer.apps.native DEPLOY_DIR VERB …`: one change of a deploy directory. What went wrong is told on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from . import files
from .calls import TEXT
from .checkout import checkout, forget_snapshots
from .control import start, stop

ENV_FILE = "shared/.env"
Verb = Callable[..., str | None]


def prepare(root: Path, release: str) -> None:
    """Write down how the release is started: names and texts of files, as JSON in the environment."""
    run = root / "run" / release
    run.mkdir(parents=True, exist_ok=True)
    for name, text in json.loads(os.environ[TEXT]).items():
        files.write(run / name, f"{text}\n")


def write(root: Path, path: str) -> None:
    """Replace a file of the deploy directory by the text in the environment."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write(target, os.environ[TEXT])


def write_environment(root: Path) -> None:
    """Replace the app's env file by the text in the environment."""
    write(root, ENV_FILE)


def put_environment(root: Path, source: str) -> None:
    """Replace the app's env file by the text of another file."""
    put(root, ENV_FILE, source)


def put(root: Path, path: str, source: str) -> None:
    """Replace a file of the deploy directory by the text of another one."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    files.write(root / path, Path(source).read_text(encoding="utf-8"))


def keep(root: Path, release: str, port: str, host: str) -> None:
    """Be the parent of the app."""
    from .keep import keep

    keep(root, release, port, host)


def keep_up(root: Path, release: str) -> None:
    """From now on the keeper starts the release again when it crashes."""
    for name in ("up", "proven"):
        (root / "run" / release / name).touch()


def switch(root: Path, release: str) -> None:
    """Make a release the live one, and have it kept up."""
    files.point(root / "current", root / "releases" / release)
    keep_up(root, release)


def unlink(root: Path) -> None:
    """No release is live any more."""
    files.unlink(root / "current")


def remove(root: Path) -> None:
    """Delete the deploy directory; refuses a link, and one without our record."""
    from ..layout import RECORD_NAME

    if files.is_link(root) or not (root / RECORD_NAME).is_file():
        raise PermissionError(f"{root} is a link, or no deploy directory of ours")
    files.remove(root)


VERBS: dict[str, Verb] = {
    "checkout": checkout, "forget-snapshots": forget_snapshots, "prepare": prepare, "write": write, "put": put,
    "write-environment": write_environment, "put-environment": put_environment, "start": start, "stop": stop, "keep": keep,
    "keep-up": keep_up, "switch": switch, "unlink": unlink, "remove": remove,
}  # fmt: skip


def main(words: list[str]) -> int:
    """Carry out one call; the exit code is 0 when it did."""
    root, verb, *given = words
    try:
        told = VERBS[verb](Path(root), *given)
    except subprocess.CalledProcessError as error:
        return error.returncode
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{told}\n" if told else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
