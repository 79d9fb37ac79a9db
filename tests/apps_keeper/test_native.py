"""Parts of the keeper in Python (`apps.native`) that the whole life of an app (`tests/systems/test_native.py`) does not show."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auto_deployer.apps.native import files
from auto_deployer.apps.native.__main__ import main
from auto_deployer.apps.native.calls import TEXT, call
from auto_deployer.apps.native.control import shift_logs
from auto_deployer.apps.native.processes import described, listening_table, live_processes, token_of
from auto_deployer.apps.ports import parse_table
from auto_deployer.sessions.portable import to_powershell

RELEASE = "20260101-000000-aaaa"


def test_a_link_is_replaced_and_removed_never_what_it_leads_to(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    link = tmp_path / "current"
    for name in ("one", "two"):
        files.point(link, tmp_path / "releases" / name)
        assert files.pointed(link) == tmp_path / "releases" / name
    files.unlink(link)
    files.unlink(link)
    assert files.pointed(link) is None
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["one", "two"]


def test_a_switch_that_was_cut_off_leads_to_the_new_release(tmp_path: Path) -> None:
    """On Windows a junction cannot be replaced in one step."""
    (tmp_path / "releases" / "two").mkdir(parents=True)
    files.point(tmp_path / "current.new", tmp_path / "releases" / "two")
    assert files.pointed(tmp_path / "current") == tmp_path / "releases" / "two"


def test_read_only_files_are_removed_and_links_not_followed(tmp_path: Path) -> None:
    folder, kept = tmp_path / "app", tmp_path / "kept"
    kept.mkdir()
    (kept / "data").touch()
    folder.mkdir()
    (folder / "object").touch(mode=0o400)
    (folder / "link").symlink_to(kept)
    files.remove(folder)
    assert not folder.exists()
    assert (kept / "data").exists()


def test_files_are_private_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TEXT, "A=b\nline two")
    assert main([str(tmp_path), "write-environment"]) == 0
    file = tmp_path / "shared" / ".env"
    assert file.read_bytes() == b"A=b\nline two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def test_what_goes_wrong_is_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "remove"]) == 1
    assert "no deploy directory of ours" in capsys.readouterr().err
    assert tmp_path.exists()
    (tmp_path / "run" / RELEASE).mkdir(parents=True)
    assert main([str(tmp_path), "start", RELEASE, "8000", "127.0.0.1"]) == 1
    assert "is not here" in capsys.readouterr().err


def test_calls_are_portable_whatever_the_names_are(tmp_path: Path) -> None:
    text = call("C:/Users/It's me/deployments/größer shop", "switch", RELEASE)
    assert "'C:/Users/It''s me/deployments/größer shop'" in to_powershell(text)
    run = subprocess.run(["bash", "-c", call(str(tmp_path / "a b"), "unlink")], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr


def test_logs_are_shifted_and_the_oldest_goes(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / "app.log").write_text(f"run {number}")
        shift_logs(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "app.log.1": "run 5", "app.log.2": "run 4", "app.log.3": "run 3",
    }  # fmt: skip


def test_processes_are_known_by_mark_and_by_descent_but_not_by_a_number_used_again(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    with (
        subprocess.Popen(sleep, env={**os.environ, "AUTO_DEPLOYER_APP": f"{tmp_path}/"}) as marked,
        subprocess.Popen(sleep, env={"PATH": os.environ["PATH"]}) as first,
    ):
        try:
            (tmp_path / "mark").write_text(f"{tmp_path}/\n")
            (tmp_path / "pid").write_text(f"{first.pid} {token_of(first.pid)}\n")
            assert {process.pid for process in live_processes(tmp_path)} == {marked.pid, first.pid}
            (tmp_path / "pid").write_text(f"{first.pid} 12.00\n")
            assert {process.pid for process in live_processes(tmp_path)} == {marked.pid}
            assert "time.sleep" in described(first.pid)
        finally:
            marked.kill()
            first.kill()
    until = time.monotonic() + 10
    while token_of(marked.pid) is not None:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS shows sockets to root alone")
def test_listeners_are_told_as_lsof_tells_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("", 0)) as everywhere:
        found = {(entry.port, entry.address): entry.pid for entry in parse_table(listening_table())}
        assert found[server.getsockname()[1], "127.0.0.1"] == os.getpid()
        assert found[everywhere.getsockname()[1], "::"] == os.getpid()
