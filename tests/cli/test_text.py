from __future__ import annotations

import pytest

from auto_deployer.cli.text import clean, command_line, duration, last_lines, one_line, seconds_between, symbols_for


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x07", "\u202e", "\x00"])
def test_what_a_repository_says_cannot_steer_the_terminal(hostile: str):
    assert "".join(clean(f"a{hostile}b").split("31m")) == "ab"


def test_a_short_command_is_shown_whole():
    assert command_line("npm ci", "Install") == "$ npm ci"


def test_of_a_long_command_the_beginning_and_the_purpose_are_shown():
    shown = command_line("cat > x <<'END'\n" + "text\n" * 1000 + "END", "Write x")
    assert shown.startswith("$ cat > x <<'END'")
    assert shown.endswith("  # Write x")
    assert len(shown) < 100


def test_one_line_is_cut_to_its_width():
    assert one_line("a  b\nc" * 10, 8) == "a b c..."
    assert one_line("short", 8) == "short"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (185, "3 min 05 s"), (-1, "0.0 s")]
)
def test_durations(seconds: float, shown: str):
    assert duration(seconds) == shown


def test_a_time_that_is_missing_or_none_gives_no_span():
    assert seconds_between("2026-11-24T07:00:00+00:00", "2026-11-24T07:00:02.5+00:00") == 2.5
    assert seconds_between("", "2026-11-24T07:00:00+00:00") is None
    assert seconds_between("2026-11-24T07:00:00", "2026-11-24T07:00:00+00:00") is None


def test_last_lines_leave_blank_ones_out():
    assert last_lines("1\n2\n\n3\n\n", 2) == ["2", "3"]
    assert last_lines("1\n2\n", 0) == []


@pytest.mark.parametrize(("encoding", "icon"), [("utf-8", "✓"), ("ascii", "+"), ("latin-1", "+"), ("no-such", "+"), (None, "+")])
def test_icons_are_what_the_encoding_can_show(encoding: str | None, icon: str):
    assert symbols_for(encoding).icon("success") == icon
