"""Secrets nobody registered, known by their look. The examples are put together here: no scanner shall take them for a leak."""

from __future__ import annotations

import pytest

from auto_deployer.masking import SecretRegistry

MIXED = "0123456789abcdefghijABCDEFGHIJ0123456789"
PRIVATE_KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDu\n"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("gh" + "p_" + MIXED, "ghp_***"),
        ("github" + "_pat_" + MIXED, "github_pat_***"),
        ("gl" + "pat-" + MIXED, "glpat-***"),
        ("xo" + "xb-" + "123456789012-" + MIXED, "xoxb-***"),
        ("https://hooks.slack.com" + "/services/" + "T00000000/B00000000/" + MIXED, "https://hooks.slack.com/services/***"),
        ("s" + "k-proj-" + MIXED, "sk-***"),
        ("s" + "k_live_" + MIXED, "sk_live_***"),
        ("AK" + "IA" + "ABCDEFGHIJKLMNOP", "AKIA***"),
        ("AI" + "za" + MIXED[:35], "AIza***"),
        ("np" + "m_" + MIXED[:36], "npm_***"),
        ("py" + "pi-" + "AgE" + MIXED, "pypi-AgE***"),
        ("postgres://app:pass-word@db/shop", "postgres://***@db/shop"),
        ("redis://:pass-word@cache:6379", "redis://***@cache:6379"),
        ("https://user:p@ss@host/path", "https://***@host/path"),
        ("https://some-token@host/path", "https://***@host/path"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ('"authorization": "Basic dXNlcjpwYXNz"', '"authorization": "Basic ***"'),
        (
            f"-----BEGIN PRIVATE KEY-----\n{PRIVATE_KEY}-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\n",
        ),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{PRIVATE_KEY}", "-----BEGIN RSA PRIVATE KEY-----***"),
    ],
)
def test_known_look(text: str, masked: str) -> None:
    known = SecretRegistry()
    assert known.mask(f"({text})") == f"({masked})"
    assert known.mask(f"({masked})") == f"({masked})", "masking again changes nothing"


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@github.com/owner/repository",
        "git@github.com:owner/repository.git",
        "http://localhost:3000/@vite/client",
        "http://localhost:3000 user@example.com",
        "https://cdn.example.com/npm/vue@3.4.0",
        "task-scheduler-of-2024-with-a-long-name",
        "sk-learn-like-names-without-any-digits",
        "npm_config_registry npm_lifecycle_event_of_a_long_name",
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n-----END CERTIFICATE-----",
        "Authorization: required",
        "AKIA is a prefix",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert SecretRegistry().mask(text) is text
