"""Deployments from the request to the running app and the ended log, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psutil
import pytest

from auto_deployer.apps import DeployDirClaim
from auto_deployer.deploy_log import LogStore, Recorder, read_log
from auto_deployer.deploy_log.journal import JOURNAL_NAME, Journal
from auto_deployer.deploy_log.recorder import files_folder
from auto_deployer.deploy_log.sweep import this_writer
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.errors import InvalidStateError, LogError, NotFoundError, TargetLockedError, UsageError
from auto_deployer.model.fold import fold
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.ports import Published
from auto_deployer.model.reasons import Kind
from auto_deployer.runner import create_app_verbs
from auto_deployer.runner.attached import AttachedRunner
from auto_deployer.runner.workdir import work_root
from tests.suggestions import suggested

from .conftest import SERVER, Runs, commit, leaving

MakeRepo = Callable[..., Path]
PAGE = "<h1>hello</h1>\n"


def get(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as reply:
        return reply.read().decode()


async def test_a_static_site_is_up_proven_and_logged(runs: Runs, make_repo: MakeRepo) -> None:
    finished = await runs.deploy(make_repo(index__html=PAGE))
    assert (finished.outcome, finished.reason) == ("success", None)
    assert finished.app is not None
    assert get(finished.app.url) == PAGE
    log = await runs.log()
    assert (log.status, log.app) == ("success", finished.app)
    assert log == fold(runs.events)
    executed = [event.command for event in runs.events if isinstance(event, ev.CommandExecuted)]
    assert executed == [command for step in log.steps for command in step.commands]
    assert log.summary.total_commands == len(executed) > 0
    assert [event.seq for event in runs.events] == list(range(1, log.seq + 1))


async def test_a_start_command_of_the_users_own_deploys_what_no_recipe_knows(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(serve__txt=SERVER, README__md="run it\n")
    finished = await runs.deploy(repo, overrides={"start": "python3 serve.txt"}, env={"GREETING": "you"})
    assert finished.outcome == "success", finished.reason
    assert finished.app is not None
    assert get(finished.app.url) == "hello you"


async def test_the_second_deploy_keeps_the_port_and_a_failed_one_leaves_the_old_release_running(
    runs: Runs, make_repo: MakeRepo
) -> None:
    repo = make_repo(index__html=PAGE)
    first = await runs.deploy(repo)
    (repo / "index.html").write_text("second")
    commit(repo)
    second = await runs.deploy(repo, "d2")
    assert first.app is not None
    assert second.app is not None
    assert first.app.port == second.app.port
    assert get(second.app.url) == "second"
    failed = await runs.deploy(repo, "d3", overrides={"start": "echo the app says why; exit 7"})
    assert failed.outcome == "failed"
    assert failed.reason is not None
    assert failed.reason.kind == Kind.PROCESS_EXITED_NO_PORT
    assert "the app says why" in failed.reason.message
    assert get(second.app.url) == "second"


async def test_a_refusal_installs_nothing_leaves_no_directory_and_has_a_log(runs: Runs, make_repo: MakeRepo) -> None:
    finished = await runs.deploy(make_repo(README__md="nothing to run\n"))
    assert finished.outcome == "failed"
    assert finished.reason is not None
    assert suggested(finished.reason)
    log = await runs.log()
    assert (log.status, log.plan, log.summary.total_commands) == ("failed", None, 0)
    assert log.reason == finished.reason
    assert not runs.deploy_dir.exists()


async def test_failing_analysis_has_a_log(runs: Runs, make_repo: MakeRepo) -> None:
    finished = await runs.deploy(make_repo(index__html=PAGE), ref="no-such-branch")
    assert finished.reason is not None
    assert finished.reason.kind == Kind.GIT_REF_NOT_FOUND
    assert (await runs.log()).reason == finished.reason


async def test_starting_again_with_a_known_id_gives_the_same_result_and_deploys_once(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(index__html=PAGE)
    params = runs.params(repo)
    first = await runs.runner.start(params, subscriber=runs.follow)
    assert await runs.runner.start(params) == first
    await runs.runner.wait("d1")
    assert await runs.runner.start(params) == first
    assert await AttachedRunner(runs.log_dir).start(runs.params("/nowhere")) == first  # another process, whatever the params
    assert len(LogStore(runs.log_dir).paths()) == 1


async def test_one_deployment_at_a_time_in_a_directory(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(serve__txt=SERVER)
    await runs.runner.start(runs.params(repo, overrides={"start": "sleep 60"}), subscriber=runs.follow)
    with pytest.raises(TargetLockedError, match="d1") as caught:
        await runs.runner.start(runs.params(repo, "d2"))
    assert caught.value.kind == Kind.TARGET_LOCKED
    assert len(LogStore(runs.log_dir).paths()) == 1
    await runs.runner.cancel("d1")
    assert (await runs.runner.wait("d1")).outcome == "cancelled"


async def test_a_directory_that_is_not_ours_is_refused_and_left_alone(runs: Runs, make_repo: MakeRepo) -> None:
    runs.deploy_dir.mkdir(parents=True)
    (runs.deploy_dir / "precious").write_text("mine")
    with pytest.raises(TargetLockedError) as caught:
        await runs.runner.start(runs.params(make_repo(index__html=PAGE)))
    assert caught.value.kind == Kind.DEPLOY_DIR_NOT_OURS
    assert (runs.deploy_dir / "precious").read_text() == "mine"


async def test_an_unwritable_log_is_refused_before_anything_runs(tmp_path: Path, runs: Runs, make_repo: MakeRepo) -> None:
    (tmp_path / "file").write_text("")
    runner = AttachedRunner(tmp_path / "file" / "agent_logs")
    with pytest.raises(LogError):
        await runner.start(runs.params(make_repo(index__html=PAGE)))
    assert not runs.deploy_dir.exists()


async def test_cancel_ends_within_seconds_and_leaves_nothing_running(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(serve__txt=SERVER)
    started = asyncio.Event()

    def see(event: ev.Event) -> None:
        if isinstance(event, ev.CommandStarted) and "sleep 4321" in event.command.command:
            started.set()

    runs.on_event = see
    params = runs.params(repo, overrides={"start": "python3 serve.txt", "build": "sleep 4321"})
    await runs.runner.start(params, subscriber=runs.follow)
    await asyncio.wait_for(started.wait(), 60)
    await runs.runner.cancel("d1")
    await runs.runner.cancel("d1")  # twice is no error
    finished = await asyncio.wait_for(runs.runner.wait("d1"), 30)
    await runs.runner.cancel("d1")  # after the end neither
    assert finished.outcome == "cancelled"
    assert [event.method for event in runs.events].count("deploy/cancelling") == 1
    assert subprocess.run(["pgrep", "-f", "sleep 4321"], capture_output=True, check=False).returncode == 1


async def test_cancel_while_the_app_is_starting_leaves_nothing_running(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(serve__txt=SERVER)
    started = asyncio.Event()

    def see(event: ev.Event) -> None:
        if isinstance(event, ev.CommandExecuted) and " start " in event.command.command:
            started.set()

    runs.on_event = see
    await runs.runner.start(runs.params(repo, overrides={"start": "sleep 4322"}), subscriber=runs.follow)
    await asyncio.wait_for(started.wait(), 60)
    await runs.runner.cancel("d1")
    assert (await runs.runner.wait("d1")).outcome == "cancelled"
    assert subprocess.run(["pgrep", "-f", "sleep 4322"], capture_output=True, check=False).returncode == 1


async def test_shutdown_marks_running_deployments_interrupted(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(serve__txt=SERVER)
    started = asyncio.Event()
    runs.on_event = lambda event: started.set() if isinstance(event, ev.CommandStarted) else None
    params = runs.params(repo, overrides={"start": "python3 serve.txt", "build": "trap '' TERM; sleep 4323"})
    await runs.runner.start(params, subscriber=runs.follow)
    await asyncio.wait_for(started.wait(), 60)
    await runs.runner.shutdown()
    await runs.runner.wait("d1")
    log = await runs.log()
    assert (log.status, log.reason.kind if log.reason else None) == ("interrupted", Kind.SERVER_SHUTDOWN)


async def test_a_retry_continues_as_a_new_deployment_in_the_same_release(runs: Runs, make_repo: MakeRepo, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    repo = make_repo(serve__txt=SERVER)
    overrides = {"start": "python3 serve.txt", "build": f"test -e {flag}"}
    failed = await runs.deploy(repo, overrides=overrides, env={"GREETING": "secret value"})
    assert failed.outcome == "failed"
    flag.touch()
    (repo / "serve.txt").write_text("raise SystemExit('the files changed, the snapshot did not')")
    retry = rq.RetryParams(deployment_id="d1", new_deployment_id="d2")
    await runs.runner.retry(retry, subscriber=runs.follow)
    assert (await runs.runner.retry(retry)).deployment_id == "d2"  # idempotent
    finished = await runs.runner.wait("d2")
    assert finished.outcome == "success", finished.reason
    assert finished.app is not None
    assert get(finished.app.url) == "hello secret value"
    first, second = await runs.log("d1"), await runs.log("d2")
    assert (second.retry_of, second.release) == ("d1", first.release)
    assert [step.reused for step in second.steps][:2] == [True, True]
    assert first.status == "failed"


async def test_only_an_ended_unsuccessful_deployment_can_be_continued(runs: Runs, make_repo: MakeRepo) -> None:
    await runs.deploy(make_repo(index__html=PAGE))
    with pytest.raises(InvalidStateError, match="success"):
        await runs.runner.retry(rq.RetryParams(deployment_id="d1", new_deployment_id="d2"))
    with pytest.raises(NotFoundError):
        await runs.runner.retry(rq.RetryParams(deployment_id="nope", new_deployment_id="d2"))


async def test_a_plan_can_be_rejected_and_nothing_was_changed(runs: Runs, make_repo: MakeRepo) -> None:
    def answer(event: ev.Event) -> None:
        if isinstance(event, ev.QuestionAsked):
            params = rq.AnswerParams(deployment_id="d1", question_id=event.question.question_id, option_id="no")
            tasks.append(asyncio.ensure_future(runs.runner.answer(params)))

    tasks: list[asyncio.Future[None]] = []
    runs.on_event = answer
    finished = await runs.deploy(make_repo(index__html=PAGE), interactive=True, approval="plan")
    assert (finished.outcome, finished.reason.kind if finished.reason else None) == ("aborted", Kind.PLAN_REJECTED)
    assert not runs.deploy_dir.exists()
    with pytest.raises(InvalidStateError):
        await runs.runner.answer(rq.AnswerParams(deployment_id="d1", question_id="plan", option_id="yes"))
    assert (await runs.log()).user_interactions[0].response == "no"


async def test_a_failed_step_asks_and_the_first_answer_wins(runs: Runs, make_repo: MakeRepo, tmp_path: Path) -> None:
    flag, results = tmp_path / "flag", list[object]()

    async def answer_twice(question_id: str) -> None:
        flag.touch()
        for option in ("retry", "abort"):
            try:
                await runs.runner.answer(rq.AnswerParams(deployment_id="d1", question_id=question_id, option_id=option))
                results.append(option)
            except InvalidStateError as error:
                results.append(error.kind)

    tasks: list[asyncio.Task[None]] = []

    def see(event: ev.Event) -> None:
        if isinstance(event, ev.QuestionAsked):
            tasks.append(asyncio.create_task(answer_twice(event.question.question_id)))

    runs.on_event = see
    overrides = {"start": "python3 serve.txt", "build": f"test -e {flag}"}
    finished = await runs.deploy(make_repo(serve__txt=SERVER), interactive=True, overrides=overrides)
    assert finished.outcome == "success"
    assert results == ["retry", "invalid_state"]
    assert [(step.attempt, step.status) for step in (await runs.log()).steps if step.step_name == "Build"] == [
        (1, "failed"),
        (2, "success"),
    ]


async def test_subscribe_replays_from_any_seq_running_or_ended(runs: Runs, make_repo: MakeRepo) -> None:
    await runs.deploy(make_repo(index__html=PAGE))
    last = (await runs.log()).seq
    for runner in (runs.runner, AttachedRunner(runs.log_dir)):
        seen: list[Published] = []
        result = await runner.subscribe(rq.SubscribeParams(deployment_id="d1", after_seq=3), seen.append)
        assert (result.last_seq, result.resync) == (last, False)
        assert [published.line for published in seen] == runs.lines[3:]


async def test_an_old_log_without_a_journal_is_sent_whole(runs: Runs) -> None:
    runs.log_dir.mkdir()
    old = {"version": "2.0", "repo_url": "u", "status": "success", "steps": [], "start_time": "2025-01-01T00:00:00"}
    (runs.log_dir / "deploy_x_20250101_000000.json").write_bytes(orjson.dumps({**old, "deployment_id": "old"}))
    result = await runs.runner.subscribe(rq.SubscribeParams(deployment_id="old"), lambda _: None)
    assert result.resync
    assert result.log is not None
    assert result.log["repo_url"] == "u"


async def test_a_deleted_deployment_leaves_nothing_but_its_app(runs: Runs, make_repo: MakeRepo, home: Path) -> None:
    repo = make_repo(serve__txt=SERVER)
    start = {"start": "python3 serve.txt"}
    failed = await runs.deploy(repo, overrides={**start, "build": "false"})
    assert failed.outcome == "failed"
    await runs.runner.retry(rq.RetryParams(deployment_id="d1", new_deployment_id="d2"))
    await runs.runner.wait("d2")
    await runs.runner.delete("d1")
    assert list(home.rglob("request.json")), "the retry still has what both go on with"
    await runs.runner.delete("d2")
    assert not list(home.rglob("request.json"))
    live = await runs.deploy(repo, "d3", overrides=start)
    assert live.app is not None, live.reason
    await AttachedRunner(runs.log_dir).delete("d3")
    assert [path.name for path in runs.log_dir.iterdir()] == []
    assert get(live.app.url) == "hello world"
    with pytest.raises(NotFoundError):
        await runs.runner.delete("d3")


async def test_what_runs_is_not_deleted(runs: Runs, make_repo: MakeRepo) -> None:
    await runs.runner.start(runs.params(make_repo(index__html=PAGE), overrides={"build": "sleep 60"}))
    with pytest.raises(InvalidStateError):
        await AttachedRunner(runs.log_dir).delete("d1")
    await runs.runner.cancel("d1")
    assert (await runs.runner.wait("d1")).outcome == "cancelled"


async def test_list_is_newest_first_and_sweeps(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(index__html=PAGE)
    await runs.deploy(repo)
    await runs.deploy(repo, "d2")
    listed = (await runs.runner.list_deployments(rq.ListParams())).deployments
    assert [(row.deployment_id, row.status, row.target) for row in listed] == [
        ("d2", "success", "local"),
        ("d1", "success", "local"),
    ]
    assert len((await runs.runner.list_deployments(rq.ListParams(limit=1))).deployments) == 1


async def test_output_of_a_command_is_read_in_parts_and_only_inside_the_folder(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(serve__txt=SERVER)
    await runs.deploy(repo, overrides={"start": "python3 serve.txt", "build": "seq 1 5000"})
    log = await runs.log()
    command = next(command for step in log.steps for command in step.commands if "seq 1 5000" in command.command)
    assert command.output
    first = await runs.runner.output(rq.OutputParams(deployment_id="d1", command_id=command.id, limit=1000))
    rest = await runs.runner.output(rq.OutputParams(deployment_id="d1", command_id=command.id, offset=first.next_offset))
    assert first.text + rest.text == "".join(f"{n}\n" for n in range(1, 5001))
    last = await runs.runner.output(rq.OutputParams(deployment_id="d1", command_id=command.id, offset=None, limit=12))
    assert (last.text, last.next_offset) == ("4999\n5000\n", last.size)
    for wrong in ("../events", "c999", "..", "c1/../c1"):
        with pytest.raises(NotFoundError):
            await runs.runner.output(rq.OutputParams(deployment_id="d1", command_id=wrong))


async def test_a_command_that_printed_nothing_has_an_empty_output(runs: Runs, make_repo: MakeRepo) -> None:
    await runs.deploy(make_repo(serve__txt=SERVER), overrides={"start": "python3 serve.txt", "build": "true"})
    log = await runs.log()
    silent = [command for step in log.steps for command in step.commands if not command.output]
    assert "true" in [command.command for command in silent]
    for command in silent:
        read = await runs.runner.output(rq.OutputParams(deployment_id="d1", command_id=command.id, offset=None))
        assert (read.text, read.offset, read.next_offset, read.size) == ("", 0, 0, 0)
    spoken = next(command for step in log.steps for command in step.commands if command.output)
    (runs.log_dir / spoken.output).unlink()
    with pytest.raises(NotFoundError):  # it had one
        await runs.runner.output(rq.OutputParams(deployment_id="d1", command_id=spoken.id))


async def test_a_part_of_an_output_ends_with_a_whole_character(runs: Runs, make_repo: MakeRepo) -> None:
    overrides = {"start": "python3 serve.txt", "build": r"printf 'h\303\244\303\266r\303'"}
    await runs.deploy(make_repo(serve__txt=SERVER), overrides=overrides)
    log = await runs.log()
    command = next(command for step in log.steps for command in step.commands if "printf 'h" in command.command)
    texts: list[str] = []
    offset = 0
    while not texts or offset < 7:
        params = rq.OutputParams(deployment_id="d1", command_id=command.id, offset=offset, limit=4)
        part = await runs.runner.output(params)
        texts.append(part.text)
        offset = part.next_offset
    assert texts == ["hä", "ör", "\ufffd"]


async def test_no_value_of_the_environment_leaves(runs: Runs, make_repo: MakeRepo, tmp_path: Path) -> None:
    env_file = tmp_path / "prod.env"
    env_file.write_text("API_TOKEN=tok-9f8e7d6c5b4a\nDATABASE_PASSWORD='p4ss w0rd!\"x'\nNODE_ENV=production\n")
    show = 'echo "$API_TOKEN"; env; false'
    repo = make_repo(serve__txt=SERVER)
    overrides = {"start": f"cat {env_file}; {show}", "build": f"cat {env_file}"}
    finished = await runs.deploy(repo, overrides=overrides, envFile=str(env_file), env={"SESSION_SECRET": "c2Vzc2lvbi1zZWNyZXQ"})
    assert finished.outcome == "failed"
    everything = leaving(runs)
    for secret in (b"tok-9f8e7d6c5b4a", b"p4ss w0rd", b"c2Vzc2lvbi1zZWNyZXQ"):
        assert secret not in everything
    assert b"production" in everything  # an ordinary word stays one


async def test_bad_requests_fail_at_once_without_a_log(runs: Runs, make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo(index__html=PAGE)
    bad_env = tmp_path / "bad.env"
    bad_env.write_text("A=1\nthis is no assignment\n")
    for params in (
        runs.params("https://"), runs.params("-x"), runs.params(tmp_path / "missing"), runs.params(repo, target="ssh-host"),
        runs.params(repo, envFile=str(tmp_path / "no.env")), runs.params(repo, envFile=str(bad_env)),
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            await runs.runner.start(params)
        assert caught.value.message
    assert LogStore(runs.log_dir).paths() == []


async def test_plan_and_analyze_change_nothing(runs: Runs, make_repo: MakeRepo, home: Path) -> None:
    params = rq.SourceParams.model_validate({"repo": str(make_repo(index__html=PAGE)), "deployDir": str(runs.deploy_dir)})
    planned = await runs.runner.plan(params)
    analysed = await runs.runner.analyze(params)
    assert planned.plan.strategy == "static"
    assert analysed.repo == planned.repo
    assert not runs.deploy_dir.exists()
    assert not runs.log_dir.exists()


async def test_the_app_verbs_see_what_was_deployed(runs: Runs, make_repo: MakeRepo) -> None:
    finished = await runs.deploy(make_repo(index__html=PAGE))
    verbs, app = create_app_verbs(), rq.AppParams(deploy_dir=str(runs.deploy_dir))
    listed = (await verbs.list_apps()).apps
    assert [(entry.status, entry.url) for entry in listed] == [("running", finished.app.url if finished.app else None)]
    assert (await verbs.stop(app)).status == "stopped"
    assert (await verbs.start(app)).status == "running"


async def test_a_log_is_complete_while_the_deployment_runs(runs: Runs, make_repo: MakeRepo) -> None:
    def look(event: ev.Event) -> None:
        path = LogStore(runs.log_dir).latest()
        assert orjson.loads(path.read_bytes())["seq"] == event.seq
        assert read_log(path).seq == event.seq

    runs.on_event = look
    assert (await runs.deploy(make_repo(index__html=PAGE))).outcome == "success"
    assert len(runs.events) == (await runs.log()).seq


async def test_nothing_is_left_of_a_deployment_that_did_not_begin(tmp_path: Path, runs: Runs, make_repo: MakeRepo) -> None:
    (tmp_path / "file").write_text("")
    repo = make_repo(index__html=PAGE)
    with pytest.raises(LogError):
        await AttachedRunner(tmp_path / "file" / "agent_logs").start(runs.params(repo, env={"API_TOKEN": "tok-9f8e7d6c5b4a"}))
    assert list(work_root().iterdir()) == []
    assert (await runs.deploy(repo)).outcome == "success"  # and its deploy directory is free


async def test_without_a_working_folder_nothing_begins_and_the_directory_is_free(
    runs: Runs, make_repo: MakeRepo, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo(index__html=PAGE)
    with monkeypatch.context() as broken:
        broken.setenv("XDG_CACHE_HOME", str(repo / "index.html"))
        with pytest.raises(LogError, match="Cannot write"):
            await runs.runner.start(runs.params(repo))
    assert not runs.log_dir.exists()
    assert (await runs.deploy(repo)).outcome == "success"


async def test_the_same_retry_twice_at_once_is_one_deployment(runs: Runs, make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo(serve__txt=SERVER)
    await runs.deploy(repo, overrides={"start": "python3 serve.txt", "build": "false"})
    retry = rq.RetryParams(deployment_id="d1", new_deployment_id="d2")
    first, second = await asyncio.gather(runs.runner.retry(retry), runs.runner.retry(retry))
    assert first == second
    assert (await runs.runner.wait("d2")).outcome == "failed"
    assert len(LogStore(runs.log_dir).paths()) == 2


async def test_a_claim_that_cannot_be_given_back_does_not_hide_the_end(
    runs: Runs, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = DeployDirClaim.release

    def refused(claim: DeployDirClaim) -> None:
        release(claim)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(DeployDirClaim, "release", refused)
    assert (await runs.deploy(make_repo(index__html=PAGE))).outcome == "success"


IGNORES_TERM = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(4324)\n"


def app_processes(runs: Runs) -> list[psutil.Process]:
    """Living processes of the app, told by its mark."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            mark = process.environ().get("AUTO_DEPLOYER_APP")
            if mark and os.path.realpath(runs.deploy_dir) in os.path.realpath(process.cwd()) and process.status() != "zombie":
                found.append(process)
    return found


