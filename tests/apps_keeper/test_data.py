"""Data that an app writes in its release is there in every release: real apps, real SQLite, cut off at every command."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.apps import AppKeeper, AppRegistry
from auto_deployer.apps.data import migrates
from auto_deployer.apps.keeper import keeper_path, share_command
from auto_deployer.apps.recovery import take_back
from auto_deployer.drivers.start_app import StartAppDriver
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep, PlannedCommand
from auto_deployer.model.ports import StepContext
from auto_deployer.model.requests import AppParams, RollbackParams
from tests.apps_keeper.harness import Place, StepRun, eventually, fetch, fetch_json, run_step
from tests.apps_keeper.test_recovery import CutOffError

FIRST, SECOND, THIRD, FOURTH, FIFTH = (f"20260101-00000{number}-aaaa" for number in range(1, 6))
SHOP = AppParams(name="shop")
NOTES = """
from server import *
import sqlite3
from pathlib import Path
FILE = Path(os.environ.get("NOTES_DB", "instance/notes.db"))
FILE.parent.mkdir(exist_ok=True)
def database():
    made = sqlite3.connect(FILE)
    made.execute("PRAGMA journal_mode = " + os.environ.get("JOURNAL", "delete"))
    made.execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)")
    return made
class Notes(Handler):
    def answer(self):
        _, verb, *words = self.path.split("/")
        base = database()
        if verb == "add":
            with base:
                base.execute("INSERT INTO notes VALUES (?)", (words[0],))
        if verb == "upload":
            Path("uploads").mkdir(exist_ok=True)
            Path("uploads", words[0]).write_text(words[0])
        if verb == "save":  # the way editors and JSON stores do it: a new file in the place of the old one
            Path("state.json.tmp").write_text(json.dumps(words[0]))
            os.replace("state.json.tmp", "state.json")
        rows = [row[0] for row in base.execute("SELECT text FROM notes")]
        base.close()
        state = Path("state.json")
        return json.dumps({
            "rows": rows, "release": Path.cwd().name, "state": json.loads(state.read_text()) if state.exists() else None,
            "uploads": sorted(os.listdir("uploads")) if os.path.isdir("uploads") else [],
        })
