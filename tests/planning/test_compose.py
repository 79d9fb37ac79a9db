"""What is read from a compose file, and the plan for it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.planning.containers import ENGINE, build_commands, detections, plan_of

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Detection
from auto_deployer.model.plan import DeploymentPlan
from auto_deployer.model.reasons import Kind

FULL = """
name: shop
x-common: &common
  restart: always
services:
  db:
    image: postgres:16
    container_name: shop_db
    ports: ["5432:5432"]
    environment:
      POSTGRES_PASSWORD: ${DB_PASSWORD:?set it}
  api:
    <<: *common
    build: ./api
    ports: ["8000:8000"]
    env_file: .env
  frontend:
    <<: *common
    build: {context: ./front, args: {API: "${API_URL}"}}
    ports:
      - "443:443"
      - "${WEB_PORT}:80"
    volumes: ["./uploads:/uploads", "cache:/cache"]
  tools:
    image: x
    profiles: [dev]
    environment: {A: "${ONLY_FOR_TOOLS}"}
volumes:
  cache:
"""
FILES = {
    "docker-compose.yml": FULL, "api/Dockerfile": "FROM a", "front/Dockerfile": "FROM b",
    ".env.example": "TOKEN=\nMODE=fast\n",
}  # fmt: skip
GIVEN = frozenset({"DB_PASSWORD", "API_URL", "TOKEN"})


def seen(text: str, **more: str) -> Detection:
    (found,) = [each for each in detections({"compose.yaml": text, **more}) if each.recipe == "compose"]
    return found


def document_of(plan: DeploymentPlan) -> dict[str, Any]:
    text = build_commands(plan)[0]
    return json.loads(text[text.index("\n") : text.rindex("END_OF_COMPOSE")])


def app_service(lines: str) -> str:
    return f"services:\n  web:\n    build: .\n    ports: ['80:80']\n{lines}"


async def test_one_service_is_published_and_the_rest_is_as_the_author_wrote_it() -> None:
    plan = await plan_of(FILES, env_names=GIVEN)
    document = document_of(plan)
    services = document["services"]
    assert services["frontend"]["ports"] == ["${HOST:-127.0.0.1}:${PORT:-0}:80"]
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in services["db"]
    assert services["api"]["restart"] == "on-failure"
    assert services["frontend"]["build"] == {"context": "./front", "args": {"API": "${API_URL}"}}
    assert "name" not in document
    assert plan.strategy == "docker-compose"
    assert any("api keeps port 8000" in note for note in plan.notes)


async def test_names_are_the_releases_own() -> None:
    services = document_of(await plan_of(FILES, env_names=GIVEN))["services"]
    assert services["api"]["image"] == "shop-e7c7ea-api:20261124-064812-a1b2"
    assert services["db"]["image"] == "postgres:16"
    assert "container_name" not in services["db"]
    assert services["db"]["networks"] == {"default": {"aliases": ["shop_db"]}}
    assert {name for name, each in services.items() if "auto-deployer.release.web" in each["labels"]} == {"frontend"}


async def test_data_outlives_containers() -> None:
    plan = await plan_of(FILES, env_names=GIVEN)
    document, app = document_of(plan), plan.app
    assert document["services"]["db"]["volumes"] == ["db-data:/var/lib/postgresql/data"]
    assert app is not None
    assert app.container is not None
    assert app.container.volumes == ("shop-e7c7ea_cache", "shop-e7c7ea_db-data")
    assert (app.shared, app.exclusive) == (("uploads/",), True)


STAND_IN = """#!/bin/bash
# An engine as a folder: each file of volumes/ is a volume and holds its labels.
cd "$(dirname "$0")" || exit
[ ! -e down ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }
case "$1 $2" in
  "volume ls") grep -lxF -- "${5#label=}" volumes/* | sed 's|.*/||' ;;
  "volume rm") shift 3; for name; do rm "volumes/$name"; done ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """The client of an engine that has volumes of the app and of others."""
    client = tmp_path / "docker"
    client.write_text(STAND_IN)
    client.chmod(0o755)
    ours = "com.docker.compose.project=shop-e7c7ea\n"
    labels = {"shop-e7c7ea_cache": ours, "kept_uploads": ours, "shared_db": "", "other_db": ours.replace("shop-e7c7ea", "other")}
    (tmp_path / "volumes").mkdir()
    for name, label in labels.items():
        (tmp_path / "volumes" / name).write_text(label)
    return client


async def remove_data(engine: Path) -> tuple[int, set[str]]:
    """Exit code of the text that removes the app's data, and the volumes that are left."""
    named = "volumes:\n  cache:\n  uploads: {name: kept_uploads}\n  db: {name: shared_db}\n  more: {name: other_db}\n"
    plan = await plan_of({"compose.yaml": app_service(named), "Dockerfile": "FROM a"})
    assert plan.app is not None
    assert plan.app.container is not None
    path = f"{engine.parent}:/usr/bin:/bin"
    done = subprocess.run(["bash", "-c", plan.app.container.remove_data], env={"PATH": path}, check=False)
    return done.returncode, {file.name for file in (engine.parent / "volumes").iterdir()}


async def test_volumes_of_others_that_the_document_names_are_never_removed(engine: Path) -> None:
    assert await remove_data(engine) == (0, {"shared_db", "other_db"})


async def test_data_is_not_called_removed_when_the_engine_does_not_answer(engine: Path) -> None:
    (engine.parent / "down").touch()
    assert await remove_data(engine) == (1, {"shop-e7c7ea_cache", "kept_uploads", "shared_db", "other_db"})


