from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from auto_deployer.planning.recipes import RECIPES

from .conftest import COMMIT, entry
from .entries import Entry, batches, load_entries, select
from .tools import why_skipped


def test_our_list_is_sound_and_names_recipes_that_exist() -> None:
    entries = load_entries()
    assert {each.recipe for each in entries} - {""} <= {recipe.name for recipe in RECIPES}
    places = [(each.repository, each.folder, each.subdir) for each in entries]
    assert len(places) == len(set(places))


def test_our_list_has_apps_that_are_to_come_up_and_repositories_that_are_to_be_refused() -> None:
    expected = [each.expected for each in load_entries()]
    assert expected.count("success") >= 30
    assert len(set(expected)) >= 8


def test_an_id_that_is_there_twice_is_named(tmp_path: Path) -> None:
    row = f'[[entries]]\nid = "shop"\nrepository = "a/b"\ncommit = "{COMMIT}"\nkind = "html"\nrecipe = "static"\n'
    (tmp_path / "list.toml").write_text(row * 2)
    with pytest.raises(ValueError, match="twice: shop"):
        load_entries(tmp_path / "list.toml")


@pytest.mark.parametrize(
    "fields",
    [
        {"folder": "a", "subdir": "b"},
        {"recipe": ""},
        {"expected": "no_such_kind"},
        {"expected": "process_exited_no_port"},
        {"commit": "main"},
        {"kind": "cobol"},
        {"colour": "blue"},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate({**entry().model_dump(), **fields})


def test_selecting_by_id_and_by_kind() -> None:
    entries = [entry("one"), entry("two", kind="go"), entry("three", kind="go")]
    assert [each.id for each in select(entries, kinds=["go"])] == ["two", "three"]
    assert [each.id for each in select(entries, only=["three", "one"], kinds=["go"])] == ["three"]
    assert len(select(entries)) == 3
    with pytest.raises(ValueError, match="not in the list: four"):
        select(entries, only=["four"])


def test_apps_with_a_port_of_their_own_are_one_batch() -> None:
    entries = [entry("one"), entry("two", port=3000), entry("three"), entry("four", port=8000)]
    assert [[each.id for each in batch] for batch in batches(entries)] == [["two", "four"], ["one"], ["three"]]


def test_what_a_tool_decides() -> None:
    assert why_skipped(entry(needs=("git", "no-such-tool"))) == "needs no-such-tool"
    assert why_skipped(entry(without=("git",))) == "is about the absence of git, here present"
    assert why_skipped(entry(needs=("git",), without=("no-such-tool",))) == ""
    assert why_skipped(entry(needs=("node999",))) == "needs node999"
