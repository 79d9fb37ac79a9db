"""Prompts are small Markdown files in `prompts/`, filled in here; nothing else writes prose for the model."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from string import Template

CHARACTERS_PER_TOKEN = 3.5
"""Rule of thumb for English and code; a tokeniser would have to download its vocabulary."""


def render(name: str, **values: str) -> str:
    """The prompt `prompts/<name>.md` with every `${placeholder}` replaced; `$$` stands for a dollar sign.

    Values are put in as they are: what looks like a placeholder in one of them stays text.

    Raises:
        ValueError: a placeholder has no value, or a value has no placeholder.
        FileNotFoundError: there is no such prompt.
    """
    template = _template(name)
    wanted = set(template.get_identifiers())
    if missing := wanted - values.keys():
        raise ValueError(f"The prompt {name} needs {', '.join(sorted(missing))}.")
    if unused := values.keys() - wanted:
        raise ValueError(f"The prompt {name} has no place for {', '.join(sorted(unused))}.")
    return template.substitute(values)


def estimate_tokens(text: str) -> int:
    """About how many tokens the text costs, rounded up."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


@cache
def _template(name: str) -> Template:
    return Template((files(__name__.rpartition(".")[0]) / "prompts" / f"{name}.md").read_text(encoding="utf-8").strip())
