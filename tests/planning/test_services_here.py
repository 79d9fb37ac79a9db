"""Services that an app expects on the target itself, told by what listens there."""

from __future__ import annotations

import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Recipe
from auto_deployer.planning.recipes.java import JavaRecipe
from auto_deployer.planning.recipes.node import NodeRecipe
from auto_deployer.planning.recipes.php import PhpRecipe
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
    "mysql": (
        NodeRecipe(),
        3306,
        "DB_HOST",
        {
            "package.json": '{"scripts": {"start": "node app.js"}, "dependencies": {"express": "4"}}',
            "app.js": "const db = new Sequelize('a', 'b', 'c', { dialect: 'mysql', host: process.env.DB_HOST }); app.listen(3000)",
        },
    ),
    "postgres": (
        NodeRecipe(),
        5432,
        "PGHOST",
        {
            "package.json": '{"scripts": {"start": "node app.js"}, "dependencies": {"express": "4"}}',
            "app.js": "knex({ client: 'pg', connection: { host: process.env.PGHOST ?? '127.0.0.1' } }); app.listen(3000)",
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


HERE = HOST.model_copy(
    update={
        "listening_ports": (22,),
        "tools": (
            *HOST.tools,
            *(Tool(name=name, path=f"/usr/bin/{name}", version="21") for name in ("php", "composer", "java", "mvn")),
        ),
    }
)
SPRING = {
    "pom.xml": "<project><groupId>org.springframework.boot</groupId></project>",
    "src/main/java/App.java": "class App { public static void main(String[] a) {} }",
}
PROPERTIES = "src/main/resources/application.properties"
LARAVEL = {"composer.json": '{"require": {"laravel/framework": "^12"}}', "public/index.php": ""}


def planned(recipe: Recipe, files: dict[str, str], *env: str) -> None:
    found = recipe.detect(DictTree(files))
    assert found is not None
    recipe.draft(plan_input(found, host=HERE, env_names=frozenset(env)), found)


@pytest.mark.parametrize(
    ("recipe", "files"),
    [
        (PhpRecipe(), {"index.php": "<?php $db = mysqli_connect('localhost', 'root', '', 'shop');"}),
        (PhpRecipe(), {"index.php": "<?php new PDO('mysql:host=127.0.0.1;dbname=shop', $user, $password);"}),
        (PhpRecipe(), {"index.php": "<?php new mysqli(DB_HOST, DB_USER);", "config.php": "<?php define('DB_HOST', 'localhost');"}),
        (
            PhpRecipe(),
            {
                "index.php": "<?php new PDO(DB_TYPE . ':host=' . DB_HOST);",
                "c.php": "<?php $_SERVER['HTTP_HOST']; define('DB_HOST', '127.0.0.1');",
            },
        ),
        (PhpRecipe(), {**LARAVEL, ".env.example": "DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_PORT=3306\n"}),
        (JavaRecipe(), {**SPRING, PROPERTIES: "spring.datasource.url = jdbc:mysql://localhost:3306/shop?useSSL=false\n"}),
        (JavaRecipe(), {**SPRING, PROPERTIES: "spring.datasource.url=${DB:jdbc:mysql://localhost/shop}\n"}),
        (JavaRecipe(), {**SPRING, PROPERTIES: "spring.datasource.url=jdbc:mysql://${MYSQL_HOST:localhost}:3306/shop\n"}),
    ],
)
def test_a_database_of_php_pages_and_spring_programs(recipe: Recipe, files: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="needs a mysql service") as caught:
        planned(recipe, files)
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING


def test_what_names_no_database_here_is_not_refused() -> None:
    planned(PhpRecipe(), {"index.php": "<?php new PDO('sqlite:shop.db');"})
    planned(PhpRecipe(), {"index.php": "<?php new mysqli(getenv('DB_HOST'));"})
    planned(PhpRecipe(), {**LARAVEL, ".env.example": "DB_CONNECTION=sqlite\n# DB_HOST=127.0.0.1\n"})
    planned(PhpRecipe(), {**LARAVEL, ".env.example": "DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\n"}, "DB_HOST")
    planned(JavaRecipe(), {**SPRING, PROPERTIES: "# spring.datasource.url=jdbc:mysql://localhost/shop\n"})
    planned(JavaRecipe(), {**SPRING, PROPERTIES: "spring.datasource.url=jdbc:h2:mem:shop\n"})
    planned(JavaRecipe(), {**SPRING, PROPERTIES: "spring.datasource.url=jdbc:mysql://${MYSQL_HOST}:3306/shop\n"})
    planned(JavaRecipe(), {**SPRING, PROPERTIES: "spring.datasource.url=${DB:jdbc:mysql://localhost/shop}\n"}, "DB")
