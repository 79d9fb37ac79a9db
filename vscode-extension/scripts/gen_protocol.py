"""Writes the wire's types as TypeScript: `gen_protocol.py src/protocol.ts`; `--check` only tells whether they are current."""
# ruff: noqa: INP001 - a script, no package

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from auto_deployer.llm.presets import PRESETS
from auto_deployer.lsp.schema import protocol_schema
from auto_deployer.lsp.typescript import declaration, expression

_HEAD = """// Generated from the server's models by `npm run gen`. Do not edit.

"""


def typescript() -> str:
    """The whole file."""
    schema = protocol_schema()
    parts = [_HEAD, f"export const PROTOCOL_VERSION = {schema['protocolVersion']};\n", _events(schema["notifications"])]
    parts += [_providers()]
    parts += [_methods(title, schema[key]) for title, key in _MAPS]
    parts += [_exported(name, definition) for name, definition in schema["$defs"].items()]
    return "\n".join(parts)


_MAPS = (("Requests", "requests"), ("ServerRequests", "serverRequests"), ("Notifications", "notifications"))


def _methods(title: str, methods: dict[str, Any]) -> str:
    rows: list[str] = []
    for name, method in methods.items():
        params = expression(method["params"])
        row = f"{{ params: {params}; result: {expression(method['result'])} }}" if "result" in method else params
        rows.append(f'  "{name}": {row};\n')
    return f"export interface {title} {{\n{''.join(rows)}}}\n"


def _events(notifications: dict[str, Any]) -> str:
    """Those that are events, so that code can go through them."""
    rows = [f'  "{name}",\n' for name in notifications if name != "deploy/commandOutput"]
    return f"export const EVENT_METHODS = [\n{''.join(rows)}] as const;\n"


def _providers() -> str:
    """Where models are to be had: what “Set Up a Model…” offers."""
    rows = [
        {
            "name": preset.name, "label": preset.label, "endpoint": preset.base_url, "local": preset.local, "hint": preset.hint,
            "needsKey": preset.needs_key, "keyVariable": next(iter(preset.key_variables), None), "sampleModel": preset.sample_model,
        }
        for preset in PRESETS.values()
    ]  # fmt: skip
    return f"export const PROVIDERS = {json.dumps(rows, indent=2)} as const;\n"


def _exported(name: str, definition: dict[str, Any]) -> str:
    text = declaration(name, definition)
    for keyword in ("interface", "type"):
        text = text.replace(f"{keyword} {name} ", f"export {keyword} {name} ", 1)
    return text


def main(arguments: list[str]) -> int:
    """0 when the file is (now) current."""
    page = Path(arguments[-1])
    text = typescript()
    if "--check" not in arguments:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{page} is not current: run `npm run gen`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
