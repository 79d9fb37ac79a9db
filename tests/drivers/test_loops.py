"""Loops are seen, and what only looks like one is not. The D numbers name defects of the earlier deployer."""

from __future__ import annotations

import random

import pytest

from auto_deployer.drivers.loops import (
    Attempted,
    attempted,
    error_line,
    find_loop,
    fruitless_loop,
    normalised_command,
    purpose_of,
    wait_of,
)
from auto_deployer.model.log import CommandRecord
from auto_deployer.model.settings import LoopDetectionSettings

NPM_ERROR = (
    "npm error code ENOENT\nnpm error enoent Could not read package.json\n"
    "npm error A complete log of this run can be found in: /root/.npm/_logs/x.log"
)
DEFAULTS = LoopDetectionSettings()


def ran(command: str, output: str = "", exit_code: int = 0, stderr: str = "") -> Attempted:
    record = CommandRecord(command=command, success=exit_code == 0, exit_code=exit_code, stdout=output, stderr=stderr)
    return attempted(record)


def kind(*history: Attempted, settings: LoopDetectionSettings = DEFAULTS) -> str | None:
    loop = find_loop(history, settings)
    return loop.kind if loop else None


def long_output(seed: int) -> str:
    """1.6 kB as a build prints it, different only in times, folders and numbers."""
    chosen = random.Random(seed)
    return "\n".join(
        f"2026-11-24T10:{chosen.randint(10, 59)}:{chosen.randint(10, 59)}Z [{chosen.randint(1, 9999)}] "
        f"compiling /tmp/build-{chosen.randint(1, 9999)}/module_{line}.c took {chosen.random():.3f}s"
        for line in range(20)
    )


def test_d17_the_same_command_with_the_same_result_is_a_loop() -> None:
    assert kind(*[ran("cat x", exit_code=1, stderr="cat: x: No such file or directory")] * 2) is None
    assert kind(*[ran("cat x", exit_code=1, stderr="cat: x: No such file or directory")] * 3) == "repeat"


def test_d17_near_identical_long_outputs_are_a_loop() -> None:
    history = [ran("make", long_output(seed), 2) for seed in range(3)]
    assert history[0].output[:1600]
    assert kind(*history) == "repeat"


def test_d17_different_silent_commands_are_progress() -> None:
    assert kind(ran("mkdir -p app/one"), ran("mkdir -p app/two"), ran("mkdir -p app/six")) is None


def test_different_commands_that_succeed_alike_are_progress() -> None:
    assert kind(*[ran(f"npm install package-{name}", "added 1 package in 2s") for name in "abc"]) is None


def test_nearly_the_same_command_that_fails_alike_is_a_loop() -> None:
    failing = [ran(f"npm install left-pad@1.{minor}", f"npm error 404 left-pad@1.{minor} is not here", 1) for minor in range(3)]
    assert kind(*failing) == "repeat"
    strict = LoopDetectionSettings(command_similarity_threshold=1.0)
    assert kind(*failing, settings=strict) is None


def test_the_output_threshold_is_used() -> None:
    outputs = [f"{'the same beginning ' * 4}{word * 12}\nerror: it broke" for word in ("alpha", "omega", "gamma")]
    history = [ran("make", output, 2) for output in outputs]
    assert kind(*history, settings=LoopDetectionSettings(output_similarity_threshold=0.4)) == "repeat"
    assert kind(*history, settings=LoopDetectionSettings(output_similarity_threshold=0.99)) is None


def test_d17_three_identical_health_polls_are_patience() -> None:
    poll = ran("curl -fsS http://127.0.0.1:3000/health", exit_code=7, stderr="curl: (7) Failed to connect")
    assert kind(*[poll] * 3) is None
    assert kind(*[poll] * 6) == "repeat"


def test_polls_with_a_growing_wait_are_patience_for_ever() -> None:
    history = [
        ran(f"sleep {wait} && curl -fsS http://127.0.0.1:3000/health", exit_code=7, stderr="curl: (7) Failed to connect")
        for wait in range(1, 20)
    ]
    assert kind(*history) is None
    assert kind(*[history[0]] * 6) == "repeat", "the same wait each time is none"


def test_the_same_error_from_different_commands_is_a_loop_also_with_looks_between() -> None:
    error = "error TS2304: Cannot find name 'foo'."
    failures = [ran(f"tool-{name} build", f"/srv/{name}/x.ts(3,1): {error}", 1) for name in ("one", "second", "3rd", "fourth")]
    assert kind(*failures[:3]) is None
    assert kind(*failures) == "error"
    mixed = [step for number, failure in enumerate(failures) for step in (failure, ran(f"cat file{number}", "x" * number))]
    assert kind(*mixed[:-1]) == "error"


def test_edits_between_the_same_failing_build_do_not_hide_the_loop() -> None:
    build = ran("npm run build", "src/a.ts(3,1): error TS2304: Cannot find name 'foo'.", 2)
    history = [step for number in range(4) for step in (ran(f"sed -i s/{number}/x/ a.ts"), build)]
    assert kind(*history) == "error"


def test_an_error_that_was_overcome_counts_no_more() -> None:
    build = ran("npm run build", "error: Cannot find name 'foo'.", 2)
    other = ran("npm run lint", "error: Cannot find name 'foo'.", 2)
    assert kind(build, other, ran("npm run build", "ok"), other, ran("npm run pack", "error: Cannot find name 'foo'.", 2)) is None


