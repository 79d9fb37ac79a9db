"""Apps that a container engine runs, as the keeper deals with them. The engine here is a folder: a file is a running container."""

from __future__ import annotations

import shlex

import pytest

from auto_deployer.apps import keeper
from auto_deployer.apps.container import parse_published
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model.plan import AppSpec, ContainerSpec
from auto_deployer.model.reasons import Kind
from tests.apps_keeper.harness import PYTHON, Place, fetch
from tests.suggestions import suggested

MAIN = "import server; server.serve()"


def contained(place: Place, release: str, *, answers: bool = True, **fields: object) -> AppSpec:
    """A client that starts its server in another session and without the keeper's mark, as an engine does."""
    engine = place.deploy_dir.parent / "engine"
    engine.mkdir(exist_ok=True)
    file = shlex.quote(str(engine / release))
    inside = f"env -u AUTO_DEPLOYER_APP setsid {PYTHON} main.py" if answers else "sleep 60"
    client = f"{inside} & echo \"$! $PORT\" > {file}; trap 'kill $!; exit 0' TERM; echo $AUTO_DEPLOYER_ENV > {file}.env; wait $!"
    answers_now = f"[ ! -e {shlex.quote(str(engine / 'down'))} ] || exit 1\n"
    container = ContainerSpec(
        listening=f'[ ! -f {file} ] || {{ read -r _ port < {file}; echo "80/tcp -> 127.0.0.1:$port"; }}',
        stop=f"{answers_now}[ ! -f {file} ] || {{ read -r pid _ < {file}; kill -9 $pid 2> /dev/null; rm -f {file}; }}",
        remove=f"{answers_now}touch {file}.removed",
        remove_data=f"touch {file}.data-removed",
        volumes=("shop-data",),
    )
    return place.spec(client, container=container, **fields)


async def test_it_is_found_where_the_engine_publishes_it(place: Place) -> None:
    place.release("r1", main=MAIN)
    run = await place.deploy(StartAppDriver(), "r1", contained(place, "r1"))
    assert run.failed is None, run.failed
    assert run.app is not None
    assert fetch(run.app.url) == "r1"


async def test_the_next_release_gets_its_port(place: Place) -> None:
    for release in ("r1", "r2"):
        place.release(release, main=MAIN)
    first = await place.deploy(StartAppDriver(), "r1", contained(place, "r1"))
    second = await place.deploy(StartAppDriver(), "r2", contained(place, "r2", exclusive=True))
    assert first.app is not None
    assert second.app is not None
    assert second.app.url == first.app.url
    assert [line.split()[:2] for line in second.starts()] == [["stop", "r1"], ["start", "r2"]]


async def test_what_no_signal_reaches_is_ended_in_the_engine(place: Place) -> None:
    place.release("r1", main=MAIN)
    await place.deploy(StartAppDriver(), "r1", contained(place, "r1"))
    engine = place.deploy_dir.parent / "engine"
    place.kill("r1")  # the client; its container goes on
    assert (engine / "r1").exists()
    await place.run_keeper_stop("r1")
    assert not (engine / "r1").exists()


async def test_what_an_engine_that_is_down_may_still_run_is_not_called_stopped(place: Place) -> None:
    place.release("r1", main=MAIN)
    await place.deploy(StartAppDriver(), "r1", contained(place, "r1"))
    engine = place.deploy_dir.parent / "engine"
    (engine / "down").touch()
    for _ in range(2):  # while its client runs, and after
        code, output = await place.run(keeper.stop_command(str(place.deploy_dir), "r1"))
        assert code == 1
        assert "the container engine did not end what it runs of release r1" in output
    (engine / "down").unlink()
    await place.run_keeper_stop("r1")
    assert not (engine / "r1").exists()


