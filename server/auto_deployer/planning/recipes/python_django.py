"""Django projects: manage.py, settings, the WSGI application, static files and the database, read from the syntax tree."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from ...model.base import Model
from ...model.facts import EnvVariable
from ...model.ports import RepoTree
from .python_env import own_secrets, required_env
from .python_services import ServiceNeed, is_service_address, need_from_url
from .python_source import SourceFile, assigned_names, is_env_read, local_module, module_level, parse_file, resolve

_ENGINES = {
    "postgresql": "postgresql",
    "postgis": "postgresql",
    "postgresql_psycopg2": "postgresql",
    "mysql": "mysql",
    "oracle": "oracle",
}
"""Last part of a database ENGINE and the service behind it; every other engine is a file."""
_IMPORTED_STEMS = frozenset({"settings", "urls", "models", "views", "forms", "admin", "apps", "serializers", "signals", "wsgi"})
_LOCAL_NAMES = {"*", "localhost", ".localhost", "127.0.0.1", "[::1]"}


class DjangoProject(Model):
    """What a Django deployment needs to know."""

    folder: str = ""
    """Where manage.py lies, relative to the project."""
    settings: str = ""
    wsgi: str = ""
    """ "module:object"; "" when there is none."""
    asgi: str = ""
    static_root: bool = False
    needs: tuple[ServiceNeed, ...] = ()
    required_env: tuple[EnvVariable, ...] = ()
    apps: tuple[str, ...] = ()
    """Modules of INSTALLED_APPS and MIDDLEWARE, as far as they are written out."""
    own_secrets: tuple[str, ...] = ()
    """See `PythonFindings`."""
    hosts_env: dict[str, str] = Field(default_factory=dict)
    """The variable that ALLOWED_HOSTS is read from, and this machine's names in the form that it takes."""
    foreign_hosts: tuple[str, ...] = ()
    """ALLOWED_HOSTS, when it names hosts and none of this machine's."""


def read_django(tree: RepoTree, manage: str) -> DjangoProject | None:
    """The Django project of a manage.py; None when that names no settings."""
    script = parse_file(tree, manage)
    settings = _settings_module(script) if script else ""
    if script is None or not settings:
        return None
    folder = posixpath.dirname(manage)
    files = _settings_files(tree, folder, settings)
    need = next((need for source in files if (need := _database(source))), None)
    package, hosts = settings.split(".")[0], _hosts_env(files)
    return DjangoProject(
        folder=folder,
        settings=settings,
        wsgi=_application(tree, files, folder, "WSGI_APPLICATION", f"{package}.wsgi"),
        asgi=_application(tree, files, folder, "ASGI_APPLICATION", f"{package}.asgi"),
        static_root=any("STATIC_ROOT" in source.constants for source in files),
        needs=(need,) if need else (),
        required_env=tuple(variable for variable in required_env(files) if variable.name not in hosts),
        hosts_env=hosts,
        apps=tuple(dict.fromkeys(_modules(files))),
        own_secrets=own_secrets(files),
        foreign_hosts=_foreign_hosts(files),
    )


def belongs_to_project(project: DjangoProject, path: str) -> bool:
    """Whether a file is one of those that every Django process imports: settings, URLs, models and what they are made of."""
    *folders, name = path.split("/")
    return path.startswith(project.folder) and (name.removesuffix(".py") in _IMPORTED_STEMS or "settings" in folders[-1:])


def find_manage(tree: RepoTree) -> list[str]:
    """The manage.py at the top, else those one folder below."""
    if tree.is_file("manage.py"):
        return ["manage.py"]
    return sorted(path for path in tree.glob("*/manage.py") if path.count("/") == 1)


def _settings_module(script: SourceFile) -> str:
    """The default of DJANGO_SETTINGS_MODULE in manage.py, where it stands or through a variable of the function."""
    nodes = script.nodes
    scope = {name: node.value for node in nodes if isinstance(node, ast.Assign) for name in assigned_names(node)}
    for node in nodes:
        if isinstance(node, ast.Call) and script.called(node).endswith("environ.setdefault") and len(node.args) == 2:
            name, value = (resolve(arg, script, scope).text for arg in node.args)
            if name == "DJANGO_SETTINGS_MODULE" and value:
                return value
    return ""


def _settings_files(tree: RepoTree, folder: str, settings: str) -> list[SourceFile]:
    """The settings module and what it takes over with `import *`."""
    queue = [path for path in local_module(tree, folder, settings) if settings.rsplit(".", 1)[-1] in path][:1]
    found: dict[str, SourceFile] = {}
    while queue:
        path = queue.pop(0)
        source = parse_file(tree, path)
        if source is None or path in found:
            continue
        found[path] = source
        queue += [place for star in source.stars for place in local_module(tree, source.folder, star)[:1]]
    return list(found.values())


def _application(tree: RepoTree, files: Sequence[SourceFile], folder: str, setting: str, usual: str) -> str:
    for source in files:
        if dotted := resolve(source.constants.get(setting), source).text:
            module, _, name = dotted.rpartition(".")
            if all(part.isidentifier() for part in dotted.split(".")):
                return f"{module}:{name}"
    return (
        f"{usual}:application"
        if local_module(tree, folder, usual)[:1] == [posixpath.join(folder, *usual.split(".")) + ".py"]
        else ""
    )


