"""Deployments in processes of their own, through the runner port: begun here, followed and controlled from anywhere."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from auto_deployer.deploy_log import LogStore, read_log
from auto_deployer.deploy_log.sweep import COMMAND_MARK
from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import InvalidStateError, LogError, NotFoundError, TargetLockedError, UsageError
from auto_deployer.model.ports import Published
from auto_deployer.model.reasons import Kind
from auto_deployer.runner import channel, create_runner, rendezvous
from auto_deployer.runner.attached import AttachedRunner
from auto_deployer.runner.detached import DetachedRunner
from auto_deployer.runner.host import COMPLAINTS
from tests.runner.conftest import SERVER
from tests.runner.hosts import environment_of, hosts_below, kill_all_below, wait_until_gone
from tests.suggestions import suggested

MakeRepo = Callable[..., Path]
WAIT_S = 20.0


@dataclass
class Seat:
    """A front end with a runner of its own, as another window has one."""

    log_dir: Path
    deploy_dir: Path
    events: list[ev.Event] = field(default_factory=list[ev.Event])
    chunks: list[ev.OutputChunk] = field(default_factory=list[ev.OutputChunk])
    early: list[int] = field(default_factory=list[int])
    """Events that the log file did not have when they arrived."""

    def __post_init__(self) -> None:
        self.runner = DetachedRunner(self.log_dir)

    def follow(self, published: Published) -> None:
        if isinstance(published.item, ev.OutputChunk):
            self.chunks.append(published.item)
            return
        self.events.append(published.item)
        if orjson.loads(LogStore(self.log_dir).latest().read_bytes())["seq"] < published.item.seq:
            self.early.append(published.item.seq)

    def params(self, repo: Path | str, deployment_id: str = "d1", **more: object) -> rq.StartParams:
        data = {"deployDir": str(self.deploy_dir), **more, "repo": str(repo), "deploymentId": deployment_id}
        return rq.StartParams.model_validate(data)

    async def start(self, repo: Path | str, deployment_id: str = "d1", *, interactive: bool = False, **more: object) -> None:
        await self.runner.start(self.params(repo, deployment_id, **more), interactive=interactive, subscriber=self.follow)

    async def end(self, deployment_id: str = "d1") -> ev.Finished:
        return await asyncio.wait_for(self.runner.wait(deployment_id), WAIT_S)

    async def until(self, seen: Callable[[ev.Event], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not any(map(seen, self.events)):  # noqa: ASYNC110 - subscribers are called, and do not know who waits
                await asyncio.sleep(0.01)

    async def until_command(self, text: str) -> None:
        await self.until(lambda event: isinstance(event, ev.CommandStarted) and text in event.command.command)

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]


@pytest.fixture
async def seat(tmp_path: Path) -> AsyncIterator[Callable[[], Seat]]:
    """Makes seats at the same log folder."""
    made: list[Seat] = []

    def make() -> Seat:
        made.append(Seat(tmp_path / "agent_logs", tmp_path / "deployments" / "shop"))
        return made[-1]

    yield make
    for one in made:
        await one.runner.shutdown()
    kill_all_below(tmp_path)


def waiting_for(flag: Path) -> dict[str, str]:
    return {"build": f"echo waiting; while ! test -e {flag}; do sleep 0.02; done; echo done", "start": "python3 serve.txt"}


async def controllable(seat: Seat) -> bool:
    (row,) = (await seat.runner.list_deployments(rq.ListParams())).deployments
    return row.controllable


def resolved(event: ev.Event) -> bool:
    return isinstance(event, ev.QuestionResolved)


async def test_a_deployment_runs_in_a_process_of_its_own_and_ends_it(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMAND_MARK, "d0/c0")
    here, flag = seat(), tmp_path / "flag"
    await here.start(make_repo(serve__txt=SERVER), overrides=waiting_for(flag), env={"API_TOKEN": "tok-9f8e7d6c5b4a"})
    await here.until_command("waiting")
    (host,) = hosts_below(tmp_path)
    parent = host.parent()
    assert host.pid != os.getpid()
    assert parent is None or parent.pid != os.getpid()
    assert os.getsid(host.pid) != os.getsid(0)
    assert COMMAND_MARK not in environment_of(host)
    assert "tok-9f8e7d6c5b4a" not in " ".join([*host.cmdline(), *environment_of(host).values()])
    log = read_log(LogStore(here.log_dir).latest())
    assert log.writer is not None
    assert log.writer.pid == host.pid
    assert await controllable(here) is True
    assert await controllable(seat()) is True  # another window's server
    flag.touch()
    finished = await here.end()
    assert finished.outcome == "success", finished.reason
    assert await controllable(here) is False  # there is nothing left to control
    assert here.seqs == list(range(1, finished.seq + 1))
    assert here.early == []
    assert "waiting\n" in "".join(chunk.text for chunk in here.chunks)
    wait_until_gone([host])
    path = LogStore(here.log_dir).latest()
    assert not list(rendezvous.find(path, "d1"))
    assert not (path.with_suffix(".files") / COMPLAINTS).exists()


async def test_the_socket_lies_in_a_folder_that_only_its_user_can_enter(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    here = seat()
    await here.start(make_repo(serve__txt=SERVER), overrides=waiting_for(tmp_path / "never"))
    (path,) = rendezvous.find(LogStore(here.log_dir).latest(), "d1")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(os.fsencode(path)) <= 107


def _linked(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


@pytest.mark.parametrize("spoil", [lambda folder: folder.chmod(0o750), _linked])
def test_a_folder_that_is_not_private_is_not_used(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    assert rendezvous.is_private(folder)
    spoil(folder)
    assert not rendezvous.is_private(folder)


def test_what_a_killed_host_left_is_removed_and_who_listens_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    runtime = Path(tempfile.mkdtemp(prefix="ad-", dir="/tmp"))  # a socket's path is short, tmp_path may be long
    request.addfinalizer(lambda: shutil.rmtree(runtime))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    left, left_path = rendezvous.listen(tmp_path / "a.json", "killed")
    living, living_path = rendezvous.listen(tmp_path / "b.json", "living")
    left.close()
    other, other_path = rendezvous.listen(tmp_path / "c.json", "other")
    assert sorted((runtime / "auto-deployer").iterdir()) == sorted([living_path, other_path])
    assert not left_path.exists()
    living.close()
    other.close()


async def test_what_fails_at_once_fails_as_in_this_process(seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path) -> None:
    here, repo = seat(), make_repo(serve__txt=SERVER)
    with pytest.raises(UsageError, match="not known"):
        await here.start(repo, target="elsewhere")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").touch()
    with pytest.raises(TargetLockedError) as refused:
        await here.start(repo, deployDir=str(foreign))
    assert suggested(refused.value)
    (tmp_path / "file").touch()
    unwritable = DetachedRunner(tmp_path / "file" / "logs")
    with pytest.raises(LogError) as unwritten:
        await unwritable.start(here.params(repo))
    assert unwritten.value.kind is Kind.LOG_UNWRITABLE
    await here.start(repo, overrides=waiting_for(tmp_path / "never"))
    with pytest.raises(TargetLockedError, match="d1"):
        await here.start(repo, "d2")
    wait_until_gone([host for host in hosts_below(tmp_path) if host.cmdline()[-1] != "d1"])
    assert [row.summary.deployment_id for row in LogStore(here.log_dir).rows()] == ["d1"]


async def test_a_known_id_starts_nothing_whether_it_runs_begins_or_has_ended(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    here, repo, flag = seat(), make_repo(serve__txt=SERVER), tmp_path / "flag"
    begin = [here.runner.start(here.params(repo, overrides=waiting_for(flag))) for _ in range(3)]
    first, *others = await asyncio.gather(*begin)
    assert others == [first, first]
    assert await seat().runner.start(here.params("/nowhere")) == first
    assert len(hosts_below(tmp_path)) == 1
    flag.touch()
    await here.end()
    assert await here.runner.start(here.params("/nowhere")) == first


async def test_two_seats_see_everything_once_and_either_controls(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    here, there, flag = seat(), seat(), tmp_path / "flag"
    await here.start(make_repo(serve__txt=SERVER), overrides=waiting_for(flag))
    await here.until_command("waiting")
    result = await there.runner.subscribe(rq.SubscribeParams(deployment_id="d1", after_seq=2), there.follow)
    assert result.last_seq == there.events[-1].seq
    await here.runner.shutdown()  # the first window closes
    await there.runner.cancel("d1")
    finished = await there.end()
    assert finished.outcome == "cancelled"
    assert there.seqs == list(range(3, finished.seq + 1))
    assert there.early == []
    await there.runner.cancel("d1")  # of one that has ended: no error
    with pytest.raises(InvalidStateError):
        await there.runner.skip_step(rq.SkipStepParams(deployment_id="d1", step_id=1))


async def test_subscribing_again_at_any_seq_gives_the_rest_exactly_once(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    """In the middle of a stream of events, from seats that come and go."""
    here, many = seat(), "; ".join(["echo x"] * 3)
    await here.start(make_repo(serve__txt=SERVER), overrides={"build": many, "start": "python3 serve.txt"})
    guests = []
    while not any(isinstance(event, ev.Finished) for event in here.events):
        guest = seat()
        after = here.events[-1].seq if here.events else 0
        await guest.runner.subscribe(rq.SubscribeParams(deployment_id="d1", after_seq=after), guest.follow)
        guests.append((guest, after))
        await asyncio.sleep(0.05)
    last = (await here.end()).seq
    for guest, after in guests:
        await guest.end()
        assert guest.seqs == list(range(after + 1, last + 1))
        assert guest.early == []
    assert len(guests) > 1


async def test_a_question_stays_open_when_its_window_closes_and_is_answered_from_another(
    seat: Callable[[], Seat], make_repo: MakeRepo
) -> None:
    here, there = seat(), seat()
    await here.start(make_repo(index__html="hello"), interactive=True, approval="plan")
    await here.until(lambda event: isinstance(event, ev.QuestionAsked))
    await here.runner.shutdown()
    with pytest.raises(InvalidStateError):  # what a closing window says is no answer
        await here.runner.answer(rq.AnswerParams(deployment_id="d1", question_id="plan", cancelled=True))
    await there.runner.subscribe(rq.SubscribeParams(deployment_id="d1"), there.follow)
    assert isinstance(there.events[-1], ev.QuestionAsked)
    with pytest.raises(UsageError, match="no option"):
        await there.runner.answer(rq.AnswerParams(deployment_id="d1", question_id="plan", option_id="perhaps"))
    await there.runner.answer(rq.AnswerParams(deployment_id="d1", question_id="plan", option_id="yes"))
    assert (await there.end()).outcome == "success"
    assert len(list(filter(resolved, there.events))) == 1


async def test_a_step_is_skipped_and_a_failed_deployment_continued(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    here, flag = seat(), tmp_path / "flag"
    await here.start(make_repo(serve__txt=SERVER), overrides=waiting_for(flag))
    await here.until_command("waiting")
    step_id = next(event.step_id for event in reversed(here.events) if isinstance(event, ev.StepStarted))
    assert step_id is not None
    await here.runner.skip_step(rq.SkipStepParams(deployment_id="d1", step_id=step_id))
    assert (await here.end()).outcome == "failed"
    flag.touch()
    here.events.clear()
    retry = rq.RetryParams(deployment_id="d1", new_deployment_id="d2")
    await here.runner.retry(retry, subscriber=here.follow)
    assert (await here.end("d2")).outcome == "success"
    assert here.seqs == list(range(1, len(here.events) + 1))


async def test_sigterm_of_the_host_ends_its_deployment_as_interrupted(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    here = seat()
    await here.start(make_repo(serve__txt=SERVER), overrides=waiting_for(tmp_path / "never"))
    await here.until_command("waiting")
    hosts = hosts_below(tmp_path)
    hosts[0].terminate()
    finished = await here.end()
    assert (finished.outcome, finished.reason and finished.reason.kind) == ("interrupted", Kind.SERVER_SHUTDOWN)
    wait_until_gone(hosts)


async def test_a_stopped_host_holds_nobody_up(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspended with the machine, say: what it wrote can be read, and once it goes on all is told."""
    here, there, flag = seat(), seat(), tmp_path / "flag"
    await here.start(make_repo(serve__txt=SERVER), overrides=waiting_for(flag))
    await here.until_command("waiting")
    (host,) = hosts_below(tmp_path)
    host.suspend()
    with monkeypatch.context() as impatient:
        impatient.setattr(channel, "ANSWER_S", 0.2)
        await there.runner.subscribe(rq.SubscribeParams(deployment_id="d1"), there.follow)
        assert there.seqs == here.seqs
        with pytest.raises(InvalidStateError):
            await there.runner.cancel("d1")
        host.resume()
    flag.touch()
    finished = await there.end()
    assert there.seqs == list(range(1, finished.seq + 1))
    assert there.early == []


