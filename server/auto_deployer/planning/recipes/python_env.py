"""Variables that a Python app cannot start without: read on import without a default, or demanded in so many words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from ...model.facts import EnvVariable
from ..env_needs import ALWAYS_SET
from .python_source import SourceFile, is_env_read, resolve

_CONVERSIONS = frozenset({"int", "float", "len", "json.loads", "ast.literal_eval", "pathlib.Path"})
"""Calls that raise when they are given None."""
_OWN_SECRET = re.compile(
    r"(?:(?:APP|DJANGO|FLASK|SESSION|COOKIE|JWT|AUTH|TOKEN|CSRF|WTF_CSRF|SECURITY)_)*SECRET(?:_KEY)?|SESSION_KEY"
)
"""Names of secrets that are any random text; those of other parties (STRIPE_SECRET_KEY, AWS_SECRET) are not among them."""
_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit"})


def required_env(files: Iterable[SourceFile]) -> list[EnvVariable]:
    """Variables that the import of these files fails without, each with the first place that needs it."""
    found: dict[str, EnvVariable] = {}
    for source in files:
        supplied = _env_stores(source) | ALWAYS_SET
        for name, line in _demanded(source):
            if name not in supplied:
                found.setdefault(name, EnvVariable(name=name, place=f"{source.path}:{line}"))
    return list(found.values())


def own_secrets(files: Iterable[SourceFile]) -> tuple[str, ...]:
    """Variables for a secret that is any random text (the app signs sessions with it), read without a default."""
    found: dict[str, None] = {}
    for source in files:
        supplied = _env_stores(source) | _declared_defaults(source)
        for node in source.nodes:
            value = resolve(node, source) if isinstance(node, ast.Call | ast.Subscript) else None
            name = value.env[0] if value is not None and len(value.env) == 1 and value.text is None else ""
            if name not in supplied and _OWN_SECRET.fullmatch(name):
                found.setdefault(name)
    defaults = {name for source in files for name in _defaulted(source)} if found else set[str]()
    return tuple(name for name in found if name not in defaults)


def _defaulted(source: SourceFile) -> Iterator[str]:
    """Variables that are read with something that stands in for them: `os.getenv("X") or "y"`, `config("X", default=…)`."""
    for node in source.nodes:
        if isinstance(node, ast.Call | ast.BoolOp | ast.IfExp):
            value = resolve(node, source)
            if value.text is not None:
                yield from value.env


def unconditional(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import in any case, also those of class bodies."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from unconditional(node.body)
        elif not isinstance(node, ast.If | ast.Try | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _demanded(source: SourceFile) -> Iterator[tuple[str, int]]:
    """Name and line of each variable that is read strictly, and of those whose absence is answered with an error."""
    defaults = _declared_defaults(source)
    for node in unconditional(source.module.body):
        for inner in _evaluated(node):
            yield from ((name, inner.lineno) for name in _strict_read(inner, source) if name not in defaults)
    for node in source.module.body:
        if isinstance(node, ast.If) and _gives_up(node.body, source):
            yield from ((name, node.lineno) for name in _absent(node.test, source))
        elif name := _chosen_by(node, source):
            yield name, node.lineno


def _evaluated(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a statement that are evaluated for certain: no lambdas, no sides of `or` and `if else`."""
    if isinstance(node, ast.expr):
        yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Lambda | ast.IfExp | ast.BoolOp | ast.comprehension):
            continue
        yield from _evaluated(child)


def _strict_read(node: ast.expr, source: SourceFile) -> Iterator[str]:
    match node:
        case ast.Subscript(ctx=ast.Load(), slice=ast.Constant(value=str(name))) if source.dotted(node.value) == "os.environ":
            yield name
        case ast.Call() if is_env_read(node, source):
            value = resolve(node, source)
            if value.required:
                yield from value.env[:1]
        case ast.Call(args=[ast.Call() as read, *_]) if source.called(node) in _CONVERSIONS:
            yield from _lax_read(read, source)
        case ast.Attribute(value=ast.Call() as read) | ast.Subscript(value=ast.Call() as read):
            yield from _lax_read(read, source)
        case _:
            pass


def _lax_read(node: ast.Call, source: SourceFile) -> Iterator[str]:
    """The variable of an `os.getenv("X")`, which gives None where it is not set."""
    alone = len(node.args) == 1 and not node.keywords
    if alone and source.called(node) in {"os.getenv", "os.environ.get"} and is_env_read(node, source):
        yield from resolve(node, source).env[:1]


