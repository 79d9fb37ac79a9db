"""What an error or a reason suggests, as a person at a terminal reads it."""

from __future__ import annotations

from auto_deployer.cli.suggestions import worded
from auto_deployer.model.errors import AutoDeployerError
from auto_deployer.model.reasons import Reason


def suggested(source: AutoDeployerError | Reason | None) -> list[str]:
    assert source is not None
    return [worded(suggestion) for suggestion in source.suggestions]