serve(handler=Notes)
"""


@pytest.fixture
def keeper(place: Place, tmp_path: Path) -> AppKeeper:
    return AppKeeper(place.session, AppRegistry(tmp_path / "registry"))


async def deploy(place: Place, release: str, **fields: Any) -> tuple[str, StepRun]:
    if not (place.deploy_dir / "releases" / release).exists():
        place.release(release, main=NOTES)
    run = await place.deploy(StartAppDriver(), release, place.spec(**fields))
    assert run.app is not None, run.failed
    return run.app.url, run


def rows(url: str) -> list[str]:
    return fetch_json(url)["rows"]


def folder(place: Place, release: str) -> Path:
    return place.deploy_dir / "releases" / release


async def test_a_row_outlives_the_second_deploy_and_the_rollback(place: Place, keeper: AppKeeper) -> None:
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    _, second = await deploy(place, SECOND)
    assert rows(url) == ["one"]
    assert second.notes == [f"Kept for all releases, in {place.deploy_dir}/shared/data: instance"]
    fetch(f"{url}add/two")
    back = await keeper.rollback(RollbackParams(name="shop"))
    seen = fetch_json(url)
    assert (seen["rows"], seen["release"], back.data) == (["one", "two"], FIRST, ("instance",))
    fetch(f"{url}add/three")
    await keeper.rollback(RollbackParams(name="shop", release=SECOND))
    assert rows(url) == ["one", "two", "three"]


async def test_data_is_kept_over_restart_stop_and_start(place: Place, keeper: AppKeeper) -> None:
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    restarted = await keeper.restart(SHOP)
    assert rows(url) == ["one"]
    assert restarted.notes == (f"Kept for all releases, in {place.deploy_dir}/shared/data: instance",)
    await keeper.stop(SHOP)
    started = await keeper.start(SHOP)
    assert (rows(url), started.notes, started.data) == (["one"], (), ("instance",))
    await deploy(place, SECOND)
    assert rows(url) == ["one"]


async def test_what_is_not_checkpointed_yet_moves_with_its_database(place: Place) -> None:
    """Killed in WAL mode: the row is in app.db-wal alone."""
    env = {"JOURNAL": "wal", "NOTES_DB": "app.db"}
    keep_open = NOTES.replace("serve(handler", "held = database(); held.execute('SELECT * FROM notes').fetchall()\nserve(handler")
    place.release(FIRST, main=keep_open)
    url, _ = await deploy(place, FIRST, env=env)
    fetch(f"{url}add/only-in-the-log")
    place.kill(FIRST)
    eventually(lambda: not place.processes(FIRST))
    assert (folder(place, FIRST) / "app.db-wal").stat().st_size > 0
    await deploy(place, SECOND, env=env)
    assert rows(url) == ["only-in-the-log"]
    assert not (folder(place, FIRST) / "app.db-wal").exists()


async def test_a_seed_from_the_repository_that_the_app_changed_stays_changed_and_that_is_told(place: Place) -> None:
    env = {"NOTES_DB": "data/seed.db"}
    for release in (FIRST, SECOND, THIRD):
        place.release(release, main=NOTES)
        (folder(place, release) / "data").mkdir()
        with sqlite3.connect(folder(place, release) / "data" / "seed.db") as seed:
            seed.execute("CREATE TABLE notes (text TEXT)")
            seed.execute("INSERT INTO notes VALUES (?)", (f"seed of {release}",))
    url, _ = await deploy(place, FIRST, env=env)
    _, second = await deploy(place, SECOND, env=env)
    assert (rows(url), second.notes) == ([f"seed of {SECOND}"], []), "an unchanged seed belongs to its release"
    fetch(f"{url}add/mine")
    _, third = await deploy(place, THIRD, env=env)
    assert rows(url) == [f"seed of {SECOND}", "mine"]
    assert any("data/seed.db" in note and "not the repository's" in note for note in third.notes)


async def test_files_that_the_app_replaces_rather_than_writes(place: Place, keeper: AppKeeper) -> None:
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}save/first")
    await deploy(place, SECOND)
    fetch(f"{url}save/second")  # the link in the release is gone now
    assert not (folder(place, SECOND) / "state.json").is_symlink()
    await deploy(place, THIRD)
    assert fetch_json(url)["state"] == "second"
    fetch(f"{url}save/third")
    await keeper.restart(SHOP)
    assert fetch_json(url)["state"] == "third"
    await keeper.rollback(RollbackParams(name="shop"))
    assert fetch_json(url)["state"] == "third"


async def test_uploads_in_a_folder_that_the_repository_holds_open(place: Place) -> None:
    for release in (FIRST, SECOND):
        place.release(release, main=NOTES)
        (folder(place, release) / "uploads").mkdir()
        (folder(place, release) / "uploads" / ".gitkeep").touch()
    (folder(place, SECOND) / "uploads" / "sample").write_text("of release 2")
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}upload/a")
    (folder(place, FIRST) / "uploads" / "line\nbreak 'and' \"quotes\"").write_text("kept")
    await deploy(place, SECOND)
    assert set(fetch_json(url)["uploads"]) == {".gitkeep", "a", "line\nbreak 'and' \"quotes\"", "sample"}
    assert (folder(place, SECOND) / "uploads").readlink() == Path("../../shared/data/uploads")


async def test_names_with_blanks_quotes_and_line_breaks_of_their_own(place: Place) -> None:
    url, _ = await deploy(place, FIRST)
    odd = ["with blank.csv", "it's.csv", "line\nbreak.csv", "-n", "tab\tand *.csv", "ünïcode.csv"]
    for name in odd:
        (folder(place, FIRST) / name).write_text(name)
    _, second = await deploy(place, SECOND)
    for name in odd:
        assert (folder(place, SECOND) / name).read_text() == name
        assert (folder(place, SECOND) / name).is_symlink()
    assert fetch_json(url)["release"] == SECOND
    assert not [note for note in second.notes if "stays" in note]


async def test_a_rehearsal_leaves_no_data_of_its_own_in_the_way(place: Place) -> None:
    """The second release makes an empty database while it is tried on a free port."""
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    (process,) = place.processes(FIRST)
    await deploy(place, SECOND)
    assert rows(url) == ["one"]
    assert not process.is_running()
    aside = place.run_file(SECOND, "aside") / "instance" / "notes.db"
    assert aside.exists()


async def test_caches_and_logs_stay_with_their_release(place: Place) -> None:
    url, _ = await deploy(place, FIRST)
    here = folder(place, FIRST)
    for name in ("node_modules/x/y.js", ".cache/z", "app.log", "run.pid", "env/pyvenv.cfg", "env/lib/new.py", "dist/page.html"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).touch()
    await deploy(place, SECOND)
    assert fetch_json(url)["release"] == SECOND
    shared = place.deploy_dir / "shared" / "data"
    assert sorted(path.name for path in shared.iterdir()) == ["instance"]


async def test_declared_paths_are_shared_from_the_first_release_on(place: Place) -> None:
    place.release(FIRST, main=NOTES)
    (folder(place, FIRST) / "node_modules").mkdir()
    (folder(place, FIRST) / "node_modules" / "kept").touch()
    url, _ = await deploy(place, FIRST, shared=("node_modules", "uploads", "later.csv"))
    assert (folder(place, FIRST) / "node_modules").is_symlink()
    assert (folder(place, FIRST) / "uploads").is_symlink()
    fetch(f"{url}upload/a")
    assert (place.deploy_dir / "shared" / "data" / "uploads" / "a").exists()
    await deploy(place, SECOND)
    assert fetch_json(url)["uploads"] == ["a"]
    assert (folder(place, SECOND) / "node_modules" / "kept").exists()


async def test_a_database_that_the_build_migrated_is_there_for_the_next_build(place: Place) -> None:
    """What `manage.py migrate` made is kept before the first start, so that the next release's build migrates that."""
    bare = place.deploy_dir / "repo"
    for release in (FIRST, SECOND):
        place.release(release, main=NOTES)
        _commit(folder(place, release), bare, release)
    with sqlite3.connect(folder(place, FIRST) / "db.sqlite3") as made:
        made.execute("CREATE TABLE notes (text TEXT)")
    run = await run_step(StartAppDriver(), _migrating(place, FIRST))
    assert run.app is not None, run.failed
    assert (folder(place, FIRST) / "db.sqlite3").is_symlink()
    fetch(f"{run.app.url}add/one")
    link = PlannedCommand(command=f"bash {keeper_path(str(place.deploy_dir))} link {SECOND}")
    assert await place.run(link) == (0, "")
    with sqlite3.connect(folder(place, SECOND) / "db.sqlite3") as migrated:
        migrated.execute("ALTER TABLE notes ADD COLUMN more TEXT DEFAULT 'x'")
    second = await run_step(StartAppDriver(), _migrating(place, SECOND))
    assert second.app is not None, second.failed
    assert sqlite3.connect(folder(place, SECOND) / "db.sqlite3").execute("SELECT * FROM notes").fetchall() == [("one", "x")]