@pytest.mark.parametrize(
    ("image", "path"),
    [("postgres", "/var/lib/postgresql"), ("postgres:18.1", "/var/lib/postgresql"), ("postgres:9.6", "/var/lib/postgresql/data")],
)
def test_postgres_moved_its_data(image: str, path: str) -> None:
    found = seen(app_service(f"  db:\n    image: {image}\n"))
    assert found.details["document"]["services"]["db"]["volumes"] == [f"db-data:{path}"]


async def test_the_environment() -> None:
    with pytest.raises(RefusedError) as refused:
        await plan_of(FILES)
    assert refused.value.kind is Kind.REQUIRED_ENV_MISSING
    places = {each.name: each.place for each in refused.value.missing_env}
    assert places == {"TOKEN": ".env.example:1", "DB_PASSWORD": "docker-compose.yml:11", "API_URL": "docker-compose.yml:19"}
    api = document_of(await plan_of(FILES, env_names=GIVEN))["services"]["api"]
    assert "env_file" not in api
    assert api["environment"] == {"MODE": "${MODE:-fast}"}


def test_a_committed_env_file_gives_values() -> None:
    text = app_service("    env_file: [.env]\n    environment: ['A=$A', 'B=${B:-x}', 'C=$$C', 'D']\n")
    found = seen(text, **{".env": "A=1\n"})
    assert not found.required_env
    assert found.details["document"]["services"]["web"]["env_file"] == [".env"]


async def test_how_it_is_brought_up() -> None:
    app = (await plan_of(FILES, env_names=GIVEN)).app
    assert app is not None
    assert app.command.endswith("up --no-build --no-color --abort-on-container-failure")
    assert '{"services":{"api":{"environment":[%s]},"frontend":{"environment":[%s]}}}' in app.command
    old = ENGINE.model_copy(update={"compose": "docker-compose", "compose_version": "1.29.2"})
    app = (await plan_of(FILES, env_names=GIVEN, engine=old)).app
    assert app is not None
    assert "exec docker-compose --project-name shop-e7c7ea " in app.command
    assert "--abort" not in app.command


@pytest.mark.parametrize(
    ("services", "web"),
    [
        ("{api: {build: ., ports: ['1:8000']}, nginx: {image: nginx, ports: ['80:80']}}", "nginx"),
        ("{adminer: {image: adminer, ports: ['8080:8080']}, thing: {build: ., ports: ['3000:3000']}}", "thing"),
        ("{web: {build: .}, other: {build: ., ports: ['3000:3000']}}", "other"),
        ("{web: {build: ., expose: [3000]}, worker: {build: ./w}}", "web"),
    ],
)
def test_which_service_people_open(services: str, web: str) -> None:
    found = seen(f"services: {services}")
    assert (found.details["web"], found.runnable) == (web, True)


@pytest.mark.parametrize(
    ("port", "published"),
    [
        ("'3000'", "3000"), ("3000", "3000"), ("'127.0.0.1:80:8080/tcp'", "8080"), ("'${P:-80}:${Q:-81}'", "81"),
        ("{target: 5000, published: '80'}", "5000"), ("'${PORT}:${PORT}'", "${PORT}"), ("'8000-8010:8000-8010'", "8000"),
    ],
)  # fmt: skip
def test_forms_of_ports(port: str, published: str) -> None:
    found = seen(f"services: {{web: {{build: ., ports: [{port}]}}}}")
    assert found.details["document"]["services"]["web"]["ports"] == [f"${{HOST:-127.0.0.1}}:${{PORT:-0}}:{published}"]


def test_the_port_of_what_is_built() -> None:
    found = seen("services: {web: {build: ./web}}", **{"web/Dockerfile": "FROM a\nEXPOSE 4000\n"})
    assert found.details["document"]["services"]["web"]["ports"] == ["${HOST:-127.0.0.1}:${PORT:-0}:4000"]


@pytest.mark.parametrize(
    "line",
    [
        "privileged: true", "network_mode: host", "pid: host", "cap_add: [SYS_ADMIN]", "devices: ['/dev/sda']",
        "volumes: ['/:/host']", "volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "volumes: ['~/.ssh:/k']",
        "volumes: [{type: bind, source: /etc, target: /x}]", "volumes: ['../../x:/x']", "volumes: ['${HOME}/x:/x']",
    ],
)  # fmt: skip
def test_no_container_is_let_out_of_its_box(line: str) -> None:
    found = seen(app_service(f"    {line}\n"))
    assert not found.runnable
    assert found.refusal is not None
    assert found.refusal.kind is Kind.POLICY_DENIED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("services: [", Kind.MANIFEST_UNREADABLE),
        ("web: {}", Kind.MANIFEST_UNREADABLE),
        ("services: {web: 1}", Kind.MANIFEST_UNREADABLE),
        ("services: {\"a'; touch x; '\": {build: .}}", Kind.MANIFEST_UNREADABLE),
        ("services: {worker: {build: .}}", Kind.NO_START_COMMAND),
        (app_service("    networks: [proxy]\nnetworks: {proxy: {external: true}}\n"), Kind.REQUIRED_SERVICE_MISSING),
    ],
)
def test_what_cannot_be_run_says_why(text: str, kind: Kind) -> None:
    refusal = seen(text).refusal
    assert refusal is not None
    assert refusal.kind is kind


def test_aliases_of_aliases_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    refusal = seen("\n".join([*lines, "services: {web: {build: .}}"])).refusal
    assert refusal is not None
    assert "too large" in refusal.message
