"""Size of all prompts of a step of 100 commands, against sending the whole history with full output each turn.

The commands are real ones of the kind that mends a build (looking at files, building, failing, editing), run through the real
orchestrator; only the model is scripted. The other way is the earlier deployer's: one fresh prompt a turn, of 6,300 characters
and every command so far with all that it printed. Run: `python -m tests.bench.bench_prompt`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.llm.prompting import CHARACTERS_PER_TOKEN, estimate_tokens
from auto_deployer.masking import SecretRegistry
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.settings import Settings
from auto_deployer.orchestrator.budget import Budget
from tests.drivers.llm_bench import LlmBench, ScriptedModel, give_up, run
from tests.orchestrator.conftest import step

COMMANDS = 100
FULL_PROMPT = 6_300
"""Characters of the earlier deployer's prompt without history."""
WINDOW = 128_000
STDLIB = sysconfig.get_path("stdlib")

KINDS = (
    "ls -la {lib}/{package}",
    "cat {lib}/{package}/__init__.py",
    "find {lib}/{package} {lib}/distutils {lib}/collections -name '*.py' 2>/dev/null | head -n {lines}",
    "grep -rn 'def ' {lib}/{package} --include=*.py | head -n 80",
    "touch edited{n}",
    "{python} -c 'import missing_{package}_{n}'",
    "sed -n 1,{lines}p {lib}/subprocess.py",
    "{python} -v -c 'import {package}' 2>&1 | head -n {lines}",
    "echo mended > file{n}",
    "{python} -m unittest missing_{package}_{n} -v",
)
PACKAGES = ("json", "email", "asyncio", "http", "logging", "xml", "importlib", "unittest")


@dataclass(frozen=True)
class Sizes:
    """Tokens of all prompts together, by estimate."""

    ours: int
    full_history: int
    largest: int
    mean_output: int
    compressions: int

    @property
    def ratio(self) -> float:
        return self.ours / self.full_history


def commands() -> list[str]:
    """The step's commands, no two alike."""
    return [
        KINDS[number % len(KINDS)].format(
            lib=STDLIB, package=PACKAGES[number % len(PACKAGES)], python=sys.executable, n=number, lines=40 + number,
        )
        for number in range(COMMANDS)
    ]  # fmt: skip


async def measure(folder: Path, window: int = WINDOW) -> Sizes:
    """Run the step and add up."""
    path = LogStore(folder / "agent_logs").reserve("bench", datetime.now())
    recorder = Recorder.create(path, SecretRegistry(), DeploymentLog(deployment_id="bench"))
    script = [*map(run, commands()), give_up()]
    bench = LlmBench(recorder, folder / "deploy", ScriptedModel(list(script), context_window=window))
    bench.settings = Settings.model_validate({"loop_detection": {"enabled": False}})
    bench.budget = Budget(max_turns=1000, max_turns_per_step=1000)
    assert bench.folder.is_dir()
    await bench.run(step(1, "exit 1"))
    outputs = [_output(path, command.output) for command in bench.entry().commands]
    shown = [
        f"$ {command.command}\nexit {command.exit_code}\n{text}\n"
        for command, text in zip(bench.entry().commands, outputs, strict=True)
    ]
    recorder.close()
    prompts = [sum(estimate_tokens(message.content) for message in call.messages) for call in bench.model.calls]
    full = [round((FULL_PROMPT + sum(map(len, shown[: turn + 1]))) / CHARACTERS_PER_TOKEN) for turn in range(len(prompts))]
    return Sizes(
        sum(prompts), sum(full), max(prompts), sum(map(len, outputs)) // len(outputs), len(bench.entry().compression_events)
    )


def _output(log: Path, relative: str) -> str:
    return (log.parent / relative).read_text(errors="replace") if relative else ""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp")) as folder:
        sizes = asyncio.run(measure(Path(folder)))
    print(json.dumps({
        "commands": COMMANDS, "prompt_tokens": sizes.ours, "full_history_tokens": sizes.full_history,
        "ratio": round(sizes.ratio, 3), "largest_prompt_tokens": sizes.largest, "mean_output_characters": sizes.mean_output,
        "compressions": sizes.compressions,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
