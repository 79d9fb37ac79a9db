from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from auto_deployer.llm.prompting import estimate_tokens, render

PROMPTS = sorted(path.name.removesuffix(".md") for path in (files("auto_deployer.llm") / "prompts").iterdir())


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Prompts of the test's own."""
    from auto_deployer.llm import prompting

    monkeypatch.setattr(prompting, "files", lambda _package: tmp_path)
    prompting._template.cache_clear()
    (tmp_path / "prompts").mkdir()

    def write(text: str) -> str:
        (tmp_path / "prompts" / "sample.md").write_text(text, encoding="utf-8")
        return "sample"

    yield write
    prompting._template.cache_clear()


def test_placeholders_are_replaced(prompt):
    assert render(prompt("Deploy ${app} to ${target}.\n"), app="shop", target="local") == "Deploy shop to local."


def test_what_looks_like_a_placeholder_in_a_value_stays_text(prompt):
    """A README with ${target} in it must not get, or break, another value."""
    shown = render(prompt("${readme} | ${target}"), readme="run ${target} $HOME $$", target="local")
    assert shown == "run ${target} $HOME $$ | local"


def test_a_missing_value_is_named(prompt):
    with pytest.raises(ValueError, match="needs target"):
        render(prompt("Deploy ${app} to ${target}."), app="shop")


def test_a_value_without_a_place_is_named(prompt):
    with pytest.raises(ValueError, match="no place for nonsense"):
        render(prompt("Deploy."), nonsense="x")


def test_a_dollar_sign_is_written_twice(prompt):
    assert render(prompt("cost: 1 $$")) == "cost: 1 $"


def test_an_unknown_prompt_is_an_error():
    with pytest.raises(FileNotFoundError):
        render("no_such_prompt")


@pytest.mark.parametrize("name", PROMPTS)
def test_every_prompt_is_a_valid_template_without_doubled_braces(name: str):
    """D25: an earlier deployer showed the model `{{` where it meant `{`."""
    text = (files("auto_deployer.llm") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    assert text.strip()
    assert "{{" not in text
    from auto_deployer.llm.prompting import _template

    assert _template(name).is_valid()


def test_tokens_are_estimated_from_characters():
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("a" * 35) == 10
    assert estimate_tokens("a" * 36) == 11


def test_prompts_are_part_of_the_package_that_is_installed():
    """They lie inside the folder that the wheel takes as a whole."""
    root = Path(__file__).parents[2]
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["server/auto_deployer"]
    assert (root / "server/auto_deployer/llm/prompts" / f"{PROMPTS[0]}.md").is_file()
