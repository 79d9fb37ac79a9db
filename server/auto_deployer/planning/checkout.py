"""The commands that bring the snapshot's files into the release directory; nothing of the repository runs."""

from __future__ import annotations

from shlex import quote

from ..apps.keeper import link_data_command
from ..apps.layout import PRIVATE_FOLDERS
from ..model.plan import PlannedCommand
from ..model.ports import PlanInput

GIT_ENV = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0"}
"""No question, no LFS download."""


def checkout_commands(given: PlanInput) -> tuple[PlannedCommand, ...]:
    """Folders, repository, fetch, checkout: each may run again on what an earlier attempt left."""
    paths, commit = given.paths, quote(given.repo.source.commit)
    repo, release = quote(paths.repo), quote(paths.release_dir)
    private = " ".join(quote(f"{paths.deploy_dir}/{name}") for name in PRIVATE_FOLDERS)
    git = f"git --git-dir={repo}"
    # The repository's own settings outrank the user's: no hooks, no line-end changes; info/attributes outranks the tree's filters.
    create_repo = (
        f"git init --quiet --bare --template= {repo} && mkdir -p {repo}/info && echo '* -filter' > {repo}/info/attributes && "
        f"{git} config core.hooksPath /dev/null && {git} config core.autocrlf false && {git} config gc.auto 0"
    )
    # A retry finds the commit here already, even when the snapshot it came from is gone.
    fetch = (
        f"({git} cat-file -e {commit}^0 2>/dev/null || {git} -c protocol.file.allow=always "
        f"fetch --quiet --no-tags --no-write-fetch-head --update-shallow {quote(given.snapshot)} {commit}) && "
        f"{git} update-ref refs/deployments/{quote(paths.release)} {commit}"
    )
    checkout = (
        f"export GIT_DIR={repo} GIT_WORK_TREE={release} GIT_INDEX_FILE={repo}/index.{quote(paths.release)}; "
        f'rm -f "$GIT_INDEX_FILE"; git read-tree {commit} && git checkout-index --all --force && rm -f "$GIT_INDEX_FILE"'
    )
    return (
        PlannedCommand(
            command=f"mkdir -p {quote(paths.deploy_dir)} && mkdir -p -m 700 {private} && mkdir -p {release}",
            reasoning="Folders of the deployment.",
        ),
        PlannedCommand(command=create_repo, env=GIT_ENV, reasoning="Bare repository that keeps the deployed snapshots."),
        PlannedCommand(command=fetch, env=GIT_ENV, reasoning="Bring the snapshot commit over and keep it."),
        PlannedCommand(
            command=f"{checkout} && {link_data_command(paths.deploy_dir, paths.release)}",
            cwd=paths.release_dir,
            env=GIT_ENV,
            reasoning="Write its files, with an index of our own, and link the app's data.",
        ),
    )
