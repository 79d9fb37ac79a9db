"""Python: what is found in trees, and what is planned from it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Detection, HostFacts, Tool
from auto_deployer.model.plan import Overrides
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.python import PythonRecipe

from .conftest import HOST, DictTree, plan_input

FLASK_APP = "from flask import Flask\napp = Flask(__name__)\n"
FLASK = {"requirements.txt": "flask", "app.py": FLASK_APP}
GUNICORN = {"requirements.txt": "flask\ngunicorn"}
FACTORY = "from flask import Flask\ndef create_app(config=None):\n    return Flask('x')\n"
AIOHTTP = "from aiohttp import web\nweb.run_app(web.Application())\n"
BACKEND = '[build-system]\nrequires=["hatchling"]\nbuild-backend="hatchling.build"\n'
SERVER_COMMAND = '[project]\nname="s"\nscripts={serve="s.cli:main"}\n' + BACKEND
SERVES = "import uvicorn\ndef main():\n    uvicorn.run('s:app')\n"
BIND = '"$HOST:$PORT"'
POETRY = (
    '[tool.poetry]\nname="x"\n[tool.poetry.dependencies]\npython="^3.10"\nflask="^3.0.1"\n'
    'redis={version="~5.0", extras=["hiredis"]}\n'
)
COMPUTED = """
def computed():
    url = os.getenv("DATABASE_URL")
    return {"ENGINE": "django.db.backends.postgresql", "HOST": url.host}
"""
MYSQL = """
import mysql.connector
class DB:
    def __init__(self, host="db"):
        self.c = mysql.connector.connect(user="x", host=host)
"""
OPTIONAL_DATABASE = """
import os
uri = os.environ.get("DATABASE_URL", "").replace("a", "b") or "sqlite:///" + "app.db"
SQLALCHEMY_DATABASE_URI = uri
"""
SAFE_READS = """
import os
os.environ.setdefault("A", "1")
a = os.environ["A"]
b = os.environ["B"] if x else 1
def f():
    return os.environ["C"]
p = os.environ["PORT"]
"""
SETTINGS = """
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    database_url: str
    class Config:
        env_file = "{}"
settings = Settings()
"""
CHOSEN_SETTINGS = """
import os
def main():
    module = "shop.production" if "WEBSITE_HOSTNAME" in os.environ else "shop.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)
