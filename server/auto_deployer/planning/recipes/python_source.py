"""A Python source file as its syntax tree tells it: imports, what runs on import, what expressions give. Nothing is executed."""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from ...model.ports import RepoTree

SKIPPED_FOLDERS = frozenset({
    "test", "tests", "testing", "docs", "doc", "example", "examples", "sample", "samples", "scripts", "tools", "migrations",
    "alembic", "benchmark", "benchmarks", "notebooks", "fixtures", "node_modules", "site-packages", "venv", "env", "vendor",
})  # fmt: skip
"""Folders whose files are never the app to start."""
SKIPPED_FILES = frozenset(
    {"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py", "gunicorn.conf.py", "gunicorn_config.py"}
)
MAX_FILES = 400
MAX_DEPTH = 4
"""Bounds of the scan: a start file lies near the top."""

_MAX_RESOLVE = 12
_ENV_READERS = frozenset({"os.environ.get", "os.getenv", "decouple.config"})
_ENV_OBJECTS = frozenset({"environs.Env", "environ.Env", "decouple.Config", "starlette.config.Config"})
"""Classes whose instances read a variable when they are called (django-environ, environs, decouple, Starlette)."""


@dataclass(frozen=True)
class Value:
    """What an expression gives as far as its text tells: a literal, and the environment variables that can change it."""

    text: str | None = None
    number: int | None = None
    env: tuple[str, ...] = ()
    required: bool = False
    """Reading it fails when the variable is not set."""


@dataclass
class SourceFile:
    """One parsed file."""

    path: str
    module: ast.Module
    nodes: tuple[ast.AST, ...] = ()
    """Every node of the module, in the order of `ast.walk`."""
    imports: dict[str, str] = field(default_factory=dict[str, str])
    """Local name to what it stands for, e.g. {"F": "flask.Flask"}; relative imports start with dots."""
    stars: tuple[str, ...] = ()
    constants: dict[str, ast.expr] = field(default_factory=dict[str, ast.expr])
    """Simple assignments at module level."""
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(
        default_factory=dict[str, "ast.FunctionDef | ast.AsyncFunctionDef"]
    )

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    @property
    def stem(self) -> str:
        return posixpath.basename(self.path).removesuffix(".py")

    def dotted(self, node: ast.expr) -> str:
        """The full dotted name an expression refers to, through the imports; "" when it is not a plain name."""
        if isinstance(node, ast.Name):
            if node.id in self.imports:
                return self.imports[node.id]
            known_here = node.id in self.constants or node.id in self.functions
            return f"{self.stars[0]}.{node.id}" if self.stars and not known_here else node.id
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def called(self, node: ast.AST) -> str:
        """The dotted name of the function a call calls; "" for anything else."""
        return self.dotted(node.func) if isinstance(node, ast.Call) else ""


