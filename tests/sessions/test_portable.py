"""Portable commands mean in PowerShell what they mean in a POSIX shell: both readings of generated commands are compared."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.sessions.portable import NotPortableError, parse, quoted, to_powershell

from .powershell_reading import call_words, statements, string_at

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=12)
PASSED_ON = TEXT.filter(lambda text: text and '"' not in text and not text.endswith("\\"))
NAMES = {"PORT": "8000", "HOST": "127.0.0.1", "PLACE": "a b/it's"}
PIECES = st.sampled_from(
    ["$PORT", "${HOST}", '"$PLACE"', "x", "'a b'", "--bind=", ":", "/", "\\ ", '"in $PORT"', "'$PORT'", "é", "@%+,^="]
)


@given(TEXT)
def test_a_quoted_string_is_read_as_it_was(text: str) -> None:
    assert string_at(quoted(text), 0) == (text, len(quoted(text)))


@given(st.lists(PASSED_ON, min_size=1, max_size=4))
def test_words_arrive_as_they_were(words: list[str]) -> None:
    script = to_powershell("printargs " + shlex.join(words))
    (call, end) = statements(script)
    assert [*call_words(call, {})] == ["printargs", *words]
    assert end == "exit $LASTEXITCODE"


@given(st.lists(st.lists(PIECES, min_size=1, max_size=5).map("".join), min_size=1, max_size=4))
def test_bash_reads_the_words_alike(words: list[str]) -> None:
    command = " ".join(("printargs", *words))
    called = next(statements(to_powershell(command)))
    by_bash = subprocess.run(
        ["bash", "-c", f"IFS=; set -f; printargs() {{ printf '%s\\0' \"$@\"; }}; {command}"], capture_output=True, check=True,
        env={**NAMES, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert [*call_words(called, NAMES)][1:] == by_bash.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("npm ci && npm run build", ["& … 'npm') 'ci'", "if …", "& … 'npm') 'run' 'build'"]),
        ("exec ./bin/app --port $PORT", ["& './bin/app' '--port' ('' + ${env:PORT})"]),
        ("A='b c' node x.js", ["${env:A} = 'b c'", "& … 'node') 'x.js'"]),
        ("cd 'a b'; make", ["Set-Location -LiteralPath 'a b'", "& … 'make')"]),
        ("command -v git", ["… 'git' | Out-Null"]),
        ("it\\'s", ["& … 'it''s')"]),
        ('export PATH="$PWD/bin:$PATH"', ["${env:PATH} = ('' + (Get-Location).ProviderPath + '/bin' + ;; + ${env:PATH})"]),
        ("export PATH='C:/a b':$PATH; x", ["${env:PATH} = ('' + 'C:/a b' + ;; + ${env:PATH})", "& … 'x')"]),
    ],
)  # fmt: skip
def test_what_is_rendered(command: str, script: list[str]) -> None:
    rendered = to_powershell(command).replace("(Get-Command -CommandType Application -TotalCount 1 -Name", "…")
    rendered = rendered.replace("[System.IO.Path]::PathSeparator", ";;")
    rendered = rendered.replace("Get-Command -CommandType Application -TotalCount 1 -Name", "…")
    shown = [line.replace("if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }", "if …") for line in rendered.split("\n")]
    assert shown == [*script, "exit $LASTEXITCODE"]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("a | b", "`|`"), ("a || b", "`|`"), ("a > b", "`>`"), ("a 2>&1", "`>`"), ("a < b", "`<`"), ("a &", "`&`"),
        ("(a)", "`(`"), ("{ a; }", "`{`"), ("a $(b)", "`$(`"), ("a `b`", "``"), ('a "$(b)"', "`$(`"), ('a "`b`"', "inside a word"),
        ("a *.txt", "`*`"), ("a x?", "`?`"), ("a [x]", "`[`"), ("a ~/x", "`~`"), ("a {x,y}", "`{`"), ("a # b", "`#`"),
        ("! a", "`!`"),
        ("a $?", "`$?`"), ("a $1", "`$1`"), ("a ${x:-y}", "`${`"), ("if a", "`if`"), ("echo a", "`echo`"), ("test -f a", "`test`"),
        ("A=b c && d", "`A=`"), ("$CMD a", "in a variable"), ("a ''", "an empty word"), ("a 'b\"c'", "double quote"),
        ("a 'b c\\'", "backslash"), ("a &&", "after it"), ("&& a", "before it"), ("a 'b", "not closed"), ("", "no command"),
        ("cd a b", "`cd`"), ("command ls", "`command`"), ("export A", "`export`"), ("exec", "`exec`"), ("cat <<END\nEND", "`<`"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(command: str, part: str) -> None:
    with pytest.raises(NotPortableError) as refused:
        to_powershell(command)
    assert part in str(refused.value)


@given(TEXT)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotPortableError):
        assert all(command.words for command in parse(text))