async def test_a_deployment_of_the_command_line_is_followed_but_not_controlled(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    there, flag = seat(), tmp_path / "flag"
    arguments = ["--build", waiting_for(flag)["build"], "--start", "python3 serve.txt", "--deploy-dir", str(there.deploy_dir)]
    cli = subprocess.Popen(
        [sys.executable, "-m", "auto_deployer", "deploy", str(make_repo(serve__txt=SERVER)), "--log-dir", str(there.log_dir),
         "--yes", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(WAIT_S):
        while not (found := (await there.runner.list_deployments(rq.ListParams())).deployments):  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.05)
    deployment_id = found[0].deployment_id
    assert found[0].controllable is False
    await there.runner.subscribe(rq.SubscribeParams(deployment_id=deployment_id), there.follow)
    await there.until_command("waiting")
    with pytest.raises(InvalidStateError, match="another process"):
        await there.runner.cancel(deployment_id)
    flag.touch()
    finished = await there.end(deployment_id)
    assert finished.outcome == "success", finished.reason
    assert there.seqs == list(range(1, finished.seq + 1))
    assert there.early == []
    assert cli.wait(WAIT_S) == 0


async def test_who_has_read_the_log_already_is_not_told_again(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    """The log is ahead of a runner that only looks at it from time to time."""
    there, flag = seat(), tmp_path / "flag"
    other, watch = AttachedRunner(there.log_dir), there.follow  # one object: that is what a recorder knows a subscriber by
    await other.start(there.params(make_repo(serve__txt=SERVER), overrides=waiting_for(flag)), subscriber=watch)
    await there.until_command("waiting")
    await there.runner.subscribe(rq.SubscribeParams(deployment_id="d1"), lambda _: None)
    there.events.clear()
    other._deployments["d1"].recorder.record(ev.NoteAdded(kind="progress", message="a moment ago"))
    other.unsubscribe(watch)
    known = there.events[-1].seq
    there.events.clear()
    await there.runner.subscribe(rq.SubscribeParams(deployment_id="d1", after_seq=known), there.follow)
    flag.touch()
    finished = await there.end()
    assert there.seqs == list(range(known + 1, finished.seq + 1))


async def test_what_is_not_there_is_not_found(seat: Callable[[], Seat]) -> None:
    runner = seat().runner
    for request in (
        runner.cancel("d9"), runner.wait("d9"), runner.get("d9"),
        runner.subscribe(rq.SubscribeParams(deployment_id="d9"), lambda _: None),
        runner.answer(rq.AnswerParams(deployment_id="d9", question_id="q")),
    ):  # fmt: skip
        with pytest.raises(NotFoundError):
            await request


async def test_the_same_id_from_several_servers_at_once_is_one_deployment(
    seat: Callable[[], Seat], make_repo: MakeRepo, tmp_path: Path
) -> None:
    seats = [seat() for _ in range(3)]
    repo, overrides = make_repo(serve__txt=SERVER), waiting_for(tmp_path / "never")
    started = await asyncio.gather(*(one.runner.start(one.params(repo, overrides=overrides)) for one in seats))
    assert len({result.log_uri for result in started}) == 1
    assert [row.summary.deployment_id for row in LogStore(seats[0].log_dir).rows()] == ["d1"]
    await seats[-1].runner.cancel("d1")
    assert {(await one.end()).outcome for one in seats} == {"cancelled"}


def test_the_factory_attaches_unless_told_otherwise(tmp_path: Path) -> None:
    assert isinstance(create_runner(tmp_path), AttachedRunner)
    assert isinstance(create_runner(tmp_path, attached=False), DetachedRunner)