def _hosts_env(files: Sequence[SourceFile]) -> dict[str, str]:
    """What to set so that ALLOWED_HOSTS, read from a variable without a local default, lets requests to this machine in."""
    for source in files:
        for node in ast.walk(source.constants.get("ALLOWED_HOSTS", ast.Constant(None))):
            if isinstance(node, ast.Call | ast.Subscript) and (found := resolve(node, source)).env:
                by_blanks = any(_splits_at_blanks(each) for each in ast.walk(source.constants["ALLOWED_HOSTS"]))
                known = re.split(r"[\s,]+", found.text or "")
                names = (" " if by_blanks else ",").join(("localhost", "127.0.0.1", "[::1]"))
                return {} if not _LOCAL_NAMES.isdisjoint(known) else {found.env[0]: names}
    return {}


def _splits_at_blanks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "split":
        return False
    return not node.args or (isinstance(node.args[0], ast.Constant) and node.args[0].value == " ")


def _modules(files: Sequence[SourceFile]) -> Iterator[str]:
    """Dotted names in the lists of the settings that name modules."""
    for source in files:
        for name in ("INSTALLED_APPS", "THIRD_PARTY_APPS", "MIDDLEWARE"):
            for node in ast.walk(source.constants.get(name, ast.Constant(None))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _foreign_hosts(files: Sequence[SourceFile]) -> tuple[str, ...]:
    for source in files:
        hosts = source.constants.get("ALLOWED_HOSTS")
        if isinstance(hosts, ast.List | ast.Tuple):
            names = [text for item in hosts.elts if (text := resolve(item, source).text)]
            return tuple(names) if names and len(names) == len(hosts.elts) and _LOCAL_NAMES.isdisjoint(names) else ()
    return ()


def _database(source: SourceFile) -> ServiceNeed | None:
    """The service behind DATABASES["default"]; None for SQLite, and when several branches set it."""
    assigned = [
        node
        for node in module_level(source.module.body)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "DATABASES" for target in node.targets)
    ]
    if len(assigned) != 1 or assigned[0] not in source.module.body or not isinstance(assigned[0].value, ast.Dict):
        return None
    default = _items(assigned[0].value).get("default")
    place = f"{source.path}:{assigned[0].lineno}"
    if isinstance(default, ast.Dict):
        return _from_settings(_items(default), source, place)
    if not isinstance(default, ast.Call):
        return None
    maker = source.functions.get(default.func.id) if isinstance(default.func, ast.Name) else None
    return _from_function(maker, source, place) if maker else _from_url_call(default, source, place)


def _from_function(maker: ast.FunctionDef | ast.AsyncFunctionDef, source: SourceFile, place: str) -> ServiceNeed | None:
    """Settings computed by a function of the module: its ENGINE, and the addresses it reads from the environment."""
    nodes = list(ast.walk(maker))
    built = next((items for node in nodes if isinstance(node, ast.Dict) and "ENGINE" in (items := _items(node))), {})
    need = _from_settings(built, source, place)
    read = [resolve(node, source) for node in nodes if isinstance(node, ast.Call | ast.Subscript)]
    addresses = [value for value in read if any(map(is_service_address, value.env))]
    if need is None or not addresses:
        return need
    env = tuple(name for value in addresses for name in value.env)
    known = next((found for value in addresses if (found := need_from_url(value, need.service, place))), None)
    return ServiceNeed(service=need.service, host=known.host if known else "", env=tuple(dict.fromkeys(env)), place=place)


def _from_settings(items: Mapping[str, ast.expr], source: SourceFile, place: str) -> ServiceNeed | None:
    service = _ENGINES.get((resolve(items.get("ENGINE"), source).text or "").rsplit(".", 1)[-1])
    if service is None:
        return None
    host = resolve(items.get("HOST"), source)
    if host.text or host.env:
        return ServiceNeed(service=service, host=host.text or "", env=host.env, place=place)
    return ServiceNeed(service=service, host="localhost", place=place)


def _from_url_call(call: ast.Call, source: SourceFile, place: str) -> ServiceNeed | None:
    """`dj_database_url.config(default=…)` and django-environ's `env.db(…)`: both read DATABASE_URL unless told another name."""
    dotted = source.called(call)
    reads_env = dotted == "dj_database_url.config" or (isinstance(call.func, ast.Attribute) and call.func.attr in {"db", "db_url"})
    if not reads_env:
        value = call.args[0] if dotted == "dj_database_url.parse" and call.args else None
        strict = resolve(value, source)
        if isinstance(value, ast.Call) and is_env_read(value, source) and not strict.text:
            return ServiceNeed(service="database", env=strict.env, place=place)
        return need_from_url(strict, "", place)
    words = {word.arg: word.value for word in call.keywords}
    named = resolve(
        words.get("env") or words.get("var") or (call.args[0] if call.args and dotted.endswith((".db", ".db_url")) else None),
        source,
    )
    env = (named.text or "DATABASE_URL",)
    default = resolve(words.get("default"), source)
    if "default" not in words:
        return ServiceNeed(service="database", env=env, place=place)
    need = need_from_url(default, "", place)
    return need.model_copy(update={"env": (*env, *need.env)}) if need else None


def _items(node: ast.Dict) -> dict[str, ast.expr]:
    return {
        key.value: value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
