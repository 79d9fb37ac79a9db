"""What a second deploy without changes costs: seconds of the first and the second deployment of a Flask, a Vite and a Next app.

The caches of pip and npm are empty at the first one, as on a machine that deploys its first app, and kept for the second.
Beside it, where an engine answers: the same app by `docker build` with every layer in its cache. Compare the ratios; `load` (of the
machine, per processor, before the deployments) tells how far the seconds can be trusted.
Run: `python -m tests.bench.bench_redeploy [APP…]`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APPS = Path(__file__).parents[1] / "apps"
CLI = [sys.executable, "-m", "auto_deployer"]
GIT = ("git", "-c", "user.name=b", "-c", "user.email=b@example.invalid")
SECONDS = 3
"""Second deployments, of which the median counts."""

_NODE = "FROM node:20-slim\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY . .\nRUN npm run build\n"


@dataclass(frozen=True)
class App:
    """One app of the benchmark: a folder of `tests/apps`, and what by hand one would build it with."""

    folder: str
    dockerfile: str
    without: str = ""
    """A file that is left out."""

    def copied(self, to: Path) -> Path:
        """A repository with it."""
        shutil.copytree(APPS / self.folder, to)
        if self.without:
            (to / self.without).unlink()
        for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
            subprocess.run([*GIT, *arguments], cwd=to, check=True)
        return to


FLASK = App(
    "flask", "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
)
MEASURED = {"flask": FLASK, "vite": App("vite", _NODE), "next": App("next_export", _NODE, without="next.config.js")}
"""Without its settings, the last one is a server of Next's own."""


def main(names: list[str]) -> dict[str, Any]:
    """Seconds and ratios, for each app."""
    return {name: _measured(MEASURED[name]) for name in names or MEASURED}


def _measured(app: App) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp"), ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        env = {**os.environ, **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), folder)}
        env |= {"XDG_CACHE_HOME": f"{folder}/cache", "PIP_CACHE_DIR": f"{folder}/pip", "npm_config_cache": f"{folder}/npm"}
        repo = app.copied(home / "repo")
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        try:
            first = _deploy(home, repo, env)
            second = sorted(_deploy(home, repo, env) for _ in range(SECONDS))[SECONDS // 2]
        finally:
            subprocess.run([*CLI, "stop", "--deploy-dir", str(home / "app")], env=env, capture_output=True, check=False)
        figures = {
            "first_s": round(first, 2),
            "second_s": round(second, 2),
            "ratio": round(second / first, 3),
            "load": round(load, 2),
        }
        return figures | _beside_docker(app, repo, second)


def _deploy(home: Path, repo: Path, env: dict[str, str]) -> float:
    """Seconds of one deployment, from the command to its end."""
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "logs"), "--non-interactive", "--output", "json"]
    began = time.perf_counter()
    subprocess.run([*CLI, "deploy", "--repo", str(repo), *options], env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _beside_docker(app: App, repo: Path, second: float) -> dict[str, Any]:
    """Seconds of `docker build` when nothing changed, and the ratio to them; or why they are not known."""
    if shutil.which("docker") is None or subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        return {"docker": "skipped: no engine answers"}
    tag = f"bench-redeploy-{app.folder}"
    try:
        _docker_build(app, repo, tag)
        warm = _docker_build(app, repo, tag)
    except subprocess.CalledProcessError as error:
        return {"docker": f"skipped: {error.stderr.strip()[-200:]}"}
    finally:
        subprocess.run(["docker", "rmi", "-f", tag], capture_output=True, check=False)
    return {"docker_build_warm_s": round(warm, 2), "ratio_to_docker": round(second / warm, 3)}


def _docker_build(app: App, repo: Path, tag: str) -> float:
    """Seconds of one build."""
    began = time.perf_counter()
    build = ["docker", "build", "-q", "-t", tag, "-f", "-", str(repo)]
    subprocess.run(build, input=app.dockerfile, text=True, capture_output=True, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
