"""Which names say that a value is a secret: as words, as parts of words, and without the words that only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.masking import is_secret_name

SECRET = [
    "PASSWORD", "PASSWORDS", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "REDISPASS", "HTPASSWD", "BASIC_AUTH", "SECRETKEY",
    "SECRET_KEY_BASE", "AUTHTOKEN", "TOKENS", "ACCESS_TOKEN_2", "ENCRYPTION_KEY_BASE64", "ENCRYPTIONKEY", "APIKEY", "APIKEYS",
    "OPENAI_API_KEY_1", "API_KEYS", "API_KEY_PROD", "STRIPE_KEY", "COOKIE", "SESSION_COOKIE", "JWT", "JWT_SECRET", "SENTRY_DSN",
    "dbPassword", "DbPassword", "db.password", "my-api-key", "OAuthToken", "AUTHORIZATION", "WIFI_PSK",
    "AZURE_STORAGE_SAS_TOKEN", "GOOGLE_CREDENTIALS", "PASS_PHRASE", "MNEMONIC", "DB_PASSWORD_OLD",
]  # fmt: skip
ORDINARY = [
    "KEYBOARD", "KEYBOARD_LAYOUT", "TOKENIZERS_PARALLELISM", "TOKENIZER", "AUTHOR", "AUTHORS", "GIT_AUTHOR_NAME", "MONKEY",
    "TURKEY", "HOTKEY", "KEYCLOAK_URL", "KEYMAP", "COMPASS", "BYPASS", "ASKPASS", "SSH_ASKPASS", "PASSENGER_APP_ENV", "PASSIVE",
    "OLDPWD", "PWD", "SECRETARY", "PATH", "PATTERN", "SSH_AUTH_SOCK", "XAUTHORITY", "COOKIE_DOMAIN", "COOKIECUTTER_CONFIG",
    "MAX_TOKENS", "MAX_NEW_TOKENS", "TOKEN_URL", "PASSWORD_FILE", "JWT_ALGORITHM", "JWT_PUBLIC_KEY", "KEY_PREFIX",
    "PINECONE_REGION", "SALTSTACK", "NODE_ENV", "PORT", "LANG", "HOME", "KEY",
]  # fmt: skip
PARTS = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "JWT", "PASSPHRASE"]
NEUTRAL = st.lists(st.sampled_from(["APP", "SHOP", "X", "MAIN", "BLUE", "SERVICE", "DB", "MY"]), max_size=3)


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_s_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_name(name: str) -> None:
    assert not is_secret_name(name)


@given(NEUTRAL, st.sampled_from(PARTS), NEUTRAL, st.sampled_from(["_", "", "-", "."]))
def test_parts_count_wherever_they_stand(before: list[str], part: str, after: list[str], joint: str) -> None:
    assert is_secret_name(joint.join([*before, part, *after]))


@given(
    NEUTRAL,
    st.sampled_from([*PARTS, "API_KEY", "APIKEY", "MYSQL_PWD"]),
    st.sampled_from(["", "_1", "_2", "_PROD", "_OLD", "_BASE64"]),
)
def test_the_spelling_does_not_count(before: list[str], part: str, end: str) -> None:
    name = "_".join([*before, part]) + end
    words = name.lower().split("_")
    assert is_secret_name(name)
    assert is_secret_name(name.lower())
    assert is_secret_name(words[0] + "".join(word.capitalize() for word in words[1:])), "camelCase"


@given(NEUTRAL, st.sampled_from(PARTS), st.sampled_from(["URL", "FILE", "PATH", "TTL", "ALGORITHM", "LENGTH", "TIMEOUT"]))
def test_what_is_about_a_secret_is_none(before: list[str], part: str, about: str) -> None:
    assert not is_secret_name("_".join([*before, part, about]))


@given(st.text(max_size=60))
def test_any_text_is_a_name(name: str) -> None:
    assert is_secret_name(name) in (True, False)
