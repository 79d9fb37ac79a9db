from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.apps.env_file import (
    env_file_command,
    format_env,
    merge_env,
    parse_env,
    parse_env_file,
    to_dotenv,
    without_names,
)
from auto_deployer.model.errors import UsageError
from auto_deployer.model.ports import DeployPaths
from tests.apps_keeper.harness import Place

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)


def test_the_usual_forms_of_a_dotenv_file() -> None:
    text = """\ufeff# settings
PLAIN=a b c   # a comment
export EXPORTED = spaced
EMPTY=
HASH=a#b
SINGLE='$HOME #1'
DOUBLE="two\\nlines \\"quoted\\" \\\\ \\d" # comment
KEY="-----BEGIN-----
abc
-----END-----"
URL=postgres://u:p@h/db?x=1
"""
    assert parse_env_file(text, "prod.env") == {
        "PLAIN": "a b c",
        "EXPORTED": "spaced",
        "EMPTY": "",
        "HASH": "a#b",
        "SINGLE": "$HOME #1",
        "DOUBLE": 'two\nlines "quoted" \\ \\d',
        "KEY": "-----BEGIN-----\nabc\n-----END-----",
        "URL": "postgres://u:p@h/db?x=1",
    }


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("A=1\nplanted-secret\n", 2, "KEY=VALUE"),
        ("1A=planted-secret\n", 1, "name"),
        ("MY-VAR=planted-secret\n", 1, "name"),
        ("A=1\n\nB='planted-secret\nC=2\n", 3, "not closed"),
        ('A="x" planted-secret\n', 1, "behind"),
    ],
)
def test_a_wrong_line_is_named_by_number_and_its_value_is_not(text: str, line: int, part: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_env_file(text, "prod.env")
    assert raised.value.message.startswith(f"prod.env, line {line}: ")
    assert part in raised.value.message
    assert "planted-secret" not in raised.value.message


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_written_is_read_again(values: dict[str, str]) -> None:
    assert parse_env(format_env(values)) == values


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.dictionaries(NAMES, VALUES, max_size=5))
def test_merging_adds_and_replaces(existing: dict[str, str], additions: dict[str, str]) -> None:
    assert parse_env(merge_env(format_env(existing), additions)) == {**existing, **additions}


def test_merging_keeps_comments_and_order() -> None:
    assert merge_env("# mine\nA=1\n\nB=2\n", {"A": "9", "C": "3"}) == "# mine\nA=9\n\nB=2\nC=3\n"


async def test_the_command_puts_the_file_in_place_for_its_user_alone(place: Place, tmp_path: Path) -> None:
    temp = tmp_path / "it's temporary"
    temp.write_text("TOKEN=planted-secret\n")
    command = env_file_command(str(temp), DeployPaths(str(place.deploy_dir), "r"))
    code, output = await place.run(command)
    env_file = place.deploy_dir / "shared" / ".env"
    assert code == 0, output
    assert env_file.read_text() == "TOKEN=planted-secret\n"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(env_file.parent.stat().st_mode) == 0o700
    assert "planted-secret" not in command.model_dump_json() + output


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_people_edit_is_read_back_as_it_was(values: dict[str, str]) -> None:
    assert parse_env_file(to_dotenv(values), "app.env") == values


def test_removing_names_leaves_all_other_lines() -> None:
    assert without_names("# mine\nA=1\nAB=2\nB=3\n", ["A", "C"]) == "# mine\nAB=2\nB=3\n"
    assert without_names("", ["A"]) == ""
