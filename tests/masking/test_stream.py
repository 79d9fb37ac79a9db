"""Masking across chunk borders: the same as masking the whole, prompt, and bounded."""

from __future__ import annotations

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_deployer.masking import SecretRegistry

SECRETS = ("hunter22", "22opensesame", "aaaaaa", "line-one\nline-two", "pass/word+more")
TOKEN = "gh" + "p_0123456789abcdefghijABCDEFGHIJ0123456789"
PIECES = st.sampled_from([
    *(secret.encode() for secret in SECRETS),
    *(base64.b64encode(secret.encode()) for secret in SECRETS),
    b"hunter", b"22", b"aaaa", b"line-one\n", b"pass%2Fword%2Bmore", b" ", b"\n", b"\xff\xfe", TOKEN.encode(), b"ghp_", b"task-",
    b"sk-0123456789-0123456789", b"https://", b"user:pass@", b"host/", b"Authorization: ", b"Bearer ", b"abcdefgh", b"Password: ",
    b"-----BEGIN PRIVATE KEY-----\n", b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", b"-----END PRIVATE KEY-----\n",
])  # fmt: skip


def registry() -> SecretRegistry:
    known = SecretRegistry()
    for secret in SECRETS:
        known.add(secret)
    return known


KNOWN = registry()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(borders)]


def masked(chunks: list[bytes]) -> bytes:
    stream = KNOWN.stream()
    return b"".join(stream.feed(chunk) for chunk in chunks) + stream.flush()


@given(st.lists(PIECES | st.binary(max_size=4), max_size=30).map(b"".join), st.lists(st.integers(0, 10_000), max_size=40))
def test_chunks_make_no_difference(data: bytes, places: list[int]) -> None:
    assert masked(cut(data, places)) == KNOWN.mask_bytes(data)


@given(st.lists(PIECES, max_size=10).map(b"".join))
def test_nor_do_single_bytes(data: bytes) -> None:
    assert masked([data[at : at + 1] for at in range(len(data))]) == KNOWN.mask_bytes(data)


@given(st.sampled_from(SECRETS), st.binary(max_size=20), st.binary(max_size=20), st.lists(st.integers(0, 100), max_size=20))
def test_no_secret_survives_any_chunking(secret: str, before: bytes, after: bytes, places: list[int]) -> None:
    out = masked(cut(before + secret.encode() + after, places))
    assert secret.encode() not in out
    assert b"***" in out


@pytest.mark.parametrize(
    "prompt", [b"Password: ", b"Continue? [y/n]", b"Username for 'https://host':", b">>> ", b"50%\r", b"\xe2\x94"]
)
def test_a_prompt_appears_at_once(prompt: bytes) -> None:
    assert KNOWN.stream().feed(prompt) == prompt


def test_what_may_begin_a_secret_is_held_until_it_is_clear() -> None:
    stream = KNOWN.stream()
    assert stream.feed(b"my hunt") == b"my "
    assert stream.feed(b"er2") == b""
    assert stream.feed(b"3 and hunter2") == b"hunter23 and "
    assert stream.feed(b"2!") == b"***!"
    assert stream.flush() == b""


def test_flush_releases_what_is_held_and_the_stream_goes_on() -> None:
    stream = KNOWN.stream()
    assert stream.feed(b"hunter") == b""
    assert stream.flush() == b"hunter"
    assert stream.feed(b"hunter22") == b"***"
    assert stream.flush() == b""


def test_a_flood_of_overlapping_secrets_is_one_mask_and_held_in_bounds() -> None:
    stream = KNOWN.stream()
    out = stream.feed(b"a" * 100_000)
    assert out == b"***"
    assert out + stream.feed(b"a" * 100_000) + stream.flush() == b"***"


def test_what_is_held_is_bounded_for_patterns() -> None:
    stream = SecretRegistry().stream()
    fed = b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 100_000
    out = b"".join(stream.feed(fed[at : at + 1000]) for at in range(0, len(fed), 1000))
    assert out.startswith(b"-----BEGIN PRIVATE KEY-----***AAA")
    assert len(out) > len(fed) - 2 * 16_384 - 1000


def test_a_secret_that_becomes_known_meanwhile_counts() -> None:
    known = SecretRegistry()
    stream = known.stream()
    assert stream.feed(b"open") == b"open"
    known.add("opensesame")
    assert stream.feed(b" opensesame\n") == b" ***\n"
