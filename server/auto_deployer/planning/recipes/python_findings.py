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
    no_server: str = ""
    """What the program is instead of one that serves ("a Discord bot"), where nothing was found to start."""
    needs: tuple[ServiceNeed, ...] = ()
    required_env: tuple[EnvVariable, ...] = ()
    committed_env: tuple[str, ...] = ()
    """Names in a committed .env file."""
    flask_migrations: bool = False
    undeclared: dict[str, str] = Field(default_factory=dict)
    """Packages that the source surely needs and no manifest names, each with its module."""
    page_modules: tuple[str, ...] = ()
    """What a page imports from outside: its server answers all the same when one of them is missing."""
    own_secrets: tuple[str, ...] = ()
    """Variables for a random secret of the app's own, which nobody gave a value."""
    table_command: str = ""
    """The app's own Flask command that makes its tables, as its README says."""
    create_all: str = ""
    """Python text that makes the tables of the app's models, where nothing else does."""
    bounds: dict[str, str] = Field(default_factory=dict)
    """Requirements that keep a package at the version the source was written for, and why."""
