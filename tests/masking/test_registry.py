"""Which values are known as secrets, and that no written form of them survives."""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.masking import SecretRegistry
from auto_deployer.masking.forms import forms

VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=6, max_size=40)
SURROUNDINGS = st.text(max_size=20)


def registry(*values: str) -> SecretRegistry:
    known = SecretRegistry()
    for value in values:
        known.add(value)
    return known


def written_forms(value: str) -> list[str]:
    return [
        value,
        quote(value, safe=""),
        quote_plus(value),
        quote(value, safe="!'()*"),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        shlex.quote(value).removeprefix("'").removesuffix("'"),
    ]


@given(VALUES, SURROUNDINGS, SURROUNDINGS)
def test_no_written_form_survives(value: str, before: str, after: str) -> None:
    known = registry(value)
    for form in written_forms(value):
        masked = known.mask(f"{before}{form}{after}")
        assert form not in masked.replace("***", "\0")


@given(VALUES, st.text(max_size=12), st.text(max_size=12))
def test_base64_does_not_give_the_value_away(value: str, before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}{value}{after}".encode()).decode()
    masked = registry(value).mask(f"Basic token={encoded} end")
    hidden = len(value.encode()) * 8 // 6
    shown = len(masked) - len("Basic token= end") - len("***")
    assert shown <= len(encoded) - (hidden - 2), "at most the characters that its neighbours share stay"
    assert "***" in masked


def test_user_and_password_in_a_basic_header_are_hidden() -> None:
    encoded = base64.b64encode(b"deploy:hunter22").decode()
    assert registry("hunter22").mask(f"x {encoded}") == f"x {encoded[:10]}***"


@pytest.mark.parametrize("width", [64, 76])
def test_wrapped_base64_of_a_long_value_is_hidden(width: int) -> None:
    value = "".join(f"{number:03d}" for number in range(100))
    encoded = base64.b64encode(value.encode()).decode()
    wrapped = "\n".join(encoded[at : at + width] for at in range(0, len(encoded), width))
    assert set(registry(value).mask(wrapped)) <= set("*\n=")


@given(st.text(), VALUES)
def test_other_text_is_the_same_object(text: str, value: str) -> None:
    known = registry(value)
    masked = known.mask(text)
    assert masked is text or "***" in masked


@given(st.text(st.characters(exclude_characters=":@-_")))
def test_without_secrets_nothing_changes(text: str) -> None:
    assert SecretRegistry().mask(text) is text


@given(st.binary(), st.binary())
def test_bytes_that_are_not_text_pass(before: bytes, after: bytes) -> None:
    known = registry("correct horse")
    assert known.mask_bytes(before + b"correct horse" + after) == before + b"***" + after


def test_a_longer_secret_is_hidden_as_a_whole() -> None:
    assert registry("hunter22", "hunter22-long", "22-longer").mask("a hunter22-longer b hunter22") == "a *** b ***"


def test_short_values_are_ignored() -> None:
    assert registry("true", "12345", "").mask("true 12345") == "true 12345"


def test_each_line_of_a_value_is_known() -> None:
    known = registry("first-line\nsecond-line\r\nx\n")
    assert known.mask("> second-line <") == "> *** <"
    assert known.mask("> first-line <") == "> *** <"
    assert known.mask("x") == "x"


