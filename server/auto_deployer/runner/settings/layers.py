"""Where settings come from: each source read into a layer, its values checked, so that an error names the source."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from ...model.errors import SettingsError
from ...model.settings import Settings
from .keys import ENV_PREFIX, SEE_ALL, environment_name, flatten, is_list, is_optional, nested, settings_fields, unknown_key

CONFIG_VARIABLE = f"{ENV_PREFIX}CONFIG"
_OTHERS = ("DEBUG", "APP", "COMMAND", "GIT_TOKEN", "GIT_USERNAME")
_NO_SETTINGS = frozenset({CONFIG_VARIABLE, *(ENV_PREFIX + name for name in _OTHERS)})
"""Our other variables: where the file is, tracebacks, the marks of what a deployment started, and a login for git."""
_KEY_VARIABLE = re.compile(rf"{ENV_PREFIX}[A-Z0-9_]+_API_KEY")
_FAULTS_SHOWN = 5


@dataclass(frozen=True)
class Layer:
    """Checked values of one source."""

    values: Mapping[str, Any]
    """By dotted key, as the model has them."""
    origins: Mapping[str, str]
    """Dotted key to the source in words."""


@dataclass(frozen=True)
class UserFile:
    """The user's file of settings: the one that is read, or where it would be."""

    path: Path
    required: bool = False
    """It was named by the user, so it must be there."""


def from_command_line(values: Mapping[str, str]) -> Layer:
    """Options, as text by dotted key. The empty text unsets a setting that can be unset."""
    source = "command line"
    for name in values:
        if name not in settings_fields():
            raise unknown_key(name, source, settings_fields())
    return _from_text(values, dict.fromkeys(values, source))


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Variables AUTO_DEPLOYER_…; an empty one counts as not set.

    Raises:
        SettingsError: a variable with our prefix is no setting, or its value does not fit.
    """
    keys = {environment_name(key): key for key in settings_fields()}
    values: dict[str, str] = {}
    for name, value in environ.items():
        if not name.startswith(ENV_PREFIX) or name in _NO_SETTINGS or _KEY_VARIABLE.fullmatch(name) or not value:
            continue
        if name not in keys:
            raise unknown_key(name, "environment", keys)
        values[keys[name]] = value
    return _from_text(values, {key: f"environment variable {environment_name(key)}" for key in values})


def from_editor(settings: Mapping[str, Any]) -> Layer:
    """What the editor sent: nested, names in camelCase or snake_case."""
    return _from_objects(settings, "editor settings")


def from_file(file: UserFile) -> Layer:
    """The user's file: JSON when its name ends so, else TOML.

    Raises:
        SettingsError: it cannot be read, or what stands in it does not fit.
    """
    source = f"file {file.path}"
    try:
        text = file.path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if file.required:
            raise SettingsError(f"{source}: there is no such file") from None
        return Layer({}, {})
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{source}: it cannot be read: {error}") from error
    try:
        read = json.loads(text) if file.path.suffix == ".json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{source}: {error}") from error
    if not isinstance(read, dict):
        raise SettingsError(f"{source}: expected an object")
    return _from_objects(read, source)


def user_file(config: Path | None, environ: Mapping[str, str]) -> UserFile:
    """The named file (`--config`, then AUTO_DEPLOYER_CONFIG), else the one in the user's folder for settings.

    Raises:
        SettingsError: AUTO_DEPLOYER_CONFIG is relative: it would be looked for in whatever repository one stands in.
    """
    if config is not None:
        return UserFile(config.expanduser().absolute(), required=True)
    if named := environ.get(CONFIG_VARIABLE):
        path = Path(named).expanduser()
        if not path.is_absolute():
            raise SettingsError(f"environment variable {CONFIG_VARIABLE}: expected an absolute path")
        return UserFile(path, required=True)
    import platformdirs

    folder = platformdirs.user_config_path("auto-deployer")
    as_json = folder / "config.json"
    return UserFile(as_json if as_json.exists() and not (folder / "config.toml").exists() else folder / "config.toml")


def _from_text(values: Mapping[str, str], origins: Mapping[str, str]) -> Layer:
    typed = {key: _typed(key, text, origins[key]) for key, text in values.items()}
    try:
        return _layer(Settings.model_validate(nested(typed)), origins)
    except ValidationError as error:
        raise _refused(error, origins) from None


def _typed(key: str, text: str, origin: str) -> object:
    """Text as the checker takes it: it knows numbers and switches as text, lists not."""
    if not text and is_optional(key):
        return None
    if not is_list(key):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{origin}: {key}: expected a JSON list: {error}", suggestions=(SEE_ALL,)) from error


def _from_objects(values: Mapping[str, Any], source: str) -> Layer:
    """Values that have types already: a text is no number here."""
    flat = flatten(values, source)
    origins = dict.fromkeys(flat, source)
    try:
        return _layer(Settings.model_validate_json(orjson.dumps(nested(flat), default=str), strict=True), origins)
    except ValidationError as error:
        raise _refused(error, origins) from None


def _layer(settings: Settings, origins: Mapping[str, str]) -> Layer:
    return Layer({key: value_of(settings, key) for key in origins}, origins)


def value_of(settings: Settings, key: str) -> Any:
    """The value of a dotted key."""
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _refused(error: ValidationError, origins: Mapping[str, str]) -> SettingsError:
    """What is wrong and what is allowed, key by key. Never the value: it may be a secret that was put in the wrong place."""
    told: list[str] = []
    for fault in error.errors(include_url=False, include_input=False)[:_FAULTS_SHOWN]:
        place = ".".join(map(str, fault["loc"]))
        origin = next((origin for key, origin in origins.items() if f"{place}.".startswith(f"{key}.")), "settings")
        told.append(f"{origin}: {place}: {fault['msg']}")
    return SettingsError("; ".join(told), suggestions=(SEE_ALL,))
