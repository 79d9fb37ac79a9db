"""Packages that the source imports and no manifest names, where the package of a module is beyond doubt."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from shlex import quote

from packaging.utils import canonicalize_name

from ...model.ports import RepoTree
from .python_source import SourceFile, local_module, module_level

_OTHER_NAMES = {
    "PIL": "pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python-headless", "dotenv": "python-dotenv", "yaml": "pyyaml",
    "sklearn": "scikit-learn", "skimage": "scikit-image", "jwt": "pyjwt", "jose": "python-jose[cryptography]",
    "MySQLdb": "mysqlclient", "Crypto": "pycryptodome", "dateutil": "python-dateutil", "slugify": "python-slugify",
    "multipart": "python-multipart", "decouple": "python-decouple", "environ": "django-environ",
    "rest_framework": "djangorestframework", "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "corsheaders": "django-cors-headers", "crispy_forms": "django-crispy-forms", "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5", "widget_tweaks": "django-widget-tweaks", "debug_toolbar": "django-debug-toolbar",
    "django_extensions": "django-extensions", "django_filters": "django-filter", "django_tables2": "django-tables2",
    "bootstrap4": "django-bootstrap4", "bootstrap5": "django-bootstrap5", "ckeditor": "django-ckeditor",
    "taggit": "django-taggit", "mptt": "django-mptt", "storages": "django-storages", "whitenoise": "whitenoise",
    "allauth": "django-allauth", "import_export": "django-import-export",
    "phonenumber_field": "django-phonenumber-field[phonenumbers]", "django_countries": "django-countries",
    "jazzmin": "django-jazzmin", "tinymce": "django-tinymce", "drf_yasg": "drf-yasg", "drf_spectacular": "drf-spectacular",
    "channels": "channels", "django_htmx": "django-htmx", "django_browser_reload": "django-browser-reload",
    "tailwind": "django-tailwind", "social_django": "social-auth-app-django", "simple_history": "django-simple-history",
    "colorfield": "django-colorfield", "fasthtml": "python-fasthtml", "socketio": "python-socketio",
    "engineio": "python-engineio", "flask_mysqldb": "flask-mysqldb", "flask_sqlalchemy": "flask-sqlalchemy",
    "telegram": "python-telegram-bot", "discord": "discord.py", "serial": "pyserial", "psycopg2": "psycopg2-binary",
    "pkg_resources": "setuptools<81", "attr": "attrs", "docx": "python-docx", "pptx": "python-pptx", "fitz": "pymupdf",
    "googleapiclient": "google-api-python-client", "markdown": "markdown", "magic": "python-magic",
    "sentence_transformers": "sentence-transformers", "usb": "pyusb", "nacl": "pynacl", "zmq": "pyzmq",
    "Levenshtein": "python-levenshtein", "streamlit_option_menu": "streamlit-option-menu",
    "dash_bootstrap_components": "dash-bootstrap-components", "email_validator": "email-validator",
    "fastapi_users": "fastapi-users", "ics": "ics", "mysql": "mysql-connector-python",
    "wikipedia": "wikipedia", "feedparser": "feedparser",
}  # fmt: skip
"""Module to the package on the index that brings it, where the names differ or might be taken for another."""
_SAME_NAMES = frozenset({
    "flask", "django", "fastapi", "starlette", "uvicorn", "gunicorn", "quart", "litestar", "sanic", "bottle", "falcon",
    "aiohttp", "tornado", "cherrypy", "dash", "streamlit", "gradio", "nicegui", "panel", "bokeh", "chainlit", "shiny", "marimo",
    "pyramid", "requests", "httpx", "numpy", "pandas", "scipy", "matplotlib", "seaborn", "plotly", "altair", "polars",
    "pyarrow", "sympy", "networkx", "nltk", "spacy", "textblob", "gensim", "xgboost", "lightgbm", "joblib", "sqlalchemy",
    "sqlmodel", "alembic", "peewee", "pymongo", "motor", "redis", "celery", "pydantic", "pydantic_settings", "jinja2",
    "markupsafe", "werkzeug", "itsdangerous", "click", "typer", "rich", "tqdm", "loguru", "boto3", "botocore", "openai",
    "anthropic", "langchain", "langchain_openai", "langchain_community", "tiktoken", "transformers", "torch", "tensorflow",
    "keras", "markdown2", "mistune", "lxml", "html5lib", "passlib", "bcrypt", "cryptography", "pytz", "arrow", "pendulum",
    "humanize", "faker", "qrcode", "pyqrcode", "folium", "geopy", "flask_login", "flask_wtf", "flask_migrate", "flask_cors",
    "flask_mail", "flask_bcrypt", "flask_restful", "flask_socketio", "flask_session", "flask_admin", "flask_jwt_extended",
    "flask_marshmallow", "flask_caching", "flask_limiter", "flask_moment", "flask_pymongo", "flask_httpauth", "flask_babel",
    "flask_assets", "flask_compress", "flask_talisman", "wtforms", "marshmallow", "marshmallow_sqlalchemy", "aiofiles",
    "aiosqlite", "asyncpg", "pymysql", "psycopg", "databases", "tortoise", "websockets", "sse_starlette", "fastapi_cache",
    "slowapi", "yfinance", "praw", "tweepy", "stripe", "twilio", "sendgrid", "pypdf", "openpyxl", "xlrd", "xlsxwriter",
    "reportlab", "weasyprint", "emoji", "validators", "unidecode", "orjson", "ujson", "simplejson", "toml", "tomli", "environs",
    "dj_database_url", "apscheduler", "schedule", "psutil", "watchdog", "gevent", "eventlet", "waitress", "hypercorn", "daphne",
    "graphene", "ariadne", "strawberry", "sentry_sdk", "structlog", "tenacity", "cachetools", "six", "attrs", "wordcloud",
    "chromadb", "faiss", "pinecone", "shapely", "geopandas", "statsmodels", "imageio", "moviepy", "pydub", "gtts",
})  # fmt: skip
"""Modules whose package has the same name (with dashes)."""
_COMES_WITH = {
    "flask": ("werkzeug", "jinja2", "markupsafe", "itsdangerous", "click"),
    "fastapi": ("starlette", "pydantic"),
    "starlette": ("anyio",),
    "python-fasthtml": ("starlette", "uvicorn", "httpx", "itsdangerous"),
    "pandas": ("numpy", "pytz"),
    "streamlit": ("pandas", "numpy", "pillow", "requests", "altair", "pyarrow"),
    "gradio": ("numpy", "pandas", "pillow", "httpx", "fastapi", "pydantic"),
    "dash": ("flask", "plotly", "werkzeug"),
    "wtforms": ("markupsafe",),
}
"""What a package surely brings along, so that nothing is added for it."""
_BUILDS = (
    {"psycopg2", "psycopg2-binary", "psycopg"}, {"opencv-python", "opencv-python-headless", "opencv-contrib-python"},
    {"discord-py", "py-cord", "discord"}, {"tensorflow", "tensorflow-cpu"}, {"pycryptodome", "pycrypto"},
    {"django-environ", "environs"}, {"pyjwt", "flask-jwt-extended"}, {"mysqlclient", "pymysql"},
)  # fmt: skip
"""Packages of which one brings the module as well as the other."""
_DIFFERENT_ON_INDEX = {"tortoise": "tortoise-orm", "faiss": "faiss-cpu", "strawberry": "strawberry-graphql"}


def package_of(module: str) -> str:
    """The package on the index that brings a top-level module; "" when nobody can be sure."""
    if module in _OTHER_NAMES:
        return _OTHER_NAMES[module]
    if module in _DIFFERENT_ON_INDEX:
        return _DIFFERENT_ON_INDEX[module]
    return canonicalize_name(module) if module.lower() in _SAME_NAMES else ""


def undeclared(tree: RepoTree, files: Iterable[SourceFile], declared: Collection[str], apps: Iterable[str] = ()) -> dict[str, str]:
    """Packages that the import of these files surely needs and no manifest names, each with its module.

    Args:
        apps: further modules that are imported by their name, such as those of Django's INSTALLED_APPS.
    """
    known = set(declared) | {with_it for name in declared for with_it in _COMES_WITH.get(name, ())}
    places = [(source.folder, name) for source in files for name in _imported(source)]
    places += [("", name.split(".")[0]) for name in apps]
    wanted: dict[str, str] = {}
    for folder, name in places:
        if (package := package_of(name)) and not local_module(tree, folder, name):
            wanted.setdefault(package, name)
    brought = {with_it for package in wanted for with_it in _COMES_WITH.get(package, ())}
    return {package: module for package, module in wanted.items() if not _is_known(package, known | brought)}


def needed_modules(tree: RepoTree, files: Iterable[SourceFile]) -> tuple[str, ...]:
    """Top-level modules from outside of the repository without which these files cannot be imported."""
    places = [(source.folder, name) for source in files for name in _imported(source)]
    return tuple(dict.fromkeys(name for folder, name in places if not local_module(tree, folder, name)))


def modules_found(python: str, modules: Collection[str]) -> str:
    """Shell text that fails, and says which, when one of these modules is not installed."""
    missing = f"[name for name in {list(modules)!r} if importlib.util.find_spec(name) is None]"
    return f"{python} -c {quote(f'import importlib.util; raise SystemExit({missing} or 0)')}"


def install_if_missing(python: str, module: str, package: str) -> str:
    """Shell text that installs a package unless its module is there: another package may have brought it."""
    here = f"import importlib.util; raise SystemExit(importlib.util.find_spec({module!r}) is None)"
    return f"{python} -c {quote(here)} || {python} -m pip install {quote(package)}"


def _is_known(package: str, known: Collection[str]) -> bool:
    """Whether a package is declared, in another build of it too (psycopg2 for psycopg2-binary)."""
    name = canonicalize_name(re.split(r"[\[<]", package)[0])
    return name in known or any(name in builds and not builds.isdisjoint(known) for builds in _BUILDS)


def _imported(source: SourceFile) -> Iterator[str]:
    """Top-level modules that the file imports whatever happens: not in `try`, functions or branches."""
    for node in module_level([node for node in source.module.body if not isinstance(node, ast.Try | ast.If)]):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        yield from (top for name in names if (top := name.split(".")[0]) not in sys.stdlib_module_names)
