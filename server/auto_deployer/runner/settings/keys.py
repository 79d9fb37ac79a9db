"""The names of the settings: dotted ("llm.model"), as environment variables, and what to say of a name that is none."""

from __future__ import annotations

import functools
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_snake
from pydantic.fields import FieldInfo

from ...model.errors import SettingsError
from ...model.settings import Settings, SettingsModel
from ...model.suggestions import suggest

ENV_PREFIX = "AUTO_DEPLOYER_"
_CLOSE = 70
"""Similarity in percent from which a known name is taken for the one that was meant."""
_SECRET_NAME = re.compile(r"(.*_)?(api_?key|secret|password|(access|auth)_token)|key|token", re.IGNORECASE)
"""Names (the last part of a key) that hold a secret: none of them is a setting."""
SEE_ALL = suggest("See all settings, with their values and where these come from", command="auto-deployer config show")


@functools.cache
def settings_fields() -> Mapping[str, FieldInfo]:
    """Every setting by its dotted key, in the order of the model."""
    return types.MappingProxyType(dict(_walk(Settings, "")))


def _walk(group: type[SettingsModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, SettingsModel):
            yield from _walk(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def is_list(key: str) -> bool:
    """The setting holds several values."""
    return typing.get_origin(settings_fields()[key].annotation) is tuple


def is_optional(key: str) -> bool:
    """The setting can be unset."""
    return types.NoneType in typing.get_args(settings_fields()[key].annotation)


def environment_name(key: str) -> str:
    """The variable of a setting: AUTO_DEPLOYER_ and the key in capitals, words and groups joined by single underscores."""
    return ENV_PREFIX + key.replace(".", "_").upper()


def flatten(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Nested settings with names in snake_case or camelCase, by dotted key. A null counts as not set.

    Raises:
        SettingsError: an unknown name, an API key, or a value where a group belongs.
    """
    return dict(_flattened(values, source, ""))


def _flattened(values: Mapping[str, Any], source: str, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}{to_snake(name) if name.isidentifier() else name}"
        if key in settings_fields():
            if value is not None:
                yield key, value
        elif not any(known.startswith(f"{key}.") for known in settings_fields()):
            raise unknown_key(f"{prefix}{name}", source, siblings_of(prefix))
        elif isinstance(value, Mapping):
            yield from _flattened(value, source, f"{key}.")
        elif value is not None:
            raise SettingsError(
                f"{source}: {key} is a group of settings, not one: expected names with values", suggestions=(SEE_ALL,)
            )


def siblings_of(prefix: str) -> list[str]:
    """Keys, and names of groups, that begin with `prefix`."""
    parts = {known[len(prefix) :].partition(".")[0] for known in settings_fields() if known.startswith(prefix)}
    return [*(prefix + part for part in sorted(parts)), *settings_fields()]


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as the nested form that the model takes."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        *groups, name = key.split(".")
        place = result
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return result


def unknown_key(name: str, source: str, known: Iterable[str]) -> SettingsError:
    """The error for a name that is no setting; an API key is shown the way to where keys are kept."""
    if _SECRET_NAME.fullmatch(to_snake(name.rpartition(".")[2]).replace("-", "_")):
        return SettingsError(
            f"{source}: {name}: keys and passwords are no settings: they are never kept in a file of settings",
            suggestions=(
                suggest("Keep the key in the keyring of this machine", command="auto-deployer auth set PROVIDER"),
                suggest(f"Or give it in the environment: {ENV_PREFIX}LLM_API_KEY."),
            ),
        )
    return SettingsError(
        f"{source}: {name} is no setting{did_you_mean(name, known)}",
        suggestions=(SEE_ALL,),
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the known one that is most like it; nothing when none is."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(name, list(dict.fromkeys(known)), scorer=fuzz.ratio, score_cutoff=_CLOSE)
    return f"; did you mean {found[0]}?" if found else ""
