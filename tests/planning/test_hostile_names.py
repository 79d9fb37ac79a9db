"""Names from the repository are data: whatever they hold, nothing of them becomes syntax of a command, a check or a start."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.planning.conftest import DictTree, plan_input
from tests.planning.containers import host_with
from tests.planning.hostile_repositories import PLACES, Files, Place
from tests.planning.shell_calls import Ran, run_with_stubs, write_stub

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import Tool
from auto_deployer.model.plan import CommandCheck, DeploymentPlan, FileCheck, Overrides
from auto_deployer.model.ports import DeployPaths, PlanInput
from auto_deployer.planning.planner import RecipePlanner
from auto_deployer.planning.recipes import RECIPES

PLAIN = "zqx"
"""A name that a recipe has no reason to refuse; it is also a part of each hostile one."""
HOSTILE = (
    f"{PLAIN} a; pwned",
    f"{PLAIN} $(pwned) b",
    f"{PLAIN} `pwned` b",
    f"{PLAIN}'; pwned; 'b",
    f'{PLAIN}"; pwned; "b',
    f"{PLAIN}\npwned\nb",
    f"{PLAIN}\nEND_OF_LOCK\nEND_OF_COMPOSE\npwned",
    f"-{PLAIN}",
    f"--{PLAIN}=a b",
    f"{PLAIN} [a-z]* ?",
    f"{PLAIN}|pwned&&pwned>pwned",
    f"{PLAIN}$IFS${{HOME}}\\",
    f"{PLAIN}!(a)#~",
)
QUICK = (
    f"{PLAIN} a; $(pwned) `pwned` '; pwned; ' \"; pwned; \" | pwned && pwned > pwned",
    f"{PLAIN}\nEND_OF_LOCK\nEND_OF_COMPOSE\npwned",
    f"{PLAIN} a; pwned",  # what has fewer odd characters is refused less often
    f"-{PLAIN}",
)
"""All ways to break out in few names; one after the other they are in `HOSTILE`."""
TOOLS = ("go", "cargo", "java", "mvn", "gradle", "php", "composer", "ruby", "bundle", "jekyll", "hugo", "deno", "uv", "pnpm")
PROGRAMS = (*TOOLS, "git", "node", "npm", "npx", "python3", "docker", "sh", "env", "bash", "sleep", "pwned")
INSTALLED = ("python", "gunicorn", "uvicorn", "streamlit", "flask", "uv")
RELEASE = "20261124-064812-a1b2"
ENV = {"HOST": "127.0.0.1", "PORT": "8000", "HOME": "/nonexistent", "AUTO_DEPLOYER_ENV": "A B"}

_CASES = [pytest.param(name, place, id=f"{name}: {place.what}") for name, places in PLACES.items() for place in places]


def test_each_recipe_has_its_places() -> None:
    assert set(PLACES) == {recipe.name for recipe in RECIPES}


_RUNS = [
    pytest.param(True, QUICK, id="quick"),
    pytest.param(True, HOSTILE, marks=pytest.mark.slow, id="reuse"),
    pytest.param(False, HOSTILE, marks=pytest.mark.slow, id="fresh"),
]


@pytest.mark.parametrize(("reuse", "names"), _RUNS)
@pytest.mark.parametrize(("recipe", "place"), _CASES)
async def test_no_part_of_a_name_becomes_syntax(
    recipe: str, place: Place, reuse: bool, names: tuple[str, ...], tmp_path: Path
) -> None:
    plain = await _ran(recipe, place.files(PLAIN), place.subdir, tmp_path / "plain", reuse=reuse)
    assert plain is not None, "with a plain name it is planned"
    _assert_harmless(plain, PLAIN, whole=True)
    reached = any(PLAIN in word for call in plain.calls for word in call)
    assert reached or reuse or not place.reaches, "a plain name is in what runs, but for what was taken"
    for number, name in enumerate(names if place.options else [name for name in names if not name.startswith("-")]):
        if (ran := await _ran(recipe, place.files(name), place.subdir, tmp_path / f"{number}", reuse=reuse)) is not None:
            _assert_harmless(ran, name, whole=place.whole)


@pytest.mark.parametrize("names", [pytest.param(QUICK, id="quick"), pytest.param(HOSTILE, marks=pytest.mark.slow, id="all")])
@pytest.mark.parametrize(("recipe", "place"), [pytest.param(name, places[-1], id=name) for name, places in PLACES.items()])
async def test_no_part_of_the_deployed_folders_name_becomes_syntax(
    recipe: str, place: Place, names: tuple[str, ...], tmp_path: Path
) -> None:
    for number, name in enumerate((PLAIN, *names)):
        files = {f"{name}/{path}": text for path, text in place.files("x").items()}
        ran = await _ran(recipe, files, name, tmp_path / f"{number}", reuse=True)
        assert ran is not None
        _assert_harmless(ran, name, whole=True)


def _assert_harmless(ran: Ran, name: str, *, whole: bool) -> None:
    assert not [call for call in ran.calls if call[0] == "pwned"]
    assert "syntax error" not in ran.stderr
    assert "unexpected EOF" not in ran.stderr
    words = [word for call in ran.calls for word in call if PLAIN in word]
    options = [word for call in ran.calls for word in call[1:] if name.startswith("-") and word.startswith(name)]
    assert not options, "the name of a file or a package would be an option"
    assert not whole or all(name in word for word in words), words


async def _ran(recipe: str, files: Files, subdir: str, scratch: Path, *, reuse: bool) -> Ran | None:
    """What the plan for a repository runs, all its commands, checks and its start; None when it is refused."""
    given, plan = await _planned(recipe, files, subdir, scratch, reuse=reuse)
    if plan is None:
        return None
    release = Path(given.paths.release_dir)
    for path, text in files.items():
        file = release / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for folder in ("cache/venvs", "cache/builds", "shared", f"run/{given.paths.release}"):
        (Path(given.paths.deploy_dir) / folder).mkdir(parents=True)
    _write_what_is_built(plan, release / subdir)
    ran = run_with_stubs(_texts(plan, given), scratch, PROGRAMS, ENV)
    assert not [path for path in scratch.rglob("pwned") if path.parent != scratch / "stubs"], "a redirection made a file"
    return ran


async def _planned(
    recipe: str, files: Files, subdir: str, scratch: Path, *, reuse: bool
) -> tuple[PlanInput, DeploymentPlan | None]:  # fmt: skip
    known = (*host_with().tools, *(Tool(name=name, path="") for name in TOOLS))
    tools = tuple(tool.model_copy(update={"path": str(scratch / "stubs" / tool.name)}) for tool in known)
    host = host_with().model_copy(update={"tools": tools})
    found = next(each for each in RECIPES if each.name == recipe).detect(DictTree(files, subdir))
    given = plan_input(*([found] if found else []), host=host, subdir=subdir, overrides=Overrides(recipe=recipe))
    if reuse:
        given = replace(given, repo=given.repo.model_copy(update={"content_id": "c" * 12, "dependencies_id": "d" * 12}))
    given = replace(given, paths=DeployPaths(str(scratch / "deploy"), RELEASE), snapshot=str(scratch / "snapshot"))
    try:
        return given, await RecipePlanner().plan(given) if found else None
    except RefusedError:
        return given, None


def _write_what_is_built(plan: DeploymentPlan, app: Path) -> None:
    """Stubs where the plan expects programs of its own making."""
    made = [Path(check.path) for step in plan.steps for check in step.checks if isinstance(check, FileCheck)]
    made += [app / ".venv/bin" / name for name in INSTALLED]
    made += [Path(folder) / "node_modules/.bin" / name for folder in {app, app.parent} for name in ("nx", "turbo")]
    for path in made:
        if not path.exists() and path.name != "node_modules":
            write_stub(path)


def _texts(plan: DeploymentPlan, given: PlanInput) -> Iterator[tuple[str, str]]:
    release = given.paths.release_dir
    for step in plan.steps:
        yield from ((command.cwd or release, command.command) for command in step.commands)
        yield from ((check.cwd or release, check.command) for check in step.checks if isinstance(check, CommandCheck))
    assert plan.app is not None
    yield posixpath.join(release, plan.app.cwd), plan.app.command
    if container := plan.app.container:
        texts = (container.listening, container.usage, container.stop, container.remove, container.remove_data)
        yield from ((release, text) for text in texts)