def test_a_value_added_later_counts() -> None:
    known = registry("hunter22")
    assert known.mask("opensesame") == "opensesame"
    known.add("opensesame")
    assert known.mask("opensesame hunter22") == "*** ***"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter22"),
        ("db.password", "hunter22"),
        ("dbPassword", "hunter22"),
        ("SECRET_KEY", "django-insecure"),
        ("API_TOKEN", "abcdefgh"),
        ("STRIPE_KEY", "abcdefgh"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("SMTP_PWD", "hunter22"),
        ("GOOGLE_CREDENTIALS", '{"private_key_id": "x"}'),
        ("SENTRY_DSN", "host=db password"),
        ("SETTING", "gh" + "p_0123456789abcdefghijABCDEFGHIJ012345"),
        ("SETTING", "q8Zr2LwT9vXc4NbM7kJh3GfD"),
        ("SETTING", "0123456789abcdef0123456789abcdef"),
    ],
)
def test_secret_by_name_or_shape(name: str, value: str) -> None:
    known = SecretRegistry()
    known.add_env({name: value})
    assert known.mask(f"<{value}>") == "<***>"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_ENV", "production"),
        ("DEBUG", "express:*"),
        ("HOME", "/home/developer"),
        ("PWD", "/home/developer/project"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-XXXXXXabcdef/agent.1234"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/app/credentials.json"),
        ("DB_PASSWORD_FILE", "/run/secrets/password"),
        ("API_URL", "https://api.example.com/v1/tokens?page=2"),
        ("TOKEN_URL", "https://login.example.com/oauth"),
        ("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567"),
        ("MAX_TOKENS", "100000"),
        ("KEYBOARD", "qwerty-us"),
        ("KEY", "Enter-key"),
        ("TOKENIZERS_PARALLELISM", "enabled"),
        ("RUNNER", "node-v20.20.2-linux-x64-glibc217"),
        ("LANG", "en_US.UTF-8"),
        ("JWT_PUBLIC_KEY", "not-a-secret"),
        ("AUTH_DOMAIN", "login.example.com"),
        ("SESSION_SECRET", "development"),
        ("DATABASE_URL", "postgres:postgres@localhost"),
    ],
)
def test_ordinary_settings_stay_readable(name: str, value: str) -> None:
    known = SecretRegistry()
    known.add_env({name: value})
    assert known.mask(f"{name}={value}") == f"{name}={value}"


def test_a_url_in_the_environment_gives_its_password_only() -> None:
    known = SecretRegistry()
    known.add_env({"DATABASE_URL": "postgres://app:s3cr3t%2Fpw@db.internal:5432/shop"})
    assert known.mask("s3cr3t/pw s3cr3t%2Fpw db.internal shop") == "*** *** db.internal shop"


@pytest.mark.parametrize(
    ("url", "text", "masked"),
    [
        ("https://token-of-mine@github.com/a/b", "token-of-mine", "***"),
        ("https://user-name:pass-word@github.com/a/b", "user-name pass-word", "user-name ***"),
        ("ssh://deploy@example.com/a/b", "deploy", "deploy"),
        ("git@github.com:owner/repository.git", "owner repository", "owner repository"),
        ("https://host/x?access_token=abcdefgh&page=information", "abcdefgh information", "*** information"),
        ("postgres://postgres:postgres@db/shop", "postgres is up", "postgres is up"),
        ("https://[broken", "https://[broken", "https://[broken"),
    ],
)
def test_credentials_of_a_url(url: str, text: str, masked: str) -> None:
    known = SecretRegistry()
    known.add_url(url)
    assert known.mask(text) == masked


def test_values_that_are_not_text_are_known_too() -> None:
    known = registry("pass\udcffword")
    assert known.mask_bytes(b"<pass\xffword>") == b"<***>"
    assert known.mask("<pass\ufffdword>") == "<***>"


def test_a_form_never_hides_ordinary_words() -> None:
    text = "the quick brown fox jumps over the lazy dog"
    assert registry("zebra-stripes").mask(text) is text
    assert re.fullmatch(r"the quick \*\*\* fox.*", registry("brown!", "brown.").mask("the quick brown! fox"))


def test_a_value_that_comes_while_another_thread_looks_at_those_before_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = SecretRegistry()
    secrets.add("first-secret")
    adding = threading.Thread(target=secrets.add, args=("second-secret",))

    def forms_meanwhile(value: str) -> Iterable[bytes]:
        if adding.ident is None:
            adding.start()
            adding.join(0.2)  # it may have to wait until the first is done
        return forms(value)

    monkeypatch.setattr("auto_deployer.masking.registry.forms", forms_meanwhile)
    assert "first-secret" not in secrets.mask("first-secret")
    adding.join()
    assert "second-secret" not in secrets.mask("second-secret")
