"""Settings for the whole suite."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.leftovers import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

# A slow or busy machine is no failure: no example has a time limit, and each run takes the same examples.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture
def hears_signals() -> Iterator[None]:
    """What the test starts ignores no signal, also where whoever started the suite does (nohup, a background job, some CI)."""
    names = ("SIGHUP", "SIGINT", "SIGQUIT")
    before = {name: signal.getsignal(getattr(signal, name)) for name in names if hasattr(signal, name)}
    for name in before:
        signal.signal(getattr(signal, name), signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)