async def started_app(runs: Runs, repo: Path) -> None:
    """Deploy an app that never opens a port and ignores TERM, up to where it runs."""
    await runs.runner.start(runs.params(repo, overrides={"start": "python3 app.txt"}), subscriber=runs.follow)
    app_log = runs.deploy_dir / "run"
    async with asyncio.timeout(60):
        while not any("up" in path.read_text() for path in app_log.glob("*/app.log")):  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)


async def test_a_shutdown_that_cannot_wait_ends_the_app_and_everything_it_had_started(runs: Runs, make_repo: MakeRepo) -> None:
    await started_app(runs, make_repo(app__txt=IGNORES_TERM))
    assert app_processes(runs)
    await runs.runner.shutdown()
    await runs.runner.wait("d1")  # on a busy machine the last of it comes after the 1.5 s that a client gives us
    assert app_processes(runs) == []
    log = await runs.log()
    assert (log.status, log.steps[-1].status, log.steps[-1].current_command) == ("interrupted", "interrupted", None)


async def test_a_disk_that_fills_up_while_the_app_starts_leaves_no_app_running(
    runs: Runs, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LogError("Cannot write it: no space left.", kind=Kind.LOG_WRITE_FAILED)

    await started_app(runs, make_repo(app__txt=IGNORES_TERM))
    monkeypatch.setattr(Journal, "append", full)
    await runs.runner.cancel("d1")
    finished = await runs.runner.wait("d1")
    assert finished.reason is not None
    assert (finished.outcome, finished.reason.kind) == ("failed", Kind.LOG_WRITE_FAILED)
    assert app_processes(runs) == []


async def test_a_damaged_journal_is_answered_with_the_document(runs: Runs, make_repo: MakeRepo) -> None:
    await runs.deploy(make_repo(index__html=PAGE))
    path = LogStore(runs.log_dir).latest()
    journal = files_folder(path) / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes().replace(b'"deploy/planReady"', b'"deploy/rubbish"'))
    result = await runs.runner.subscribe(rq.SubscribeParams(deployment_id="d1"), runs.follow)
    assert result.resync
    assert result.last_seq == read_log(path).seq


