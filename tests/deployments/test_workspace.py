"""A back end and a front end of one npm workspace, with a package that both need built first: deployed for real, in order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.runner.conftest import git_repo

CLI = [sys.executable, "-m", "auto_deployer"]
SERVER = """
const { greet } = require("@shop/words");
const names = Object.keys(process.env).filter((name) => name.startsWith("APP_")).map((name) => `${name}=${process.env[name]}`);
require("http").createServer((_, reply) => reply.end(`${greet("%s")} ${names.join(" ")}`))
  .listen(process.env.PORT, process.env.HOST);
"""
BUILD = "mkdir -p dist && cp src.js dist/index.js"


def member(name: str, **fields: object) -> str:
    return json.dumps({"name": f"@shop/{name}", "version": "1.0.0", "private": True, **fields})


FILES = {
    "package.json": json.dumps({"name": "shop", "private": True, "workspaces": ["apps/*", "packages/*"]}),
    "packages/words/package.json": member("words", main="dist/index.js", scripts={"build": BUILD}),
    "packages/words/src.js": "exports.greet = (who) => `hello from ${who}`;\n",
    **{
        f"apps/{name}/package.json": member(name, scripts={"start": "node server.js"}, dependencies={"@shop/words": "1.0.0"})
        for name in ("api", "web")
    },
    **{f"apps/{name}/server.js": SERVER % name for name in ("api", "web")},
}


@pytest.mark.deploy
@pytest.mark.timeout(300)
def test_both_apps_of_a_workspace(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    repo = git_repo(tmp_path / "repos" / "shop", FILES)
    home = tmp_path / "home"
    home.mkdir()
    env = {
        **os.environ,
        "HOME": str(home),
        **{f"XDG_{name}_HOME": str(home / name) for name in ("DATA", "CACHE", "CONFIG", "STATE")},
    }
    folders = [word for name in ("api", "web") for word in ("--subdir", f"apps/{name}")]
    command = [*CLI, "deploy", "--repo", str(repo), *folders, "--non-interactive", "--output", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=env, cwd=tmp_path, check=False)
    try:
        events = [json.loads(line) for line in done.stdout.splitlines()]
        ends = [event["params"] for event in events if event["method"] == "deploy/finished"]
        assert [end["outcome"] for end in ends] == ["success", "success"], ends
        api, web = (_page(end["app"]["url"]) for end in ends)
        assert api.strip() == "hello from api"
        assert web == f"hello from web APP_API_URL={ends[0]['app']['url']}"
    finally:
        for name in ("api", "web"):
            stop = [*CLI, "stop", "--deploy-dir", str(home / "deployments" / f"shop-apps-{name}")]
            subprocess.run(stop, env=env, cwd=tmp_path, capture_output=True, check=False)


def _page(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as reply:
        return reply.read().decode()
