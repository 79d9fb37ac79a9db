"""What counts as data, by the names alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.apps.data_paths import BUILD_FOLDERS, NEVER_DATA, NOISE, ReleaseListing, data_paths
from auto_deployer.model.requests import inner_path


def found(*files: str, folders: tuple[str, ...] = (), **listing: object) -> dict[str, str]:
    made = ReleaseListing(new_files=files, new_folders=folders, **listing)  # type: ignore[arg-type]
    return {each.path: each.why for each in data_paths(made)}


def test_a_new_folder_is_one_path_and_a_new_file_in_an_old_folder_another() -> None:
    files = ("instance/app.db", "instance/more/x.csv", "static/upload.png")
    assert found(*files, folders=("instance", "instance/more")) == {"instance": "new", "static/upload.png": "new"}


def test_a_folder_that_was_held_open_is_kept_whole() -> None:
    assert found("public/uploads/a.png", hollow=frozenset({"public/uploads", "tests/empty"})) == {"public/uploads": "new"}


def test_a_folder_with_dependencies_in_it_is_not_taken_whole() -> None:
    files, folders = ("work/data.csv", "work/sub/x"), ("work", "work/node_modules", "work/sub")
    assert found(*files, folders=folders) == {"work/data.csv": "new", "work/sub": "new"}


def test_what_sqlite_keeps_beside_a_database_goes_with_it() -> None:
    assert found("app.db", "app.db-wal", "app.db-shm") == {"app.db": "new"}
    assert found("seed.sqlite3-wal") == {"seed.sqlite3": "changed"}, "the database itself is not written to yet"
    assert found("notes-journal") == {"notes-journal": "new"}


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("db.sqlite3", True), ("data/items.json", True), ("db.json", True), ("storage/a/b.csv", True), ("package.json", False),
        ("src/config.yml", False), ("dist/app.db", True), ("dist/data.json", False), (".cache/x.db", False),
        ("node_modules/.cache/x.sqlite", False), (".next/cache/y.json", False),
    ],
)  # fmt: skip
def test_a_file_that_was_there_and_was_changed(path: str, counts: bool) -> None:
    assert found(changed=(path,)) == ({path: "changed"} if counts else {})


def test_an_environment_of_any_name_is_none_of_it() -> None:
    files = ("py/lib/x.py", "py/pyvenv.cfg", "kept.txt")
    assert found(*files, folders=("py", "py/lib"), venvs=frozenset({"py"})) == {"kept.txt": "new"}


def test_links_are_no_data_and_nothing_behind_them() -> None:
    assert found("link/secret", links=frozenset({"link", "other.db"}), changed=("other.db",)) == {}


def test_declared_paths_count_whatever_they_are_and_hold_what_is_in_them() -> None:
    listing = ReleaseListing(new_files=("node_modules/x", "logs/a.log", "logs/b.csv"), new_folders=("logs",))
    assert [each.path for each in data_paths(listing, ["node_modules", "logs/"])] == ["logs", "node_modules"]


NAMES = st.text(alphabet=st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=6)
KNOWN = [*sorted(NEVER_DATA | BUILD_FOLDERS), "data", "x.db", "y.log", "z.db-wal"]
PARTS = st.one_of(NAMES, st.sampled_from(KNOWN))
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)


@given(st.sets(PATHS, max_size=12), st.sets(PATHS, max_size=6), st.sets(PATHS, max_size=6))
def test_any_listing(files: set[str], folders: set[str], changed: set[str]) -> None:
    listing = ReleaseListing(new_files=tuple(files), new_folders=tuple(folders), changed=tuple(changed))
    paths = [each.path for each in data_paths(listing)]
    assert len(paths) == len(set(paths))
    assert not [path for path in paths for other in paths if path.startswith(f"{other}/")], "none inside another"
    for path in paths:
        assert not NEVER_DATA & set(path.split("/")[:-1]), "never inside a folder of dependencies or caches"
        assert any(each == path or each.startswith((f"{path}/", f"{path}-")) for each in files | changed), "made of what was found"


@given(st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(sorted(NEVER_DATA)), NAMES)
def test_nothing_below_dependencies_and_caches(above: list[str], never: str, name: str) -> None:
    path = "/".join((*above, never, name))
    assert found(path, folders=("/".join((*above, never)),), changed=(path,)) == {}


@given(st.sampled_from([pattern.replace("*", "name").replace("[0-9]", "1") for pattern in NOISE]))
def test_noise_in_a_folder_of_its_own(name: str) -> None:
    assert found(f"logs/{name}", folders=("logs",)) == {}


@pytest.mark.parametrize("bad", ["/etc", "..", "../x", "a/../../x", ".", "a/..", ""])
def test_paths_that_lead_out(bad: str) -> None:
    with pytest.raises(ValueError, match="not a path inside"):
        inner_path(bad)


@pytest.mark.parametrize(("given_path", "plain"), [("a//b/./c", "a/b/c"), ("uploads/", "uploads/"), ("./db.sqlite3", "db.sqlite3")])
def test_paths_in_their_plain_form(given_path: str, plain: str) -> None:
    assert inner_path(given_path) == plain
