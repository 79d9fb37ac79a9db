"""The log document as bytes that grow at the end: finished commands are serialised once and their bytes kept.

The file reads: head fields, "steps" [... "commands" [...]], then what changes with every event. So one more command is an
append behind the last one plus a short volatile rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import is_
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
        self._head: list[Any] = []
        self._steps = 0
        """Steps whose identity is in the stable part."""
        self._commands = 0
        """Commands of the last of them in the stable part."""
        self._tail = _Fields(_TAIL, 2)
        self._step_tail = _Fields(_STEP_TAIL, 6)

    def update(self, log: DeploymentLog) -> Update:
        """The change from the document of the last call to this one."""
        values = log.__dict__
        head = [values[name] for name in _HEAD]
        rewrite = not self._head or not all(map(is_, head, self._head))
        parts: list[bytes] = []
        if rewrite:
            self._head, self._steps, self._commands = head, 0, 0
            parts.append(b"{\n" + _Fields(_HEAD, 2).of(log) + b',\n  "steps": [')
        self._append_steps(log, parts)
        return Update(rewrite, b"".join(parts), self._rest(log))

    def _append_steps(self, log: DeploymentLog, parts: list[bytes]) -> None:
        for index in range(max(self._steps - 1, 0), len(log.steps)):
            step = log.steps[index]
            if index == self._steps:
                parts.append(
                    (b"," if index else b"") + b"\n    {\n" + _Fields(STEP_IDENTITY, 6).of(step) + b',\n      "commands": ['
                )
                self._steps, self._commands = index + 1, 0
            for command in step.commands[self._commands :]:
                parts.append((b"," if self._commands else b"") + b"\n        " + _dump(command.model_dump(mode="json"), 8))
                self._commands += 1
            if index < len(log.steps) - 1:
                parts.append(self._step_end(step))

    def _rest(self, log: DeploymentLog) -> bytes:
        end = self._step_end(log.steps[-1]) if log.steps else b""
        return end + (b"\n  ]" if log.steps else b"]") + b",\n" + self._tail.of(log) + b"\n}\n"

    def _step_end(self, step: StepResult) -> bytes:
        return (b"\n      ]" if step.commands else b"]") + b",\n" + self._step_tail.of(step) + b"\n    }"


def render(log: DeploymentLog) -> bytes:
    """The whole log file."""
    update = DocumentBytes().update(log)
    return update.appended + update.rest


class _Fields:
    """Some fields of successive versions of a model as lines of JSON.

    A field whose value is the object it was keeps its bytes: of some thirty fields an event changes two or three.
    """

    def __init__(self, names: tuple[str, ...], indent: int) -> None:
        self._names, self._indent = names, indent
        self._labels = {name: b" " * indent + orjson.dumps(name) + b": " for name in names}
        self._values: dict[str, Any] = dict.fromkeys(names, self)  # which no field holds
        self._lines: dict[str, bytes] = {}

    def of(self, model: DeploymentLog | StepResult) -> bytes:
        """The lines for this version."""
        now = model.__dict__
        changed = {name for name in self._names if now[name] is not self._values[name]}
        for name, value in model.model_dump(mode="json", include=changed).items() if changed else ():
            self._values[name] = now[name]
            self._lines[name] = self._labels[name] + _dump(value, self._indent)
        return b",\n".join([self._lines[name] for name in self._names])


def _dump(value: Any, indent: int) -> bytes:
    """JSON indented by 2 to stand at `indent`; line ends inside strings are escaped, so every newline is the layout's."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n" + b" " * indent)
