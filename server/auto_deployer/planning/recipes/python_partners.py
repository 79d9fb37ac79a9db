"""Packages that an old pin needs in versions of its own time: its metadata sets no upper bound, and today's would break it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_PARTNERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # Jinja2 3.1 and MarkupSafe 2.1 drop `Markup`, `soft_unicode`, ItsDangerous 2.1 drops `json`, Werkzeug 1 and 2.1 drop aliases.
    ("flask", "1", ("jinja2<3", "markupsafe<2", "itsdangerous<2", "werkzeug<1", "click<8")),
    ("flask", "2", ("jinja2<3.1", "markupsafe<2.1", "itsdangerous<2.1", "werkzeug<2.1")),
    ("flask", "2.2.5", ("werkzeug<3",)),  # imports werkzeug.urls.url_quote
    ("jinja2", "3", ("markupsafe<2.1",)),  # imports markupsafe.soft_unicode
    ("flask-login", "0.6.3", ("werkzeug<3",)),  # imports werkzeug.urls.url_decode
    ("flask-login", "0.6.2", ("flask<2.3",)),  # imports flask._request_ctx_stack
    ("flask-wtf", "0.14.3", ("werkzeug<1",)),  # imports werkzeug.url_encode
    ("flask-wtf", "1.2", ("werkzeug<3",)),  # imports werkzeug.urls.url_encode
    ("flask-uploads", "1", ("werkzeug<1",)),  # imports werkzeug.secure_filename
    ("flask-jwt-extended", "4", ("pyjwt<2",)),
    ("flask-jwt", "1", ("pyjwt<2",)),
    ("flask-sqlalchemy", "3", ("sqlalchemy<2", "flask<2.3")),  # imports flask._app_ctx_stack
    ("flask-admin", "1.6.1", ("wtforms<3.1",)),
    ("flask-restplus", "1", ("werkzeug<1", "flask<2")),
    ("flask-socketio", "5", ("python-socketio<5", "python-engineio<4")),
    ("connexion", "2.14", ("flask<2.3", "werkzeug<2.3")),
    ("dash", "2.3", ("flask<2.2", "werkzeug<2.1")),
    ("dash", "2.14", ("flask<2.3", "werkzeug<3")),
    ("starlette", "0.15", ("jinja2<3.1",)),
    ("streamlit", "1.12", ("altair<5", "protobuf<3.21", "click<8.1")),
    ("streamlit", "1.22", ("altair<5",)),
    ("gradio", "3.40", ("pydantic<2", "httpx<0.28")),
    ("gradio", "5", ("huggingface-hub<1",)),
    ("celery", "5", ("kombu<5",)),
    ("djangorestframework", "3.15", ("django<5.1",)),
    # Extension modules that were built before NumPy 2.
    *((name, version, ("numpy<2",)) for name, version in (
        ("pandas", "2.2.2"), ("scipy", "1.13"), ("scikit-learn", "1.4.2"), ("matplotlib", "3.8.4"), ("torch", "2.3"),
        ("tensorflow", "2.18"), ("opencv-python", "4.10"), ("opencv-python-headless", "4.10"), ("numba", "0.60"),
        ("scikit-image", "0.23"), ("xgboost", "2.1"), ("pyarrow", "16"), ("bokeh", "3.4"), ("altair", "5.3"), ("streamlit", "1.35"),
    )),
    # Written before pkg_resources left setuptools; a venv of Python 3.12 has none at all.
    *((name, version, ("setuptools<81",)) for name, version in (
        ("gunicorn", "20.1"), ("pyramid", "2.1"), ("flask-restplus", "1"), ("apscheduler", "3.11"), ("zope-deprecation", "5.1"),
    )),
)  # fmt: skip
"""(canonical name, the first version that does without, what earlier ones need), from each project's change log."""

_UPPER = frozenset({"==", "===", "~=", "<", "<="})


def partners(requirements: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Requirement and reason for each partner of an old pin, one for each package: the oldest pins' count."""
    pinned = {found[0]: (found[1], text) for text in requirements if (found := pinned_below(text))}
    seen: set[str] = set()
    for name, first_without, needed in _PARTNERS:
        if name not in pinned or pinned[name][0] >= Version(first_without):
            continue
        for requirement in needed:
            if (partner := Requirement(requirement).name) not in seen:
                seen.add(partner)
                yield requirement, f"{pinned[name][1]} was made for it"


def pinned_below(text: str) -> tuple[str, Version] | None:
    """The canonical name and the highest version that a requirement admits; None when it has no upper end."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    ends = [end for part in requirement.specifier if part.operator in _UPPER and (end := _end(part.operator, part.version))]
    return (canonicalize_name(requirement.name), min(ends)) if ends and not requirement.url else None


def _end(operator: str, text: str) -> Version | None:
    """The highest version that a clause admits; `<2` admits all that sort just before 2."""
    try:
        version = Version(text.removesuffix(".*"))
        if operator == "<":
            return Version(f"{version.base_version}.dev0")
        if operator == "~=" or text.endswith(".*"):
            kept = version.release if text.endswith(".*") else version.release[:-1]
            return Version(".".join(map(str, (*kept[:-1], kept[-1] + 1))) + ".dev0")
    except (InvalidVersion, IndexError):
        return None
    return version