def parse(path: str, text: str) -> SourceFile | None:
    """The file, or None when it is not Python 3."""
    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    source = SourceFile(path, module, tuple(_all_nodes(module)))
    _read_imports(source)
    for node in module_level(module.body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for name in assigned_names(node):
                source.constants.setdefault(name, node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            source.functions[node.name] = node
    return source


def parse_file(tree: RepoTree, path: str) -> SourceFile | None:
    """A file of the repository; None when it cannot be read or is not Python 3. Each is parsed once for all views of a snapshot."""
    key = ("python", posixpath.normpath(posixpath.join(tree.subdir, path)))
    if key not in tree.memo:
        text = tree.read(path)
        tree.memo[key] = None if text is None else parse(path, text)
    source = tree.memo[key]
    return replace(source, path=path) if isinstance(source, SourceFile) else None


def _all_nodes(module: ast.Module) -> list[ast.AST]:
    """What `ast.walk` gives, in half of its time: the trees of large repositories have millions of nodes."""
    found: list[ast.AST] = [module]
    for node in found:  # grows as it is read
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in cast("list[object]", value) if isinstance(item, ast.AST)]
    return found


def _read_imports(source: SourceFile) -> None:
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".", maxsplit=1)[0]
                source.imports[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            joint = "" if base.endswith(".") else "."
            for alias in node.names:
                if alias.name == "*":
                    source.stars = (*source.stars, base)
                else:
                    source.imports.setdefault(alias.asname or alias.name, f"{base}{joint}{alias.name}")
        elif isinstance(node, ast.FunctionDef | ast.Module):
            # `app.config.from_object("config.Dev")` imports too; one inside an `if` is one of several.
            source.imports.update((f"from_object {dotted}", dotted) for dotted in _loaded(node.body))


def _loaded(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Objects that a Flask app takes its settings from by their dotted names."""
    for node in body:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="from_object"), args=[ast.Constant(value=str(dotted))])):
                yield dotted
            case _:
                pass


def scan(tree: RepoTree) -> dict[str, SourceFile]:
    """The files that may hold the app, parsed, by path."""
    found: dict[str, SourceFile] = {}
    paths = [path for path in tree.files if path.endswith(".py") and _may_hold_app(path)]
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:MAX_FILES]:
        if (source := parse_file(tree, path)) is not None:
            found[path] = source
    return found


def _may_hold_app(path: str) -> bool:
    """Whether its name and place are an app's; one that begins with a dash would be an option of what is to import it."""
    *folders, name = path.split("/")
    if len(folders) > MAX_DEPTH or name in SKIPPED_FILES or name.startswith(("test_", "-")) or name.endswith("_test.py"):
        return False
    return not any(folder in SKIPPED_FOLDERS or folder.startswith((".", "_", "-")) for folder in folders)


def module_level(body: Sequence[ast.stmt], *, guard: bool = False) -> Iterator[ast.stmt]:
    """The statements that run on import, also those in `if`, `try` and `with`; with `guard` also `if __name__ == "__main__":`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            if guard or not is_main_guard(node):
                yield from module_level(node.body, guard=guard)
            yield from module_level(node.orelse, guard=guard)
        elif isinstance(node, ast.Try):
            for block in (node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)):
                yield from module_level(block, guard=guard)
        elif isinstance(node, ast.With):
            yield from module_level(node.body, guard=guard)


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = (node.test.left, *node.test.comparators)
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def assigned_names(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """Names an assignment binds; of a tuple target the first."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    firsts = [target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target for target in targets]
    return [target.id for target in firsts if isinstance(target, ast.Name)]


def resolve(node: ast.expr | None, source: SourceFile, scope: Mapping[str, ast.expr] | None = None) -> Value:
    """What an expression gives: literals, `os.environ` reads with their defaults, `or`, names and f-strings are understood.

    Args:
        scope: names known at the expression's place; None: the file's constants.
    """
    return _Resolver(source, source.constants if scope is None else scope).value(node, 0)


@dataclass(frozen=True)
class _Resolver:
    source: SourceFile
    scope: Mapping[str, ast.expr]

    def value(self, node: ast.expr | None, depth: int) -> Value:
        if depth > _MAX_RESOLVE:
            return Value()
        match node:
            case ast.Constant():
                return _literal(node.value)
            case ast.Name():
                bound = self.scope.get(node.id)
                return self.value(bound if bound is not node else None, depth + 1)
            case ast.Call():
                return self._call(node, depth + 1)
            case ast.Subscript():
                return self._item(node)
            case _:
                return self._composed(node, depth + 1)

    def _composed(self, node: ast.expr | None, depth: int) -> Value:
        match node:
            case ast.BoolOp(values=parts):
                return _either([self.value(part, depth) for part in parts])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                # `A if "X" in os.environ else B` gives B where nothing is set.
                order = (orelse, body) if self._asks_env(test) else (body, orelse)
                return _either([self.value(part, depth) for part in order])
            case ast.JoinedStr(values=parts):
                plain = [part.value if isinstance(part, ast.FormattedValue) else part for part in parts]
                return _joined([self.value(part, depth) for part in plain])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([self.value(left, depth), self.value(right, depth)])
            case _:
                return Value()

    def _asks_env(self, test: ast.expr) -> bool:
        """Whether a condition holds only when an environment variable is set."""
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In):
            return self.source.dotted(test.comparators[0]) == "os.environ"
        return isinstance(test, ast.Call) and is_env_read(test, self.source) and len(test.args) == 1

    def _item(self, node: ast.Subscript) -> Value:
        if self.source.dotted(node.value) == "os.environ" and isinstance(node.slice, ast.Constant):
            return Value(env=(str(node.slice.value),), required=True)
        return Value()

    def _call(self, node: ast.Call, depth: int) -> Value:
        """Environment reads with their default; conversions and string methods give what they are applied to."""
        if is_env_read(node, self.source):
            name = _literal(node.args[0].value if isinstance(node.args[0], ast.Constant) else None).text or ""
            default = next(
                (word.value for word in node.keywords if word.arg == "default"), node.args[1] if len(node.args) > 1 else None
            )
            fallback = self.value(default, depth)
            strict = default is None and self.source.called(node) not in {"os.environ.get", "os.getenv"}
            return Value(fallback.text, fallback.number, (name, *fallback.env), required=strict)
        if isinstance(node.func, ast.Name) and node.func.id in {"int", "str"} and node.args:
            return self.value(node.args[0], depth)
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"replace", "strip", "rstrip", "lower"}:
            return self.value(node.func.value, depth)
        return Value()


