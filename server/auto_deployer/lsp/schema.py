"""The wire as JSON Schema, emitted from the models: the source of protocol.md's types and of the extension's."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from ..model.base import Model
from ..model.events import EVENT_TYPES, OutputChunk
from ..model.log import DeploymentLog
from .catalog import ASK, COMMAND_OUTPUT, PROTOCOL_VERSION
from .methods import all_methods
from .questions import AskParams, AskResult

_REFS = "#/$defs/"


def protocol_schema() -> dict[str, Any]:
    """All requests and notifications with their params and results, and the types they use under `$defs`."""
    methods = all_methods().values()
    told: list[type[BaseModel]] = [*EVENT_TYPES, OutputChunk, AskParams, DeploymentLog]
    told += [method.result for method in methods if method.result is not None]
    given: list[type[BaseModel]] = [*(method.params for method in methods), AskResult]
    refs, schema = models_json_schema(
        [*_in_mode("serialization", told), *_in_mode("validation", given)], by_alias=True, ref_template=_REFS + "{model}"
    )
    definitions = schema["$defs"]
    for model in _subclasses(Model):
        if model.__name__ in definitions:
            _describe_fields(definitions[model.__name__], model)
    for event in EVENT_TYPES:
        _as_params(definitions[event.__name__], event)

    def ref(model: type[BaseModel] | None, mode: JsonSchemaMode) -> dict[str, Any]:
        return {"type": "null"} if model is None else refs[model, mode]

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Auto-Deployer protocol",
        "protocolVersion": PROTOCOL_VERSION,
        "requests": {
            method.name: {"params": ref(method.params, "validation"), "result": ref(method.result, "serialization")}
            for method in methods
        },
        "serverRequests": {ASK: {"params": ref(AskParams, "serialization"), "result": ref(AskResult, "validation")}},
        "notifications": {
            **{method_of(event): {"params": ref(event, "serialization")} for event in EVENT_TYPES},
            COMMAND_OUTPUT: {"params": ref(OutputChunk, "serialization")},
        },
        "$defs": dict(sorted(definitions.items())),
    }


def _in_mode(mode: JsonSchemaMode, models: list[type[BaseModel]]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    return [(model, mode) for model in dict.fromkeys(models)]


def method_of(event: type[BaseModel]) -> str:
    """The notification an event travels as."""
    return event.model_fields["method"].default


def _subclasses(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _subclasses(model)


def _describe_fields(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Bring the strings that stand below fields into the schema (pydantic could, but would read sources at every start)."""
    for name, text in _field_docs(model).items():
        field = model.model_fields[name]
        described = definition.get("properties", {}).get(field.serialization_alias or name)
        if described is not None:
            described.setdefault("description", text)


def _field_docs(model: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if not issubclass(cls, BaseModel) or cls is BaseModel:
            continue
        definition = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(definition, ast.ClassDef)
        for field, below in zip(definition.body, definition.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                text = ast.literal_eval(below.value)
                found[field.target.id] = " ".join(text.split())
    return found


def _as_params(definition: dict[str, Any], event: type[BaseModel]) -> None:
    """The envelope's `method` is the message's, and what is left out when empty is not required."""
    optional = {field.serialization_alias or name for name, field in event.model_fields.items() if field.exclude_if is not None}
    definition["properties"].pop("method")
    definition["required"] = [name for name in definition.get("required", ()) if name not in optional | {"method"}]
