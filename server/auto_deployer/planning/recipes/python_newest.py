"""The newest Python on which old pins still install and run: no wheel for a later one, or a standard library that has moved on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.utils import canonicalize_name
from packaging.version import Version

from ...model.facts import Tool
from ..versions import python_fits
from .python_partners import pinned_below

_FIRST_WHEELS = {
    "numpy": ("1.17.3", "1.19.3", "1.21.3", "1.23.2", "1.26.0", "2.1.0"),
    "pandas": ("0.25.3", "1.1.3", "1.3.3", "1.5.1", "2.1.1", "2.2.3"),
    "scipy": ("1.3.2", "1.5.4", "1.7.2", "1.9.2", "1.11.2", "1.14.1"),
    "scikit-learn": ("0.22", "0.24", "1.0.1", "1.1.3", "1.3.1", "1.5.2"),
    "matplotlib": ("3.1.2", "3.3.3", "3.5.0", "3.6.0", "3.8.0", "3.9.2"),
    "pillow": ("6.2.1", "8.0.0", "8.4.0", "9.3.0", "10.1.0", "11.0.0"),
    "lxml": ("4.4.2", "4.6.1", "4.6.4", "4.9.2", "4.9.4", "5.3.0"),
    "psycopg2-binary": ("2.8.4", "2.8.6", "2.9.2", "2.9.5", "2.9.8", "2.9.10"),
    "greenlet": ("0.4.16", "0.4.17", "1.1.2", "1.1.3", "3.0.0", "3.1.0"),
    "gevent": ("1.5.0", "20.9.0", "21.12.0", "22.10.0", "23.9.0", "24.10.1"),
    "cffi": ("1.13.1", "1.14.3", "1.15.0", "1.15.1", "1.16.0", "1.17.1"),
    "pyyaml": ("5.1.2", "5.3.1", "6.0", "6.0", "6.0.1", "6.0.2"),
    "aiohttp": ("3.6.2", "3.7.3", "3.8.0", "3.8.3", "3.9.0", "3.10.6"),
    "multidict": ("4.6.0", "5.0.2", "5.2.0", "6.0.3", "6.0.5", "6.1.0"),
    "yarl": ("1.4.0", "1.6.2", "1.7.0", "1.8.2", "1.9.3", "1.14.0"),
    "uvloop": ("0.14.0", "0.15.0", "0.17.0", "0.17.0", "0.19.0", "0.21.0"),
    "httptools": ("0.1.1", "0.2.0", "0.4.0", "0.5.0", "0.6.1", "0.6.2"),
    "grpcio": ("1.25.0", "1.33.2", "1.41.0", "1.49.1", "1.59.0", "1.66.2"),
    "tensorflow": ("2.2.0", "2.5.0", "2.8.0", "2.12.0", "2.16.1", "2.20.0"),
    "torch": ("1.4.0", "1.8.0", "1.11.0", "2.0.0", "2.2.0", "2.5.0"),
    "h5py": ("2.10.0", "3.1.0", "3.5.0", "3.8.0", "3.10.0", "3.12.0"),
    "pyarrow": ("0.15.1", "3.0.0", "6.0.1", "10.0.1", "14.0.0", "18.0.0"),
    "pydantic-core": ("0", "0", "0", "0", "2.4.0", "2.20.0"),
    "asyncpg": ("0.19.0", "0.22.0", "0.25.0", "0.27.0", "0.29.0", "0.30.0"),
    "typed-ast": ("1.4.0", "1.4.2", "1.5.0", "1.5.5", "9", "9"),
    "kiwisolver": ("1.1.0", "1.3.0", "1.3.2", "1.4.4", "1.4.5", "1.4.6"),
    "spacy": ("2.2.4", "3.0.0", "3.2.0", "3.4.2", "3.7.0", "3.8.0"),
    "opencv-python": ("4.1.2.30", "4.4.0.46", "4.5.4.60", "4.5.4.60", "4.5.4.60", "4.5.4.60"),
}  # fmt: skip
"""The first version with wheels for Python 3.8, 3.9, 3.10, 3.11, 3.12 and 3.13 ("0": any; "9": none)."""
_FIRST_MINOR = 8

_RUNS_UP_TO = (
    # `collections.Mapping` and its like left Python 3.10; `async` became a keyword in 3.7; distutils and imp left 3.12, cgi 3.13.
    ("jinja2", "2.11", 9), ("werkzeug", "0.15", 9), ("markupsafe", "1.1", 9), ("flask", "0.12", 9), ("pyjwt", "1.7", 9),
    ("djangorestframework", "3.11", 9), ("marshmallow", "3.0", 9), ("sqlalchemy", "1.2", 9), ("sqlalchemy", "1.4.36", 11),
    ("graphene", "2.1.9", 9), ("attrs", "17.3", 9), ("wtforms", "2.2", 9), ("aiohttp", "3.7", 9), ("tornado", "6.0", 9),
    ("tornado", "5.0", 6), ("sanic", "20.12", 9), ("sanic", "0.8", 6), ("celery", "4.3", 6), ("kombu", "4.3", 6),
    ("django", "1.11.17", 6), ("django", "2.0.9", 7), ("django", "2.2", 9), ("django", "3.2", 11), ("django", "4.1", 12),
    ("pyparsing", "2.4", 9), ("html5lib", "1.0", 9), ("peewee", "3.0", 9),
    ("python-telegram-bot", "13.0", 9), ("motor", "2.0", 6), ("eventlet", "0.34", 11), ("eventlet", "0.30", 9), ("six", "1.16", 11),
    ("urllib3", "1.26.15", 11), ("setuptools", "60", 11), ("pydantic", "1.10.13", 11),
)  # fmt: skip
"""(package, the first version that runs on later ones, the newest Python 3 minor that earlier ones run on)."""


def newest_minor(requirements: Iterable[str]) -> tuple[int, str] | None:
    """The newest Python 3 minor version on which these pins install from wheels and run, and the pin that decides.

    Returns:
        None when no pin sets a limit.
    """
    limits = [limit for text in requirements if (found := pinned_below(text)) for limit in _limits(*found)]
    return min(limits, default=None)


def _limits(name: str, version: Version) -> Iterable[tuple[int, str]]:
    first = _FIRST_WHEELS.get(canonicalize_name(name), ())
    too_old_for = [_FIRST_MINOR + at for at, needed in enumerate(first) if version < Version(needed)]
    if too_old_for:
        yield min(too_old_for) - 1, f"{name} {version}"
    for package, first_fit, minor in _RUNS_UP_TO:
        if package == name and version < Version(first_fit):
            yield minor, f"{name} {version}"


def fitting_pins(tools: Sequence[Tool], specs: Sequence[str], limit: int) -> bool:
    """Whether one of the interpreters fits the specs and is no newer than the limit."""
    return any(
        python_fits(f"<3.{limit + 1}", tool.version) and all(python_fits(spec, tool.version) for spec in specs)
        for tool in tools
        if tool.name.startswith("python") and tool.version.startswith("3.")
    )
