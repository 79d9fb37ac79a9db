"""A local folder: which repository it belongs to, found without running git inside it (its configuration is not ours to trust)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..model.errors import RepositoryError
from ..model.suggestions import suggest

_SMALL_FILE = 4096


@dataclass(frozen=True)
class WorkFolder:
    """A folder and the repository around it."""

    root: Path
    """Top of the work tree; the folder itself when there is no repository, or a bare one."""
    subdir: str
    """The folder below `root`, POSIX; "" for `root` itself."""
    git_dir: Path | None = None
    """None: no repository."""
    common_dir: Path | None = None
    """Differs from `git_dir` in linked worktrees."""
    bare: bool = False

    def alone(self) -> WorkFolder:
        """The folder as if no repository were around it."""
        return WorkFolder(root=self.root / self.subdir, subdir="")


def find_work_folder(folder: Path) -> WorkFolder:
    """The repository of a local folder.

    Raises:
        RepositoryError: the folder lies inside a `.git`, or its `.git` file leads nowhere.
    """
    if _is_git_dir(folder):
        if folder.name == ".git":
            raise RepositoryError(f"{folder} is the inside of a repository", suggestions=(suggest(f"Give {folder.parent}"),))
        return WorkFolder(root=folder, subdir="", git_dir=folder, common_dir=folder, bare=True)
    for root in (folder, *folder.parents):
        if git_dir := _git_dir_of(root):
            subdir = folder.relative_to(root).as_posix()
            return WorkFolder(root=root, subdir="" if subdir == "." else subdir, git_dir=git_dir, common_dir=_common_dir(git_dir))
    return WorkFolder(root=folder, subdir="")


def _git_dir_of(root: Path) -> Path | None:
    dot_git = root / ".git"
    if dot_git.is_dir():
        return dot_git if _is_git_dir(dot_git) else None
    if not dot_git.is_file():
        return None
    text = _first_line(dot_git)
    target = (root / text.removeprefix("gitdir:").strip()).resolve()
    if not text.startswith("gitdir:") or not (target / "HEAD").is_file():
        raise RepositoryError(
            f"{dot_git} leads to no repository",
            suggestions=(suggest("Repair the worktree (git worktree repair), or clone the repository anew."),),
        )
    return target


def _common_dir(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    return (git_dir / _first_line(pointer)).resolve() if pointer.is_file() else git_dir


def _is_git_dir(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _first_line(path: Path) -> str:
    with path.open("r", encoding="utf-8", errors="replace") as file:
        return file.read(_SMALL_FILE).splitlines()[0].strip() if path.stat().st_size else ""
