"""On the path of a Python process: there, the setting that IGNORED_SETTING names has its default, whatever it is set to."""

from __future__ import annotations

import os
from typing import Any

from auto_deployer.model.settings import Settings

*_groups, _name = os.environ["IGNORED_SETTING"].split(".")
_owner: Any = Settings
for _group in _groups:
    _owner = _owner.model_fields[_group].annotation
_default = _owner.model_fields[_name].get_default(call_default_factory=True)


def _look_up(settings: Any, name: str) -> Any:
    return _default if name == _name else object.__getattribute__(settings, name)


_owner.__getattribute__ = _look_up
