"""What belongs to the deployed folder and what to projects of their own below it."""

from __future__ import annotations

import pytest

from auto_deployer.model.facts import Detection
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipes.python import PythonRecipe

from .conftest import DictTree, plan_input

APP = "from flask import Flask\napp = Flask(__name__)\n"
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'


def detect(files: dict[str, str]) -> Detection | None:
    return PythonRecipe().detect(DictTree(files))


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"flask/app/app.py": APP, "flask/app/requirements.txt": "flask"}, id="a manifest of its own"),
        pytest.param({"backend/app/api.py": APP, "frontend/package.json": "{}"}, id="beside another part"),
        pytest.param({"tools/app.py": APP, "go.mod": "module x"}, id="in a project of another kind"),
        pytest.param({"_example/app.py": APP}, id="an example"),
        pytest.param({"one/manage.py": MANAGE, "two/manage.py": MANAGE}, id="several Django projects"),
        pytest.param({"api/manage.py": MANAGE, "api/requirements.txt": "django"}, id="Django with a manifest of its own"),
    ],
)
def test_apps_below_do_not_make_the_root_an_app(files: dict[str, str]) -> None:
    assert detect(files) is None


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"shop/app.py": APP}, id="the only app, no manifest"),
        pytest.param({"shop/app.py": APP, "requirements.txt": "flask", "web/package.json": "{}"}, id="the root's manifest"),
        pytest.param({"shop/app.py": APP, "shop/requirements.txt": "flask", "requirements.txt": "flask"}, id="both manifests"),
        pytest.param({"site/manage.py": MANAGE}, id="Django one folder below"),
        pytest.param({"one/app.py": APP, "two/app.py": APP, "wsgi.py": "from one.app import app\n"}, id="an entry at the root"),
        pytest.param(
            {"requirements.txt": "flask", "one/app.py": "from two.app import app\n", "two/app.py": APP}, id="one imports the other"
        ),
    ],
)
def test_apps_that_are_the_roots(files: dict[str, str]) -> None:
    found = detect(files)
    assert found is not None
    assert found.runnable


def test_equal_apps_side_by_side_are_named_and_refused() -> None:
    found = detect({"requirements.txt": "flask", "assets/app.py": APP, "cache/app.py": APP})
    assert found is not None
    assert found.refusal is not None
    assert found.refusal.kind is Kind.NO_RUNNABLE_AT_ROOT
    assert "assets/app.py, cache/app.py" in found.refusal.message


def test_examples_of_a_library_leave_it_a_library() -> None:
    project = '[project]\nname="web"\n[build-system]\nrequires=["hatchling"]\nbuild-backend="hatchling.build"\n'
    found = detect({"pyproject.toml": project, "docs_src/one/main.py": APP, "docs_src/two/main.py": APP})
    assert found is not None
    assert found.refusal is not None
    assert found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN


@pytest.mark.parametrize(("text", "installs"), [("import web\n", True), ("import json\n", False)])
def test_an_example_gets_the_library_it_imports(text: str, installs: bool) -> None:
    files = {"setup.py": "setup(name='web')", "src/web/__init__.py": "", "examples/shop/app.py": text + APP}
    tree = DictTree(files, "examples/shop")
    found = PythonRecipe().detect(tree)
    assert found is not None
    draft = PythonRecipe().draft(plan_input(found, subdir="examples/shop"), found)
    assert any(planned.command.endswith("pip install ../..") for planned in draft.install) is installs


LIBRARY = """
[project]
name = "web"
dependencies = ["click"]
[project.scripts]
web = "web:main"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"src/web/daemon.py": APP}, id="served with an extra only"),
        pytest.param({"src/web/__init__.py": APP + "def main():\n    app.run()\n"}, id="in the package itself"),
        pytest.param({"sandbox/app.py": APP}, id="for trials"),
        pytest.param({"sample_application/app.py": APP}, id="a sample"),
        pytest.param(
            {"web.py": "import args\ndef main():\n    if args.serve:\n        app.run(port=1)\n"}, id="when the command line asks"
        ),
    ],
)
def test_a_command_line_tool_is_no_app_for_what_it_can_serve_beside(files: dict[str, str]) -> None:
    found = detect({"pyproject.toml": LIBRARY, **files})
    assert found is not None
    assert not found.runnable
    assert found.refusal is not None
    assert found.refusal.kind is Kind.LIBRARY_NOTHING_TO_RUN


def test_a_stray_script_does_not_make_a_collection_an_app() -> None:
    assert detect({"one/requirements.txt": "flask", "two/requirements.txt": "flask", "shoelace.py": APP + "app.run()\n"}) is None


def test_a_call_of_an_imported_function_is_followed_to_what_serves() -> None:
    serve = "from flask import Flask\ndef main():\n    app = Flask(__name__)\n    app.run(host='0.0.0.0', port=5001)\n"
    found = detect({"requirements.txt": "flask", "start_shop.py": "from shop import main\nmain()\n", "shop/__init__.py": serve})
    assert found is not None
    assert found.details["option"]["target"] == "start_shop.py"
    assert found.details["option"]["fixed_port"] == 5001
