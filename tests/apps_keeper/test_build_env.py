"""What commands that install and build get of the app's environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auto_deployer.apps.build_env import build_environment
from auto_deployer.apps.env_file import format_env
from auto_deployer.model.plan import Category
from tests.apps_keeper.harness import Place

VALUES = {"API_URL": "https://api.test/x?a=1&b=2", "KEY": "two\nlines 'quoted'", "NODE_ENV": "production"}


@pytest.mark.parametrize(
    ("category", "names"),
    [("setup", {"API_URL", "KEY"}), ("build", set(VALUES)), ("deploy", set()), ("verify", set()), ("prerequisite", set())],
)
async def test_values_are_those_of_the_file(place: Place, category: Category, names: set[str]) -> None:
    file = place.deploy_dir / "shared/.env"
    file.parent.mkdir()
    file.write_text(format_env(VALUES))
    deploy = replace(place.context("r1", place.spec()).deploy, env_names=frozenset(VALUES))
    assert await build_environment(deploy, category) == {name: VALUES[name] for name in VALUES if name in names}


async def test_an_app_without_a_file_gives_nothing(place: Place) -> None:
    deploy = replace(place.context("r1", place.spec()).deploy, env_names=frozenset(VALUES))
    assert await build_environment(deploy, "build") == {}
