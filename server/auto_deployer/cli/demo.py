"""`demo`: deploys a small built-in site through the language server, as an editor would. Needs no network and no key."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import backend, errors
from .deploy import new_deployment_id
from .options import LogDir, log_dir_of

if TYPE_CHECKING:
    from ..model.events import Finished
    from .lsp_client import LspClient

commands = typer.Typer()

_SITE = "sample_site"
_NAME = "hello-site"
_EXTENSION = Path("vscode-extension")
_GIT_ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "demo", "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "demo", "GIT_COMMITTER_EMAIL": "demo@localhost",
}  # fmt: skip
"""The user's git settings (hooks, signing) are not for this repository."""


@commands.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the site running at the end.")] = False,
    log_dir: LogDir = None,
) -> None:
    """Deploy a small built-in site through the language server and show each message; stops it at the end."""
    with _workshop(keep) as folder:
        finished = asyncio.run(_Demo(folder, log_dir_of(log_dir)).run(keep))
    raise typer.Exit(errors.code_of(finished.outcome, finished.reason))


@contextmanager
def _workshop(keep: bool) -> Iterator[Path]:
    """A temporary folder for repository and deployment."""
    folder = Path(tempfile.mkdtemp(prefix="auto-deployer-demo-"))
    try:
        yield folder
    finally:
        if not (keep and (folder / "deployments" / _NAME / "current").exists()):
            shutil.rmtree(folder, ignore_errors=True)


class _Demo:
    """One run: an LSP client with its server in a child process."""

    def __init__(self, folder: Path, log_dir: Path) -> None:
        self._repo = folder / _NAME
        self._deploy_dir = folder / "deployments" / _NAME
        self._log_dir = log_dir
        self._id = new_deployment_id()

    async def run(self, keep: bool) -> Finished:
        """Deploy, show that it answers, stop it (unless `keep`)."""
        from .lsp_client import LspClient

        self._finished: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        make_repository(self._repo)
        _say(f"Made a sample repository in {self._repo}; starting the language server")
        client = await LspClient.start([sys.executable, "-m", "auto_deployer", "server"], self._on_notification)
        try:
            finished = await self._deploy(client)
            if finished.app is not None and finished.outcome == "success":
                _say(f"   {await _fetch(finished.app.url)}")
                if not keep:
                    _say(f"-> deploy/stopApp {self._deploy_dir}")
                    await client.request("deploy/stopApp", {"deployDir": str(self._deploy_dir)})
        finally:
            await client.close()
            if not keep:
                await _forget(self._deploy_dir)
        self._tell_end(finished, keep)
        return finished

    async def _deploy(self, client: LspClient) -> Finished:
        _say("-> initialize")
        told = await client.request("initialize", self._initialize_params())
        client.notify("initialized")
        server = told.get("serverInfo") or {}
        _say(f"<- {server.get('name', 'server')} {server.get('version', '')}".rstrip())
        params = {"deploymentId": self._id, "repo": str(self._repo), "deployDir": str(self._deploy_dir), "nonInteractive": True}
        stop = asyncio.Event()
        with backend.on_stop(stop.set):
            _say(f"-> deploy/start {self._id}")
            await client.request("deploy/start", params)
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({stopped, self._finished}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done() and not self._finished.done():
                _say("-> deploy/cancel")
                await client.request("deploy/cancel", {"deploymentId": self._id})
            stopped.cancel()
            return await self._finished

    def _initialize_params(self) -> dict[str, Any]:
        return {
            "processId": os.getpid(),
            "rootUri": None,
            "workspaceFolders": [{"uri": self._repo.as_uri(), "name": self._repo.name}],
            "capabilities": {"experimental": {"autoDeployer": {"protocolVersion": 1, "replay": True}}},
            "initializationOptions": {"logDir": str(self._log_dir)},
        }

    def _on_notification(self, message: dict[str, Any]) -> None:
        if not message["method"].startswith("deploy/") or message["method"] == "deploy/commandOutput":
            return
        from ..model.events import Finished, from_object
        from .event_words import describe

        event = from_object(message)
        _say(f"<- {event.seq:>3} {event.method:<24} {describe(event)}".rstrip())
        if isinstance(event, Finished):
            self._finished.set_result(event)

    def _tell_end(self, finished: Finished, keep: bool) -> None:
        from ..deploy_log import path_of

        if finished.app is not None and keep:
            _say(f"URL: {finished.app.url}")
            _say(f"It goes on running; this ends it: auto-deployer remove --yes --deploy-dir {self._deploy_dir}")
        if finished.log_uri:
            _say(f"Log: {path_of(finished.log_uri)}")
        if finished.reason is not None:
            errors.print_reason(finished.reason)
        elif (_EXTENSION / "package.json").is_file():  # run in the project's folder, as `make demo` does
            _say("The same from VS Code, with the plan as a tree: F1, Auto-Deployer: Deploy…, after")
            _say(f"  make vsix && code --install-extension {_EXTENSION / 'dist' / 'auto-deployer.vsix'}")
            _say("or, without `code` on the path: Extensions, …, Install from VSIX…")


def make_repository(folder: Path) -> None:
    """A git repository with the sample site.

    Raises:
        RefusedError: git is missing or fails.
    """
    from ..model.errors import RefusedError
    from ..model.reasons import Kind
    from ..model.suggestions import suggest

    with as_file(files("auto_deployer.cli").joinpath(_SITE)) as site:
        shutil.copytree(site, folder)
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "A small site"]):
        try:
            subprocess.run(
                ["git", *arguments],
                cwd=folder, check=True, env=os.environ | _GIT_ENV, stdin=subprocess.DEVNULL, capture_output=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise RefusedError(
                "git is not installed",
                kind=Kind.MISSING_TOOL,
                suggestions=(suggest("See what is here and what is missing", command="auto-deployer doctor"),),
            ) from error
        except subprocess.CalledProcessError as error:
            raise RefusedError(f"git {arguments[0]} failed: {error.stderr.decode('utf-8', 'replace').strip()}") from error


async def _fetch(url: str) -> str:
    """What the site answers, in one line."""
    import httpx2

    async with httpx2.AsyncClient(trust_env=False) as http:  # a proxy of the environment knows nothing of our loopback
        answer = await http.get(url)
    return f"GET {url} -> {answer.status_code}, {len(answer.content)} bytes"


async def _forget(deploy_dir: Path) -> None:
    """Remove what the demo deployed from this machine and from the list of apps."""
    from ..model.errors import NotFoundError
    from ..model.requests import AppParams

    try:
        await backend.open_apps().remove(AppParams(deploy_dir=str(deploy_dir)))
    except NotFoundError:
        return  # it was never deployed


def _say(line: str) -> None:
    typer.echo(line)
