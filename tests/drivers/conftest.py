"""Drivers of apps are tested in the same kind of place as the app keeper."""

from __future__ import annotations

from tests.apps_keeper.conftest import free_port, place

__all__ = ["free_port", "place"]
