from __future__ import annotations

import subprocess
import sys

import pytest

from auto_deployer.cli.errors import ExitCode

from .conftest import Cli

HEAVY = ("pydantic", "auto_deployer.runner", "auto_deployer.model", "rich.live", "httpx2", "pygls", "openai")
COMMANDS = {
    "deploy", "retry", "plan", "analyze", "logs", "apps", "start", "stop", "restart", "rollback", "app-logs", "remove", "config",
    "auth", "env", "doctor", "server", "demo",
}  # fmt: skip


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_nothing_heavy_is_loaded_to_say_what_is_here(option: str):
    program = f"""
import sys
sys.argv = ["auto-deployer", {option!r}]
from auto_deployer.cli.main import main
try:
    main()
except SystemExit as ended:
    print("loaded:", [name for name in {HEAVY!r} if name in sys.modules], ended.code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: [] 0"


def test_help_names_every_command(cli: Cli):
    done = cli.run("--help", env={"COLUMNS": "100"})
    assert done.returncode == 0
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("│ ") and line[2].isalpha()}
    assert listed == COMMANDS


def test_ctrl_c_while_the_program_is_loading_is_no_traceback():
    program = """
import sys
class Interrupted:
    def find_spec(self, name, *rest):
        if name == "auto_deployer.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from auto_deployer.__main__ import main
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (ExitCode.ABORTED, "")


def test_version(cli: Cli):
    done = cli.run("--version")
    assert (done.returncode, done.stdout) == (0, "auto-deployer 0.1.0\n")


@pytest.mark.parametrize(
    "arguments", [[], ["nope"], ["deploy", "--nope"], ["deploy", "--app-port", "70000"], ["deploy", "--planner", "magic"], ["stop"]]
)
def test_wrong_usage_exits_with_2(cli: Cli, arguments: list[str]):
    done = cli.run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
