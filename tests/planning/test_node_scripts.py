"""Development servers told from production ones, and what scripts run."""

from __future__ import annotations

import pytest

from auto_deployer.planning.recipes.node_scripts import commands_of, entry_of, is_dev_server, only_builds, without_watching


@pytest.mark.parametrize(
    "script",
    [
        "react-scripts start",
        "ng serve --open",
        "vite",
        "vite --host",
        "NODE_ENV=development vite dev",
        "vite preview",
        "next dev -p 3000",
        "next",
        "nodemon app.js",
        "npx nodemon app.js",
        "cross-env NODE_ENV=development nodemon app.js",
        "node --watch server.js",
        "tsx watch src/index.ts",
        "nest start",
        "eleventy --serve",
        "npx @11ty/eleventy --serve",
        "npm run dev",
        "yarn dev",
        "tsc && npm run dev",
        'concurrently "npm:dev" "tsc -w"',
        'concurrently "vite build" "nodemon x.js"',
        "tsc -w",
        "webpack serve --mode development",
        "vue-cli-service serve",
        "pm2 start ecosystem.config.js",
        "cd packages/scripts && node bin/react-scripts.js start",
        "node ./node_modules/vite/bin/vite.js",
        "node node_modules/.bin/nodemon app.js",
    ],
)
def test_development_servers(script: str) -> None:
    assert is_dev_server(script, {"dev": "vite"})


@pytest.mark.parametrize(
    "script",
    [
        "node server.js",
        "node -r dotenv/config dist/index.js",
        "next start",
        "vite build && node server.js",
        "NODE_ENV=production node app",
        "npm run build && node dist/main",
        "remix-serve ./build/server/index.js",
        "pm2-runtime ecosystem.config.js",
        "serve -s build",
        "./start.sh",
        "node watch.js",
        "node bin/www",
        "pm2 start ecosystem.config.js --no-daemon",
    ],
)
def test_production_servers(script: str) -> None:
    assert not is_dev_server(script, {"build": "tsc"})


def test_scripts_that_call_each_other_for_ever_end() -> None:
    assert commands_of("npm run a", {"a": "npm run b", "b": "npm run a"})


@pytest.mark.parametrize(
    ("script", "production"),
    [
        ("nodemon app.js", "node app.js"),
        ("nodemon --watch src -e js,json src/app.js", "node src/app.js"),
        ("nodemon --exec ts-node src/app.ts", "npx ts-node src/app.ts"),
        ("node --watch server.js", "node server.js"),
        ("tsx watch src/index.ts", "npx tsx src/index.ts"),
        ("npm run dev", "node it.js"),
        ("nodemon", ""),
        ("nodemon a.js & vite", ""),
        ("vite", ""),
    ],
)
def test_the_server_without_its_watcher(script: str, production: str) -> None:
    assert without_watching(script, {"dev": "nodemon it.js"}) == production


@pytest.mark.parametrize(
    ("script", "entry"),
    [
        ("node server.js", "server.js"),
        ("node -r dotenv/config --max-old-space-size=512 ./bin/www", "./bin/www"),
        ("prisma migrate deploy && node dist/index.js", "dist/index.js"),
        ("npm run serve", "app.js"),
        ("node .", "."),
        ("next start", ""),
        ("node 'unclosed", "'unclosed"),
    ],
)
def test_the_entry_file_of_a_script(script: str, entry: str) -> None:
    assert entry_of(script, {"serve": "node app.js"}) == entry


@pytest.mark.parametrize(
    ("script", "ends"),
    [
        ("postcss a.css -o b.css", True),
        ("npm-run-all raw tsc", True),
        ("npm run raw && node app.js", False),
        ("serve public", False),
    ],
)
def test_scripts_that_only_build(script: str, ends: bool) -> None:
    assert only_builds(script, {"raw": "sass a b", "tsc": "tsc"}) is ends


def test_a_daemon_is_started_in_the_foreground_instead() -> None:
    assert without_watching("pm2 start app.js", {}) == "npx pm2-runtime start app.js"