async def test_a_retry_has_the_values_of_an_env_file_that_is_gone(runs: Runs, make_repo: MakeRepo, tmp_path: Path) -> None:
    env_file, flag = tmp_path / "prod.env", tmp_path / "flag"
    env_file.write_text("GREETING=you\n")
    overrides = {"start": "python3 serve.txt", "build": f"test -e {flag}"}
    await runs.deploy(make_repo(serve__txt=SERVER), envFile=str(env_file), overrides=overrides)
    env_file.unlink()
    flag.touch()
    await runs.runner.retry(rq.RetryParams(deployment_id="d1", new_deployment_id="d2"), subscriber=runs.follow)
    finished = await runs.runner.wait("d2")
    assert finished.app is not None, finished.reason
    assert get(finished.app.url) == "hello you"


@pytest.mark.parametrize(
    ("how", "outcome", "status"),
    [("cancel", "cancelled", "failed"), ("skip", "failed", "skipped"), ("shutdown", "interrupted", "failed")],
)
async def test_a_pending_question_ends_with_cancel_skip_and_shutdown(
    runs: Runs, make_repo: MakeRepo, how: str, outcome: str, status: str
) -> None:
    asked = asyncio.Event()
    runs.on_event = lambda event: asked.set() if isinstance(event, ev.QuestionAsked) else None
    params = runs.params(make_repo(serve__txt=SERVER), overrides={"start": "python3 serve.txt", "build": "false"})
    await runs.runner.start(params, interactive=True, subscriber=runs.follow)
    await asyncio.wait_for(asked.wait(), 60)
    if how == "cancel":
        await runs.runner.cancel("d1")
    elif how == "skip":
        step_id = next(step.step_id for step in (await runs.log()).steps if step.status == "failed")
        await runs.runner.skip_step(rq.SkipStepParams(deployment_id="d1", step_id=step_id))
    else:
        await runs.runner.shutdown()
    async with asyncio.timeout(30):
        assert (await runs.runner.wait("d1")).outcome == outcome
    log = await runs.log()
    assert [event.method for event in runs.events].count("deploy/questionResolved") == 1
    assert log.pending_question is None
    assert next(step.status for step in reversed(log.steps) if step.step_name == "Build") == status
    with pytest.raises(InvalidStateError):
        await runs.runner.answer(rq.AnswerParams(deployment_id="d1", question_id="step-1-1", option_id="retry"))