async def test_a_release_that_the_engine_still_keeps_something_of_is_deleted_later(place: Place) -> None:
    def run_folders() -> set[str]:
        return {path.name for path in (place.deploy_dir / "run").iterdir() if path.is_dir()}

    for release in ("r1", "r2", "r3"):
        place.release(release, main=MAIN)
    failed = contained(place, "r1", answers=False)
    failed = failed.model_copy(update={"health": failed.health.model_copy(update={"start_timeout_s": 1.0})})
    assert (await place.deploy(StartAppDriver(), "r1", failed)).failed is not None
    engine = place.deploy_dir.parent / "engine"
    (engine / "down").touch()
    assert (await place.deploy(StartAppDriver(), "r2")).failed is None
    assert run_folders() == {"r1", "r2"}
    (engine / "down").unlink()
    assert (await place.deploy(StartAppDriver(), "r3")).failed is None
    assert run_folders() == {"r2", "r3"}
    assert (engine / "r1.removed").exists()


async def test_its_variables_are_named_to_it(place: Place) -> None:
    (place.deploy_dir / "shared").mkdir()
    (place.deploy_dir / "shared/.env").write_text("TOKEN=a b\nMODE=fast\n")
    place.release("r1", main=MAIN)
    await place.deploy(StartAppDriver(), "r1", contained(place, "r1", env={"DOCKER_HOST": "unix:///x"}))
    assert (place.deploy_dir.parent / "engine/r1.env").read_text() == "TOKEN MODE\n"


async def test_an_app_that_does_not_answer_in_it_is_told_where_to_listen(place: Place) -> None:
    place.release("r1", main=MAIN)
    spec = contained(place, "r1", answers=False)
    spec = spec.model_copy(update={"health": spec.health.model_copy(update={"start_timeout_s": 1.0})})
    run = await place.deploy(StartAppDriver(), "r1", spec)
    assert run.failed is not None
    assert run.failed.kind is Kind.NO_LISTENING_PORT
    assert "0.0.0.0" in suggested(run.failed)[0]


async def test_data_that_a_move_into_a_container_hides_is_told(place: Place) -> None:
    place.release("r1", main="open('shop.db', 'w').write('rows'); import server; server.serve()")
    place.release("r2", main=MAIN)
    await place.deploy(StartAppDriver(), "r1")
    moved = await place.deploy(StartAppDriver(), "r2", contained(place, "r2"))
    assert moved.failed is None, moved.failed
    assert any("does not see the data that it kept so far: shop.db" in note for note in moved.notes)


async def test_volumes_that_a_move_out_of_a_container_hides_are_told(place: Place) -> None:
    for release in ("r1", "r2", "r3"):
        place.release(release, main=MAIN)
    await place.deploy(StartAppDriver(), "r1", contained(place, "r1"))
    same = await place.deploy(StartAppDriver(), "r2", contained(place, "r2", exclusive=True))
    assert not any("see" in note for note in same.notes)
    moved = await place.deploy(StartAppDriver(), "r3")
    assert moved.failed is None, moved.failed
    assert any("shop-data" in note for note in moved.notes)


async def test_what_the_engine_keeps_goes_with_a_release(place: Place) -> None:
    place.release("r1", main=MAIN)
    await place.deploy(StartAppDriver(), "r1", contained(place, "r1"))
    engine = place.deploy_dir.parent / "engine"
    deploy_dir = str(place.deploy_dir)
    assert (await place.state()).run("r1").in_engine
    assert (await place.run(keeper.discard_command(deploy_dir, ["r0", "r1"])))[0] == 0
    assert (engine / "r1.removed").exists()
    assert not (engine / "r1.data-removed").exists()
    assert (await place.run(keeper.discard_data_command(deploy_dir, "r1")))[0] == 0
    assert (engine / "r1.data-removed").exists()


@pytest.mark.parametrize(
    ("line", "address", "port"),
    [
        ("80/tcp -> 127.0.0.1:8000", "127.0.0.1", 8000),
        ("80/tcp -> 0.0.0.0:8000", "0.0.0.0", 8000),
        ("80/tcp -> [::]:8000", "::", 8000),
        ("127.0.0.1:49153", "127.0.0.1", 49153),
    ],
)
def test_published_ports(line: str, address: str, port: int) -> None:
    (found,) = parse_published(f"{line}\n\nError: no such container\n")
    assert (found.address, found.port) == (address, port)
