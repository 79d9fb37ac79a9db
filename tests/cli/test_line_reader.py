"""Lines typed key by key, as the console of Windows gives them."""

from __future__ import annotations

import asyncio

import pytest

from auto_deployer.cli.line_reader import read_keys


class Keys:
    """Keys of a person who types now and then: the waiting in between is one look without a key."""

    def __init__(self, typed: str) -> None:
        self._typed, self._pausing = list(typed), False

    def kbhit(self) -> bool:
        self._pausing = not self._pausing
        return bool(self._typed) and not self._pausing

    def getwch(self) -> str:
        return self._typed.pop(0)


@pytest.mark.parametrize(
    ("typed", "line", "shown"),
    [
        ("yes\r", "yes", "yes\n"),
        ("nu\bo\r", "no", "nu\b \bo\n"),
        ("\b\r", "", "\n"),
        ("a\xe0Hb\x00;\r", "ab", "ab\n"),
        ("\x1a", None, ""),
        ("a\x1a\r", "a\x1a", "a\x1a\n"),
    ],
)
async def test_a_line(typed: str, line: str | None, shown: str) -> None:
    echoed: list[str] = []
    assert await read_keys(Keys(typed), echoed.append, hidden=False) == line
    assert "".join(echoed) == shown


async def test_a_secret_is_not_shown() -> None:
    echoed: list[str] = []
    assert await read_keys(Keys("pass\bs!\r"), echoed.append, hidden=True) == "pass!"[:3] + "s!"
    assert "".join(echoed) == "\n"


async def test_ctrl_c_and_being_cancelled_end_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        await read_keys(Keys("ab\x03"), lambda _: None, hidden=False)
    reading = asyncio.ensure_future(read_keys(Keys(""), lambda _: None, hidden=False))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
