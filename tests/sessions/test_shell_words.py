"""Simple commands of a shell command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.sessions.shell_words import simple_commands


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("a && b || c; d | e & f", ["a", "b", "c", "d", "e", "f"]),
        ("a\nb", ["a", "b"]),
        ("a \\\n  -x", ["a"]),
        ("X=1 Y='2 3' a", ["a"]),
        ("X=1", []),
        ("(a; b) > out 2>&1", ["a", "b"]),
        ("{ a; }", ["a"]),
        ("! a", ["a"]),
        ("while a; do b; done", ["a", "b"]),
        ("x=$(a b)", ["a"]),
        ("diff <(a x) <(b y) 2>/dev/null", ["diff", "a", "b"]),
        ("echo `a b`", ["echo"]),
        ("'quoted name' x", ["quoted name"]),
        ("sudo -n -u web -- a", ["a"]),
        ("timeout --signal KILL 5m a", ["a"]),
        ("env A=1 B=2 a", ["a"]),
        ("sudo", []),
        ("bash -c 'a; b'", ["bash", "a", "b"]),
        ("eval a b", ["eval", "a"]),
        ("cat <<'END'\nit's text\nEND", ["cat", "it's", "END"]),
        ("curl http://x/#frag && a", ["curl", "a"]),
    ],
)
def test_names(command: str, expected: list[str]) -> None:
    assert [part.name for part in simple_commands(command)] == expected


def test_arguments_lose_their_quotes_and_redirections() -> None:
    (only,) = simple_commands("a 'b c' \"d\" > /dev/null < in e")
    assert only.args == ("b c", "d", "e")


@given(st.text(alphabet="abc'\"\\`$(){}<>|&;#=- \n\t"))
def test_any_text_is_taken(command: str) -> None:
    for part in simple_commands(command):
        assert isinstance(part.name, str)