@pytest.mark.parametrize(
    ("command", "does"),
    [
        (".venv/bin/python manage.py migrate --noinput", True),
        ("bundle exec rails db:prepare", True),
        ('export PATH=/opt/node/bin:"$PATH"; npx prisma db push', True),
        ("[ -e .build-is-reused ] || { .venv/bin/python -m flask db upgrade\n}", True),
        (".venv/bin/alembic upgrade head", True),
        ("sh -c 'node scripts/migrate.js'", True),
        ("npm run db:migrate", True),
        ("npm run build", False),
        ("mkdir -p /home/me/migration-tool/.deploy/releases/r1", False),
        ("git --git-dir=/srv/migrations/repo fetch /home/me/migrator abc", False),
        ("python3 -m venv /home/me/migrate/cache/venvs/1", False),
        ("/home/me/migrate/cache/venvs/1/bin/python -m pip install -r requirements.txt", False),
        (".venv/bin/python -m pip install Flask-Migrate", False),
        (".venv/bin/python migrations/manage.py collectstatic", False),
        ("node '/home/me/db push/build.js'", False),
    ],
)
def test_what_migrates_is_told_by_what_runs_and_not_by_where_it_lies(command: str, does: bool) -> None:
    step = DeploymentStep(id=1, name="Build", category="build", commands=(PlannedCommand(command=command),))
    assert migrates(DeploymentPlan(strategy="traditional", steps=(step,))) is does


def _migrating(place: Place, release: str) -> StepContext:
    """The context of a plan whose build migrates a database."""
    ctx = place.context(release, place.spec(env={"NOTES_DB": "db.sqlite3"}))
    build = DeploymentStep(id=2, name="Build", category="build", commands=(PlannedCommand(command="python manage.py migrate"),))
    ctx.deploy.plan = ctx.deploy.plan.model_copy(update={"steps": (build, *ctx.deploy.plan.steps)})
    return ctx


def _commit(work_tree: Path, bare: Path, release: str) -> None:
    git = ["git", f"--git-dir={bare}", f"--work-tree={work_tree}", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    if not bare.exists():
        subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "update-ref", f"refs/deployments/{release}", "HEAD"], check=True)


