"""What is read from a Dockerfile, and the plan for it."""

from __future__ import annotations

import pytest
from tests.planning.containers import ENGINE, build_commands, plan_of

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import ContainerEngine
from auto_deployer.model.plan import Overrides
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipes.dockerfile_source import Dockerfile, read_dockerfile
from auto_deployer.planning.recipes.server_images import parts_of, registry_of

NODE = 'FROM node:20\nWORKDIR /app\nCOPY . .\nEXPOSE 3000\nCMD ["node", "server.js"]\n'


def read(text: str) -> Dockerfile:
    found = read_dockerfile(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "port"),
    [
        (NODE, 3000),
        ("FROM python:3.12\nENV PORT=5001\nCMD gunicorn app:app\n", 5001),
        ('FROM a\nARG APP_PORT=4000\nEXPOSE ${APP_PORT}\nCMD ["run"]\n', 4000),
        ('FROM a\nEXPOSE 9229 443 8080/tcp 53/udp\nCMD ["run"]\n', 8080),
        ("FROM a\nEXPOSE 5432/udp\nCMD uvicorn app:app --host 0.0.0.0 --port 8000\n", 8000),
        ('FROM a\nCMD ["gunicorn", "--bind", "0.0.0.0:9001", "app:app"]\n', 9001),
        ("FROM a\nCMD waitress-serve --port=$PORT app:app\n", 8080),
        ('FROM a\nCMD ["run"]\nHEALTHCHECK CMD curl -f http://localhost:7000/health\n', 7000),
        (
            "FROM node:20 AS build\nRUN npm run build\nFROM nginx:1.27-alpine\nCOPY --from=build /app/dist /usr/share/nginx/html\n",
            80,
        ),
        ('FROM node:20 AS base\nEXPOSE 3000\nCMD ["node", "a.js"]\nFROM base AS final\nCOPY . .\n', 3000),
        ("FROM php:8.3-apache\nCOPY . /var/www/html\n", 80),
        ('FROM a\nRUN cat <<EOF > x\nEXPOSE 1\nEOF\nEXPOSE 3001\nCMD ["run"]\n', 3001),
        ('FROM a\nEXPOSE \\\n  # the web\n  3002\nCMD ["run"]\n', 3002),
        ('FROM a\nCMD ["run"]\n', None),
    ],
)
def test_port(text: str, port: int | None) -> None:
    found = read(text)
    assert (found.port, found.starts) == (port, True)


@pytest.mark.parametrize(
    "command",
    ["", 'CMD ["bash"]', "CMD sleep infinity", 'CMD ["python3"]', 'ENTRYPOINT ["tail", "-f", "/dev/null"]', "CMD /bin/sh"],
)
def test_a_place_to_work_in_starts_nothing(command: str) -> None:
    assert not read(f"FROM debian:12\nEXPOSE 80\n{command}\n").starts


def test_what_its_image_is_made_from() -> None:
    found = read(
        "ARG BASE\nARG TAG=20\nFROM node:${TAG} AS build\nFROM golang:1 AS unused\nFROM $BASE\nCOPY --from=build /a /a\n"
        'COPY --from=ghcr.io/x/tool:1 /t /t\nARG API_URL\nVOLUME ["/data", "/up loads"]\nEXPOSE 80\nCMD ["run"]\n'
    )
    assert found.images == ("ghcr.io/x/tool:1", "node:20")
    assert found.required_args == ("BASE",)
    assert found.args == ("BASE", "TAG", "API_URL")
    assert found.volumes == ("/data", "/up loads")


def test_a_first_process_of_its_own_stays_the_first() -> None:
    assert read("FROM linuxserver/nginx\nEXPOSE 80\n").own_init
    assert not read(NODE).own_init


@pytest.mark.parametrize("text", ["", "# nothing", "RUN x"])
def test_no_image(text: str) -> None:
    assert read_dockerfile(text) is None