def _literal(value: object) -> Value:
    if isinstance(value, str):
        return Value(text=value, number=int(value) if value.isdecimal() else None)
    return Value(text=str(value), number=value) if isinstance(value, int) and not isinstance(value, bool) else Value()


def is_env_read(node: ast.Call, source: SourceFile) -> bool:
    """Whether a call reads an environment variable: os.environ.get, os.getenv, decouple's config, an environ/environs `Env`."""
    if not node.args or not isinstance(node.args[0], ast.Constant) or not isinstance(node.args[0].value, str):
        return False
    if source.called(node) in _ENV_READERS:
        return True
    owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    maker = source.constants.get(owner.id) if isinstance(owner, ast.Name) else None
    return maker is not None and source.called(maker) in {
        "environs.Env",
        "environ.Env",
        "starlette.config.Config",
        "decouple.Config",
    }


def _either(values: Sequence[Value]) -> Value:
    """`a or b`: the first literal, changeable by every variable on the way; required only when each is."""
    text = next((value for value in values if value.text), Value())
    env = tuple(dict.fromkeys(name for value in values for name in value.env))
    return Value(text.text, text.number, env, required=bool(env) and all(value.required for value in values))


def _joined(values: Sequence[Value]) -> Value:
    env = tuple(dict.fromkeys(name for value in values for name in value.env))
    return Value("".join(value.text or "" for value in values), None, env, required=any(value.required for value in values))


def local_module(tree: RepoTree, folder: str, dotted: str) -> list[str]:
    """The repository's files that a dotted name imported from a file in `folder` may lead to, longest match first."""
    if dotted.startswith("."):
        level = len(dotted) - len(dotted.lstrip("."))
        base = folder
        for _ in range(level - 1):
            base = posixpath.dirname(base)
        roots, parts = [base], dotted.lstrip(".").split(".")
    else:
        roots, parts = _roots(tree, folder), dotted.split(".")
    found: list[str] = []
    for end in range(len(parts), 0, -1):
        for root in roots:
            stem = posixpath.join(root, *parts[:end]) if parts[0] else root
            found += [path for path in (f"{stem}.py", f"{stem}/__init__.py".lstrip("/")) if tree.is_file(path)]
    return list(dict.fromkeys(found))


def _roots(tree: RepoTree, folder: str) -> list[str]:
    """Folders that may be on sys.path when a file in `folder` is imported."""
    top = folder
    while top and tree.is_file(f"{top}/__init__.py"):
        top = posixpath.dirname(top)
    return list(dict.fromkeys((top, folder, "", "src")))


def reachable(tree: RepoTree, files: Mapping[str, SourceFile], start: str) -> list[SourceFile]:
    """The file and every scanned file it imports, directly or not."""
    queue, seen = [start], {start}
    found: list[SourceFile] = []
    while queue:
        source = files.get(queue.pop(0))
        if source is None:
            continue
        found.append(source)
        for dotted in (*source.imports.values(), *source.stars):
            for path in local_module(tree, source.folder, dotted):
                if path not in seen:
                    seen.add(path)
                    queue.append(path)
    return found