async def test_a_link_in_the_release_is_not_followed(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.db").write_text("mine")
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    (folder(place, FIRST) / "link").symlink_to(outside)
    (folder(place, FIRST) / "precious.db").symlink_to(outside / "precious.db")
    place.release(SECOND, main=NOTES)
    (folder(place, SECOND) / "instance").symlink_to(outside)
    await deploy(place, SECOND)
    assert rows(url) == ["one"]
    assert (outside / "precious.db").read_text() == "mine"
    assert sorted(path.name for path in outside.iterdir() if path.name != "notes.db") == ["precious.db"]
    assert not (place.deploy_dir / "shared" / "data" / "precious.db").exists()


async def test_a_release_that_fails_leaves_the_old_one_with_its_data(place: Place) -> None:
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    place.release(SECOND, main=f"from server import *\nif os.environ['PORT'] == '{port(url)}': raise SystemExit(3)\nserve()\n")
    failed = await place.deploy(StartAppDriver(), SECOND, place.spec())
    assert failed.failed is not None
    assert "serves again" in failed.failed.message
    assert rows(url) == ["one"]
    await deploy(place, THIRD)
    assert rows(url) == ["one"]


def port(url: str) -> str:
    return url.rstrip("/").rpartition(":")[2]


@pytest.mark.parametrize("at", range(1, 12))
async def test_cut_off_before_any_command_the_next_deploy_has_the_data(place: Place, at: int) -> None:
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    fetch(f"{url}upload/a")
    place.release(SECOND, main=NOTES)
    seen = 0

    def look(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise CutOffError

    try:
        await run_step(StartAppDriver(), place.context(SECOND, place.spec()), before=look)
    except CutOffError:
        await take_back(place.session, str(place.deploy_dir), SECOND, grace_s=0)
    eventually(lambda: answers_with(url, ["one"], ["a"]))
    await deploy(place, THIRD)
    assert answers_with(url, ["one"], ["a"])


def answers_with(url: str, expected: list[str], uploads: list[str]) -> bool:
    try:
        seen = fetch_json(url)
    except (OSError, ValueError):
        return False
    return (seen["rows"], seen["uploads"]) == (expected, uploads)


async def test_moving_that_is_killed_anywhere_is_completed_by_the_next_start(place: Place, keeper: AppKeeper) -> None:
    """The script is stopped after each of its `mv` in turn."""
    env = {"NOTES_DB": "app.db"}
    url, _ = await deploy(place, FIRST, env=env)
    fetch(f"{url}add/one")
    await keeper.stop(SHOP)
    real, count = shutil.which("mv"), 0
    assert real is not None
    tools = place.deploy_dir.parents[1] / "tools"
    tools.mkdir()
    before = place.deploy_dir.parents[1] / "before"
    shutil.copytree(place.deploy_dir, before, symlinks=True)
    while True:
        count += 1
        shutil.rmtree(place.deploy_dir)
        shutil.copytree(before, place.deploy_dir, symlinks=True)
        (folder(place, FIRST) / "app.db-journal").write_text("")
        counter = tools / "count"
        counter.write_text("0")
        (tools / "mv").write_text(
            f'#!/bin/sh\nn=$(($(cat {counter}) + 1)); echo $n > {counter}\n{real} "$@"\n[ $n -ne {count} ] || kill -KILL $PPID\n'
        )
        (tools / "mv").chmod(0o755)
        command = share_command(str(place.deploy_dir), FIRST, ["app.db"])
        done = subprocess.run(["bash", "-c", f"PATH={tools}:$PATH; {command.command}"], check=False, capture_output=True)
        await keeper.start(SHOP)
        assert rows(url) == ["one"], f"killed after mv number {count}"
        assert (folder(place, FIRST) / "app.db").is_symlink()
        await keeper.stop(SHOP)
        if done.returncode != -signal.SIGKILL and done.returncode != 128 + signal.SIGKILL:
            break
    assert count > 3


async def test_data_that_only_a_deleted_release_has_is_put_aside(place: Place) -> None:
    url, _ = await deploy(place, FIRST)
    for release in (SECOND, THIRD):
        await deploy(place, release)
    late = folder(place, FIRST) / "late.csv"  # written by hand, after the release was replaced
    late.write_text("late")
    _, run = await deploy(place, FOURTH)
    assert not folder(place, FIRST).exists()
    rescued = place.deploy_dir / "shared" / "rescued" / FIRST / "late.csv"
    assert rescued.read_text() == "late"
    assert any(str(rescued.parent) in note for note in run.notes)
    assert fetch_json(url)["release"] == FOURTH


async def test_a_release_is_not_deleted_with_data_that_cannot_be_moved(place: Place) -> None:
    for release in (FIRST, SECOND, THIRD):
        await deploy(place, release)
    (folder(place, FIRST) / "late.csv").write_text("late")
    (place.deploy_dir / "shared" / "rescued").write_text("in the way")
    _, run = await deploy(place, FOURTH)
    assert (folder(place, FIRST) / "late.csv").read_text() == "late"
    assert any("is not deleted" in note and "late.csv" in note for note in run.notes)


async def test_remove_tells_which_data_goes(place: Place, keeper: AppKeeper) -> None:
    url, _ = await deploy(place, FIRST)
    fetch(f"{url}add/one")
    await deploy(place, SECOND)
    fetch(f"{url}upload/a")
    assert (await keeper.remove(SHOP)).data == ("instance", "uploads")
    assert not place.deploy_dir.exists()
