"""Drivers of apps are tested in the same kind of place as the app keeper; those with a model on a bench of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.masking import SecretRegistry
from auto_deployer.model.log import DeploymentLog
from tests.apps_keeper.conftest import free_port, place
from tests.apps_keeper.harness import Place

from .llm_bench import LlmBench

__all__ = ["free_port", "llm", "place"]


@pytest.fixture
def llm(tmp_path: Path, place: Place) -> Iterator[LlmBench]:
    path = LogStore(tmp_path / "agent_logs").reserve("app", datetime.now())
    recorder = Recorder.create(path, SecretRegistry(), DeploymentLog(deployment_id="d1"))
    bench = LlmBench(recorder, place.deploy_dir)
    recorder.subscribe(bench.follow)
    yield bench
    recorder.close()
