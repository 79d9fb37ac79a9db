"""Apps in containers, with a real engine: deployed, deployed again, rolled back, killed, brought back, removed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apps_keeper.harness import eventually
from tests.runner.conftest import git_repo

from .test_sample_apps import CLI, _get

IMAGE = "busybox:1.36"
SERVE = """
mkdir -p /www && date >> /data/starts
{ echo "VERSION $GREETING"; cat /data/starts; } > /www/index.html
exec httpd -f -p "$PORT" -h /www
"""
DOCKERFILE = f'FROM {IMAGE}\nCOPY serve.sh /serve.sh\nVOLUME /data\nEXPOSE 8080\nCMD ["sh", "/serve.sh"]\n'
COMPOSE = f"""
services:
  web:
    build: .
    init: true
    restart: always
    ports: ["8080:8080"]
    environment: {{PORT: 8080, GREETING: "${{GREETING:?say hello}}"}}
    volumes: ["starts:/data"]
  worker: {{image: "{IMAGE}", init: true, command: sleep 100000}}
volumes: {{starts: }}
"""


def docker(*args: str) -> str:
    return subprocess.run(["docker", *args], capture_output=True, text=True, check=False).stdout.strip()


def why_not() -> str:
    if shutil.which("docker") is None or not docker("version", "--format", "{{.Server.Version}}"):
        return "no Docker engine answers"
    if not docker("image", "inspect", "--format", "{{.Id}}", IMAGE) and not docker("pull", "--quiet", IMAGE):
        return f"{IMAGE} is not here and cannot be fetched"
    return "" if docker("compose", "version") else "no compose plugin"


pytestmark = [pytest.mark.slow, pytest.mark.deploy, pytest.mark.timeout(400)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    if reason := why_not():
        pytest.skip(reason)
    monkeypatch.setenv("DOCKER_CONFIG", os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker")))
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    yield tmp_path
    subprocess.run([*CLI, "remove", "--deploy-dir", str(tmp_path / "shop"), "--yes"], capture_output=True, check=False)


def run(home: Path, *words: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([*CLI, *words], stdout=subprocess.PIPE, text=True, check=False, cwd=home, env=env)
    assert done.returncode == 0, done.stdout
    return done.stdout


def deploy(home: Path, files: dict[str, str], *more: str) -> dict[str, Any]:
    repo = git_repo(home / "repo", files)
    options = ["--deploy-dir", str(home / "shop"), "--log-dir", str(home / "logs"), "--non-interactive", "--output", "json"]
    done = subprocess.run([*CLI, "deploy", "--repo", str(repo), *options, *more], stdout=subprocess.PIPE, check=False, cwd=home)
    return json.loads(done.stdout.splitlines()[-1])["params"]


def ours(what: str, home: Path) -> list[str]:
    """Containers, images or volumes of the app."""
    listing = {
        "containers": ("ps", "--all", "--format", "{{.Names}}"),
        "images": ("images", "--format", "{{.Repository}}"),
        "volumes": ("volume", "ls", "--format", "{{.Name}}"),
    }[what]
    (text,) = [path.read_text() for path in (home / "shop/run").glob("*/engine_remove")][:1]
    project = text.split("auto-deployer.release=")[1].split("-2")[0]
    return [name for name in docker(*listing).splitlines() if name.startswith(project)]


@pytest.mark.parametrize("kind", ["docker", "docker-compose"])
def test_the_life_of_an_app(kind: str, home: Path) -> None:
    packed = {"Dockerfile": DOCKERFILE} | ({"compose.yaml": COMPOSE} if kind == "docker-compose" else {})
    first = deploy(home, {**packed, "serve.sh": SERVE.replace("VERSION", "one")}, "--env", "GREETING=it's $HOME")
    assert first["outcome"] == "success", first["reason"]
    url = first["app"]["url"]
    assert "one it's $HOME" in _get(url)

    second = deploy(home, {"serve.sh": SERVE.replace("VERSION", "two")})
    assert (second["outcome"], second["app"]["url"]) == ("success", url)
    page = _get(url)
    assert page.startswith("two")
    assert len(page.splitlines()) == 3  # the first release's start is still there

    broken = deploy(home, {"serve.sh": "exit 3"})
    assert broken["outcome"] == "failed"
    assert _get(url).startswith("two")

    run(home, "rollback", "--deploy-dir", str(home / "shop"))
    assert _get(url).startswith("one")
    starts = len(_get(url).splitlines())
    docker("kill", *[name for name in ours("containers", home) if "worker" not in name])
    eventually(lambda: _lines(url) > starts, seconds=60)  # the keeper has started it again

    run(home, "stop", "--deploy-dir", str(home / "shop"))
    assert not docker("ps", "--quiet", "--filter", f"publish={first['app']['port']}")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    run(home, "start", "--deploy-dir", str(home / "shop"), env=bare)  # as from a crontab
    assert _get(url).startswith("one")

    assert ours("volumes", home)
    project_images = ours("images", home)
    containers = ours("containers", home)
    run(home, "remove", "--deploy-dir", str(home / "shop"), "--yes")
    assert not set(project_images) & set(docker("images", "--format", "{{.Repository}}").splitlines())
    assert not set(containers) & set(docker("ps", "--all", "--format", "{{.Names}}").splitlines())
    assert not [name for name in docker("volume", "ls", "--format", "{{.Name}}").splitlines() if name.startswith(containers[0][:8])]


def _lines(url: str) -> int:
    try:
        return len(_get(url).splitlines())
    except OSError:
        return 0
