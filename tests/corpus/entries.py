"""The list of repositories: what each is, what should come of it, and what that takes on this machine."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from auto_deployer.model.reasons import REFUSALS, Kind

LIST = Path(__file__).with_name("repositories.toml")

AppKind = Literal[
    "python", "node", "spa", "site", "docs", "html", "php", "go", "rust", "ruby", "java", "deno", "bun", "procfile",
    "monorepo", "docker", "other",
]  # fmt: skip

Outcome = Kind | Literal["success"]


class Entry(BaseModel):
    """One app in one commit of a public repository."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    """owner/name on GitHub."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    folder: str = ""
    """This folder alone, as a repository of its own: how somebody begins who starts from an example."""
    subdir: str = ""
    """The same in its place: `--subdir` of what was cloned."""
    kind: AppKind
    expected: Outcome = "success"
    found_in: Literal["plan", "run"] = "plan"
    """Where a refusal is found: by planning, or only by running."""
    recipe: str = ""
    """The recipe that should plan it; "" where no recipe does."""
    env: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    """Tools without which it is skipped."""
    without: tuple[str, ...] = ()
    """Tools with which it is skipped: it is about their absence."""
    path: str = "/"
    status: int = 200
    text: str = ""
    """Must be in the page."""
    port: int | None = None
    """A port of the app's own, whatever PORT says: such apps are never deployed at the same time."""
    note: str = ""

    @model_validator(mode="after")
    def _is_sound(self) -> Entry:
        if self.folder and self.subdir:
            raise ValueError("give folder or subdir, not both")
        if self.expected == "success" and not self.recipe:
            raise ValueError("what succeeds was planned by a recipe: name it")
        if self.expected not in REFUSALS and self.expected != "success" and self.found_in == "plan":
            raise ValueError(f"{self.expected} is no refusal to plan: found_in must be run")
        return self

    @property
    def planned(self) -> bool:
        """Whether there should be a plan."""
        return self.expected == "success" or self.found_in == "run"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    entries: tuple[Entry, ...]


def load_entries(path: Path = LIST) -> tuple[Entry, ...]:
    """The entries of a list in TOML.

    Raises:
        ValueError: it is no such list, or an id is in it twice.
    """
    entries = TypeAdapter(_File).validate_python(tomllib.loads(path.read_text(encoding="utf-8"))).entries
    ids = [entry.id for entry in entries]
    if twice := {each for each in ids if ids.count(each) > 1}:
        raise ValueError(f"in the list twice: {', '.join(sorted(twice))}")
    return entries


def select(entries: Sequence[Entry], *, only: Collection[str] = (), kinds: Collection[str] = ()) -> tuple[Entry, ...]:
    """Those with one of these ids and kinds; none given: all.

    Raises:
        ValueError: an id is not in the list.
    """
    if unknown := set(only) - {entry.id for entry in entries}:
        raise ValueError(f"not in the list: {', '.join(sorted(unknown))}")
    return tuple(entry for entry in entries if (not only or entry.id in only) and (not kinds or entry.kind in kinds))


def batches(entries: Sequence[Entry]) -> list[list[Entry]]:
    """What may run side by side. All apps with a port of their own are one batch, the first: they run one after the other."""
    fixed = [entry for entry in entries if entry.port is not None]
    return [*([fixed] if fixed else []), *([entry] for entry in entries if entry.port is None)]
