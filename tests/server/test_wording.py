from __future__ import annotations

from typing import get_args

import pytest

from auto_deployer.lsp.errors import error_of
from auto_deployer.lsp.wording import in_wire_words
from auto_deployer.model.errors import TargetLockedError
from auto_deployer.model.plan import Overrides
from auto_deployer.model.requests import StartParams
from auto_deployer.model.suggestions import OptionName, Suggestion, suggest


@pytest.mark.parametrize(
    ("suggestion", "on_the_wire"),
    [
        (suggest("Use another deploy directory.", "deployDir"), "Use another deploy directory: deployDir"),
        (suggest("Say how to start it", "overrides.start", "npm start"), 'Say how to start it: overrides.start "npm start"'),
        (suggest("Give its value", "env", "KEY"), 'Give its value: env "KEY"'),
        (suggest("Retry it", command="auto-deployer retry d1"), "Retry it: auto-deployer retry d1"),
        (suggest("Install git."), "Install git."),
    ],
)
def test_suggestions_name_what_a_client_sends(suggestion: Suggestion, on_the_wire: str):
    assert in_wire_words(suggestion) == on_the_wire


def test_errors_of_the_wire_carry_them_as_data():
    error = error_of(TargetLockedError("busy", suggestions=(suggest("Choose another one", "deployDir"), suggest("Wait."))))
    assert error.data["suggestions"] == [  # type: ignore[index]
        {"text": "Choose another one", "option": "deployDir"}, {"text": "Wait."},
    ]  # fmt: skip


def test_options_are_params_that_a_client_can_send():
    params = {field.alias for field in StartParams.model_fields.values()}
    params |= {f"overrides.{field.alias}" for field in Overrides.model_fields.values()} | {"initializationOptions.logDir"}
    assert set(get_args(OptionName)) <= params
