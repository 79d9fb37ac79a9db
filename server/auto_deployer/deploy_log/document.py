"""The log document as bytes that grow at the end: finished commands are serialised once and their bytes kept.

The file reads: head fields, "steps" [... "commands" [...]], then what changes with every event. So one more command is an
append behind the last one plus a short volatile rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from ..model.log import STEP_IDENTITY, DeploymentLog, StepResult

_HEAD = tuple(list(DeploymentLog.model_fields)[: list(DeploymentLog.model_fields).index("steps")])
_TAIL = tuple(list(DeploymentLog.model_fields)[list(DeploymentLog.model_fields).index("steps") + 1 :])
_STEP_TAIL = tuple(name for name in StepResult.model_fields if name not in (*STEP_IDENTITY, "commands"))


@dataclass(frozen=True)
class Update:
    """What one more event does to the file."""

    rewrite: bool
    """True: `appended` is the whole stable part, from the first byte."""
    appended: bytes
    """New bytes of the stable part."""
    rest: bytes
    """What follows the stable part now: replaced by the next update."""


class DocumentBytes:
    """Turns successive documents of one deployment into updates."""

    def __init__(self) -> None:
        self._head: tuple[Any, ...] = ()
        self._steps = 0
        """Steps whose identity is in the stable part."""
        self._commands = 0
        """Commands of the last of them in the stable part."""

    def update(self, log: DeploymentLog) -> Update:
        """The change from the document of the last call to this one."""
        head = tuple(getattr(log, name) for name in _HEAD)
        rewrite = len(head) != len(self._head) or any(new is not old for new, old in zip(head, self._head, strict=True))
        parts: list[bytes] = []
        if rewrite:
            self._head, self._steps, self._commands = head, 0, 0
            parts.append(b"{\n" + _fields(log, _HEAD, 2) + b',\n  "steps": [')
        self._append_steps(log, parts)
        return Update(rewrite, b"".join(parts), self._rest(log))

    def _append_steps(self, log: DeploymentLog, parts: list[bytes]) -> None:
        for index in range(max(self._steps - 1, 0), len(log.steps)):
            step = log.steps[index]
            if index == self._steps:
                parts.append((b"," if index else b"") + b"\n    {\n" + _fields(step, STEP_IDENTITY, 6) + b',\n      "commands": [')
                self._steps, self._commands = index + 1, 0
            for command in step.commands[self._commands :]:
                parts.append((b"," if self._commands else b"") + b"\n        " + _dump(command.model_dump(mode="json"), 8))
                self._commands += 1
            if index < len(log.steps) - 1:
                parts.append(_step_end(step))

    def _rest(self, log: DeploymentLog) -> bytes:
        end = _step_end(log.steps[-1]) if log.steps else b""
        return end + (b"\n  ]" if log.steps else b"]") + b",\n" + _fields(log, _TAIL, 2) + b"\n}\n"


def render(log: DeploymentLog) -> bytes:
    """The whole log file."""
    update = DocumentBytes().update(log)
    return update.appended + update.rest


def _step_end(step: StepResult) -> bytes:
    return (b"\n      ]" if step.commands else b"]") + b",\n" + _fields(step, _STEP_TAIL, 6) + b"\n    }"


def _fields(model: DeploymentLog | StepResult, names: tuple[str, ...], indent: int) -> bytes:
    values = model.model_dump(mode="json", include=set(names))
    pad = b" " * indent
    return b",\n".join(pad + orjson.dumps(name) + b": " + _dump(values[name], indent) for name in names)


def _dump(value: Any, indent: int) -> bytes:
    """JSON indented by 2 to stand at `indent`; line ends inside strings are escaped, so every newline is the layout's."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n" + b" " * indent)