"""
FASTAPI_APP = "import fastapi\napi = fastapi.FastAPI()\n"
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
SQLITE = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}\n'


def detect(files: Mapping[str, str], subdir: str = "") -> Detection:
    found = PythonRecipe().detect(DictTree(files, subdir))
    assert found is not None
    return found


def draft(
    files: Mapping[str, str],
    subdir: str = "",
    host: HostFacts = HOST,
    overrides: Overrides | None = None,
    env: tuple[str, ...] = (),
) -> Draft:
    found = detect(files, subdir)
    given = plan_input(found, subdir=subdir, host=host, overrides=overrides, env_names=frozenset(env))
    return PythonRecipe().draft(given, found)


def commands(plan: Draft) -> list[str]:
    return [planned.command for planned in (*plan.install, *plan.build)]


def django(settings: str, requirements: str = "django\ngunicorn\n") -> dict[str, str]:
    return {
        "manage.py": MANAGE,
        "shop/__init__.py": "",
        "shop/settings.py": settings,
        "shop/wsgi.py": "",
        "requirements.txt": requirements,
    }


# --- what starts it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "start"),
    [
        pytest.param(FLASK, ".venv/bin/python -m flask run", id="flask"),
        pytest.param(
            {"requirements.txt": "Flask\nGunicorn==23", "main.py": FLASK_APP},
            f".venv/bin/gunicorn --bind {BIND} main:app",
            id="gunicorn",
        ),
        pytest.param({**GUNICORN, "app.py": FLASK_APP, "wsgi.py": "from app import app\n"}, "wsgi:app", id="wsgi-entry"),
        pytest.param({**GUNICORN, "shop/__init__.py": FACTORY}, "'shop:create_app()'", id="factory-in-package"),
        pytest.param(
            {"requirements.txt": "fastapi\nuvicorn[standard]", "app.py": FASTAPI_APP},
            '-m uvicorn --host "$HOST" --port "$PORT" app:api',
            id="fastapi",
        ),
        pytest.param(
            {"requirements.txt": "quart", "main.py": "from quart import Quart\napp = Quart('x')\n"}, "-m hypercorn", id="quart"
        ),
        pytest.param({"requirements.txt": "aiohttp", "serve.py": AIOHTTP}, "python serve.py", id="aiohttp-script"),
        pytest.param(
            {"requirements.txt": "flask", "a-shop/__main__.py": FLASK_APP + "app.run(port=5000)\n"},
            "python -m a-shop",
            id="package-with-dash",
        ),
        pytest.param(
            {"pyproject.toml": SERVER_COMMAND, "s/__init__.py": "", "s/cli.py": SERVES}, ".venv/bin/serve", id="console-script"
        ),
        pytest.param({"requirements.txt": "", "main.py": "print('hello')\n"}, "python main.py", id="plain-script"),
        pytest.param(
            django(SQLITE + "WSGI_APPLICATION = 'shop.wsgi.application'\n"),
            f"gunicorn --bind {BIND} shop.wsgi:application",
            id="django",
        ),
        pytest.param(django(SQLITE, "django"), "manage.py runserver --noreload", id="django-without-gunicorn"),
    ],
)
def test_start_command(files: dict[str, str], start: str) -> None:
    assert start in draft(files).app.command


def test_file_with_more_than_the_run_call_in_its_main_block_is_run_as_a_script_on_its_port() -> None:
    source = FLASK_APP + 'if __name__ == "__main__":\n    create_tables()\n    app.run(host="0.0.0.0", port=8000)\n'
    app = draft({"requirements.txt": "flask", "app.py": source}).app
    assert app.command.endswith("; exec .venv/bin/python app.py")
    assert app.fixed_port == 8000


def test_plain_run_call_is_replaced_by_a_server_on_our_port() -> None:
    source = FLASK_APP + 'if __name__ == "__main__":\n    app.run(host="0.0.0.0", port=8000, debug=True)\n'
    app = draft({"requirements.txt": "flask", "app.py": source}).app
    assert "flask run" in app.command
    assert app.fixed_port is None
    assert app.env["FLASK_APP"] == "app:app"


def test_script_that_asks_port_has_no_fixed_port() -> None:
    source = "import os, http.server\nhttp.server.HTTPServer(('', int(os.environ.get('PORT', 8080))), None).serve_forever()\n"
    assert draft({"server.py": source}).app.fixed_port is None


def test_flaskenv_names_the_app() -> None:
    files = {"requirements.txt": "flask", ".flaskenv": "FLASK_APP=shop.py\n", "shop.py": FLASK_APP, "app.py": FLASK_APP}
    assert draft(files).app.env["FLASK_APP"] == "shop:app"


def test_app_made_by_a_factory_and_reexported_is_found() -> None:
    files = {
        "requirements.txt": "flask\ngunicorn",
        "web/__init__.py": "from .factory import build\napp = build()\n",
        "web/factory.py": "from flask import Flask\ndef build():\n    app = Flask('web')\n    return app\n",
        "wsgi.py": "from web import app\n",
    }
    assert "wsgi:app" in draft(files).app.command


def test_sources_side_by_side_are_imported_from_their_folder() -> None:
    files = {
        "requirements.txt": "fastapi\nuvicorn",
        "src/main.py": "from db import x\nfrom fastapi import FastAPI\napp = FastAPI()\n",
        "src/db.py": "x = 1",
    }
    app = draft(files).app
    assert app.command.endswith(" main:app")
    assert app.env["PYTHONPATH"] == "src"


def test_sources_imported_from_above_are_started_from_above() -> None:
    files = {
        "requirements.txt": "fastapi\nuvicorn",
        "api/main.py": "from api.db import x\nfrom fastapi import FastAPI\napp = FastAPI()\n",
        "api/db.py": "x = 1",
    }
    app = draft(files).app
    assert app.command.endswith(" api.main:app")
    assert "PYTHONPATH" not in app.env


def test_similar_dependency_name_is_not_the_framework() -> None:
    found = detect({"requirements.txt": "flask-cors\n", "main.py": "print(1)\n"})
    assert found.framework == ""


def test_tests_and_examples_are_not_the_app() -> None:
    found = detect({"requirements.txt": "flask", "tests/app.py": FLASK_APP, "examples/app.py": FLASK_APP, "conftest.py": FLASK_APP})
    assert not found.runnable


def test_unparsable_and_hostile_sources_do_no_harm() -> None:
    files = {
        "requirements.txt": "flask",
        "old.py": "print 'python 2'",
        "deep.py": "x = " + "(" * 500 + "1" + ")" * 500,
        "nul.py": "\0",
        "app.py": FLASK_APP,
    }
    assert detect(files).runnable


# --- what is installed ----------------------------------------------------------------------------------------------------


def test_requirements_and_their_includes_are_declared() -> None:
    files = {
        "requirements.txt": "-r requirements/base.txt\n# flask\nuvicorn[standard]>=0.3 ; python_version > '3' --hash=sha256:0\n",
        "requirements/base.txt": "-r ../requirements.txt\nFastAPI==0.115  # api\n-e .\ngit+https://example.org/x.git#egg=My_Lib\n",
        "main.py": FASTAPI_APP,
    }
    assert set(detect(files).details["project"]["declared"]) == {"fastapi", "uvicorn", "my-lib"}


def test_pip_installs_into_a_venv_made_outside_the_project_folder() -> None:
    plan = draft({"requirements.txt": "flask", "app.py": FLASK_APP})
    venv, pip = plan.install
    assert venv.command == "/usr/bin/python3 -m venv /srv/shop/releases/20261124-064812-a1b2/.venv"
    assert venv.cwd == "/"
    assert pip.command == ".venv/bin/python -m pip install -r requirements.txt"
    assert pip.cwd == "/srv/shop/releases/20261124-064812-a1b2"


UV = {
    "pyproject.toml": '[project]\nname="x"\nrequires-python=">=3.11"\ndependencies=["fastapi", "uvicorn"]\n',
    "uv.lock": "version = 1",
    "main.py": FASTAPI_APP,
}


def test_uv_lock_is_synced_with_the_hosts_uv() -> None:
    host = HOST.model_copy(update={"tools": (*HOST.tools, Tool(name="uv", path="/opt/uv", version="0.9.1"))})
    assert commands(draft(UV, host=host)) == ["/opt/uv sync --frozen --no-dev"]


def test_uv_is_brought_into_the_venv_when_the_host_has_none() -> None:
    assert commands(draft(UV))[1:] == [".venv/bin/python -m pip install uv", ".venv/bin/uv sync --frozen --no-dev --inexact"]


def test_missing_asgi_server_is_added_with_a_note() -> None:
    plan = draft({"requirements.txt": "fastapi", "main.py": FASTAPI_APP})
    assert commands(plan)[-1] == ".venv/bin/python -m pip install uvicorn"
    assert any("uvicorn is added" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"pyproject.toml": POETRY, "poetry.lock": ""}, ["flask>=3.0.1,<4", "redis[hiredis]>=5.0,<5.1"]),
        ({"Pipfile": '[packages]\nflask = "*"\ngunicorn = "==23.0"\n', "Pipfile.lock": "{}"}, ["flask", "gunicorn==23.0"]),
        ({"pyproject.toml": '[project]\nname="x"\ndependencies=["flask>3"]\n', "pdm.lock": ""}, ["flask>3"]),
    ],
)  # fmt: skip
def test_other_managers_dependencies_are_installed_by_pip_with_a_note(files: dict[str, str], words: list[str]) -> None:
    plan = draft({**files, "app.py": FLASK_APP})
    assert all(word in commands(plan)[1] for word in words)
    assert any("names versions" in note for note in plan.notes)


def test_dependencies_above_a_sub_folder_are_installed() -> None:
    plan = draft({"requirements.txt": "flask", "apps/web/app.py": FLASK_APP}, subdir="apps/web")
    assert commands(plan)[1] == ".venv/bin/python -m pip install -r ../../requirements.txt"
    assert plan.app.cwd == "apps/web"


def test_framework_is_installed_when_nothing_is_declared() -> None:
    assert commands(draft({"app.py": FLASK_APP}))[1] == ".venv/bin/python -m pip install flask"


def test_ambiguous_flat_layout_installs_dependencies_only() -> None:
    files = {
        "pyproject.toml": '[build-system]\nrequires=["setuptools"]\n[project]\nname="x"\ndependencies=["flask"]',
        "a/__init__.py": "",
        "b/__init__.py": "",
        "app.py": FLASK_APP,
    }
    assert commands(draft(files))[1] == ".venv/bin/python -m pip install flask"


# --- django ---------------------------------------------------------------------------------------------------------------


def test_django_migrates_and_collects_static_files_only_with_static_root() -> None:
    assert [command.split("manage.py ")[1] for command in commands(draft(django(SQLITE)))[2:]] == ["migrate --noinput"]
    assert "collectstatic" in commands(draft(django(SQLITE + "STATIC_ROOT = 'static'\n")))[2]


def test_django_settings_of_a_base_module_are_read() -> None:
    files = django("from .base import *\n") | {
        "shop/base.py": SQLITE + "STATIC_ROOT = 'x'\nWSGI_APPLICATION = \"shop.other.app\"\n"
    }
    plan = draft(files)
    assert "shop.other:app" in plan.app.command
    assert "collectstatic" in commands(plan)[2]


@pytest.mark.parametrize(
    "database",
    [
        '{"ENGINE": "django.db.backends.postgresql", "HOST": "db"}',
        '{"ENGINE": "django.db.backends.mysql", "HOST": os.environ.get("DB_HOST")}',
        '{"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"]}',
        "dj_database_url.config(conn_max_age=600)",
        'env.db("DATABASE_URL")',
        "computed()",
    ],
)
def test_django_without_its_database_is_refused(database: str) -> None:
    settings = f"import os, dj_database_url, environ\nenv = environ.Env()\n{COMPUTED}DATABASES = {{'default': {database}}}\n"
    with pytest.raises(RefusedError) as caught:
        draft(django(settings))
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING


@pytest.mark.parametrize(
    ("database", "env"),
    [
        ('{"ENGINE": os.environ.get("ENGINE", "django.db.backends.sqlite3")}', ()),
        ('dj_database_url.config(default=f"sqlite:///{BASE}/db.sqlite3")', ()),
        ("dj_database_url.config()", ("DATABASE_URL",)),
        ('{"ENGINE": "django.db.backends.postgresql", "HOST": os.environ.get("DB_HOST", "db")}', ("DB_HOST",)),
        ('{"ENGINE": "django.db.backends.postgresql", "HOST": "db.example.org"}', ()),
    ],
)
def test_django_with_its_database_is_planned(database: str, env: tuple[str, ...]) -> None:
    assert draft(django(f"import os, dj_database_url\nDATABASES = {{'default': {database}}}\n"), env=env).app.command


# --- refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "client",
    [
        "from redis import Redis\nr = Redis(host='redis', port=6379)",
        "import redis as rd\nr = rd.from_url('redis://cache:6379/0')",
        "import os\nfrom redis import Redis\nr = Redis(host=os.getenv('REDIS_HOST', 'redis'))",
        "from pymongo import MongoClient\nc = MongoClient('mongo:27017')",
        MYSQL,
        "from sqlalchemy import create_engine\nURL = 'postgresql+psycopg2://u:p@' + 'db/x'\ne = create_engine(URL)",
        "class Config:\n    SQLALCHEMY_DATABASE_URI = 'mysql://root@mysql/x'",
        "import os\nurl = os.environ['DATABASE_URL']",
    ],
)
def test_service_by_a_container_networks_name_is_refused(client: str) -> None:
    with pytest.raises(RefusedError) as caught:
        draft({"requirements.txt": "flask\nredis", "app.py": f"import store\n{FLASK_APP}", "store.py": client})
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING
    assert suggested(caught.value)


@pytest.mark.parametrize(
    "client",
    [
        "from redis import Redis\nr = Redis(host='localhost')",
        OPTIONAL_DATABASE,
        "from redis import Redis\ntry:\n    r = Redis(host='redis')\nexcept Exception:\n    r = None",
        "import os\nfrom redis import Redis\nif os.getenv('CACHE'):\n    r = Redis(host='redis')",
        "TEXT = 'redis'",
    ],
)
def test_service_that_is_local_or_optional_is_not_refused(client: str) -> None:
    assert draft({"requirements.txt": "flask\nredis", "app.py": f"import store\n{FLASK_APP}", "store.py": client}).app.command


def test_host_of_a_mysql_extension_is_a_service() -> None:
    app = "from flask_mysqldb import MySQL\n" + FLASK_APP + "app.config['MYSQL_HOST'] = {}\n"
    with pytest.raises(RefusedError) as caught:
        draft({"app.py": app.format("'db'")})
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING
    assert draft({"app.py": app.format("'db'").replace("flask_mysqldb", "own")}).app.command


def test_service_of_a_file_that_the_app_does_not_import_is_not_refused() -> None:
    worker = "from redis import Redis\nr = Redis(host='redis')"
    assert draft({"requirements.txt": "flask", "app.py": FLASK_APP, "worker.py": worker}).app.command


def test_address_or_start_command_of_the_user_lifts_the_refusal() -> None:
    files = {
        "requirements.txt": "flask",
        "app.py": "import os\nfrom redis import Redis\nr = Redis(host=os.getenv('REDIS_HOST', 'redis'))\n" + FLASK_APP,
    }
    assert draft(files, env=("REDIS_HOST",)).app.command
    assert draft(files, overrides=Overrides(start="flask run")).app.command.endswith("; flask run")


def test_variable_without_default_is_required() -> None:
    files = {"requirements.txt": "flask", "app.py": f"import os\nkey = os.environ['API_KEY']\n{FLASK_APP}"}
    assert draft(files).required_env == ("API_KEY",)
    assert draft(files | {".env": "API_KEY=x\n"}).required_env == ()


def test_variable_the_source_sets_or_may_miss_is_not_required() -> None:
    assert draft({"requirements.txt": "flask", "app.py": SAFE_READS + FLASK_APP}).required_env == ()


@pytest.mark.parametrize(
    "files",
    [
        {".python-version": "# for the project\n3.14\n"},
        {"runtime.txt": "python-3.14.1"},
        {".tool-versions": "nodejs 20\npython 3.14.0 # newest\n"},
        {"runtime.txt": "python-2.7.18"},
    ],
)
def test_unavailable_interpreter_is_refused_before_anything_is_installed(files: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as caught:
        draft({"requirements.txt": "flask", "app.py": FLASK_APP, **files})
    assert caught.value.kind is Kind.RUNTIME_VERSION_UNAVAILABLE


def test_older_pin_is_served_by_a_newer_interpreter_with_a_note() -> None:
    plan = draft({"requirements.txt": "flask", "app.py": FLASK_APP, ".python-version": "3.9"})
    assert any("made for Python 3.9; 3.11.7 is used" in note for note in plan.notes)


def test_library_has_nothing_to_run() -> None:
    files = {
        "pyproject.toml": '[project]\nname="lib"\n[build-system]\nrequires=["hatchling"]\nbuild-backend="hatchling.build"',
        "lib/__init__.py": "x = 1",
    }
    found = detect(files)
    assert not found.runnable
    assert found.refusal is not None
    assert found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN


def test_command_line_tool_is_a_library() -> None:
    files = {
        "pyproject.toml": '[project]\nname="tool"\nscripts={tool="tool.__main__:main"}\n' + BACKEND,
        "src/tool/__main__.py": "def main():\n    print('usage')\nmain()\n",
    }
    found = detect(files)
    assert found.refusal is not None
    assert found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN


def test_a_tools_own_preview_server_is_not_what_it_is_for() -> None:
    serve = "from http.server import HTTPServer\nif __name__ == '__main__':\n    HTTPServer(('', 8000), None).serve_forever()\n"
    manifest = '[project]\nname="tool"\nscripts={tool="tool.cli:main"}\n' + BACKEND
    files = {"tool/__init__.py": "", "tool/cli.py": "def main():\n    print('usage')\n", "tool/server.py": serve}
    found = detect({"pyproject.toml": manifest, **files})
    assert found.refusal is not None
    assert found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN
    assert detect({"requirements.txt": "requests", **files}).runnable


def test_broken_manifest_is_unreadable() -> None:
    found = detect({"pyproject.toml": "[project\nname=", "app.py": FLASK_APP})
    assert found.refusal is not None
    assert found.refusal.kind is Kind.MANIFEST_UNREADABLE


@pytest.mark.parametrize(
    "rest",
    [
        "if not mode:\n    raise ValueError('MODE')\n",
        "if mode == 'a':\n    workers = 1\nelif mode in ('b', 'c'):\n    workers = 2\nelse:\n    raise ValueError(mode)\n",
        "match mode:\n    case 'a':\n        workers = 1\n    case _:\n        sys.exit(mode)\n",
    ],
)
def test_what_gunicorns_settings_demand_is_required_where_gunicorn_starts_the_app(rest: str) -> None:
    settings = "import os, sys\nmode = os.environ.get('MODE')\n" + rest
    files = {"app.py": FLASK_APP, "gunicorn.conf.py": settings}
    assert draft({**files, "requirements.txt": "flask\ngunicorn"}).required_env == ("MODE",)
    assert draft({**files, "requirements.txt": "flask"}).required_env == ()
    told = {"app.py": FLASK_APP, "conf/g.py": settings, "Procfile": "web: gunicorn -c conf/g.py app:app"}
    assert draft({**told, "requirements.txt": "flask\ngunicorn"}).required_env == ("MODE",)
    lax = settings.replace("get('MODE')", "get('MODE', 'a')")
    assert draft({**files, "gunicorn.conf.py": lax, "requirements.txt": "flask\ngunicorn"}).required_env == ()


@pytest.mark.parametrize(
    "app",
    [
        FLASK_APP + "app.config.from_object('config.Prod')\n",
        FACTORY.replace("    return Flask('x')", "    app = Flask('x')\n    app.config.from_object('config')\n    return app"),
    ],
)
def test_settings_that_flask_loads_by_name_are_read(app: str) -> None:
    config = "import os\nclass Prod:\n    SECRET = os.environ['BOT_TOKEN']\n"
    assert draft({"requirements.txt": "flask", "app.py": app, "config.py": config}).required_env == ("BOT_TOKEN",)


def test_one_of_several_settings_that_flask_may_load_demands_nothing() -> None:
    chosen = FLASK_APP + "if app.debug:\n    app.config.from_object('dev')\nelse:\n    app.config.from_object('prod')\n"
    files = {"requirements.txt": "flask", "app.py": chosen, "prod.py": "import os\nX = os.environ['BOT_TOKEN']\n"}
    assert draft(files).required_env == ()


def test_a_choice_that_ends_well_demands_nothing() -> None:
    chain = "import os\nmode = os.environ.get('MODE')\nif mode == 'a':\n    x = 1\nelif os.name == 'nt':\n    x = 2\n"
    files = {"requirements.txt": "flask", "app.py": chain + FLASK_APP}
    assert draft(files).required_env == ()
    assert draft({**files, "app.py": chain + "else:\n    raise ValueError\n" + FLASK_APP}).required_env == ()


def test_a_lone_script_gets_the_framework_it_imports() -> None:
    script = (
        "import tornado.ioloop\nimport tornado.web\n"
        "def main():\n    tornado.web.Application([]).listen(8888)\n    tornado.ioloop.IOLoop.current().start()\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    plan = draft({"helloworld.py": script})
    assert any(command.endswith("pip install tornado") for command in commands(plan))
    assert plan.app.command.endswith("exec .venv/bin/python helloworld.py")


@pytest.mark.parametrize(
    ("start", "app"),
    [
        (None, "shop:create_app"),
        ("gunicorn wsgi:app --log-file -", "wsgi:app"),
        ("cd . && gunicorn -w 2 'shop:create_app(\"production\")'", 'shop:create_app("production")'),
        ("gunicorn --bind 0.0.0.0:$PORT wsgi", "shop:create_app"),
        ("python run.py", "shop:create_app"),
    ],
)
def test_migrations_run_as_the_app_that_is_served(start: str | None, app: str) -> None:
    files = {
        "requirements.txt": "flask\ngunicorn\nflask-migrate", "migrations/env.py": "", "shop/__init__.py": FACTORY,
        "wsgi.py": "from shop import create_app\napp = create_app('production')\n", ".flaskenv": "FLASK_APP=shop\n",
    }  # fmt: skip
    plan = draft(files, overrides=Overrides(start=start))
    upgrade = next(planned for planned in plan.build if planned.command.endswith("flask db upgrade"))
    assert upgrade.env["FLASK_APP"] == app


def test_repository_without_python_is_not_seen() -> None:
    assert PythonRecipe().detect(DictTree({"index.html": "<p>", "scripts/tool.py": "print(1)"})) is None


def test_overrides_replace_single_decisions() -> None:
    given = Overrides(install="make install", build="", health_path="healthz")
    plan = draft(django(SQLITE), overrides=given)
    assert commands(plan) == ['export PATH="$PWD/.venv/bin:$PATH"; make install']
    assert plan.app.health.path == "/healthz"


def test_settings_chosen_by_the_environment_are_those_without_it() -> None:
    found = detect({"manage.py": CHOSEN_SETTINGS, "shop/settings.py": SQLITE, "requirements.txt": "django"})
    assert (found.framework, found.runnable) == ("django", True)
    assert any("shop.settings" in item.saw for item in found.evidence)


def test_settings_classes_are_refused_without_their_variables_unless_a_file_gives_them() -> None:
    files = {"requirements.txt": "fastapi\nuvicorn", "api/main.py": SETTINGS.format("../local.env") + FASTAPI_APP}
    with pytest.raises(RefusedError) as caught:
        draft(files)
    assert caught.value.kind is Kind.REQUIRED_SERVICE_MISSING
    files["api/main.py"] = SETTINGS.format("local.env") + FASTAPI_APP
    assert draft({**files, "local.env": "DATABASE_URL=sqlite://\n"}).required_env == ()