def _gives_up(body: Iterable[ast.stmt], source: SourceFile) -> bool:
    """Whether a block ends the program: it raises, or exits."""
    return any(isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and source.called(node.value) in _EXITS) for node in body)


def _chosen_by(node: ast.stmt, source: SourceFile) -> str:
    """The variable of a choice that ends the program for every other value, no value too: `if X == "a": … else: raise`."""
    if isinstance(node, ast.Match):
        last = node.cases[-1]
        named = set(_plain_read(node.subject, source))
        is_last = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and _gives_up(last.body, source)
        return next(iter(named), "") if is_last else ""
    names: set[str] = set()
    branch: ast.stmt | None = node
    while isinstance(branch, ast.If):
        compared = next(_compared(branch.test, source), "")
        if not compared or (len(branch.orelse) != 1 and not _gives_up(branch.orelse, source)):
            return ""
        names.add(compared)
        if _gives_up(branch.orelse, source):
            return names.pop() if len(names) == 1 else ""
        branch = branch.orelse[0]
    return ""


def _compared(test: ast.expr, source: SourceFile) -> Iterator[str]:
    """The variable that a condition compares with literal text: `X == "a"`, `X in ("a", "b")`."""
    match test:
        case ast.Compare(left=read, ops=[ast.Eq()], comparators=[ast.Constant(value=str())]):
            yield from _plain_read(read, source)
        case ast.Compare(
            left=read, ops=[ast.In()], comparators=[ast.List(elts=texts) | ast.Tuple(elts=texts) | ast.Set(elts=texts)]
        ):
            if all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts):
                yield from _plain_read(read, source)
        case _:
            pass


def _absent(test: ast.expr, source: SourceFile) -> Iterator[str]:
    """The variables whose absence alone makes a condition true: `not X`, `X is None`, `"X" not in os.environ`, and `or` of them."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=parts):
            for part in parts:
                yield from _absent(part, source)
        case ast.UnaryOp(
            op=ast.Not(), operand=ast.Call(func=ast.Name(id="all"), args=[ast.List(elts=parts) | ast.Tuple(elts=parts)])
        ):
            for part in parts:
                yield from _plain_read(part, source)
        case ast.UnaryOp(op=ast.Not(), operand=read):
            yield from _plain_read(read, source)
        case ast.Compare(left=read, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None | "")]):
            yield from _plain_read(read, source)
        case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.NotIn()], comparators=[place]):
            yield from [name] if source.dotted(place) == "os.environ" else []
        case _:
            pass


def _plain_read(node: ast.expr, source: SourceFile) -> Iterator[str]:
    """The one variable that an expression gives, where nothing stands in for it."""
    value = resolve(node, source)
    if len(value.env) == 1 and value.text is None and value.number is None and _is_read(node, source):
        yield value.env[0]


def _is_read(node: ast.expr, source: SourceFile) -> bool:
    """Whether an expression is nothing but a read, itself or by a constant of the module."""
    if isinstance(node, ast.Name):
        bound = source.constants.get(node.id)
        return bound is not None and not isinstance(bound, ast.Name) and _is_read(bound, source)
    return isinstance(node, ast.Call) and is_env_read(node, source) and len(node.args) == 1 and not node.keywords


def _declared_defaults(source: SourceFile) -> frozenset[str]:
    """Variables with a default in the scheme of django-environ: `environ.Env(DEBUG=(bool, False))`."""
    makers = [node for node in source.constants.values() if source.called(node) == "environ.Env"]
    schemes: list[ast.keyword] = [word for maker in makers if isinstance(maker, ast.Call) for word in maker.keywords]
    return frozenset(word.arg for word in schemes if word.arg and isinstance(word.value, ast.Tuple) and len(word.value.elts) == 2)


def _env_stores(source: SourceFile) -> set[str]:
    """Variables the file sets itself: `os.environ["X"] = …`, `os.environ.setdefault("X", …)`."""
    return {name for node in source.nodes if (name := _stored(node, source))}


def _stored(node: ast.AST, source: SourceFile) -> str:
    match node:
        case ast.Subscript(ctx=ast.Store(), slice=ast.Constant(value=str(name))) if source.dotted(node.value) == "os.environ":
            return name
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) if source.called(node) == "os.environ.setdefault":
            return name
        case _:
            return ""
