"""Questions at a real terminal (a pseudo terminal, driven like a person would)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from .conftest import TIMEOUT_S, Cli, commit

FAILING_ONCE = "test -e ../../../allowed || exit 7"


class Terminal:
    """`auto-deployer` in a terminal."""

    def __init__(self, cli: Cli, *arguments: str, columns: int = 100, **env: str) -> None:
        command, *rest = cli.argv(*arguments)
        self.child = pexpect.spawn(
            command, rest, cwd=str(cli.folder), env=cli.env | env, timeout=TIMEOUT_S, encoding="utf-8", dimensions=(40, columns)
        )

    def expect(self, text: str) -> str:
        """Wait for a text; returns what came before it."""
        self.child.expect_exact(text)
        return self.child.before or ""

    def end(self) -> tuple[int | None, str]:
        """The exit code and the rest of what was shown."""
        self.child.expect(pexpect.EOF)
        rest = self.child.before or ""
        self.child.close()
        return self.child.exitstatus, rest


@pytest.fixture
def terminal(cli: Cli) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def make(*arguments: str, **options) -> Terminal:
        opened.append(Terminal(cli, *arguments, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.child.close(force=True)


def test_the_plan_is_shown_and_approved(terminal, cli: Cli, site: Path):
    shown = terminal("deploy", "--repo", "site")
    assert "Plan: static" in shown.expect("Run this plan?")
    assert "  yes  Run it\r\n  no   Do not run it\r\nAnswer " in shown.expect("[yes/no]")
    shown.child.sendline("perhaps")
    shown.expect("[yes/no]")
    shown.child.sendline("Y")
    shown.expect("URL: http://127.0.0.1:")
    assert shown.end()[0] == 0


def test_a_rejected_plan_exits_with_4_and_changes_nothing(terminal, cli: Cli, site: Path):
    shown = terminal("deploy", "--repo", "site", "--deploy-dir", "run/site")
    shown.expect("[yes/no]")
    shown.child.sendline("no")
    code, rest = shown.end()
    assert code == 4
    assert "plan_rejected: " in rest
    assert not list(cli.folder.glob("run/site/releases/*"))


@pytest.mark.parametrize(("answer", "code", "status"), [("abort", 4, "aborted"), ("skip", 1, "failed"), ("retry", 0, "success")])
def test_a_failed_step_asks_what_now(terminal, cli: Cli, site: Path, answer: str, code: int, status: str):
    shown = terminal("deploy", "--repo", "site", "--yes", "--build", FAILING_ONCE, "--deploy-dir", "run/site")
    assert shown.expect("What now?").count("exit code 7") == 1  # the tree makes room for the question, which tells it
    if answer == "retry":
        (cli.folder / "run" / "allowed").touch()
    shown.expect("]")
    shown.child.sendline(answer.upper())
    assert shown.end()[0] == code
    log = cli.newest_log()
    assert log["status"] == status
    assert next(step["status"] for step in log["steps"] if step["step_name"] == "Build") == "failed"


@pytest.mark.usefixtures("hears_signals")
def test_ctrl_c_at_a_question_cancels(terminal, cli: Cli, site: Path):
    shown = terminal("deploy", "--repo", "site")
    shown.expect("[yes/no]")
    shown.child.sendintr()
    code, rest = shown.end()
    assert code == 4
    assert "cancelled" in rest
    assert cli.newest_log()["status"] == "cancelled"


def test_the_end_of_input_is_no_approval(terminal, cli: Cli, site: Path):
    shown = terminal("deploy", "--repo", "site")
    shown.expect("[yes/no]")
    shown.child.sendeof()
    assert shown.end()[0] == 4


def test_nothing_is_asked_when_told_not_to(terminal, cli: Cli, site: Path):
    shown = terminal("deploy", "--repo", "site", "--non-interactive", "--build", "exit 1")
    code, text = shown.end()
    assert code == 1
    assert "What now?" not in text


def test_a_dumb_terminal_gets_plain_lines(terminal, site: Path):
    code, text = terminal("deploy", "--repo", "site", "--yes", TERM="dumb").end()
    assert code == 0
    assert "\x1b" not in text
    assert "✓ Deployment:  success" in text


def test_no_color_is_obeyed_in_a_narrow_terminal(terminal, site: Path):
    code, text = terminal("deploy", "--repo", "site", "--yes", columns=30, NO_COLOR="1").end()
    assert code == 0
    assert "\x1b[32m" not in text
    assert "\x1b[31m" not in text
    assert "Traceback" not in text


def test_questions_leave_stdout_to_the_data(cli: Cli, site: Path):
    """stdin and stderr are the terminal, stdout is a pipe: the question is seen, the pipe has JSON only."""
    controller, device = os.openpty()
    process = subprocess.Popen(
        cli.argv("deploy", "--repo", "site", "--output", "json"),
        cwd=cli.folder, env=cli.env, stdin=device, stdout=subprocess.PIPE, stderr=device, start_new_session=True,
    )  # fmt: skip
    os.close(device)
    seen = b""
    while b"[yes/no]" not in seen:
        seen += os.read(controller, 4096)
    os.write(controller, b"no\n")
    stdout, _ = process.communicate(timeout=TIMEOUT_S)
    os.close(controller)
    assert process.returncode == 4
    assert all(line.startswith(b'{"method":"deploy/') for line in stdout.splitlines())


def test_removing_an_app_asks_first(terminal, cli: Cli, site: Path):
    assert cli.run("deploy", "--repo", "site").returncode == 0
    shown = terminal("remove", "site")
    shown.expect("[y/N]")
    shown.child.sendline("n")
    assert shown.end()[0] == 4
    assert [app["status"] for app in cli.json("apps")["apps"]] == ["running"]


NEEDY = """
import http.server, os
SECRET_KEY, API_TOKEN = os.environ["SECRET_KEY"], os.environ["API_TOKEN"]
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
if __name__ == "__main__":
    http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""


def test_variables_are_asked_for_and_a_secret_is_not_shown(terminal, cli: Cli, tmp_path: Path):
    folder = tmp_path / "needy"
    folder.mkdir()
    (folder / "app.py").write_text(NEEDY)
    commit(folder)
    shown = terminal("deploy", "--repo", "needy", "--yes", "--install", "python3 -m venv --without-pip .venv")
    shown.expect("SECRET_KEY is not set")
    shown.expect("(generate)")
    shown.child.sendline("")
    shown.expect("Value of API_TOKEN")
    assert shown.child.waitnoecho()
    shown.child.sendline("t-not-to-be-seen-9")
    before = shown.expect("URL: http://127.0.0.1:")
    assert "t-not-to-be-seen-9" not in before
    assert shown.end()[0] == 0
    assert [one["name"] for one in cli.json("env", "list", "needy")["variables"]] == ["SECRET_KEY", "API_TOKEN"]
