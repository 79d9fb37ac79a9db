"""Settings for the whole suite."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.leftovers import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

# A slow or busy machine is no failure: no example has a time limit, and each run takes the same examples.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