async def test_an_internal_error_is_told_without_the_secrets(
    runs: Runs, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug with tok-9f8e7d6c5b4a in its words")

    monkeypatch.setattr("auto_deployer.runner.deployment.gather_facts", broken)
    finished = await runs.deploy(make_repo(index__html=PAGE), env={"API_TOKEN": "tok-9f8e7d6c5b4a"})
    assert finished.reason is not None
    assert finished.reason.kind == Kind.INTERNAL_ERROR
    assert "a bug with *** in its words" in caplog.text
    assert "tok-9f8e7d6c5b4a" not in caplog.text + finished.reason.message


async def test_cancel_of_a_deployment_whose_process_died_is_no_error(runs: Runs, make_repo: MakeRepo) -> None:
    recorder = Recorder.create(
        LogStore(runs.log_dir).reserve("shop", datetime.now(UTC)),
        SecretRegistry(),
        DeploymentLog(deployment_id="d1", writer=this_writer()),
    )
    with pytest.raises(InvalidStateError, match="another process"):
        await runs.runner.cancel("d1")
    [row] = (await runs.runner.list_deployments(rq.ListParams())).deployments
    assert (row.status, row.controllable) == ("running", False)
    recorder.close()
    await runs.runner.cancel("d1")
    assert (await runs.log()).status == "interrupted"
