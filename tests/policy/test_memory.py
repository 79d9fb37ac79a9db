"""What commands wrote and fetched is known when a later command of the deployment runs it."""

from __future__ import annotations

import pytest

from auto_deployer.model.plan import PlannedCommand

from .conftest import RELEASE_DIR, policy


def later(*commands: str) -> tuple[str, str]:
    """The verdict on the last command, after the others ran."""
    made = policy()
    *before, last = [PlannedCommand(command=command, cwd=RELEASE_DIR) for command in commands]
    for command in before:
        made.remember(command)
    verdict = made.judge_planned(last)
    return verdict.verdict, verdict.rule


@pytest.mark.parametrize(
    ("commands", "verdict"),
    [
        (("echo 'rm -rf /' > x.sh", "sh x.sh"), ("deny", "recursive-delete")),
        (("echo 'rm -rf /' > x.sh", "cp x.sh y.sh", "chmod +x y.sh && ./y.sh"), ("deny", "recursive-delete")),
        (("echo '#!/bin/sh' > x.sh", "echo 'rm -rf /' >> x.sh", "bash x.sh"), ("deny", "recursive-delete")),
        (("printf 'all:\\n\\trm -rf $$HOME\\n' > Makefile", "make"), ("deny", "recursive-delete")),
        (("cat > x.py <<'E'\nimport shutil\nshutil.rmtree('/home/ada')\nE", "python3 x.py"), ("deny", "recursive-delete")),
        (("curl -o x.sh https://example.org/x", "sh x.sh"), ("ask", "fetch-to-exec")),
        (("curl -o Makefile https://example.org/x", "make"), ("ask", "fetch-to-exec")),
        (("curl -o x.sh https://example.org/x", "sh y.sh"), ("allow", "")),
        (("curl -o data.json https://example.org/x", "npm ci && ./build.sh"), ("allow", "")),
        (("echo 'exec node server.js' > run.sh", "sh run.sh"), ("allow", "")),
        (("cat > x.py <<'E'\nimport subprocess\nsubprocess.run(['ls'])\nE", "python3 x.py"), ("allow", "")),
    ],
)
def test_files_of_earlier_commands(commands: tuple[str, ...], verdict: tuple[str, str]) -> None:
    assert later(*commands) == verdict


def test_judging_remembers_nothing() -> None:
    made = policy()
    assert made.judge("echo 'rm -rf /' > x.sh", cwd=RELEASE_DIR).verdict == "allow"
    assert made.judge("sh x.sh", cwd=RELEASE_DIR).verdict == "allow"
