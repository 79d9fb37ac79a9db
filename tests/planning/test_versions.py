"""Version ranges of Python and Node, and the choice of an interpreter."""

from __future__ import annotations

import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.interpreters import pick_python
from auto_deployer.planning.versions import node_fits, python_fits


def host_with(*versions: str) -> HostFacts:
    return HostFacts(
        tools=tuple(Tool(name="python3", path=f"/opt/py{version}/bin/python3", version=version) for version in versions)
    )


@pytest.mark.parametrize(
    ("spec", "version", "fits"),
    [
        (">=3.12", "3.11.7", False),
        (">=3.9,<3.13", "3.11.7", True),
        ("==3.11.*", "3.11.7", True),
        ("~=3.10", "3.11.7", True),
        ("", "3.11.7", True),
        ("^3.10", "3.11.7", True),
        ("^3.12", "3.11.7", False),
        ("~3.11", "3.11.7", True),
        ("~3.10", "3.11.7", False),
        ("3.11", "3.11.7", True),
        ("not a specifier", "3.11.7", True),
    ],
)
def test_python_fits(spec: str, version: str, fits: bool) -> None:
    assert python_fits(spec, version) is fits


@pytest.mark.parametrize(
    ("range_", "version", "fits"),
    [
        (">=18", "20.20.2", True),
        (">= 18 < 20", "20.20.2", False),
        ("^18 || ^20", "20.20.2", True),
        ("^20.19.0 || >=22.12.0", "20.18.0", False),
        ("18 - 20", "20.20.2", True),
        ("22.x", "20.20.2", False),
        ("v20", "20.20.2", True),
        ("*", "20.20.2", True),
        ("", "20.20.2", True),
        ("lts/*", "20.20.2", True),
        ("lts/iron", "20.20.2", True),
        ("lts/jod", "20.20.2", False),
        ("node", "20.20.2", True),
        ("latest", "20.20.2", True),
        (">=18", "", True),
    ],
)
def test_node_fits(range_: str, version: str, fits: bool) -> None:
    assert node_fits(range_, version) is fits


def test_python_on_path_is_taken_when_it_fits() -> None:
    assert pick_python(host_with("3.11.7", "3.13.1"), [">=3.10"]).version == "3.11.7"


def test_another_python_is_taken_when_the_one_on_path_does_not_fit() -> None:
    assert pick_python(host_with("3.11.7", "3.13.1", "3.12.4"), [">=3.12", "<3.13"]).version == "3.12.4"


def test_preferred_minor_wins_over_path() -> None:
    assert pick_python(host_with("3.13.1", "3.12.4", "3.11.7"), [">=3.11"], prefer="3.11").version == "3.11.7"


def test_no_python_fits_names_both_sides_and_the_way_out() -> None:
    with pytest.raises(RefusedError) as caught:
        pick_python(host_with("3.11.7", "3.10.2"), [">=3.14"])
    assert caught.value.kind is Kind.RUNTIME_VERSION_UNAVAILABLE
    assert "needs Python >=3.14, found 3.11.7, 3.10.2" in caught.value.message
    assert any("3.14" in suggestion for suggestion in suggested(caught.value))


def test_no_python_at_all_is_a_missing_tool() -> None:
    with pytest.raises(RefusedError) as caught:
        pick_python(HostFacts(), [])
    assert caught.value.kind is Kind.MISSING_TOOL
