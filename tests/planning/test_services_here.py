"""Services that an app expects on the target itself, told by what listens there."""

from __future__ import annotations

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Recipe
from auto_deployer.planning.recipes.node import NodeRecipe
from auto_deployer.planning.recipes.python import PythonRecipe

from .conftest import HOST, DictTree, plan_input

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
DJANGO = """
import dj_database_url
DATABASES = {"default": dj_database_url.config(default="postgresql://postgres@localhost:5433/shop")}
"""
APPS: dict[str, tuple[Recipe, int, str, dict[str, str]]] = {
    "redis": (
        PythonRecipe(),
        6379,
        "",
        {"requirements.txt": "flask\nredis", "app.py": FLASK + "import redis\ncache = redis.Redis(host='localhost')\n"},
    ),
    "django": (
        PythonRecipe(),
        5433,
        "DATABASE_URL",
        {
            "requirements.txt": "django",
            "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
            "shop/settings.py": DJANGO,
        },
    ),
    "mongodb": (
        NodeRecipe(),
        27017,
        "",
        {
            "package.json": '{"scripts": {"start": "node app.js"}, "dependencies": {"express": "4"}}',
            "app.js": "mongoose.connect('mongodb://127.0.0.1/shop'); app.listen(process.env.PORT)",
        },
    ),
}


def host(*ports: int) -> HostFacts:
    return HOST.model_copy(update={"listening_ports": ports})


def draft(name: str, on: HostFacts, *env: str) -> None:
    recipe, _, _, files = APPS[name]
    found = recipe.detect(DictTree(files))
    assert found is not None
    recipe.draft(plan_input(found, host=on, env_names=frozenset(env)), found)


@pytest.mark.parametrize("name", APPS)
def test_nothing_that_listens_is_a_missing_service(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        draft(name, host(22))
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING
    assert f"nothing listens on port {APPS[name][1]} there" in caught.value.message


@pytest.mark.parametrize("name", APPS)
def test_a_service_that_listens_is_there(name: str) -> None:
    draft(name, host(APPS[name][1]))


@pytest.mark.parametrize("name", APPS)
def test_a_target_that_does_not_tell_gets_the_benefit_of_the_doubt(name: str) -> None:
    draft(name, HOST)


def test_an_address_given_by_the_user_is_believed() -> None:
    draft("django", host(), "DATABASE_URL")


@pytest.mark.parametrize("guard", ["if not hasattr(g, 'redis'):", "if 'redis' not in g:", "if g.redis is None:"])
def test_a_client_made_at_first_use_is_needed_all_the_same(guard: str) -> None:
    text = f"from flask import g\nfrom redis import Redis\ndef get():\n    {guard}\n        g.redis = Redis(host='redis')\n"
    found = PythonRecipe().detect(DictTree({"requirements.txt": "flask\nredis", "app.py": FLASK + text}))
    assert found is not None
    with pytest.raises(RefusedError, match='redis on host "redis"'):
        PythonRecipe().draft(plan_input(found), found)
