"""The life of an app that every system has to allow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deployments.test_sample_apps import _get
from tests.runner.conftest import git_repo


def deploy_again_roll_back_and_stop(repo: Path, deploy: Callable[[], dict[str, Any]], cli: Callable[[str], object]) -> None:
    """Each release answers with its own page, at one address.

    Args:
        deploy: deploys `repo` and gives the app, as it is told at the end.
    """
    first = deploy()
    assert "Hello from" in _get(first["url"])
    page = next(path for path in (repo / "app.py", repo / "server.js", repo / "index.html") if path.is_file())
    page.write_text(page.read_text().replace("Hello from", "Good day from"))
    git_repo(repo, {})
    second = deploy()
    assert second["url"] == first["url"]
    assert "Good day from" in _get(first["url"])
    cli("rollback")
    assert "Hello from" in _get(first["url"])
    cli("stop")
    with pytest.raises(OSError, match="refused"):
        _get(first["url"])
