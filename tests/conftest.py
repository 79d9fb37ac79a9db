"""Settings for the whole suite."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow or busy machine is no failure: no example has a time limit, and each run takes the same examples.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