def test_names_of_images() -> None:
    assert parts_of("docker.io/library/postgres:16-alpine") == ("postgres", "16-alpine")
    assert registry_of("python:3.12") == registry_of("me/app") == "registry-1.docker.io"
    assert (registry_of("ghcr.io/me/app"), registry_of("localhost:5000/app")) == ("ghcr.io", "localhost:5000")


async def test_plan() -> None:
    files = {"Dockerfile": NODE + "ARG API_URL\nARG HOME\nVOLUME /app/data\n"}
    plan = await plan_of(files, env_names=frozenset({"API_URL", "SECRET_KEY", "HOME"}))
    assert (plan.strategy, plan.images) == ("docker", ("node:20",))
    (build,) = build_commands(plan)
    assert "--tag shop-e7c7ea:20261124-064812-a1b2" in build
    assert "--build-arg API_URL" in build
    assert "SECRET_KEY" not in build
    assert "--build-arg HOME" not in build
    app = plan.app
    assert app is not None
    assert app.container is not None
    assert '--publish "$HOST:$PORT:3000"' in app.command
    assert "--env PORT=3000" in app.command
    assert "--init" in app.command
    assert "--volume shop-e7c7ea-app-data:/app/data" in app.command
    assert (app.exclusive, app.container.volumes) == (True, ("shop-e7c7ea-app-data",))
    assert "docker volume rm --force shop-e7c7ea-app-data" in app.container.remove_data
    for text in (app.container.stop, app.container.remove, app.container.remove_data):
        assert text.startswith("docker version > /dev/null || exit 1\n")


async def test_an_app_without_volumes_is_tried_beside_the_old_one_and_its_risk_is_told() -> None:
    plan = await plan_of({"Dockerfile": NODE})
    assert plan.app is not None
    assert not plan.app.exclusive
    assert any("VOLUME" in risk for risk in plan.risks)


async def test_the_way_to_the_engine_is_kept_with_the_app() -> None:
    engine = ENGINE.model_copy(update={"env": {"DOCKER_HOST": "unix:///run/user/1000/docker.sock"}})
    plan = await plan_of({"Dockerfile": NODE}, engine=engine)
    assert plan.app is not None
    assert plan.app.container is not None
    assert plan.app.env == engine.env
    assert plan.app.container.stop.startswith("export DOCKER_HOST=unix:///run/user/1000/docker.sock; ")


async def test_podman() -> None:
    plan = await plan_of({"Containerfile": NODE}, engine=ContainerEngine(name="podman", version="5.0"))
    assert plan.app is not None
    assert plan.app.command.startswith("exec podman run ")
    assert "--init" not in plan.app.command


async def test_a_start_command_runs_in_the_container() -> None:
    plan = await plan_of({"Dockerfile": NODE}, overrides=Overrides(recipe="dockerfile", start="node it's.js", build="make"))
    assert plan.app is not None
    assert plan.app.command.endswith("""a1b2 sh -c 'node it'"'"'s.js'""")
    assert build_commands(plan)[0] == "make"
    assert "build --tag" in build_commands(plan)[1]


async def test_a_base_image_that_must_be_named_is_asked_for() -> None:
    with pytest.raises(RefusedError, match="BASE") as refused:
        await plan_of({"Dockerfile": 'ARG BASE\nFROM $BASE\nEXPOSE 80\nCMD ["run"]\n'})
    assert refused.value.kind is Kind.REQUIRED_ENV_MISSING


async def test_without_a_port_it_is_refused_unless_asked_for_by_name() -> None:
    files = {"Dockerfile": 'FROM a\nCMD ["run"]\n'}
    with pytest.raises(RefusedError, match="does not say on which port") as refused:
        await plan_of(files)
    assert refused.value.kind is Kind.NO_START_COMMAND
    plan = await plan_of(files, overrides=Overrides(recipe="docker"))
    assert plan.app is not None
    assert "--env PORT=8080" in plan.app.command
