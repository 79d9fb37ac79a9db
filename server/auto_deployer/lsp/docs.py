"""The generated blocks of protocol.md: `python -m auto_deployer.lsp.docs --write protocol.md` (or `--check`).

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`; the text around it is written by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..model import errors as err
from ..model.reasons import Kind
from .catalog import ASK, OFFERS, server_capabilities
from .methods import Method, all_methods
from .schema import protocol_schema
from .typescript import declaration, expression, used_by

_LOG_DIR = Path("/home/ada/shop/agent_logs")
"""In the example of what a server answers."""
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(page: str) -> str:
    """The page with every generated block up to date.

    Raises:
        KeyError: a block names nothing that is generated.
    """
    blocks = _blocks()
    return _BLOCK.sub(lambda match: f"{match[1]}{blocks[match['name']]()}{match[3]}", page)


def block_names() -> list[str]:
    """Every block the page must have."""
    return list(_blocks())


def _blocks() -> dict[str, Callable[[], str]]:
    schema = protocol_schema()
    methods = all_methods()
    shown = set(_shared(schema))
    blocks: dict[str, Callable[[], str]] = {"capabilities": _capabilities, "methods": _method_table, "errors": _error_table}
    for offer in OFFERS:
        text = _method(methods[offer.method], schema, shown)
        blocks[offer.method] = lambda text=text: text
    ask = _typescript(schema["serverRequests"][ASK], schema, shown)
    blocks[ASK] = lambda: ask
    blocks["notifications"] = lambda: _notifications(schema)
    blocks["types"] = lambda: _types(schema)
    blocks["kinds"] = _kinds
    return blocks


def _capabilities() -> str:
    return f"```json\n{json.dumps({'experimental': {'autoDeployer': server_capabilities(_LOG_DIR)}}, indent=2)}\n```\n"


def _method_table() -> str:
    rows = "".join(
        f"| [`{offer.method}`](#{_anchor(offer.method)}) | {f'`{offer.command}`' if offer.command else ''} "
        f"| {'yes' if offer.needs_trust else ''} |\n"
        for offer in OFFERS
    )
    return f"| method | as `workspace/executeCommand` | needs a trusted workspace |\n|---|---|---|\n{rows}"


def _method(method: Method, schema: dict[str, Any], shown: set[str]) -> str:
    described = re.sub(r"\n\s+", "\n", method.description.strip())
    errors = ", ".join(f"{error.code} {error.__name__.removesuffix('Error')}" for error in method.errors)
    types = _typescript(schema["requests"][method.name], schema, shown)
    return f"{described}\n\n{types}\nErrors: -32602{', ' + errors if errors else ''}.\n"


def _typescript(message: dict[str, Any], schema: dict[str, Any], shown: set[str]) -> str:
    """Params and result with their own types, each type where it is first used; those of the log stand under "Types"."""
    definitions = schema["$defs"]
    head = "".join(f"{part}: {expression(message[part])}\n" for part in ("params", "result"))
    given = list(used_by(message["params"], definitions))
    new = [name for name in dict.fromkeys((*given, *used_by(message["result"], definitions))) if name not in shown]
    shown.update(new)
    types = [declaration(name, definitions[name], notes=name in given) for name in new]
    return "```typescript\n" + "\n".join((head, *types)) + "```\n"


def _notifications(schema: dict[str, Any]) -> str:
    envelope = {"deploymentId", "seq", "time", "stepId", "commandId", "attempt"}
    text = ""
    for method, message in schema["notifications"].items():
        definition = schema["$defs"][expression(message["params"])]
        required = definition.get("required", ())
        own = [
            f"{name}{'' if name in required else '?'}: {expression(part)}"
            for name, part in definition["properties"].items() if name not in envelope or "seq" not in definition["properties"]
        ]  # fmt: skip
        about = definition.get("description", "").partition("\n\n")[0].replace("\n", " ")
        text += f"### `{method}`\n\n{about + chr(10) * 2 if about and 'envelope' not in about else ''}"
        text += "```typescript\n{ " + "; ".join(own) + " }\n```\n\n"
    return text


def _shared(schema: dict[str, Any]) -> list[str]:
    """Types of facts, plan and log: shown once, under "Types"."""
    root = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("DeploymentLog", "HostFacts", "RepoFacts", "DeploymentPlan")]}
    return list(used_by(root, schema["$defs"]))


def _types(schema: dict[str, Any]) -> str:
    return "```typescript\n" + "\n".join(declaration(name, schema["$defs"][name]) for name in sorted(_shared(schema))) + "```\n"


def _error_table() -> str:
    rows = "".join(
        f"| {code} | `{name}` | {meaning} |\n"
        for code, name, meaning in (
            (-32700, "", "the frame or its JSON is broken; `id` is null"),
            (-32600, "", "no valid request: a batch, a bad id, a message after `shutdown`"),
            (-32601, "", "unknown method"),
            (-32602, "Usage", "params do not fit; the message names each field"),
            (-32603, "", "a defect of the server, or a log that cannot be written (`log_unwritable`)"),
            (-32002, "", "a request before `initialize`"),
            (-32800, "", "the request was cancelled"),
            *_our_errors(),
        )
    )
    return f"| code | name | meaning |\n|---|---|---|\n{rows}"


def _our_errors() -> list[tuple[int, str, str]]:
    kinds: list[type[err.AutoDeployerError]] = [
        err.NotFoundError, err.NotTrustedError, err.RefusedError, err.ConnectionFailedError, err.AuthenticationFailedError,
        err.InvalidStateError, err.TargetLockedError,
    ]  # fmt: skip
    meanings = _hierarchy()
    return [(kind.code, kind.__name__.removesuffix("Error"), meanings[kind.__name__]) for kind in kinds]


def _hierarchy() -> dict[str, str]:
    """Meanings as the errors' own module draws them."""
    lines = (err.__doc__ or "").splitlines()
    found = {match[1]: match[2] for line in lines if (match := re.search(r"── (\w+)\s*(.*)", line))}
    return {name: meaning or "credentials are missing or were refused" for name, meaning in found.items()}


def _kinds() -> str:
    return ", ".join(f"`{kind}`" for kind in Kind) + "\n"


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9-]", "", heading.lower())


def main() -> int:
    """Write the blocks, or check that they are current (exit code 1 when they are not)."""
    parser = argparse.ArgumentParser(prog="python -m auto_deployer.lsp.docs", description=__doc__)
    parser.add_argument("page", type=Path)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--write", action="store_true")
    way.add_argument("--check", action="store_true")
    options = parser.parse_args()
    before = options.page.read_text(encoding="utf-8")
    after = rendered(before)
    if options.write:
        options.page.write_text(after, encoding="utf-8")
        return 0
    if after != before:
        parser.exit(1, f"{options.page} is stale: run with --write\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
