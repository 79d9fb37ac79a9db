"""Values that were given for the app: known whatever their names, but for those that say nothing."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.masking import SecretRegistry, is_plain
from auto_deployer.masking.forms import forms


def knowing(env: Mapping[str, str], *shown: str) -> SecretRegistry:
    known = SecretRegistry()
    known.add_given(env, shown)
    return known


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE_OF_WORK", "hunter2hunter2"),
        ("GREETING", "good morning"),
        ("PGPASSWORD", "12345678"),
        ("OPENAI_API_KEY_1", "abcdefgh"),
        ("ConnectionStrings__Db", "Server=db;User Id=sa;Pwd=hunter22"),
        ("APP_NAME", "hunter2hunter2"),
        ("DB_USER", "gh" + "p_0123456789abcdefghijABCDEFGHIJ012345"),
        ("HOOK", "https://hooks.example.com/services/T000/abcdef"),
        ("DATABASE_URL", "app:hunter22@db.example.com"),
        ("DB_PASSWORD", "/hunter22"),
        ("FEATURES", '{"beta": true}'),
        ("SERIAL", "1234567890123456"),
    ],
)
def test_is_hidden(name: str, value: str) -> None:
    assert knowing({name: value}).mask(f"<{value}>") == "<***>"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_ENV", "production"),
        ("PORT_OF_APP", "300000"),
        ("RATIO", "0.123456"),
        ("LIMIT", "100000kb"),
        ("NODE_VERSION", "20.19.2"),
        ("SINCE", "2024-01-31"),
        ("LC_ALL", "en_US.UTF-8"),
        ("TZ", "Europe/Berlin"),
        ("BIND", "127.0.0.1:8000"),
        ("BIND", "localhost:8000"),
        ("DATA", "/srv/shop/data"),
        ("DATA", "./data/db.sqlite3"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/app/credentials.json"),
        ("PUBLIC_URL", "https://shop.example.com"),
        ("REDIS", "redis://localhost:6379/0"),
        ("DATABASE", "sqlite:///data/shop.sqlite3"),
        ("SMTP_HOST", "mail.example.com"),
        ("DB_USER", "shop_user"),
        ("ADMIN_EMAIL", "admin@example.com"),
        ("AWS_REGION", "eu-central-1"),
        ("POSTGRES_DB", "shop_live"),
        ("DB_PASSWORD", "changeme"),
        ("DEBUG_SETTING", "true"),
        ("SHORT", "abc12"),
    ],
)
def test_stays_readable(name: str, value: str) -> None:
    assert knowing({name: value}).mask(f"<{value}>") == f"<{value}>"


def test_what_stands_in_every_log_anyway_is_secret_under_a_secret_s_name_only() -> None:
    assert knowing({"PROJECT": "my-shop-01"}, "my-shop-01").mask("my-shop-01") == "my-shop-01"
    assert knowing({"PROJECT": "my-shop-01", "DB_PASSWORD": "my-shop-01"}, "my-shop-01").mask("my-shop-01") == "***"


@pytest.mark.parametrize(
    ("value", "inner"),
    [
        ("Server=db.example.com;User Id=sa;Password=hunter22;Encrypt=True", "hunter22"),
        ("host=db user=app password='hunter 22'", "hunter 22"),
        ("jdbc:postgresql://db/shop?user=app&password=hunter22", "hunter22"),
        ("amqp://app:hunter22@one.example.com,amqp://app:hunter33@two.example.com", "hunter33"),
        (json.dumps({"user": "app", "nested": [{"apiKey": "hunter22"}]}), "hunter22"),
        ("postgres://app:hunter%2F22@db.example.com/shop", "hunter/22"),
    ],
)
def test_a_secret_inside_a_value_is_known_alone(value: str, inner: str) -> None:
    assert knowing({"SETTING": value}).mask(f"<{inner}>") == "<***>"


def test_each_line_is_known_but_for_well_known_words() -> None:
    known = knowing({"SETTINGS": "first-line\nproduction\nlast-line"})
    assert known.mask("first-line production last-line") == "*** production ***"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=6, max_size=40))
def test_whatever_is_not_plain_is_hidden_in_every_form(value: str) -> None:
    known = knowing({"SETTING": value})
    if not is_plain("SETTING", value):
        for form in forms(value):
            if len(form) >= 6:
                assert form not in known.mask_bytes(b"<" + form + b">").replace(b"***", b"\0")


def test_many_values_are_found_as_few_are() -> None:
    """From some hundreds on they are searched for in another way."""
    chosen = random.Random(5)
    values = {f"V_{n}": "".join(chosen.choices(string.ascii_letters + string.digits + " /+'\"$é", k=30)) for n in range(400)}
    many = knowing(values)
    for name in ("V_0", "V_199", "V_399"):
        value = values[name].strip()
        for form in forms(value):
            for before in ("", "a", "ab", "abc"):
                text = before.encode() + form + b" end"
                assert form not in many.mask_bytes(text)
                stream, told = many.stream(), b""
                for at in range(0, len(text), 7):
                    told += stream.feed(text[at : at + 7])
                assert told + stream.flush() == many.mask_bytes(text)
    plain = b"nothing of that\n" * 100
    assert many.mask_bytes(plain) is plain
