from __future__ import annotations

import pytest

from auto_deployer.lsp.errors import error_of
from auto_deployer.lsp.wording import in_wire_words
from auto_deployer.model.errors import TargetLockedError


@pytest.mark.parametrize(
    ("told", "on_the_wire"),
    [
        ("Use another deploy directory with --deploy-dir.", "Use another deploy directory with deployDir."),
        ("Say how to start: `--start 'npm start'`.", "Say how to start: `overrides.start 'npm start'`."),
        ("Give `--env KEY=…` or `--env-file FILE`.", "Give `env KEY=…` or `envFile FILE`."),
        ("`auto-deployer apps` lists the apps that are here.", "`deploy/apps` lists the apps that are here."),
        ("auto-deployer retry d1 --from-step 2", "deploy/retry d1 fromStepId 2"),
        ("auto-deployer logs --list", "deploy/list"),
        ("`auto-deployer start shop` starts it.", "`deploy/startApp shop` starts it."),
        ("Remove it first: auto-deployer remove shop", "Remove it first: auto-deployer remove shop"),
        (
            "`nvm install --lts`, then npm ci --install-strategy=hoisted",
            "`nvm install --lts`, then npm ci --install-strategy=hoisted",
        ),
        ("auto-deployer startup", "auto-deployer startup"),
    ],
)
def test_suggestions_name_what_a_client_sends(told: str, on_the_wire: str):
    assert in_wire_words(told) == on_the_wire


def test_errors_of_the_wire_have_these_words():
    error = error_of(TargetLockedError("busy", suggestions=("Choose another one with --deploy-dir.",)))
    assert error.data["suggestions"] == ["Choose another one with deployDir."]  # type: ignore[index]
