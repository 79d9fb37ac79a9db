"""Packages that the source needs and no manifest names, servers that a start command names, secrets and tables of the app's own."""

from __future__ import annotations

import pytest

from auto_deployer.model.facts import Detection
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.procfile import ProcfileRecipe
from auto_deployer.planning.recipes.python import PythonRecipe
from auto_deployer.planning.recipes.python_imports import package_of

from .conftest import DictTree, plan_input

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
SETTINGS = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"


def detected(files: dict[str, str]) -> Detection:
    found = PythonRecipe().detect(DictTree(files))
    assert found is not None
    return found


def drafted(files: dict[str, str], env_names: frozenset[str] = frozenset()) -> Draft:
    found = detected(files)
    return PythonRecipe().draft(plan_input(found, env_names=env_names), found)


def installed(draft: Draft) -> list[str]:
    return [planned.command.split("pip install ")[1] for planned in draft.install if "pip install " in planned.command]


@pytest.mark.parametrize(
    ("module", "package"), [("PIL", "pillow"), ("flask_login", "flask-login"), ("my_helpers", ""), ("fasthtml", "python-fasthtml")]
)
def test_the_package_of_a_module(module: str, package: str) -> None:
    assert package_of(module) == package


def test_without_a_manifest_all_that_is_surely_imported_is_installed_together() -> None:
    files = {
        "app.py": "import requests, helpers, secret_sdk\nfrom PIL import Image\n" + FLASK,
        "helpers.py": "import flask_login\n",
    }
    assert installed(drafted(files)) == ["flask requests pillow flask-login"]


def test_an_undeclared_import_is_installed_after_the_requirements_and_noted() -> None:
    draft = drafted({"requirements.txt": "flask\n", "app.py": "import requests\nimport werkzeug\n" + FLASK})
    assert installed(draft) == ["-r requirements.txt", "requests"]
    assert "find_spec('\"'\"'requests'\"'\"') is None)' || " in draft.install[-1].command
    assert any("requests is installed" in note for note in draft.notes)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("try:\n    import requests\nexcept ImportError:\n    requests = None\n", id="in a try"),
        pytest.param("def f():\n    import requests\n", id="in a function"),
        pytest.param("import psycopg2\n", id="another build is declared"),
    ],
)
def test_imports_that_may_do_without_add_nothing(text: str) -> None:
    assert installed(drafted({"requirements.txt": "flask\npsycopg2\n", "app.py": text + FLASK})) == ["-r requirements.txt"]


def test_apps_of_django_settings_count_as_imports() -> None:
    settings = SETTINGS + "INSTALLED_APPS = ['django.contrib.admin', 'crispy_forms', 'shop.cart']\n"
    files = {"requirements.txt": "django\n", "manage.py": MANAGE, "shop/settings.py": settings, "shop/__init__.py": ""}
    assert installed(drafted(files)) == ["-r requirements.txt", "django-crispy-forms"]


def test_a_server_that_the_procfile_names_is_installed() -> None:
    recipe = ProcfileRecipe((PythonRecipe(),))
    found = recipe.detect(DictTree({"Procfile": "web: gunicorn app:app\n", "requirements.txt": "flask\n", "app.py": FLASK}))
    assert found is not None
    assert installed(recipe.draft(plan_input(found), found)) == ["-r requirements.txt", "gunicorn"]


@pytest.mark.parametrize(
    "read", ["os.environ.get('SECRET_KEY')", "os.getenv('FLASK_SECRET_KEY')", "os.environ.get('JWT_SECRET_KEY')"]
)
def test_a_secret_of_the_apps_own_is_made_up_and_kept(read: str) -> None:
    files = {"requirements.txt": "flask\n", "app.py": f"import os\n{FLASK}app.config['SECRET_KEY'] = {read}\n"}
    draft = drafted(files)
    assert "/srv/shop/shared/" in draft.app.command
    assert "head -c 32 /dev/urandom" in draft.app.command
    assert not draft.required_env


@pytest.mark.parametrize(
    "read", ["os.environ.get('SECRET_KEY', 'dev')", "os.environ.get('SECRET_KEY') or 'dev'", "os.environ.get('STRIPE_SECRET_KEY')"]
)
def test_no_secret_is_made_up_where_one_is_or_another_party_gives_it(read: str) -> None:
    files = {"requirements.txt": "flask\n", "app.py": f"import os\n{FLASK}app.config['SECRET_KEY'] = {read}\n"}
    assert "urandom" not in drafted(files).app.command


def test_a_secret_that_the_app_demands_is_asked_for() -> None:
    draft = drafted({"requirements.txt": "flask\n", "app.py": f"import os\n{FLASK}key = os.environ['SECRET_KEY']\n"})
    assert draft.required_env == ("SECRET_KEY",)
    assert "urandom" not in draft.app.command


def test_a_secret_that_the_user_has_set_stays() -> None:
    files = {"requirements.txt": "flask\n", "app.py": f"import os\n{FLASK}key = os.environ.get('SECRET_KEY')\n"}
    assert "urandom" not in drafted(files, frozenset({"SECRET_KEY"})).app.command


MODELS = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy(app)\n"


def test_tables_that_nothing_makes_are_made_before_the_start() -> None:
    draft = drafted({"requirements.txt": "flask\nflask-sqlalchemy\n", "app.py": FLASK + MODELS})
    assert (
        "from app import app; from app import db; made = app; made.app_context().push(); db.create_all()" in draft.build[0].command
    )


@pytest.mark.parametrize(
    ("more", "makes"),
    [
        ("with app.app_context():\n    db.create_all()\n", False),
        ("@app.cli.command()\ndef initdb():\n    db.create_all()\n", True),
        ("", True),
    ],
)
def test_who_makes_the_tables(more: str, makes: bool) -> None:
    draft = drafted({"requirements.txt": "flask\nflask-sqlalchemy\n", "app.py": FLASK + MODELS + more})
    assert any("create_all" in planned.command for planned in draft.build) is makes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("os.environ.get('HOSTS', '').split(',')", "localhost,127.0.0.1,[::1]"),
        ("os.environ.get('HOSTS', '').split(' ')", "localhost 127.0.0.1 [::1]"),
        ("os.environ['HOSTS'].split()", "localhost 127.0.0.1 [::1]"),
        ("os.environ.get('HOSTS', 'localhost,shop.example').split(',')", None),
        ("['shop.example']", None),
    ],
)
def test_allowed_hosts_of_a_variable_let_this_machine_in(text: str, value: str | None) -> None:
    settings = f"import os\n{SETTINGS}ALLOWED_HOSTS = {text}\n"
    draft = drafted({"requirements.txt": "django\n", "manage.py": MANAGE, "shop/settings.py": settings, "shop/__init__.py": ""})
    assert draft.app.env.get("HOSTS") == value
    assert not draft.required_env


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import discord\n", "a Discord bot"),
        ("import helper\n", "a game"),
        ("from telegram.ext import Updater\n", "a Telegram bot"),
    ],
)
def test_programs_that_open_no_port_are_refused_with_what_they_are(text: str, kind: str) -> None:
    found = detected({"requirements.txt": "x\n", "main.py": text, "helper.py": "import pygame\n" if "helper" in text else ""})
    assert not found.runnable
    assert found.refusal is not None
    assert found.refusal.kind is Kind.NO_START_COMMAND
    assert kind in found.refusal.message


def test_a_bot_that_serves_as_well_is_started() -> None:
    text = "import discord\n" + FLASK + "app.run(host='0.0.0.0', port=8080)\n"
    assert detected({"requirements.txt": "flask\ndiscord.py\n", "main.py": text}).runnable
