"""The commands that bring the snapshot's files into the release directory; nothing of the repository runs."""

from __future__ import annotations

from shlex import quote

from ..model.plan import PlannedCommand
from ..model.ports import PlanInput

GIT_ENV = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0"}
"""No question, no LFS download."""


def checkout_commands(given: PlanInput) -> tuple[PlannedCommand, ...]:
    """Folders, repository, fetch, checkout: each may run again on what an earlier attempt left."""
    paths, commit = given.paths, given.repo.source.commit
    repo, release = quote(paths.repo), quote(paths.release_dir)
    # Every filter of .gitattributes is off: info/attributes outranks the files in the tree.
    create_repo = f"git init --quiet --bare --template= {repo} && mkdir -p {repo}/info && echo '* -filter' > {repo}/info/attributes"
    # A retry finds the commit here already, even when the snapshot it came from is gone.
    fetch = (
        f"git --git-dir={repo} cat-file -e {quote(commit + '^{commit}')} 2>/dev/null || "
        f"git --git-dir={repo} -c protocol.file.allow=always -c gc.auto=0 -c core.hooksPath=/dev/null "
        f"fetch --quiet --no-tags --no-write-fetch-head --update-shallow {quote(given.snapshot)} {commit}"
    )
    pin = f"git --git-dir={repo} update-ref refs/deployments/{quote(paths.release)} {commit}"
    git = f"git --git-dir={repo} --work-tree=. -c core.autocrlf=false -c core.hooksPath=/dev/null -c core.bare=false"
    checkout = (
        f'export GIT_INDEX_FILE={repo}/index.{quote(paths.release)} && rm -f "$GIT_INDEX_FILE" && '
        f'{git} read-tree {commit} && {git} checkout-index --all --force && rm -f "$GIT_INDEX_FILE"'
    )
    return (
        PlannedCommand(
            command=f"mkdir -p {quote(paths.deploy_dir)}/releases {release} && mkdir -p -m 700 {quote(paths.shared)}",
            reasoning="Folders of the deployment.",
        ),
        PlannedCommand(command=create_repo, env=GIT_ENV, reasoning="Bare repository that keeps the deployed snapshots."),
        PlannedCommand(command=f"({fetch}) && {pin}", env=GIT_ENV, reasoning="Bring the snapshot commit over and keep it."),
        PlannedCommand(
            command=checkout, cwd=paths.release_dir, env=GIT_ENV, reasoning="Write its files, with an index of our own."
        ),
    )
