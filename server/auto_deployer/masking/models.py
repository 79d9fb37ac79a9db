"""Masking of our frozen models: every free text in them, without touching what nobody wrote."""

from __future__ import annotations

import types
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..model.base import Structural

M = TypeVar("M", bound=BaseModel)
Mask = Callable[[str], str]

_NO_TEXT = (int, float, bool, type(None), bytes, Enum)


def mask_model(model: M, mask: Mask) -> M:
    """The model with `mask` applied to every text that is not `Structural`; the same object when nothing changed."""
    texts: list[str] = []
    _collect(model, texts)
    # nearly always there is nothing to mask, and one search of everything is much cheaper than one for each text
    everything = "\0".join(texts)
    return model if mask(everything) == everything else _masked(model, mask)


def _collect(value: Any, texts: list[str]) -> None:
    """Add all free texts in any value that a model can hold."""
    if type(value) is str:
        texts.append(value)
    elif isinstance(value, BaseModel):
        values = value.__dict__
        for name in _text_fields(type(value)):
            if item := values[name]:
                _collect(item, texts)
    elif isinstance(value, dict):
        for key, item in value.items():
            _collect(key, texts)
            _collect(item, texts)
    elif isinstance(value, tuple | list):
        for item in value:
            _collect(item, texts)


def _masked(value: Any, mask: Mask) -> Any:
    """A copy of the parts that change; the same object when nothing does."""
    if type(value) is str:
        return mask(value)
    if isinstance(value, BaseModel):
        values = value.__dict__
        changes = {name: _masked(values[name], mask) for name in _text_fields(type(value))}
        changes = {name: item for name, item in changes.items() if item is not values[name]}
        return value.model_copy(update=changes) if changes else value
    if isinstance(value, dict):
        entries = {_masked(key, mask): _masked(item, mask) for key, item in value.items()}
        return value if entries == value else entries
    if isinstance(value, tuple | list):
        items = type(value)(_masked(item, mask) for item in value)
        return value if items == value else items
    return value


@cache
def _text_fields(kind: type[BaseModel]) -> tuple[str, ...]:
    """The fields in which free text can be."""
    return tuple(name for name, field in kind.model_fields.items() if not _is_structural(field) and _has_text(field.annotation))


def _is_structural(field: FieldInfo) -> bool:
    return any(mark is Structural or isinstance(mark, Structural) for mark in field.metadata)


def _has_text(annotation: Any) -> bool:
    """Whether a value of this type can hold text that is not ours; what is not known counts as yes."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        structural = any(isinstance(mark, Structural) for mark in annotation.__metadata__)
        return not structural and _has_text(arguments[0])
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, _NO_TEXT)):
        return False
    if origin in (Union, types.UnionType, tuple):
        return any(_has_text(argument) for argument in arguments if argument is not ...)
    return True
