"""What the programs of a target said about their versions, kept in the user's cache: an unchanged file is not asked again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from shlex import quote
from urllib.parse import quote as file_name

import platformdirs

_MAX_CHARS = 32_768
"""Of all answers together: they become a part of a command line."""


def known_answers(target: str) -> str:
    """Shell text that tells `probe.sh` what it was told before; nothing, where nothing can be read."""
    text = ""
    with suppress(OSError, ValueError):
        text = _path(target).read_text(encoding="utf-8")
    known = "\n" + text if len(text) <= _MAX_CHARS else ""
    return f"KNOWN={quote(known)}\n"


def keep_answers(target: str, output: Iterable[str]) -> None:
    """Keep the `said` records of a probe for the next one. Where they cannot be kept, the next one asks again."""
    said = sorted(line.removeprefix("said\t") for line in output if line.startswith("said\t"))
    text = "".join(f"{line}\n" for line in said)
    path = _path(target)
    with suppress(OSError, ValueError):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)


def _path(target: str) -> Path:
    folder = Path(platformdirs.user_cache_dir("auto-deployer", appauthor=False))
    return folder / "answers" / file_name(target, safe="")
