"""What a deployment's process raises is raised again, as it was, where it is heard."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from auto_deployer.model.errors import AutoDeployerError, RuntimeMissingError
from auto_deployer.model.facts import EnvVariable
from auto_deployer.model.reasons import Kind
from auto_deployer.model.suggestions import suggest
from auto_deployer.runner.channel import error_line, result_of

SAMPLES: dict[str, Any] = {
    "message": "What happened.",
    "kind": Kind.MISSING_TOOL,
    "suggestions": (suggest("Do this"), suggest("Or that", "port", "80", command="true")),
    "offer": "Node 22",
    "missing_env": (EnvVariable(name="API_KEY", place=".env.example:3", default="none"),),
}
"""A value for each parameter that a constructor in the hierarchy has."""


def hierarchy(base: type[AutoDeployerError] = AutoDeployerError) -> Iterator[type[AutoDeployerError]]:
    yield base
    for direct in base.__subclasses__():
        yield from hierarchy(direct)


def sample(kind_of_error: type[AutoDeployerError]) -> AutoDeployerError:
    return kind_of_error(**{name: SAMPLES[name] for name in inspect.signature(kind_of_error).parameters})


@pytest.mark.parametrize("kind_of_error", list(hierarchy()), ids=lambda found: found.__name__)
def test_every_error_of_the_hierarchy_comes_through_with_all_it_holds(kind_of_error: type[AutoDeployerError]) -> None:
    raised = sample(kind_of_error)
    with pytest.raises(AutoDeployerError) as caught:
        result_of(error_line(raised))
    assert type(caught.value) is kind_of_error
    assert vars(caught.value) == vars(raised)
    assert str(caught.value) == str(raised)
    assert (caught.value.reason, caught.value.code, caught.value.retryable) == (raised.reason, raised.code, raised.retryable)


@pytest.mark.parametrize("kind_of_error", list(hierarchy()), ids=lambda found: found.__name__)
def test_a_kind_of_its_own_is_kept_where_none_was_given(kind_of_error: type[AutoDeployerError]) -> None:
    if kind_of_error is RuntimeMissingError:
        pytest.skip("it is always told which kind it is")
    with pytest.raises(kind_of_error) as caught:
        result_of(error_line(kind_of_error("What happened.")))
    assert caught.value.kind is kind_of_error.kind