def test_d17_different_failures_in_silence_are_no_loop() -> None:
    assert kind(*[ran(f"test -e {name}", exit_code=1) for name in ("package.json", "setup.py", "go.mod", "Gemfile")]) is None
    assert kind(*[ran(f"./{name}", exit_code=1) for name in ("build", "install-all", "x", "configure-it")]) is None


def test_different_errors_are_progress() -> None:
    history = [ran("npm run build", f"Error: Cannot find module '{name}'", 1) for name in ("express", "left-pad", "chalk", "zod")]
    assert kind(*history) is None


def test_the_error_threshold_is_used() -> None:
    failures = [ran(f"{name} it", "fatal: same trouble", 1) for name in ("abc", "some-tool", "zz-top", "q", "other", "y")]
    assert kind(*failures[:2], settings=LoopDetectionSettings(error_loop_threshold=2)) == "error"
    assert kind(*failures[:5], settings=LoopDetectionSettings(error_loop_threshold=6)) is None


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_d17_an_alternating_pattern_is_a_loop(names: str) -> None:
    steps = {name: ran(f"change-{name * 9}", f"{name * 30} happened") for name in names}
    pattern = [steps[name] for name in names]
    assert kind(*pattern * 2) is None
    assert kind(*pattern * 3) == "cycle"
    changed = [*pattern * 2, *pattern[:-1], ran(f"change-{names[-1] * 9}", "something else altogether, at last")]
    assert kind(*changed) is None


def test_only_looking_for_many_turns_is_told() -> None:
    looks = [ran(f"cat src/file{number}.py", f"content {'xyz' * number}") for number in range(10)]
    assert kind(*looks[:9]) is None
    assert kind(*looks) == "no_change"
    assert kind(*looks[:5], ran("touch made"), *looks[5:]) is None


def test_replies_that_lead_to_nothing() -> None:
    assert fruitless_loop(2, DEFAULTS) is None
    loop = fruitless_loop(3, DEFAULTS)
    assert loop is not None
    assert loop.kind == "fruitless"


def test_detection_can_be_switched_off() -> None:
    off = LoopDetectionSettings(enabled=False)
    assert kind(*[ran("false", exit_code=1)] * 9, settings=off) is None
    assert fruitless_loop(9, off) is None


@pytest.mark.parametrize(
    ("command", "normalised", "wait"),
    [
        ("sleep 5 && curl  x", "curl x", 5),
        ("sleep 2m; curl x", "curl x", 120),
        ("curl x; sleep 0.5", "curl x", 0.5),
        ("Make  all", "Make all", 0),
    ],
)
def test_waits_are_taken_out(command: str, normalised: str, wait: float) -> None:
    assert (normalised_command(command), wait_of(command)) == (normalised, wait)


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        ("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:1/", "poll"),
        ("sleep 3; docker compose ps", "poll"),
        ("systemctl is-active nginx", "poll"),
        ("curl -fsSL https://example.org/x.tgz -o x.tgz", "change"),
        ("curl -X POST http://127.0.0.1/", "change"),
        ("docker compose up -d", "change"),
        ("cat a | grep b 2>/dev/null", "look"),
        ("sed -n 1,20p x", "look"),
        ("sed -i s/a/b/ x", "change"),
        ("cat a > b", "change"),
        ("find . -name x -delete", "change"),
        ("cd x && ls -la", "look"),
        ("npm run build", "change"),
    ],
)
def test_what_commands_are_for(command: str, purpose: str) -> None:
    assert purpose_of(command) == purpose


@pytest.mark.parametrize(
    ("output", "line", "signature"),
    [
        ("", "", ""),
        ("one\ntwo", "two", "two"),
        (NPM_ERROR, "npm error enoent Could not read package.json", "npm error enoent could not read package.json"),
        (
            "main.c:3:5: error: 'x' undeclared\nmake: *** [Makefile:3: all] Error 1",
            "main.c:3:5: error: 'x' undeclared",
            "main.c:N: error: 'x' undeclared",
        ),
        (
            "OSError: [Errno 98] Address already in use: ('127.0.0.1', 3000)",
            "OSError: [Errno 98] Address already in use: ('127.0.0.1', 3000)",
            "oserror: [errno N] address already in use: ('N', N)",
        ),
        ("  cannot open /srv/app/releases/2026/x.db", "cannot open /srv/app/releases/2026/x.db", "cannot open PATH"),
        (
            "make: *** No rule to make target 'public/indx.txt'.  Stop.",
            "make: *** No rule to make target 'public/indx.txt'.  Stop.",
            "make: *** no rule to make target 'public/indx.txt'. stop.",
        ),
    ],
)
def test_an_error_is_told_as_it_was_printed_and_compared_without_what_varies(output: str, line: str, signature: str) -> None:
    assert error_line(output) == line
    assert ran("make", output, 2).signature == signature


def test_what_was_seen_is_told_in_the_printed_words() -> None:
    line = "OSError: [Errno 98] Address already in use: ('127.0.0.1', 3000)"
    for history in (
        [ran("python app.py", line, 1)] * 3,
        [ran(f"python {name}.py", f"{name} " * 40 + f"\n{line}", 1) for name in ("app", "server", "main_module")],
    ):
        loop = find_loop(history, LoopDetectionSettings(error_loop_threshold=3))
        assert loop is not None
        assert line in loop.evidence
