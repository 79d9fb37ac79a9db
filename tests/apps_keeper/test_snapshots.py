"""The snapshots in `repo/` go with their releases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from auto_deployer.apps.layout import forget_snapshots_command
from auto_deployer.drivers.start_app import StartAppDriver
from tests.apps_keeper.harness import Place
from tests.apps_keeper.test_recovery import FIRST, SECOND, SERVE, THIRD


def git(place: Place, *words: str, stdin: bytes = b"") -> str:
    command = ["git", f"--git-dir={place.deploy_dir / 'repo'}", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout.decode().strip()


def snapshots(place: Place, releases: Iterable[str]) -> dict[str, str]:
    """A commit for each release, of a file of its own, kept as the checkout keeps it."""
    git(place, "init", "--quiet", "--bare", str(place.deploy_dir / "repo"))
    commits: dict[str, str] = {}
    for release in releases:
        blob = git(place, "hash-object", "-w", "--stdin", stdin=release.encode() * 100)
        tree = git(place, "mktree", stdin=f"100644 blob {blob}\tfile\n".encode())
        commits[release] = git(place, "commit-tree", tree, "-m", release)
        git(place, "update-ref", f"refs/deployments/{release}", commits[release])
    return commits


def kept(place: Place) -> list[str]:
    listed = git(place, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/deployments").split()
    assert not [path for path in (place.deploy_dir / "repo" / "refs" / "deployments").rglob("*") if path.is_file()], "packed"
    return listed


def has(place: Place, commit: str) -> bool:
    command = ["git", f"--git-dir={place.deploy_dir / 'repo'}", "cat-file", "-e", f"{commit}^{{tree}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("native", [False, True])
async def test_what_no_release_needs_any_more_is_gone_and_the_rest_is_packed(place: Place, native: bool) -> None:
    commits = snapshots(place, (FIRST, SECOND, THIRD))
    for release in (SECOND, THIRD):
        (place.deploy_dir / "releases" / release).mkdir(parents=True)
    if native:
        subprocess.run([sys.executable, "-m", "auto_deployer.apps.native", str(place.deploy_dir), "forget-snapshots"], check=True)
    else:
        code, output = await place.run(forget_snapshots_command(str(place.deploy_dir)))
        assert code == 0, output
    assert kept(place) == [SECOND, THIRD]
    assert [has(place, commits[release]) for release in (FIRST, SECOND, THIRD)] == [False, True, True]
    assert git(place, "show", f"{commits[SECOND]}:file") == SECOND * 100
    assert "count: 0" in git(place, "count-objects", "-v").splitlines()
    assert len(list(Path(place.deploy_dir, "repo", "objects", "pack").glob("*.pack"))) == 1


async def test_a_release_that_is_deleted_takes_its_snapshot_along(place: Place) -> None:
    """Also that of a release which an earlier version has deleted."""
    snapshots(place, ("20250101-000000-aaaa", FIRST, SECOND))
    place.release(FIRST, main=SERVE)  # it never went live
    place.release(SECOND, main=SERVE)
    run = await place.deploy(StartAppDriver(), SECOND)
    assert run.failed is None
    assert kept(place) == [SECOND]
