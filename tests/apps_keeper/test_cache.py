"""What is deleted of the kept installations and builds."""

from __future__ import annotations

import os
from pathlib import Path

from auto_deployer.apps.cache import unused_in_cache
from tests.apps_keeper.harness import Place


def venv(deploy_dir: Path, key: str, release: str, *, used_by: str = "") -> None:
    folder = deploy_dir / "cache/venvs" / f"{key}-{release}"
    (folder / "bin").mkdir(parents=True)
    (deploy_dir / "cache/venvs" / key).symlink_to(folder)
    if used_by:
        home = deploy_dir / "releases" / used_by / "web"
        home.mkdir(parents=True, exist_ok=True)
        (home / ".venv").symlink_to(folder)


def kept(deploy_dir: Path, kind: str, name: str, age: int) -> None:
    folder = deploy_dir / "cache" / kind / name
    folder.mkdir(parents=True)
    os.utime(folder, (1_700_000_000 - age, 1_700_000_000 - age))


async def test_environments_without_a_release_go_with_what_points_at_them(place: Place) -> None:
    venv(place.deploy_dir, "k1", "r1", used_by="r3")
    venv(place.deploy_dir, "k2", "r2")
    assert sorted(await unused_in_cache(place.session, str(place.deploy_dir))) == ["venvs/k2", "venvs/k2-r2"]


async def test_an_environment_of_a_kept_release_stays_when_a_newer_one_has_its_key(place: Place) -> None:
    venv(place.deploy_dir, "k1", "r1", used_by="r1")
    (place.deploy_dir / "cache/venvs/k1").unlink()
    venv(place.deploy_dir, "k1", "r2", used_by="r2")
    assert await unused_in_cache(place.session, str(place.deploy_dir)) == ()


async def test_the_packages_and_builds_used_last_stay(place: Place) -> None:
    (place.deploy_dir / "releases").mkdir()
    for number in range(5):
        kept(place.deploy_dir, "packages", f"p{number}", age=number)
    kept(place.deploy_dir, "builds", "b0", age=0)
    kept(place.deploy_dir, "builds", "b1.new", age=0)
    unused = await unused_in_cache(place.session, str(place.deploy_dir))
    assert sorted(unused) == ["builds/b1.new", "packages/p3", "packages/p4"]


async def test_when_the_releases_cannot_be_looked_at_nothing_goes(place: Place) -> None:
    venv(place.deploy_dir, "k1", "r1")
    assert await unused_in_cache(place.session, str(place.deploy_dir)) == ()


async def test_without_a_cache_there_is_nothing_to_delete(place: Place) -> None:
    assert await unused_in_cache(place.session, str(place.deploy_dir)) == ()
