"""What the client told at `initialize`: capabilities, options and the folders that follow from them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams
from pygls.uris import to_fs_path

from ..model.base import JsonObject
from .catalog import QUESTION_KINDS


@dataclass(frozen=True)
class ClientProfile:
    """What this client understands. One that declares nothing of ours gets standard LSP alone."""

    declared: bool = False
    """It has `experimental.autoDeployer`: it gets our notifications."""
    events: frozenset[str] | None = None
    """Only these notifications; None: all."""
    stream_output: bool = False
    interaction: frozenset[str] = frozenset()
    """Kinds of question it answers through `deploy/ask`."""
    progress: bool = False
    show_document: bool = False

    def wants(self, method: str) -> bool:
        return self.declared and (self.events is None or method in self.events)


@dataclass(frozen=True)
class ServerSettings:
    """What was decided once, at `initialize`."""

    log_dir: Path
    folder: Path | None = None
    """The first workspace folder: default repository, base of relative paths."""
    trusted: bool = True
    attached: bool = os.name != "posix"
    """Deployments run in the server's process and end with it; otherwise in processes of their own."""
    profile: ClientProfile = field(default_factory=ClientProfile)
    editor: JsonObject = field(default_factory=dict[str, Any])
    """The editor's settings for deployments, as it sent them: they are judged where they are used."""


def read_profile(capabilities: object) -> ClientProfile:
    """The profile of raw client capabilities. What is absent or of a wrong type is unsupported; unknown fields are ignored."""
    window = _dict(_dict(capabilities).get("window"))
    experimental = _dict(_dict(capabilities).get("experimental"))
    ours = _dict(experimental.get("autoDeployer"))
    events = ours.get("events")
    return ClientProfile(
        declared=isinstance(experimental.get("autoDeployer"), dict),
        events=frozenset(_strings(events)) if isinstance(events, list) else None,
        stream_output=ours.get("output") == "stream",
        interaction=frozenset(_strings(ours.get("interaction"))) & frozenset(QUESTION_KINDS),
        progress=window.get("workDoneProgress") is True,
        show_document=_dict(window.get("showDocument")).get("support") is True,
    )


def read_settings(params: dict[str, Any], log_dir: Path | None) -> ServerSettings:
    """The settings of raw `initialize` params; `log_dir` is the command line's.

    Raises:
        JsonRpcInvalidParams: an option of ours has the wrong type.
    """
    options = params.get("initializationOptions") or {}
    if not isinstance(options, dict):
        raise JsonRpcInvalidParams("initializationOptions: expected an object")
    wanted = options.get("logDir")
    if wanted is not None and not (isinstance(wanted, str) and wanted.strip() and "\0" not in wanted):
        raise JsonRpcInvalidParams("initializationOptions.logDir: expected a path")
    editor = options.get("settings") or {}
    if not isinstance(editor, dict):
        raise JsonRpcInvalidParams("initializationOptions.settings: expected an object")
    folder = _first_folder(params)
    return ServerSettings(
        log_dir=_log_dir(log_dir, wanted, folder), folder=folder, profile=read_profile(params.get("capabilities")),
        editor=editor,
        trusted=_switch(options, "trusted", default=ServerSettings.trusted),
        attached=_switch(options, "attached", default=ServerSettings.attached) or os.name != "posix",
    )  # fmt: skip


def _switch(options: dict[str, Any], name: str, *, default: bool) -> bool:
    value = options.get(name, default)
    if not isinstance(value, bool):
        raise JsonRpcInvalidParams(f"initializationOptions.{name}: expected true or false")
    return value


def _log_dir(given: Path | None, wanted: str | None, folder: Path | None) -> Path:
    if given is not None:
        return given.expanduser().absolute()
    if wanted is not None:
        return ((folder or Path.cwd()) / Path(wanted).expanduser()).absolute()
    if folder is not None:
        return folder / "agent_logs"
    import platformdirs

    return platformdirs.user_data_path("auto-deployer") / "agent_logs"


def _first_folder(params: dict[str, Any]) -> Path | None:
    """The first workspace folder on this machine (`rootUri` and `rootPath` for clients from before there were several)."""
    folders = params.get("workspaceFolders")
    uris = [_dict(folder).get("uri") for folder in folders] if isinstance(folders, list) else []
    for uri in (*uris, params.get("rootUri")):
        path = to_fs_path(uri) if isinstance(uri, str) and uri.startswith("file:") else None
        if path:
            return Path(path)
    root = params.get("rootPath")
    return Path(root) if isinstance(root, str) and root else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
