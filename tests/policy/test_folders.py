"""Where a shell is: what is called, evaluated, sourced or trapped makes the folder another one, or unknown; never the old one."""

from __future__ import annotations

import pytest

from auto_deployer.orchestrator.policy import CommandPolicy

from .conftest import HOME, RELEASE_DIR, fixtures, judged, policy

GROUPS = fixtures("folders")


def of(group: str) -> list[str]:
    return [command for name, command in GROUPS if name == group]


@pytest.mark.parametrize("behind", ["rm -rf docs", "eval 'rm -rf docs'", "{ rm -rf docs; }"])
@pytest.mark.parametrize("command", of("leaves"))
def test_behind_it_the_old_folder_is_not_taken_for_granted(command: str, behind: str) -> None:
    assert judged(behind).verdict == "allow"
    assert judged(f"{command}; {behind}").verdict != "allow"
    assert judged(f"{command}\n{behind}").verdict != "allow"


@pytest.mark.parametrize("command", of("runs_elsewhere"))
def test_a_command_is_judged_in_the_folder_that_it_runs_in(command: str) -> None:
    assert judged(command).verdict != "allow"


@pytest.mark.parametrize("command", of("stays"))
def test_folders_that_are_known_stay_known(command: str) -> None:
    verdict = judged(command)
    assert verdict.verdict == "allow", verdict.reason


@pytest.mark.parametrize(
    "command", ["rm -rf docs", "echo x > x", "mkdir x", "cp a b", "mv a b", "touch x", "tee x < y", "sed -i s/a/b/ x", "ln -s a b"]
)
def test_what_is_written_in_an_unknown_folder_is_asked_about(command: str) -> None:
    assert judged(command).verdict == "allow"
    assert judged(f'cd "$X" && {command}').verdict == "ask"


@pytest.mark.parametrize("env", [{"CDPATH": HOME}, {"OLDPWD": HOME}, {"HOME": "/home"}])
def test_variables_from_outside_count(env: dict[str, str]) -> None:
    def verdict(made: CommandPolicy) -> str:
        return made.judge("cd web; cd -; cd; cd docs && rm -rf docs", cwd=RELEASE_DIR, env=env).verdict

    assert verdict(policy()) != "allow"


def test_functions_that_call_themselves_or_each_other_come_to_an_end() -> None:
    for command in (
        "f() { cd x; f; }; f",
        "f() { eval f; }; f",
        "f() { bash -c f; }; f",
        "f() { g; cd ..; }; g() { f; cd x; }; f; g",
        "f() { eval 'f() { f; cd ~; }'; f; }; f",
        "f() { trap f DEBUG; . <(echo f); }; f",
    ):
        assert judged(f"{command}; rm -rf docs").verdict in ("allow", "ask", "deny")
