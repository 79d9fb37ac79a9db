"""What a real Flask and a real Django app wrote is there after the second deploy and after a rollback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deployments.test_sample_apps import (
    APPS,
    CLI,
    _get,  # pyright: ignore[reportPrivateUsage]
    home,  # noqa: F401 - a fixture
)
from tests.runner.conftest import commit, git_repo

FLASK = """
import sqlite3
from pathlib import Path
from flask import Flask

app = Flask(__name__)
database = Path(app.instance_path) / "notes.db"

def connect():
    database.parent.mkdir(exist_ok=True)
    made = sqlite3.connect(database)
    made.execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)")
    return made

@app.get("/")
def index():
    return ", ".join(row[0] for row in connect().execute("SELECT text FROM notes"))

@app.get("/add/<text>")
def add(text):
    with connect() as notes:
        notes.execute("INSERT INTO notes VALUES (?)", (text,))
    return index()
"""
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("pages", "0001_initial")]
    operations = [migrations.AddField("visit", "page", models.CharField(max_length=20, default="home"))]
"""


def deploy(repo: Path, home: Path) -> dict[str, Any]:
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "agent_logs"), "--non-interactive", "--output", "json"]
    done = subprocess.run([*CLI, "deploy", "--repo", str(repo), *options], stdout=subprocess.PIPE, check=False, cwd=home)
    finished = json.loads(done.stdout.splitlines()[-1])["params"]
    assert finished["outcome"] == "success", finished["reason"]
    return finished


def rollback(home: Path) -> None:
    subprocess.run([*CLI, "rollback", "--deploy-dir", str(home / "app")], check=True, capture_output=True)


@pytest.mark.deploy
@pytest.mark.timeout(300)
def test_rows_of_a_flask_app(home: Path) -> None:
    repo = git_repo(home / "flask", {"app.py": FLASK, "requirements.txt": "flask\n"})
    url = deploy(repo, home)["app"]["url"]
    assert _get(f"{url}add/first") == "first"
    assert deploy(repo, home)["app"]["url"] == url
    assert _get(f"{url}add/second") == "first, second"
    rollback(home)
    assert _get(url) == "first, second"
    log = json.loads(max((home / "agent_logs").glob("deploy_*.json")).read_text())
    assert [note["message"] for note in log["notes"] if note["kind"] == "data"] == [
        f"Kept for all releases, in {home}/app/shared/data: instance"
    ]


@pytest.mark.deploy
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_database_of_a_django_app_is_migrated_by_the_next_release(home: Path) -> None:
    repo = home / "django"
    shutil.copytree(APPS / "django", repo)
    git_repo(repo, {})
    url = deploy(repo, home)["app"]["url"]
    before = _visits(url)
    (repo / "pages/migrations/0002_page.py").write_text(MIGRATION)
    models = repo / "pages/models.py"
    models.write_text(models.read_text().rstrip() + '\n    page = models.CharField(max_length=20, default="home")\n')
    commit(repo)
    assert deploy(repo, home)["app"]["url"] == url
    assert _visits(url) > before
    rows = f"from pages.models import Visit; print(Visit.objects.filter(page='home').count() > {before})"
    find_python = 'for python in .venv/bin/python venv/bin/python python3; do [ ! -x "$python" ] || exec "$python" "$@"; done'
    done = subprocess.run(
        ["bash", "-c", find_python, "-", "manage.py", "shell", "-c", rows], cwd=home / "app" / "current",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "True" in done.stdout, done.stderr


def _visits(url: str) -> int:
    found = re.search(r"visit (\d+)", _get(url))
    assert found is not None
    return int(found[1])
