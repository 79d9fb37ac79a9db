"""What a second deploy without changes costs: seconds of the first and the second deployment of a Flask and a Vite app.

The caches of pip and npm are empty at the first one, as on a machine that deploys its first app, and kept for the second.
Run: `python -m tests.bench.bench_redeploy`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

APPS = Path(__file__).parents[1] / "apps"
CLI = [sys.executable, "-m", "auto_deployer"]
GIT = ("git", "-c", "user.name=b", "-c", "user.email=b@example.invalid")
SECONDS = 3
"""Second deployments, of which the median counts."""


def main() -> dict[str, Any]:
    """Seconds and the ratio, for each app."""
    return {app: _measured(app) for app in ("flask", "vite")}


def _measured(app: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp"), ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        env = {**os.environ, **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), folder)}
        env |= {"XDG_CACHE_HOME": f"{folder}/cache", "PIP_CACHE_DIR": f"{folder}/pip", "npm_config_cache": f"{folder}/npm"}
        repo = home / "repo"
        shutil.copytree(APPS / app, repo)
        for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
            subprocess.run([*GIT, *arguments], cwd=repo, check=True)
        try:
            first = _deploy(home, repo, env)
            second = sorted(_deploy(home, repo, env) for _ in range(SECONDS))[SECONDS // 2]
        finally:
            subprocess.run([*CLI, "stop", "--deploy-dir", str(home / "app")], env=env, capture_output=True, check=False)
    return {"first_s": round(first, 2), "second_s": round(second, 2), "ratio": round(second / first, 3)}


def _deploy(home: Path, repo: Path, env: dict[str, str]) -> float:
    """Seconds of one deployment, from the command to its end."""
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "logs"), "--non-interactive", "--output", "json"]
    began = time.perf_counter()
    subprocess.run([*CLI, "deploy", "--repo", str(repo), *options], env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(main()))
