"""All that the Python recipe saw, as it is kept in `Detection.details`."""

from __future__ import annotations

from pydantic import Field

from ...model.base import Model
from ...model.facts import EnvVariable
from .python_deps import PythonProject
from .python_django import DjangoProject
from .python_entry import StartOption
from .python_services import ServiceNeed


class PythonFindings(Model):
    """Enough to plan from without the repository."""

    project: PythonProject
    django: DjangoProject | None = None
    option: StartOption | None = None
    """The best way to start; None for Django and when there is none."""
    framework: str = ""
    needs: tuple[ServiceNeed, ...] = ()
    required_env: tuple[EnvVariable, ...] = ()
    committed_env: tuple[str, ...] = ()
    """Names in a committed .env file."""
    flask_migrations: bool = False
    bounds: dict[str, str] = Field(default_factory=dict)
    """Requirements that keep a package at the version the source was written for, and why."""
